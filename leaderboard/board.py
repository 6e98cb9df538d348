"""The board: every submission scored and ranked, once, for all that is written from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.registry import tracks
from benchmark.task import Task, TaskCard
from benchmark.track import Metric, Track
from leaderboard.ranking import Row, make_row, ranked
from leaderboard.scores import by_family
from leaderboard.submission import Submission, read_submissions


@dataclass(frozen=True)
class Ranking:
    """The board of one track.

    Models of different tracks answer different questions, and are never ranked together.

    Attributes
    ----------
    track : Track
    cards : tuple of TaskCard
        Its tasks, sorted by id.
    rows : tuple of Row
        The submissions that have run one of them, as `ranked` orders them.
    """

    track: Track
    cards: tuple[TaskCard, ...]
    rows: tuple[Row, ...]

    @property
    def groups(self) -> list[str]:
        """The groups that count on one of its tasks, in the track's order."""
        return [
            group
            for group in self.track.groups
            if any(group in card.counting for card in self.cards)
        ]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that one of its tasks has, in the track's order."""
        return [
            metric
            for metric in self.track.metrics
            if any(metric.name in card.metrics for card in self.cards)
        ]

    @property
    def families(self) -> dict[str, list[TaskCard]]:
        """Its tasks by family."""
        return by_family(self.cards)

    @property
    def figure(self) -> str:
        """The name of the file of its figure."""
        return self.track.figure or f"{self.track.name}.svg"


@dataclass(frozen=True)
class Board:
    """What every page, figure and table is written from.

    Attributes
    ----------
    rankings : tuple of Ranking
        One a track that has tasks on the board, in the order of the registry.
    """

    rankings: tuple[Ranking, ...]

    @property
    def shown(self) -> tuple[Ranking, ...]:
        """The tracks that have a row."""
        return tuple(ranking for ranking in self.rankings if ranking.rows)


def make_board(submissions: Sequence[Submission], tasks: Mapping[str, Task]) -> Board:
    """Score and rank submissions.

    Parameters
    ----------
    submissions : sequence of Submission
    tasks : mapping of task id to Task
        Those on the board are chosen by `board_cards`.
    """
    cards = board_cards(tasks)
    rankings = []
    for track in tracks().values():
        members = tuple(card for card in cards if card.track == track.name)
        ids = {card.id for card in members}
        rows = [make_row(one, members, track) for one in submissions if ids & one.tasks.keys()]
        if members:
            rankings.append(Ranking(track, members, ranked(rows, members)))
    return Board(tuple(rankings))


def read_and_rank(folder: Path, tasks: Mapping[str, Task]) -> Board:
    """Read, check, score and rank all submissions of a folder.

    Parameters
    ----------
    folder : Path
        Holds them as ``TRACK/NAME``.
    tasks : mapping of task id to Task

    Raises
    ------
    InputError
        If one is refused.
    """
    return make_board(read_submissions(folder, tasks), tasks)


def board_cards(tasks: Mapping[str, Task]) -> list[TaskCard]:
    """Choose the tasks of the board, sorted by id: ranked, and with a metric that counts."""
    cards = [tasks[key].card for key in sorted(tasks)]
    return [card for card in cards if card.ranked and card.counting]
