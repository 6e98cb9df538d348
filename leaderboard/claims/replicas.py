"""The errors of a row replica by replica, and what a number made of them is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.task import TaskCard
from benchmark.uncertainty import jackknife_standard_error
from leaderboard.ranking import Row

Floats = NDArray[np.float64]


def replica_errors(row: Row, card: TaskCard, metric: str) -> Floats:
    """Give a row's errors of a metric on a task, one a training replica.

    Root mean square over the seeds of a replica; a unit that failed or lacks the metric counts as
    trivial, as in the score.

    Parameters
    ----------
    row : Row
        That has run the task.
    card : TaskCard
    metric : str
        One whose values are sizes, ≥ 0.

    Returns
    -------
    float64 array of shape (replicas,)
    """
    trivial = card.metrics[metric].trivial
    found: dict[int, list[float]] = {}
    for unit in row.submission.units(card.id):
        known = unit.status == "done" and metric in unit.metrics
        value = unit.metrics[metric].value if known else math.nan
        found.setdefault(unit.replica, []).append(trivial if math.isnan(value) else value)
    return np.array([math.sqrt(np.mean(np.square(found[one]))) for one in sorted(found)])


def root_mean_square(errors: Floats) -> float:
    """Root mean square over replicas."""
    return float(np.sqrt(np.mean(errors**2)))


def jackknifed(
    errors: Sequence[Floats], number: Callable[[Sequence[Floats]], float]
) -> tuple[float, float, float]:
    """Give a number made of several tasks' errors, its standard error, and degrees of freedom.

    Tasks that share their training trajectories err together, so that a replica is left out of all
    of them at once. The error is infinite with a single replica.

    Parameters
    ----------
    errors : sequence of float arrays of shape (replicas,)
        A task each, as many replicas of each.
    number : callable
        From errors, any number of replicas of each, to a number.
    """
    whole, n_replicas = number(errors), min(len(one) for one in errors)
    if n_replicas < 2:
        return whole, math.inf, 1.0
    left_out = [
        number([np.delete(one, replica) for one in errors]) for replica in range(n_replicas)
    ]
    return whole, jackknife_standard_error(np.array(left_out)), n_replicas - 1.0
