"""Two models side by side, on the tasks that both have run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.task import TaskCard
from benchmark.uncertainty import Estimate
from leaderboard.ranking import Row, Score, overall, surely_better


@dataclass(frozen=True)
class Comparison:
    """The scores of two models on the same tasks.

    Attributes
    ----------
    tasks : int
        How many tasks the scores are averaged over.
    one, other : Score
        nan without a task.
    """

    tasks: int
    one: Score
    other: Score

    @property
    def difference(self) -> Estimate:
        """The other's score less the one's; the errors of the two are taken as independent."""
        error = math.hypot(self.one.stderr, self.other.stderr)
        return Estimate(self.other.value - self.one.value, error)

    @property
    def better(self) -> Literal["one", "other"] | None:
        """Which of the two is surely better, if either is; see `surely_better`."""
        if surely_better(self.one, self.other):
            return "one"
        return "other" if surely_better(self.other, self.one) else None


def compare(one: Row, other: Row, cards: Sequence[TaskCard]) -> Comparison:
    """Compare two models on the tasks that both have run.

    Parameters
    ----------
    one, other : Row
    cards : sequence of TaskCard
        Tasks of their board.
    """
    both = set(one.tasks) & set(other.tasks)
    shared = [card for card in cards if card.id in both]
    return Comparison(len(shared), overall(one.scores, shared), overall(other.scores, shared))
