"""The only place numbers come from: a score is a pure function of a task and of files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.registry import track_of
from benchmark.result import LARGEST, TaskMetric, TaskResult, Unit, UnitMetric
from benchmark.task import MetricScale, Task, TaskCard
from benchmark.track import Metric
from benchmark.uncertainty import jackknife_standard_error

Floats = NDArray[np.float64]

# One array a replica, of one error a seed.
Replicas = list[Floats]

#: Goes up when any estimator, tolerance or rule below changes.
SCORER_VERSION = 2


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
            value=_number(estimate.value),
            stderr=_number(estimate.stderr),
            bias=_number(estimate.bias),
            unit=track.metric(name).unit,
        )
        for name, estimate in estimates.items()
    }
    return metrics, fault


def _number(value: float) -> float:
    """Give a number as a result may hold it: nan in place of what is no number, or beyond any."""
    return float(value) if abs(value) <= LARGEST else math.nan


def score_task(task: Task, units: Sequence[Unit]) -> TaskResult:
    """Bring the units of a task together into its score.

    A unit that failed, or that lacks a metric, counts as trivial there: E = E₀. The score's
    standard error is a jackknife over the training replicas of that very score, as its metrics are
    not independent of one another; with a single replica it comes from those of the metrics.

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
    shown = [metric for metric in track.metrics if metric.name in card.metrics]
    errors = {one.name: _by_replica(one.name, card.metrics[one.name], units) for one in shown}
    metrics = {
        one.name: _over_replicas(one, card.metrics[one.name], units, errors[one.name])
        for one in shown
    }
    groups = _groups(card, {name: metric.z for name, metric in metrics.items()})
    without = _without_each(card, errors)
    reasons = sorted({unit.reason for unit in units if unit.reason})
    reasons += _remarks(track.metrics, units)
    return TaskResult(
        task=card.id,
        version=card.version,
        score=_mean(groups.values()),
        stderr=_score_error(card, metrics, without),
        groups=groups,
        without=without,
        metrics=metrics,
        units=len(units),
        failed=sum(unit.status != "done" for unit in units),
        mark="; ".join(reasons),
    )


def _groups(card: TaskCard, z: Mapping[str, float]) -> dict[str, float]:
    """Average the z of counting metrics, by group."""
    return {group: _mean(z[name] for name in names) for group, names in card.counting.items()}


def _mean(values: Iterable[float]) -> float:
    """Give the mean; nan of nothing."""
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def _without_each(card: TaskCard, errors: Mapping[str, Replicas]) -> list[dict[str, float]]:
    """Score the groups with each replica left out, in the order of replicas."""
    n_replicas = min((len(found) for found in errors.values()), default=0)
    if n_replicas < 2:
        return []
    left_out = []
    for replica in range(n_replicas):
        z = {
            name: z_score(_rms(np.delete(_squares(found), replica)), 0.0, card.metrics[name])[0]
            for name, found in errors.items()
        }
        left_out.append(_groups(card, z))
    return left_out


def _score_error(
    card: TaskCard, metrics: Mapping[str, TaskMetric], without: Sequence[Mapping[str, float]]
) -> float:
    if not card.counting:
        return math.nan
    if without:
        return jackknife_standard_error(np.array([_mean(one.values()) for one in without]))
    errors = [
        math.hypot(*(metrics[name].z_stderr for name in names)) / len(names)
        for names in card.counting.values()
    ]
    return math.hypot(*errors) / len(errors)


def _remarks(metrics: Sequence[Metric], units: Sequence[Unit]) -> list[str]:
    """Say which metrics done units lack because the model does without a method."""
    sound = [unit for unit in units if unit.status == "done" and not unit.reason]
    return [
        f"{metric.absent}, so that its {metric.group} counts as trivial"
        for metric in metrics
        if metric.method and any(metric.name not in unit.metrics for unit in sound)
    ]


def _measured(name: str, unit: Unit) -> UnitMetric:
    """Give a metric of a unit; nan if the unit failed or lacks it."""
    blank = UnitMetric(value=math.nan)
    return unit.metrics.get(name, blank) if unit.status == "done" else blank


def _by_replica(name: str, scale: MetricScale, units: Sequence[Unit]) -> Replicas:
    """Give the errors of each replica, one a seed, in the order of replicas."""
    found: dict[int, list[float]] = {}
    for unit in units:
        value = _measured(name, unit).value
        found.setdefault(unit.replica, []).append(scale.trivial if math.isnan(value) else value)
    return [np.array(found[replica]) for replica in sorted(found)]


def _squares(errors: Replicas) -> Floats:
    """Give the mean square of each replica over its seeds."""
    # A regret below zero (better than an empirical oracle, or luck) is no error.
    return np.array([np.mean(np.square(np.maximum(seeds, 0.0))) for seeds in errors])


def _rms(squares: Floats) -> float:
    return float(np.sqrt(squares.mean()))


def _error_of_mean(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _over_replicas(
    metric: Metric, scale: MetricScale, units: Sequence[Unit], errors: Replicas
) -> TaskMetric:
    """Root mean square over replicas (of the mean square over seeds), and its z."""
    measured = [_measured(metric.name, unit) for unit in units]
    squares, means = _squares(errors), [float(seeds.mean()) for seeds in errors]
    error = _rms(squares)
    # Replicas generate independent chains, so that their spread holds the noise of each. They share
    # one test set, whose noise is in every unit's likelihood alike and does not average out.
    spread = _error_of_mean(squares.tolist()) / (2 * error) if error > 0 else 0.0
    own = float(np.sqrt(np.mean([np.nan_to_num(one.stderr) ** 2 for one in measured])))
    shared = own if metric.shared_noise or len(squares) == 1 else 0.0
    biases = [one.bias for one in measured if not math.isnan(one.bias)]
    most_seeds = max(errors, key=len)
    z, z_raw, z_stderr = z_score(error, math.hypot(spread, shared), scale)
    if np.mean(means) < 0:  # better than the oracle on average: shown with its sign
        error, spread = float(np.mean(means)), _error_of_mean(means)
    return TaskMetric(
        value=error,
        stderr=math.hypot(spread, shared),
        bias=float(np.mean(biases)) if biases else math.nan,
        replica_spread=float(np.std(means, ddof=1)) if len(means) > 1 else math.nan,
        seed_spread=float(np.std(most_seeds, ddof=1)) if len(most_seeds) > 1 else math.nan,
        z=z,
        z_raw=z_raw,
        z_stderr=z_stderr,
        counts=scale.counts,
        missing=sum(math.isnan(one.value) for one in measured),
    )


def z_score(value: float, stderr: float, scale: MetricScale) -> tuple[float, float, float]:
    """Place an error between trivial and data-limited: z = ln(E₀/E) / ln(E₀/f).

    Returns
    -------
    z, z_raw, z_stderr : float
        Clipped to −1 … z(p) (from below only, where the scale is not capped), not clipped, and the
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
    z = float(np.clip(raw, -1, scale.highest))
    return z, raw, math.hypot(*parts) / abs(length)
