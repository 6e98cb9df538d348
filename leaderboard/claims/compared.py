"""Rows that fill in hidden frames, side by side under one kind of dynamics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from leaderboard.board import Ranking
from leaderboard.claims.noise import thermostat
from leaderboard.claims.ratios import SAMPLE, Errors, Ratio, at_gap, mean_at, ratio_at
from leaderboard.ranking import Row

ERROR = "mae"

#: The paper's networks, from one end of a gap; each has a twin that comes from both.
ONE_WAY = ("rnn", "lstm", "node", "hnn")
BOTH_WAYS = tuple(f"bi-{name}" for name in ONE_WAY)


@dataclass(frozen=True, order=True)
class Dynamics:
    """How the frames were made.

    Attributes
    ----------
    family : str
    thermostat : str
        Empty at constant energy.
    """

    family: str
    thermostat: str


@dataclass(frozen=True)
class Compared:
    """Rows under one kind of dynamics.

    Attributes
    ----------
    made : Dynamics
    places : mapping of task to (gap, molecule)
    rows : list of Row
        That ran one of them, by name.
    errors : mapping of model to its errors
    """

    made: Dynamics
    places: Mapping[str, tuple[int, str]]
    rows: Sequence[Row]
    errors: Mapping[str, Errors]

    def ran(self, row: Row) -> list[str]:
        """Give the tasks that a row ran."""
        return _ran(row, self.places)

    @property
    def gaps(self) -> list[int]:
        """Frames of which one is kept."""
        return sorted({gap for gap, _ in self.places.values()})

    @property
    def molecules(self) -> int:
        """Number of molecules."""
        return len({molecule for _, molecule in self.places.values()})

    @property
    def sample(self) -> bool:
        """Whether these are enough to be a sample of molecules."""
        return self.molecules >= SAMPLE

    @property
    def networks(self) -> list[str]:
        """Those of the paper's networks that have a row."""
        return [name for name in (*ONE_WAY, *BOTH_WAYS) if name in self.errors]

    def ratio(self, upper: str, lower: str, gap: int) -> Ratio | None:
        """Give the ratio of two models' errors; None without a molecule in common."""
        return ratio_at(self.errors[upper], self.errors[lower], gap, self.sample)

    def best(self, gap: int) -> str | None:
        """Give the network with the smallest error at a gap, if any was there."""
        there = [name for name in self.networks if at_gap(self.errors[name], gap)]
        return min(there, key=lambda name: mean_at(self.errors[name], gap), default=None)

    def of(self, gap: int, **more: str) -> dict[str, str]:
        """Say of what a verdict is."""
        thermostat = {"thermostat": self.made.thermostat} if self.made.thermostat else {}
        return {**thermostat, "gap": str(gap), **more}


def dynamics_of(card: TaskCard) -> Dynamics:
    """Say how the frames of a task were made."""
    return Dynamics(card.family, thermostat(card))


def compared_rows(ranking: Ranking, made: Dynamics) -> Compared:
    """Collect the rows that ran something under one kind of dynamics."""
    places = {card.id: _place(card) for card in ranking.cards if dynamics_of(card) == made}
    rows = [row for row in ranking.rows if _ran(row, places)]
    rows.sort(key=lambda row: row.name)
    errors = {
        row.name: {places[task]: error_of(row, task) for task in _ran(row, places)} for row in rows
    }
    return Compared(made, places, rows, errors)


def _place(card: TaskCard) -> tuple[int, str]:
    """Give gap and molecule of a task."""
    return int(card.particulars["gap"]), str(card.particulars["molecule"])


def _ran(row: Row, places: Mapping[str, tuple[int, str]]) -> list[str]:
    return [task for task in row.tasks if task in places]


def error_of(row: Row, task: str) -> TaskMetric:
    """Give the mean absolute error of a row on a task, in Å."""
    return row.submission.tasks[task].metrics[ERROR]
