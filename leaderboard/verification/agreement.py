"""Whether a unit that was fitted again agrees with the row: the rule, and its numbers.

Two values of a metric agree if they differ by at most three standard deviations of their
difference,

    |a − b| ≤ 3 √(σ_a² + σ_b² + 2 s²),

where σ is each value's own standard error, from the test data, and s is how much the metric varies
from one fit to the next: its standard deviation over the seeds of the row on this task, if it has
several; for rates and paths otherwise that over the replicas, which holds the spread over seeds.
For a metric that all replicas measure on the same test data, such as the regret, s without seeds is
0: within its error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmark.result import Unit, UnitMetric
from benchmark.track import Track
from leaderboard.verification.record import Compared

RULE = "|a − b| ≤ 3 √(σ_a² + σ_b² + 2 s²), σ the standard errors, s the spread over fits"

SIGMAS = 3

#: Seeds, or replicas, whose spread says something.
FEWEST = 3


def spread(name: str, units: Sequence[Unit], shared_noise: bool) -> float:
    """Give s of a metric from the units of a task: over seeds, else over replicas, else 0."""
    done = [unit for unit in units if unit.status == "done" and name in unit.metrics]
    seeds = [unit.metrics[name].value for unit in done if unit.replica == 0]
    replicas = [unit.metrics[name].value for unit in done if unit.seed == 0]
    if len(seeds) >= FEWEST:
        return float(np.std(seeds, ddof=1))
    if not shared_noise and len(replicas) >= FEWEST:
        return float(np.std(replicas, ddof=1))
    return 0.0


def compared(track: Track, unit: Unit, again: Unit, units: Sequence[Unit]) -> list[Compared]:
    """Compare every metric of the track that either unit has.

    Parameters
    ----------
    track : Track
    unit : Unit
        Of the row.
    again : Unit
        Fitted again.
    units : sequence of Unit
        All of the row on this task.
    """
    found = []
    for metric in track.metrics:
        one, other = unit.metrics.get(metric.name), again.metrics.get(metric.name)
        if one is None and other is None:
            continue
        s = spread(metric.name, units, metric.shared_noise)
        found.append(_compared(metric.name, one or _none(), other or _none(), s))
    return found


def _none() -> UnitMetric:
    return UnitMetric(value=math.nan)


def _compared(name: str, one: UnitMetric, other: UnitMetric, s: float) -> Compared:
    errors = [value for value in (one.stderr, other.stderr) if not math.isnan(value)]
    rounding = 1e-9 * abs(one.value)
    allowed = SIGMAS * math.hypot(*errors, math.sqrt(2) * s) + rounding
    return Compared(metric=name, submitted=one.value, again=other.value, allowed=allowed)
