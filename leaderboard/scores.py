"""Scores of tasks, families and the board, with errors from replicas left out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.task import TaskCard
from benchmark.uncertainty import jackknife_standard_error
from leaderboard.significance import p_value


@dataclass(frozen=True)
class Score:
    """The score of a task, of several, or the difference of two scores.

    Attributes
    ----------
    value : float
    stderr : float
        Its standard error.
    groups : mapping of str to float
        The score of each group that counts there; on a task, ``value`` is their mean.
    without : tuple of mapping of group to float
        Of a task: its groups with each training replica left out. Empty with one replica, and of
        several tasks.
    freedom : float
        Degrees of freedom of Student's t for its error; infinite where that is not from replicas.
    """

    value: float
    stderr: float
    groups: Mapping[str, float]
    without: tuple[Mapping[str, float], ...] = ()
    freedom: float = math.inf

    @property
    def p_value(self) -> float:
        """The chance of a value so far from zero by chance alone."""
        return p_value(self.value, self.stderr, self.freedom)


def by_family(cards: Iterable[TaskCard]) -> dict[str, list[TaskCard]]:
    """Sort cards by family."""
    families: dict[str, list[TaskCard]] = {}
    for card in cards:
        families.setdefault(card.family, []).append(card)
    return families


def overall(scores: Mapping[str, Score], cards: Sequence[TaskCard]) -> Score:
    r"""Average scores over tasks, then over families.

    With :math:`s_t` the score of task t, the score is the mean over families F of the mean over
    their tasks, so that a family of many tasks does not outweigh the others:

    .. math:: S = \frac{1}{|F|} \sum_{F} S_F, \qquad
              S_F = \frac{1}{n_F} \sum_{t \in F} s_t, \qquad
              e^2 = \frac{1}{|F|^2} \sum_{F} e_F^2.

    Tasks of a family share their training trajectories: the error :math:`e_F` is a jackknife of
    :math:`S_F` with replica r left out of all of them at once. Families are independent. The
    degrees of freedom are Welch and Satterthwaite's. Groups are averaged likewise over the tasks
    that have the group.

    Parameters
    ----------
    scores : mapping of task id to Score
    cards : sequence of TaskCard
        The tasks to average over; all have a score.

    Returns
    -------
    Score
        nan without a task.

    References
    ----------
    Welch, Biometrika 34, 28 (1947); Satterthwaite, Biometrics Bull. 2, 110 (1946).
    """
    families = [[scores[card.id] for card in members] for members in by_family(cards).values()]
    parts = [part for members in families for part in _variances(members)]
    variance = sum(value for value, _ in parts)
    inverse = sum(value**2 / freedom for value, freedom in parts)
    groups = dict.fromkeys(group for members in families for one in members for group in one.groups)
    return Score(
        value=_mean_of_means([one.value for one in members] for members in families),
        stderr=math.sqrt(variance) / len(families) if families else math.nan,
        groups={
            group: _mean_of_means(
                [one.groups[group] for one in members if group in one.groups]
                for members in families
            )
            for group in groups
        },
        freedom=variance**2 / inverse if inverse > 0 else math.inf,
    )


def overall_difference(
    one: Mapping[str, Score], other: Mapping[str, Score], cards: Sequence[TaskCard]
) -> Score:
    """Give how much higher the other's overall score is, paired: both saw the same replicas.

    Parameters
    ----------
    one, other : mapping of task id to Score
    cards : sequence of TaskCard
        The tasks to average over; both have a score on all of them.
    """
    return overall({card.id: _difference(one[card.id], other[card.id]) for card in cards}, cards)


def of_group(scores: Mapping[str, Score], group: str) -> dict[str, Score]:
    """Give the scores of one group alone, on the tasks where it counts; of one replica no error."""
    return {
        task: Score(
            value=score.groups[group],
            stderr=math.nan,
            groups={group: score.groups[group]},
            without=tuple({group: left[group]} for left in score.without),
            freedom=score.freedom,
        )
        for task, score in scores.items()
        if group in score.groups
    }


def _difference(one: Score, other: Score) -> Score:
    """Subtract on one task: replica by replica where there are replicas."""
    n_replicas = max(len(one.without), len(other.without))
    # A task that was not run scores 0 whatever is left out.
    first, second = (score.without or (score.groups,) * n_replicas for score in (one, other))
    return Score(
        value=other.value - one.value,
        stderr=math.hypot(one.stderr, other.stderr),
        groups=_less(other.groups, one.groups),
        without=tuple(_less(high, low) for low, high in zip(first, second, strict=True)),
        freedom=min(one.freedom, other.freedom),
    )


def _less(high: Mapping[str, float], low: Mapping[str, float]) -> dict[str, float]:
    return {group: high[group] - low[group] for group in high}


def _variances(members: Sequence[Score]) -> list[tuple[float, float]]:
    """Give the independent parts of the variance of a family's mean: (variance, freedom)."""
    parts = []
    for n_replicas in {len(score.without) for score in members}:
        same = [score for score in members if len(score.without) == n_replicas]
        if n_replicas:
            left_out = np.mean(
                [[statistics.fmean(left.values()) for left in score.without] for score in same],
                axis=0,
            )
            error = jackknife_standard_error(left_out) * len(same) / len(members)
            parts.append((error**2, n_replicas - 1.0))
        else:
            errors = sum(score.stderr**2 for score in same) / len(members) ** 2
            parts.append((errors, math.inf))
    return parts


def _mean_of_means(families: Iterable[Sequence[float]]) -> float:
    means = [statistics.fmean(values) for values in families if values]
    return statistics.fmean(means) if means else math.nan
