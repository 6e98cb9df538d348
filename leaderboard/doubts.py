"""What is too good to be true: marked, and not ranked until somebody has looked at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.result import UnitMetric
from benchmark.task import TaskCard
from benchmark.track import IMPOSSIBLE, Metric, Track
from leaderboard.submission import Submission


def doubts(submission: Submission, cards: Sequence[TaskCard], track: Track) -> tuple[str, ...]:
    """Say which values of a submission are better than anything can be.

    `Metric.best` is that of an oracle for a likelihood, exact or empirical, and that of the
    rounding of the frozen data for a reconstruction. An empirical oracle can be beaten: whoever
    looks at the mark decides, and a better oracle makes a new version of the task.

    A value that *is* the best, within `Metric.rounding` and with an error of less than half of it,
    or exactly, has been copied. Frames of a model that was fitted differ from the oracle's even
    where their mean does not, and the error of the mean shows it: a regret δ on n test frames has
    one of √(2δ/n), and on the board none below 9e-7 nats (two labels of hardly any entropy, where
    two numbers are enough), while the oracle's own probabilities, read from the frozen file, have
    regrets of 7e-7 nats at most with errors below 4e-7 (from mixing with 1e-6, on all 36 tasks).

    Parameters
    ----------
    submission : Submission
    cards : sequence of TaskCard
        The tasks of the board.
    track : Track

    Returns
    -------
    tuple of str
        A line a task and metric; empty if there is nothing to doubt.
    """
    return tuple(
        line
        for card in cards
        for metric in track.metrics
        if metric.name in card.metrics
        for line in _doubts(submission, card, metric)
    )


def _doubts(submission: Submission, card: TaskCard, metric: Metric) -> Iterator[str]:
    if metric.best is None:
        return
    units = [unit for unit in submission.units(card.id) if unit.status == "done"]
    values = [unit.metrics[metric.name] for unit in units if metric.name in unit.metrics]
    of_units = f"of {len(units)} units is"
    beyond = [one for one in values if one.value < metric.best - IMPOSSIBLE * one.stderr]
    if beyond:
        yield (
            f"{card.id}: {metric.name} of {len(beyond)} {of_units} below "
            f"{metric.best:g} {metric.unit} by more than {IMPOSSIBLE} standard errors "
            f"({min(one.value for one in beyond):.3g} at best)"
        )
    same = [one for one in values if _is_the_best(one, metric.best, metric.rounding)]
    if same:
        yield (
            f"{card.id}: {metric.name} of {len(same)} {of_units} that of the oracle to the last "
            f"digit: no fit is within {metric.rounding:g} {metric.unit} with an error below half"
        )


def _is_the_best(value: UnitMetric, best: float, rounding: float) -> bool:
    """Say whether a value is the best there can be, and not only like it by luck."""
    distance = abs(value.value - best)
    return distance == 0 or (distance < rounding and value.stderr < rounding / 2)
