"""What of a board is cited: some rows and some tasks of it, on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase

from benchmark.errors import InputError
from leaderboard.published import Published, PublishedRow, PublishedTask, PublishedTrack

#: Digits of a fingerprint that a person can compare.
SHORT = 12


@dataclass(frozen=True)
class Part:
    """What is cited of one track.

    Attributes
    ----------
    track : PublishedTrack
    rows : tuple of PublishedRow
        In the board's order.
    tasks : tuple of PublishedTask
    """

    track: PublishedTrack
    rows: tuple[PublishedRow, ...]
    tasks: tuple[PublishedTask, ...]


@dataclass(frozen=True)
class Choice:
    """What is cited of a board.

    Attributes
    ----------
    board : Published
    day : date
        When it was looked at.
    parts : tuple of Part
        Those with a row.
    by_task : bool
        Whether tasks were asked for, so that they are shown one by one.
    """

    board: Published
    day: date
    parts: tuple[Part, ...]
    by_task: bool

    @property
    def fingerprint(self) -> str:
        """The first digits of the board's SHA-256."""
        return self.board.fingerprint[:SHORT]


def choose(
    board: Published, day: date, models: Sequence[str] = (), globs: Sequence[str] = ()
) -> Choice:
    """Choose rows and tasks of a board.

    Parameters
    ----------
    board : Published
    day : date
    models : sequence of str
        Names of rows (``lstm``, or ``kinetics/lstm`` for that of one track); all models of the
        tracks without one.
    globs : sequence of str
        Of task ids; all without one.

    Raises
    ------
    InputError
        If a name or a glob matches nothing, or no row has run any of the tasks.
    """
    rows = [(track.name, row.name) for track in board.shown for row in track.rows]
    names = [name for _, name in rows] + [f"{track}/{name}" for track, name in rows]
    _require(models, names, "row of the board")
    _require(globs, [task.id for track in board.shown for task in track.tasks], "task of the board")
    parts = []
    for track in board.shown:
        tasks = tuple(
            task
            for task in track.tasks
            if not globs or any(fnmatchcase(task.id, glob) for glob in globs)
        )
        chosen = tuple(row for row in track.rows if _is_asked_for(track, row, models))
        if chosen and tasks:
            parts.append(Part(track, chosen, tasks))
    if not parts:
        raise InputError(f"no row of {', '.join(models)} is of the track of {', '.join(globs)}")
    return Choice(board, day, tuple(parts), bool(globs))


def _is_asked_for(track: PublishedTrack, row: PublishedRow, models: Sequence[str]) -> bool:
    if not models:
        return row.role == "model"
    return row.name in models or f"{track.name}/{row.name}" in models


def _require(asked: Sequence[str], there: Sequence[str], what: str) -> None:
    """Refuse what matches nothing, with the nearest that there is."""
    for one in asked:
        if not any(fnmatchcase(name, one) for name in there):
            near = get_close_matches(one, there, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"available: {', '.join(there)}"
            raise InputError(f"no {what} is called '{one}'; {hint}")
