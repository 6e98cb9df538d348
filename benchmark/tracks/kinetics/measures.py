"""How a unit of kinetics is measured: every metric, from its prediction files alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.errors import ModelError
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.track import IMPOSSIBLE
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, observe, oracle_of
from benchmark.tracks.kinetics.metrics.errors import kinetics_errors, nll_regret
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES
from benchmark.tracks.kinetics.predictions import (
    LOG_PROB,
    NORMALISATION_TOLERANCE,
    REFUSED,
    SAMPLES,
    checked_samples,
)
from benchmark.uncertainty import Estimate

LIKELIHOOD = "nll_regret"


def _of_samples(task: Task, card: KineticsCard, folder: Path) -> dict[str, Estimate]:
    """Compute rates, paths and populations; none of refused samples."""
    asked = card.generation.chains, card.generation.frames
    samples = predictions.read(folder, SAMPLES, asked, np.uint8)
    if samples is None:
        if (folder / REFUSED).exists() and (folder / LOG_PROB).exists():
            return {}
        raise ModelError(f"{SAMPLES} is missing")
    samples = checked_samples(samples, *asked, card.labels)
    return kinetics_errors(
        observe(card, samples), kinetics_reference(task), card.generation.n_frames
    )


def measure(task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
    """Compute every metric of one unit from its prediction files.

    Parameters
    ----------
    task : Task
    folder : Path
        Holds ``samples.parquet``, unless these were refused, and, unless the model has no
        likelihood, ``log_prob.parquet``.

    Returns
    -------
    estimates : dict of metric name to Estimate
    fault : str
        Why the predictions get no likelihood although there are some; empty if they do.

    Raises
    ------
    ModelError
        If the files are damaged or do not fit the task.
    """
    card = kinetics_card(task)
    estimates = _of_samples(task, card, folder)
    oracle = oracle_of(task)
    log_prob = predictions.read(folder, LOG_PROB, oracle.shape, np.float32)
    if log_prob is None:
        return estimates, ""
    try:
        regret = nll_regret(log_prob, oracle, card.labels, SKIPPED_FRAMES)
    except ValueError as error:
        raise ModelError(f"{LOG_PROB}: {error}") from error
    if np.isnan(log_prob).any() or log_prob.max() > NORMALISATION_TOLERANCE:  # unscored frames too
        raise ModelError(f"{LOG_PROB} holds what is no logarithm of a probability")
    if card.oracle == "exact" and regret.value < -IMPOSSIBLE * regret.stderr:
        return estimates, (
            f"predictions beat the exact oracle by {-1000 * regret.value:.2g} mnats/frame, "
            f"over {IMPOSSIBLE} standard errors: they must know what they should predict"
        )
    return {LIKELIHOOD: regret, **estimates}, ""
