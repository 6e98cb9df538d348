"""What is too good to be true: marked, and not ranked until somebody has looked at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.task import TaskCard
from benchmark.track import IMPOSSIBLE, Metric, Track
from leaderboard.submission import Submission


def doubts(submission: Submission, cards: Sequence[TaskCard], track: Track) -> tuple[str, ...]:
    """Say which values of a submission are better than anything can be.

    `Metric.best` is that of an oracle for a likelihood, exact or empirical, and that of the
    rounding of the frozen data for a reconstruction. An empirical oracle can be beaten: whoever
    looks at the mark decides, and a better oracle makes a new version of the task.

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
    beyond = [one for one in values if one.value < metric.best - IMPOSSIBLE * one.stderr]
    if beyond:
        yield (
            f"{card.id}: {metric.name} of {len(beyond)} of {len(units)} units is below "
            f"{metric.best:g} {metric.unit} by more than {IMPOSSIBLE} standard errors "
            f"({min(one.value for one in beyond):.3g} at best)"
        )
