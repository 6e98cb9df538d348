"""The metrics of each unit: those there are, in their unit, within what is possible."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmark.registry import track_of
from benchmark.result import Unit, UnitMetric
from benchmark.task import MetricScale, Task, TaskCard
from benchmark.track import IMPOSSIBLE, Metric
from benchmark.untrusted import shown
from leaderboard.checks.entry import Entry
from leaderboard.checks.replicas import ROUNDING, has, is_sure, replica_faults


def metric_faults(entry: Entry) -> Iterator[str]:
    """Compare each value with what its metric can be."""
    for unit in entry.result.units:
        task = entry.tasks[unit.task]
        name = f"{unit.task}, replica {unit.replica}, seed {unit.seed}"
        for fault in [*_names(unit, task), *_values(unit, task)]:
            yield f"{name}: {fault}"
    yield from _optional(entry)
    yield from replica_faults(entry)


def _names(unit: Unit, task: Task) -> Iterator[str]:
    known = {metric.name for metric in track_of(task).metrics}
    for name in unit.metrics:
        if name not in known:
            yield f"'{shown(name)}' is no metric of the track; score the run again"
    if unit.status != "done" or unit.reason or not unit.metrics:
        return
    for metric in track_of(task).metrics:
        if metric.name in task.card.metrics and not metric.method and not has(unit, metric):
            yield f"lacks {metric.name}, without a reason; score the run again"


def _values(unit: Unit, task: Task) -> Iterator[str]:
    for metric in track_of(task).metrics:
        if metric.name in unit.metrics:
            for fault in _value_faults(unit.metrics[metric.name], metric, task.card):
                yield f"{metric.name} {fault}"


def _value_faults(found: UnitMetric, metric: Metric, card: TaskCard) -> Iterator[str]:
    value, stderr, bias = found.value, found.stderr, found.bias
    if found.unit != metric.unit:
        yield f"is in '{shown(found.unit)}', expected '{metric.unit}'"
    if math.isnan(value):
        if not (math.isnan(stderr) and math.isnan(bias)):
            yield "has an error, but no value"
        return
    slack = ROUNDING * max(1.0, abs(value))
    if not metric.least - slack <= value <= metric.most + slack:
        yield f"is {value:.6g}, expected {metric.least:g} … {metric.most:g} {metric.unit}".rstrip()
    if not stderr <= metric.most - metric.least:
        yield f"has the standard error {stderr:.6g}, which cannot be"
    if abs(bias) > abs(value) + slack:
        yield f"has the bias {bias:.6g}, more than the error itself, {value:.6g}"
    if metric.least < 0 and card.oracle == "exact" and not value >= -IMPOSSIBLE * stderr:
        yield (
            f"is {value:.6g} ± {stderr:.2g}, better than the exact oracle by over {IMPOSSIBLE} "
            "standard errors: nothing honest is"
        )
        return
    yield from _chance_faults(found, metric, card)


def _chance_faults(found: UnitMetric, metric: Metric, card: TaskCard) -> Iterator[str]:
    """Say what of a value, possible by itself, chance cannot bring about on its task."""
    scale = card.metrics.get(metric.name)
    if metric.sampled and found.value == 0:
        yield "is exactly 0: nothing that is measured on a sample is"
    elif metric.sampled and is_sure(found) and scale and _is_good(found.value, scale):
        yield (
            f"is {found.value:.3g} with the standard error {found.stderr:.3g}: "
            "whatever is that good has one"
        )
    elif metric.chance is not None:
        fault = metric.chance(card, found.value, found.stderr)
        if fault:
            yield fault


def _is_good(value: float, scale: MetricScale) -> bool:
    """Whether an error is nearer to the floor than to the trivial one, in its logarithm.

    Without a floor, or where it is not far below the trivial error, it must be below half of that.

    Chains that never move, or forget at once, may have errors below the trivial one, and no
    standard errors: all that is drawn from them is alike.
    """
    floor = min(scale.floor or math.inf, scale.trivial / 4)
    return value**2 < scale.trivial * floor


def _optional(entry: Entry) -> Iterator[str]:
    """Compare units: what a model does without, it does without everywhere, or says why."""
    done = [unit for unit in entry.result.units if unit.status == "done" and not unit.reason]
    for task in {unit.task for unit in done}:
        for metric in track_of(entry.tasks[task]).metrics:
            if metric.method and metric.name in entry.tasks[task].card.metrics:
                yield from _dropped(metric, [unit for unit in done if unit.task == task], done)


def _dropped(metric: Metric, units: Sequence[Unit], done: Sequence[Unit]) -> Iterator[str]:
    lacking = [unit for unit in units if not has(unit, metric)]
    if lacking and any(has(unit, metric) for unit in done):
        yield (
            f"{lacking[0].task}: {metric.name} is missing in {len(lacking)} units without a "
            "reason, and there in others; score the run again"
        )
