"""The kinetics track: predict the next label of test chains, and generate chains."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, ModelError
from benchmark.model import Labels, Probabilities, StateTrajectories
from benchmark.store import frozen as splits
from benchmark.store import predictions
from benchmark.task import KineticsCard, Task
from benchmark.tracks.kinetics.audit import causality_fault, normalisation_fault
from benchmark.tracks.kinetics.metrics import errors as kinetics
from benchmark.uncertainty import Estimate

if TYPE_CHECKING:
    from benchmark.run.worker import Job, Phases

#: Frames at the start of every test chain that are not scored: a model may find its state there.
SKIPPED_FRAMES = 256

#: No model is better than an exact oracle; noise alone does not look better by this many σ.
IMPOSSIBLE = 5

#: A predict call gets as many whole chains as keep its answer under this many values.
PREDICT_VALUES = 16_000_000

LIKELIHOOD = "nll_regret"

UNITS = {
    LIKELIHOOD: "nats/frame",
    "mfpt_error": "ln",
    "its_error": "ln",
    "commit_error": "ln",
    "dwell_error": "ln",
    "population_error": "bit",
    "free_energy_error": "kT",
}


# --- frozen data ----------------------------------------------------------------------------------


def verify(task: Task) -> None:
    """Read every split and the reference.

    Raises
    ------
    InputError
        If a file is missing, unreadable, or not the one the card names.
    """
    for split in task.card.splits:
        splits.load(task, split)
    kinetics_reference(task)


def reference_sha256(reference: kinetics.KineticsReference) -> str:
    """Give the fingerprint of a reference: SHA-256 of its canonical JSON."""
    return hashlib.sha256(reference.to_json().encode()).hexdigest()


@lru_cache(maxsize=64)
def kinetics_reference(task: Task) -> kinetics.KineticsReference:
    """Read the frozen reference of a task.

    Raises
    ------
    InputError
        If the file is missing or is not the one the card names.
    """
    path = task.data / "reference.json"
    try:
        found = kinetics.KineticsReference.from_json(path.read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a readable reference: {error}") from error
    if reference_sha256(found) != task.kinetics.reference_sha256:
        raise InputError(f"{path} is not the frozen reference of {task.id}; restore it")
    return found


@lru_cache(maxsize=4)
def _test(task: Task) -> tuple[Labels, NDArray[np.float64]]:
    return splits.load_test(task)


# --- questions ------------------------------------------------------------------------------------


def training(
    task: Task, replica: int
) -> tuple[StateTrajectories, StateTrajectories, dict[str, Any]]:
    """Give a training replica, the validation chains, and the size of the alphabet."""
    labels = task.kinetics.labels
    train = splits.load_replicas(task, "train")[replica]
    validation = tuple(splits.load_chains(task, "validation"))
    return (
        StateTrajectories(train, labels),
        StateTrajectories(validation, labels),
        {"n_labels": labels},
    )


def answer(model: Any, job: Job, report: Callable[[float, str], None], phases: Phases) -> str:
    """Let a model generate, then predict the test chains; say why it has no likelihood."""
    card = job.task.kinetics
    # Sampling comes first: a model that has seen the test chains in predict could replay them.
    report(0.0, "sample")
    prompt = np.stack(splits.load_chains(job.task, "prompt"))
    rng = np.random.default_rng([job.seed, job.replica])
    burn_in, frames = card.generation.burn_in, card.generation.frames
    with phases("sample"):
        drawn = model.sample(prompt, burn_in + frames, rng)
    phases.frames = card.generation.chains * (burn_in + frames)
    drawn = predictions.checked_samples(drawn, len(prompt), burn_in + frames, card.labels)
    predictions.write(job.folder, predictions.SAMPLES, drawn[:, burn_in:])

    (job.folder / predictions.LOG_PROB).unlink(missing_ok=True)
    if not callable(getattr(model, "predict", None)):
        return ""
    states, _ = splits.load_test(job.task)
    report(0.0, "predict")

    def predict(rows: Labels) -> Probabilities:
        with phases("predict"):
            return _predict(model, rows, card.labels)

    probabilities = predict(states)
    seed = (job.seed, job.replica, zlib.crc32(card.id.encode()))
    fault = normalisation_fault(probabilities) or causality_fault(
        predict, states, probabilities, card.labels, np.random.default_rng(seed)
    )
    if not fault:
        log_prob = predictions.realised_log_prob(probabilities, states)
        predictions.write(job.folder, predictions.LOG_PROB, log_prob)
    return fault


def _predict(model: Any, states: Labels, n_labels: int) -> Probabilities:
    chains, frames = states.shape
    rows = max(1, PREDICT_VALUES // (frames * n_labels))
    parts = []
    for start in range(0, chains, rows):
        part = states[start : start + rows]
        answer = model.predict(part.copy())
        parts.append(predictions.checked_probabilities(answer, part, n_labels))
    return np.concatenate(parts)


# --- measurements ---------------------------------------------------------------------------------


def observe(card: KineticsCard, states: kinetics.Chains) -> list[Labels]:
    """Turn label chains into what rates and paths are measured on: macrostates that are held."""
    macrostate = np.array(card.observable, np.uint8)
    return kinetics.held([macrostate[chain] for chain in states], card.macrostates, card.hold)


def unit_errors(task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
    """Compute every metric of one unit from its prediction files.

    Parameters
    ----------
    task : Task
    folder : Path
        Holds ``samples.parquet`` and, unless the model has no likelihood, ``log_prob.parquet``.

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
    card = task.kinetics
    samples = predictions.read(folder, predictions.SAMPLES)
    if samples is None:
        raise ModelError(f"{predictions.SAMPLES} is missing")
    samples = predictions.checked_samples(
        samples, card.generation.chains, card.generation.frames, card.labels
    )
    estimates = kinetics.kinetics_errors(
        observe(card, samples), kinetics_reference(task), card.generation.n_frames
    )
    log_prob = predictions.read(folder, predictions.LOG_PROB)
    if log_prob is None:
        return estimates, ""
    _, oracle = _test(task)
    if log_prob.shape != oracle.shape:
        found = f"{log_prob.shape}, not {oracle.shape}"
        raise ModelError(f"{predictions.LOG_PROB} has shape {found}")
    try:
        regret = kinetics.nll_regret(log_prob, oracle, card.labels, SKIPPED_FRAMES)
    except ValueError as error:
        raise ModelError(f"{predictions.LOG_PROB}: {error}") from error
    if card.oracle == "exact" and regret.value < -IMPOSSIBLE * regret.stderr:
        return estimates, (
            f"predictions beat the exact oracle by {-1000 * regret.value:.2g} mnats/frame, "
            f"over {IMPOSSIBLE} standard errors: they must know what they should predict"
        )
    return {LIKELIHOOD: regret, **estimates}, ""


def remarks(metrics: Sequence[set[str]]) -> list[str]:
    """Say whether a model gives no probabilities."""
    if any(LIKELIHOOD not in names for names in metrics):
        return ["gives no probabilities, so that its likelihood counts as trivial"]
    return []
