"""The metrics of each unit: those there are, in their unit, within what is possible."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from benchmark.registry import track_of
from benchmark.result import Unit, UnitMetric
from benchmark.task import MetricScale, Task, TaskCard
from benchmark.track import IMPOSSIBLE, Metric
from benchmark.untrusted import shown
from leaderboard.checks.entry import Entry

#: Of a limit: what rounding may add to a value that is at it.
ROUNDING = 1e-9

#: Of the trivial error: what is below it has seen something of what it should show. (Chains that
#: never move have a dwell error of 0.8 of it, and no standard error.)
GOOD = 0.5

#: Of the perfect sampler's error: a sample of the true process may be below it by chance (of a
#: squared error one in forty, of others one in a thousand), but not so many replicas.
PERFECT, FEWEST = 1e-3, 3


#: Metrics with an error that two replicas do not share by chance. One they may: chains that show
#: nothing but one label have one error of free energies.
COPIED = 2


def metric_faults(entry: Entry) -> Iterator[str]:
    """Compare each value with what its metric can be."""
    for unit in entry.result.units:
        task = entry.tasks[unit.task]
        name = f"{unit.task}, replica {unit.replica}, seed {unit.seed}"
        for fault in [*_names(unit, task), *_values(unit, task)]:
            yield f"{name}: {fault}"
    yield from _optional(entry)
    yield from _repeated(entry)


def _names(unit: Unit, task: Task) -> Iterator[str]:
    known = {metric.name for metric in track_of(task).metrics}
    for name in unit.metrics:
        if name not in known:
            yield f"'{shown(name)}' is no metric of the track; score the run again"
    if unit.status != "done" or unit.reason or not unit.metrics:
        return
    for metric in track_of(task).metrics:
        if metric.name in task.card.metrics and not metric.method and not _has(unit, metric):
            yield f"lacks {metric.name}, without a reason; score the run again"


def _has(unit: Unit, metric: Metric) -> bool:
    return metric.name in unit.metrics and not math.isnan(unit.metrics[metric.name].value)


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
    elif metric.sampled and found.stderr == 0 and scale and found.value < GOOD * scale.trivial:
        yield f"is {found.value:.3g} with the standard error 0: whatever is that good has one"
    elif metric.chance is not None:
        fault = metric.chance(card, found.value, found.stderr)
        if fault:
            yield fault


def _repeated(entry: Entry) -> Iterator[str]:
    """Compare replicas: on other training data, a sample gives other digits."""
    done = [unit for unit in entry.result.units if unit.status == "done" and unit.seed == 0]
    for task in dict.fromkeys(unit.task for unit in done):
        units = [unit for unit in done if unit.task == task]
        if len(units) < 2:
            continue
        yield from _copied(task, units, track_of(entry.tasks[task]).metrics)
        for metric in track_of(entry.tasks[task]).metrics:
            if metric.sampled and _all_the_same(metric, units):
                yield (
                    f"{task}: {metric.name} is the same to the last digit in all {len(units)} "
                    "replicas, which were trained on other data"
                )
            scale = entry.tasks[task].card.metrics.get(metric.name)
            if _all_perfect(metric, units, scale):
                yield (
                    f"{task}: {metric.name} is below a thousandth of what the true process gets, "
                    f"in all {len(units)} replicas: no sample of it is that exact"
                )


def _copied(task: str, units: Sequence[Unit], metrics: Sequence[Metric]) -> Iterator[str]:
    """Look for two replicas that share what no two samples share: values that have an error."""
    own = [metric for metric in metrics if metric.sampled and not metric.shared_noise]
    for one, other in itertools.combinations(units, 2):
        shared = [metric.name for metric in own if _all_the_same(metric, [one, other])]
        if len(shared) >= COPIED:
            yield (
                f"{task}: replicas {one.replica} and {other.replica} share "
                f"{' and '.join(shared[:COPIED])} to the last digit; each has its own run"
            )
            return


def _all_perfect(metric: Metric, units: Sequence[Unit], scale: MetricScale | None) -> bool:
    """Whether all replicas are far better than the true process that generates as much."""
    if not metric.sampled or scale is None or scale.perfect is None or metric.shared_noise:
        return False
    found = [unit.metrics[metric.name].value for unit in units if _has(unit, metric)]
    return len(found) >= FEWEST and max(found) < PERFECT * scale.perfect


def _all_the_same(metric: Metric, units: Sequence[Unit]) -> bool:
    """Whether all replicas have one value, and not for want of anything to measure.

    Where chains show nothing of what is measured, its value is that of nothing, without an error.
    All replicas are predicted on the same test set: what has no parameters predicts it alike.
    """
    if metric.shared_noise and not any(unit.cost.parameters for unit in units):
        return False
    found = [unit.metrics[metric.name] for unit in units if _has(unit, metric)]
    noisy = all(one.stderr > ROUNDING * abs(one.value) for one in found)
    return len(found) == len(units) and noisy and len({one.value for one in found}) == 1


def _optional(entry: Entry) -> Iterator[str]:
    """Compare units: what a model does without, it does without everywhere, or says why."""
    done = [unit for unit in entry.result.units if unit.status == "done" and not unit.reason]
    for task in {unit.task for unit in done}:
        for metric in track_of(entry.tasks[task]).metrics:
            if metric.method and metric.name in entry.tasks[task].card.metrics:
                yield from _dropped(metric, [unit for unit in done if unit.task == task], done)


def _dropped(metric: Metric, units: Sequence[Unit], done: Sequence[Unit]) -> Iterator[str]:
    lacking = [unit for unit in units if not _has(unit, metric)]
    if lacking and any(_has(unit, metric) for unit in done):
        yield (
            f"{lacking[0].task}: {metric.name} is missing in {len(lacking)} units without a "
            "reason, and there in others; score the run again"
        )
