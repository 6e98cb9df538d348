"""What the replicas of a task have in common: less than two samples ever have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from benchmark.registry import track_of
from benchmark.result import Unit, UnitMetric
from benchmark.task import MetricScale
from benchmark.track import Metric
from leaderboard.checks.entry import Entry

#: Of a value: what rounding may add to it.
ROUNDING = 1e-9

#: Of the perfect sampler's error: a sample of the true process may be below it by chance (of a
#: squared error one in forty, of others one in a thousand), but not so many replicas.
PERFECT, FEWEST = 1e-3, 3

#: Of a value: two samples that agree so well in several are one, with the last digits changed.
NEARLY = 1e-6

#: Metrics with an error that two replicas do not share by chance. One they may: chains that show
#: nothing but one label have one error of free energies. Only values above their standard errors
#: are looked at: what few events decide has few values, so that two replicas may well have one.
COPIED = 2


def has(unit: Unit, metric: Metric) -> bool:
    """Whether a unit has a value of a metric."""
    return metric.name in unit.metrics and not math.isnan(unit.metrics[metric.name].value)


def is_sure(found: UnitMetric) -> bool:
    """Whether a value has no standard error, but for rounding."""
    return found.stderr <= ROUNDING * abs(found.value)


def is_above_error(unit: Unit, metric: Metric) -> bool:
    """Whether a unit's value of a metric is larger than its standard error."""
    found = unit.metrics[metric.name]
    return found.value > found.stderr


def replica_faults(entry: Entry) -> Iterator[str]:
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
        pair = [one, other]
        shared = [
            metric.name
            for metric in own
            if _all_the_same(metric, pair, NEARLY) and all(is_above_error(u, metric) for u in pair)
        ]
        if len(shared) >= COPIED:
            yield (
                f"{task}: replicas {one.replica} and {other.replica} share "
                f"{' and '.join(shared[:COPIED])} to six digits; each has its own run"
            )
            return


def _all_perfect(metric: Metric, units: Sequence[Unit], scale: MetricScale | None) -> bool:
    """Whether all replicas are far better than the true process that generates as much."""
    if not metric.sampled or scale is None or scale.perfect is None or metric.shared_noise:
        return False
    found = [unit.metrics[metric.name].value for unit in units if has(unit, metric)]
    return len(found) >= FEWEST and max(found) < PERFECT * scale.perfect


def _all_the_same(metric: Metric, units: Sequence[Unit], within: float = 0.0) -> bool:
    """Whether all replicas have one value, or nearly, and not for want of anything to measure.

    Where chains show nothing of what is measured, its value is that of nothing, without an error.
    All replicas are predicted on the same test set: what has no parameters predicts it alike.
    """
    if metric.shared_noise and not any(unit.cost.parameters for unit in units):
        return False
    found = [unit.metrics[metric.name] for unit in units if has(unit, metric)]
    noisy = not any(is_sure(one) for one in found)
    if len(found) < len(units) or not noisy:
        return False
    values = [one.value for one in found]
    return math.isclose(min(values), max(values), rel_tol=within)
