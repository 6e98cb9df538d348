"""The only place numbers come from: a score is a pure function of a task and of files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.registry import track_of
from benchmark.result import TaskMetric, TaskResult, Unit, UnitMetric
from benchmark.task import MetricScale, Task
from benchmark.track import Metric

#: Goes up when any estimator, tolerance or rule below changes.
SCORER_VERSION = 1


def verify(task: Task) -> None:
    """Read everything frozen of a task, so that damage is found before anything is fitted.

    Raises
    ------
    InputError
        If a file is missing, unreadable, or not the one the card names.
    """
    for read in track_of(task).work.frozen(task):
        read()


def score_unit(task: Task, folder: Path) -> tuple[dict[str, UnitMetric], str]:
    """Compute every metric of one unit from its prediction files.

    Returns
    -------
    metrics : dict of metric name to value, standard error and bias
    fault : str
        Why the predictions count less than in full; empty if they do not.

    Raises
    ------
    ModelError
        If the files are damaged or do not fit the task.
    """
    track = track_of(task)
    estimates, fault = track.work.measure(task, folder)
    metrics = {
        name: UnitMetric(
            value=float(estimate.value),
            stderr=float(estimate.stderr),
            bias=float(estimate.bias),
            unit=track.metric(name).unit,
        )
        for name, estimate in estimates.items()
    }
    return metrics, fault


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
    card, track = task.card, track_of(task)
    metrics = {
        metric.name: _over_replicas(metric, card.metrics[metric.name], units)
        for metric in track.metrics
        if metric.name in card.metrics
    }
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
    reasons += _remarks(track.metrics, units)
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


def _remarks(metrics: Sequence[Metric], units: Sequence[Unit]) -> list[str]:
    """Say which metrics done units lack because the model does without a method."""
    sound = [unit for unit in units if unit.status == "done" and not unit.reason]
    return [
        f"{metric.absent}, so that its {metric.group} counts as trivial"
        for metric in metrics
        if metric.method and any(metric.name not in unit.metrics for unit in sound)
    ]


def _over_replicas(metric: Metric, scale: MetricScale, units: Sequence[Unit]) -> TaskMetric:
    """Root mean square over replicas (of the mean square over seeds), and its z."""
    blank = UnitMetric(value=math.nan)
    measured = [
        unit.metrics.get(metric.name, blank) if unit.status == "done" else blank for unit in units
    ]
    found = [one.value for one in measured]
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
    own = float(np.sqrt(np.mean([np.nan_to_num(one.stderr) ** 2 for one in measured])))
    shared = own if metric.shared_noise or len(squares) == 1 else 0.0
    stderr = math.hypot(spread, shared)
    biases = [one.bias for one in measured if not math.isnan(one.bias)]
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
        missing=sum(math.isnan(value) for value in found),
    )


def z_score(value: float, stderr: float, scale: MetricScale) -> tuple[float, float, float]:
    """Place an error between trivial and data-limited: z = ln(E₀/E) / ln(E₀/f).

    Returns
    -------
    z, z_raw, z_stderr : float
        Clipped to −1 … 1 (from below only, where the scale is not capped), not clipped, and the
        standard error of the latter, which holds the errors of E, E₀ and f. An error below f/100
        counts as f/100 (where large values are good: one above 100 f as 100 f, and one that scores
        less than −1 as one that scores −1, as it may be 0). All are nan without an f, or where f is
        no better than E₀.
    """
    if scale.floor is None or not scale.ratio > 1:
        return math.nan, math.nan, math.nan
    error = max(value, scale.floor / 100)
    if not scale.smaller_is_better:
        error = max(min(value, scale.floor * 100), scale.trivial**2 / scale.floor)
    length = math.log(scale.trivial / scale.floor)
    raw = math.log(scale.trivial / error) / length
    parts = (
        stderr / error,
        (1 - raw) * scale.trivial_stderr / scale.trivial,
        raw * scale.floor_stderr / scale.floor,
    )
    z = float(np.clip(raw, -1, 1 if scale.capped else None))
    return z, raw, math.hypot(*parts) / abs(length)
