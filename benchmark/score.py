"""The only place numbers come from: a score is a pure function of a task and of files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmark import predictions, splits
from benchmark.errors import InputError, ModelError
from benchmark.metrics import kinetics
from benchmark.result import TaskMetric, TaskResult, Unit, UnitMetric
from benchmark.task import MetricScale, Task, TaskCard

#: Goes up when any estimator, tolerance or rule below changes.
SCORER_VERSION = 1

#: Frames at the start of every test chain that are not scored: a model may find its state there.
SKIPPED_FRAMES = 256

#: No model is better than an exact oracle; noise alone does not look better by this many σ.
IMPOSSIBLE = 5

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
    if reference_sha256(found) != task.card.reference_sha256:
        raise InputError(f"{path} is not the frozen reference of {task.id}; restore it")
    return found


def verify(task: Task) -> None:
    """Read everything frozen of a task, so that damage is found before anything is fitted.

    Raises
    ------
    InputError
        If a file is missing, unreadable, or not the one the card names.
    """
    for split in task.card.splits:
        splits.load(task, split)
    kinetics_reference(task)


def observe(card: TaskCard, states: kinetics.Chains) -> list[splits.Labels]:
    """Turn label chains into what rates and paths are measured on: macrostates that are held."""
    macrostate = np.array(card.observable, np.uint8)
    return kinetics.held([macrostate[chain] for chain in states], card.macrostates, card.hold)


def score_unit(task: Task, folder: Path) -> tuple[dict[str, UnitMetric], str]:
    """Compute every metric of one unit from its prediction files.

    Parameters
    ----------
    task : Task
    folder : Path
        Holds ``samples.parquet`` and, unless the model has no likelihood, ``log_prob.parquet``.

    Returns
    -------
    metrics : dict of metric name to value, standard error and bias
    fault : str
        Why the predictions get no likelihood although there are some; empty if they do.

    Raises
    ------
    ModelError
        If the files are damaged or do not fit the task.
    """
    card = task.card
    samples = predictions.read(folder, predictions.SAMPLES)
    if samples is None:
        raise ModelError(f"{predictions.SAMPLES} is missing")
    samples = predictions.checked_samples(
        samples, card.generation.chains, card.generation.frames, card.labels
    )
    estimates = kinetics.kinetics_errors(
        observe(card, samples), kinetics_reference(task), card.generation.n_frames
    )
    fault = ""
    log_prob = predictions.read(folder, predictions.LOG_PROB)
    if log_prob is not None:
        _, oracle = _test(task)
        if log_prob.shape != oracle.shape:
            found = f"{log_prob.shape}, not {oracle.shape}"
            raise ModelError(f"{predictions.LOG_PROB} has shape {found}")
        try:
            regret = kinetics.nll_regret(log_prob, oracle, card.labels, SKIPPED_FRAMES)
        except ValueError as error:
            raise ModelError(f"{predictions.LOG_PROB}: {error}") from error
        if card.oracle == "exact" and regret.value < -IMPOSSIBLE * regret.stderr:
            fault = (
                f"predictions beat the exact oracle by {-1000 * regret.value:.2g} mnats/frame, "
                f"over {IMPOSSIBLE} standard errors: they must know what they should predict"
            )
        else:
            estimates = {LIKELIHOOD: regret, **estimates}
    metrics = {
        name: UnitMetric(
            value=float(estimate.value),
            stderr=float(estimate.stderr),
            bias=float(estimate.bias),
            unit=UNITS[name],
        )
        for name, estimate in estimates.items()
    }
    return metrics, fault


@lru_cache(maxsize=4)
def _test(task: Task) -> tuple[splits.Labels, np.ndarray]:
    return splits.load_test(task)


def score_task(task: Task, units: Sequence[Unit]) -> TaskResult:
    """Bring the units of a task together into its score.

    A unit that failed, or that lacks a metric, counts as trivial there: E = E₀.

    Parameters
    ----------
    task : Task
    units : sequence of Unit
        All of this task; replica and seed tell them apart.

    Returns
    -------
    TaskResult
    """
    card = task.card
    names = [name for name in UNITS if name in card.metrics]
    metrics = {name: _over_replicas(name, card.metrics[name], units) for name in names}
    groups = {
        group: float(np.mean([metrics[name].z for name in members]))
        for group, members in card.counting.items()
    }
    errors = [
        float(np.sqrt(np.sum([metrics[name].z_stderr ** 2 for name in members]))) / len(members)
        for members in card.counting.values()
    ]
    failed = [unit for unit in units if unit.status != "done"]
    reasons = sorted({unit.reason for unit in units if unit.reason})
    silent = any(u.status == "done" and not u.reason and LIKELIHOOD not in u.metrics for u in units)
    if silent:
        reasons.append("gives no probabilities, so that its likelihood counts as trivial")
    return TaskResult(
        task=card.id,
        version=card.version,
        score=float(np.mean(list(groups.values()))) if groups else math.nan,
        stderr=float(np.sqrt(np.sum(np.square(errors)))) / len(errors) if errors else math.nan,
        groups=groups,
        metrics=metrics,
        units=len(units),
        failed=len(failed),
        mark="; ".join(reasons),
    )


def _over_replicas(name: str, scale: MetricScale, units: Sequence[Unit]) -> TaskMetric:
    """Root mean square over replicas (of the mean square over seeds), and its z."""
    blank = UnitMetric(value=math.nan)
    measured = [unit.metrics.get(name, blank) if unit.status == "done" else blank for unit in units]
    found = [metric.value for metric in measured]
    by_replica: dict[int, list[float]] = {}
    for unit, value in zip(units, found, strict=True):
        error = scale.trivial if math.isnan(value) else value
        by_replica.setdefault(unit.replica, []).append(error)
    # A regret below zero (better than an empirical oracle, or luck) is no error.
    squares = np.array(
        [np.mean(np.square(np.maximum(seeds, 0.0))) for seeds in by_replica.values()]
    )
    value = float(np.sqrt(squares.mean()))
    # Replicas generate independent chains, so that their spread holds the noise of each. They share
    # one test set, whose noise is in every unit's likelihood alike and does not average out.
    spread = 0.0
    if len(squares) > 1 and value > 0:
        spread = float(np.std(squares, ddof=1)) / math.sqrt(len(squares)) / (2 * value)
    own = float(np.sqrt(np.mean([np.nan_to_num(metric.stderr) ** 2 for metric in measured])))
    shared = own if name == LIKELIHOOD or len(squares) == 1 else 0.0
    stderr = math.hypot(spread, shared)
    biases = [metric.bias for metric in measured if not math.isnan(metric.bias)]
    means = [float(np.mean(seeds)) for seeds in by_replica.values()]
    most_seeds = max(by_replica.values(), key=len)
    z, z_raw, z_stderr = z_score(value, stderr, scale)
    return TaskMetric(
        value=value,
        stderr=stderr,
        bias=float(np.mean(biases)) if biases else math.nan,
        replica_spread=float(np.std(means, ddof=1)) if len(means) > 1 else math.nan,
        seed_spread=float(np.std(most_seeds, ddof=1)) if len(most_seeds) > 1 else math.nan,
        z=z,
        z_raw=z_raw,
        z_stderr=z_stderr,
        counts=scale.counts,
        missing=sum(math.isnan(metric) for metric in found),
    )


def z_score(value: float, stderr: float, scale: MetricScale) -> tuple[float, float, float]:
    """Place an error between trivial and data-limited: z = ln(E₀/E) / ln(E₀/f).

    Returns
    -------
    z, z_raw, z_stderr : float
        Clipped to −1 … 1, not clipped, and the standard error of the latter, which holds the
        errors of E, E₀ and f. An error below f/100 counts as f/100.
    """
    if scale.trivial <= scale.floor:
        return math.nan, math.nan, math.nan
    error = max(value, scale.floor / 100)
    length = math.log(scale.trivial / scale.floor)
    raw = math.log(scale.trivial / error) / length
    parts = (
        stderr / error,
        (1 - raw) * scale.trivial_stderr / scale.trivial,
        raw * scale.floor_stderr / scale.floor,
    )
    return float(np.clip(raw, -1, 1)), raw, math.hypot(*parts) / length
