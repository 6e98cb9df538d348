"""What of a board is cited: some rows and some tasks of it, on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase

from benchmark.errors import InputError
from benchmark.task import TaskCard
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
        Those on the board.
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
    cards : tuple of TaskCard
        The tasks whose sources are cited, also those that are not on the board.
    by_task, by_model : bool
        Whether tasks were asked for, so that they are shown one by one; whether models were.
    """

    board: Published
    day: date
    parts: tuple[Part, ...]
    cards: tuple[TaskCard, ...]
    by_task: bool
    by_model: bool

    @property
    def fingerprint(self) -> str:
        """The first digits of the board's SHA-256."""
        return self.board.fingerprint[:SHORT]

    @property
    def only_row(self) -> tuple[PublishedTrack, PublishedRow]:
        """The row, and its track, where one alone was chosen.

        Raises
        ------
        InputError
            If there are several.
        """
        found = [(part.track, row) for part in self.parts for row in part.rows]
        if len(found) != 1:
            names = ", ".join(f"{track.name}/{row.name}" for track, row in found)
            raise InputError(f"a badge is of one row; choose one with --model: {names}")
        return found[0]


def sort_words(board: Published, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell names of rows from globs of tasks: ``--model a b --tasks c/d e/f`` leaves b and e/f."""
    names = {name for track in board.shown for row in track.rows
             for name in (row.name, f"{track.name}/{row.name}")}  # fmt: skip
    globs = [word for word in words if "/" in word and word not in names]
    return [word for word in words if word not in globs], globs


def choose(
    board: Published,
    cards: Sequence[TaskCard],
    day: date,
    models: Sequence[str] = (),
    globs: Sequence[str] = (),
) -> Choice:
    """Choose rows and tasks.

    Parameters
    ----------
    board : Published
    cards : sequence of TaskCard
        All there are, on the board or not: all have sources.
    day : date
    models : sequence of str
        Names of rows (``lstm``, or ``kinetics/lstm`` for that of one track), or globs of them; all
        models without one.
    globs : sequence of str
        Of task ids; without one all tasks, of the tracks of ``models`` if there are any.

    Raises
    ------
    InputError
        If a name or a glob matches nothing, or no row is of the track of any of the tasks.
    """
    rows = [(track.name, row.name) for track in board.shown for row in track.rows]
    names = [name for _, name in rows] + [f"{track}/{name}" for track, name in rows]
    _require(models, names, "row of the board")
    _require(globs, [card.id for card in cards], "task")
    cited = [card for card in cards if _matches(card.id, globs)]
    parts = []
    for track in board.shown:
        chosen = tuple(row for row in track.rows if _is_asked_for(track, row, models))
        mine = [card for card in cited if card.track == track.name]
        if chosen and mine:
            parts.append(
                Part(track, chosen, tuple(t for t in track.tasks if _matches(t.id, globs)))
            )
    if models and not parts:
        raise InputError(f"no row of {', '.join(models)} is of the track of {', '.join(globs)}")
    if models:
        cited = [card for card in cited if card.track in {part.track.name for part in parts}]
    return Choice(board, day, tuple(parts), tuple(cited), bool(globs), bool(models))


def _matches(name: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def _is_asked_for(track: PublishedTrack, row: PublishedRow, models: Sequence[str]) -> bool:
    if not models:
        return row.role == "model"
    names = row.name, f"{track.name}/{row.name}"
    return any(fnmatchcase(name, one) for name in names for one in models)


def _require(asked: Sequence[str], there: Sequence[str], what: str) -> None:
    """Refuse what matches nothing, with the nearest that there is."""
    for one in asked:
        if not any(fnmatchcase(name, one) for name in there):
            near = get_close_matches(one, there, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"available: {', '.join(there)}"
            raise InputError(f"no {what} is called '{one}'; {hint}")
