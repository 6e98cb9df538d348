"""Two models side by side, on the tasks that both have run; and what such a comparison can tell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from benchmark.task import TaskCard
from leaderboard.ranking import Row
from leaderboard.scores import Score, of_group, overall, overall_difference
from leaderboard.significance import LEVEL, holm, t_quantile

Better = Literal["one", "other"] | None

#: Stands for the score itself among its groups.
SCORE = "score"

# Task → its score.
Scores = Mapping[str, Score]


@dataclass(frozen=True)
class Comparison:
    """The scores of two models on the same tasks.

    Attributes
    ----------
    tasks : int
        How many tasks the scores are averaged over.
    one, other : Score
        nan without a task.
    difference : Score
        The other's score less the one's, replica by replica.
    """

    tasks: int
    one: Score
    other: Score
    difference: Score

    @property
    def better(self) -> Better:
        """Which of the two is better, if this difference alone is looked at."""
        return self.verdict(self.difference.p_value < LEVEL)

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval of the difference."""
        return t_quantile(1 - LEVEL, self.difference.freedom) * self.difference.stderr

    def verdict(self, sure: bool) -> Better:
        """Say which of the two is better, if that is sure, as after a correction for many."""
        if not sure:
            return None
        return "one" if self.difference.value < 0 else "other"


def compare(
    one: Row, other: Row, cards: Sequence[TaskCard], group: str | None = None
) -> Comparison:
    """Compare two models on the tasks that both have run.

    Parameters
    ----------
    one, other : Row
    cards : sequence of TaskCard
        Tasks of their board.
    group : str, optional
        Compare the scores of this group alone, on the tasks where it counts.
    """
    both = set(one.tasks) & set(other.tasks)
    shared = [card for card in cards if card.id in both]
    return compare_scores(one.scores, other.scores, shared, group)


def compare_scores(
    one: Scores, other: Scores, cards: Sequence[TaskCard], group: str | None = None
) -> Comparison:
    """Compare two models by their scores.

    Parameters
    ----------
    one, other : mapping of task id to Score
    cards : sequence of TaskCard
        The tasks to average over; both have a score on all of them.
    group : str, optional
        Compare the scores of this group alone, on the tasks where it counts.
    """
    if group is not None:
        one, other = of_group(one, group), of_group(other, group)
    shared = [card for card in cards if card.id in one]
    return Comparison(
        tasks=len(shared),
        one=overall(one, shared),
        other=overall(other, shared),
        difference=overall_difference(one, other, shared),
    )


@dataclass(frozen=True)
class Cell:
    """One of several comparisons that are looked at together.

    Attributes
    ----------
    place : str
        A task's id, a family, or all families.
    group : str
        `SCORE` for the score itself.
    found : Comparison
    better : "one", "other" or None
        After Holm's correction for all cells that are looked at together.
    """

    place: str
    group: str
    found: Comparison
    better: Better = None


def cells(
    one: Scores,
    other: Scores,
    places: Mapping[str, Sequence[TaskCard]],
    groups: Sequence[str] = (SCORE,),
) -> list[Cell]:
    """Compare two models in several places, group by group; nothing is decided yet.

    Parameters
    ----------
    one, other : mapping of task id to Score
        Of the tasks that both have run.
    places : mapping of str to sequence of TaskCard
    groups : sequence of str
        `SCORE` for the score itself.

    Returns
    -------
    list of Cell
        Those with a task.
    """
    made = [
        Cell(place, group, compare_scores(one, other, cards, None if group == SCORE else group))
        for place, cards in places.items()
        for group in groups
    ]
    return [cell for cell in made if cell.found.tasks]


def decided(undecided: Sequence[Cell]) -> list[Cell]:
    """Say in which cells one is better, after Holm's correction for all of them together."""
    told = holm([cell.found.difference.p_value for cell in undecided])
    return [
        replace(cell, better=cell.found.verdict(sure))
        for cell, sure in zip(undecided, told, strict=True)
    ]


def resolution(models: Sequence[Mapping[str, Score]], cards: Sequence[TaskCard]) -> float:
    """Give the smallest difference that some tasks can tell: 95 % of a typical pair of models.

    The median over pairs of half the width of the 95 % interval of their paired difference.

    Parameters
    ----------
    models : sequence of scores by task id
        Of the models that have run all of ``cards``.
    cards : sequence of TaskCard

    Returns
    -------
    float
        nan with fewer than two models.
    """
    found = [overall_difference(one, other, cards) for one, other in combinations(models, 2)]
    widths = [t_quantile(1 - LEVEL, one.freedom) * one.stderr for one in found]
    return statistics.median(widths) if widths else math.nan
