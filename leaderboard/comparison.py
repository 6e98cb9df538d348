"""Two models side by side, on the tasks that both have run; and what such a comparison can tell."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from benchmark.task import TaskCard
from leaderboard.ranking import Row
from leaderboard.scores import Score, of_group, overall, overall_difference
from leaderboard.significance import LEVEL, t_quantile

Better = Literal["one", "other"] | None


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
    first, second = one.scores, other.scores
    if group is not None:
        first, second = of_group(first, group), of_group(second, group)
    both = set(one.tasks) & set(other.tasks) & set(first)
    shared = [card for card in cards if card.id in both]
    return Comparison(
        tasks=len(shared),
        one=overall(first, shared),
        other=overall(second, shared),
        difference=overall_difference(first, second, shared),
    )


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
