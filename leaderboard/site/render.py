"""Write the board, or say which of its files are not what the submissions say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmark.files import explained, write_text
from benchmark.registry import shipped_tasks
from benchmark.result import json_schema
from benchmark.task import Task
from leaderboard.claims.page import claims
from leaderboard.ranking import board_cards, by_track
from leaderboard.site.csv_table import csv_text
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from leaderboard.submission import SUBMISSIONS, read_submissions

BOARD = SUBMISSIONS.parent

PAGE, CLAIMS, TABLE = "README.md", "CLAIMS.md", "leaderboard.csv"
SCHEMA = "results.schema.json"

#: A figure a track.
FIGURES = {"kinetics": "leaderboard.svg", "superresolution": "superresolution.svg"}


def render(write: bool, board: Path = BOARD, tasks: Mapping[str, Task] | None = None) -> list[Path]:
    """Render the board from its submissions.

    Parameters
    ----------
    write : bool
        Write what differs. Without it nothing is touched, and the figure and the JSON Schema of a
        result are only asked to be there: their text changes with the version of the library
        that makes them, the others' does not.
    board : Path
        The folder that holds ``submissions`` and gets the page, the table and the rest.
    tasks : mapping of task id to Task, optional
        By default the tasks of this repository.

    Returns
    -------
    list of Path
        The files that were not on disk as rendered.

    Raises
    ------
    InputError
        If a submission is refused, or a file cannot be written.
    """
    tasks = shipped_tasks() if tasks is None else tasks
    submissions = read_submissions(board / SUBMISSIONS.name, tasks)
    cards = board_cards(tasks)
    texts = {
        board / PAGE: page(submissions, cards, FIGURES),
        board / CLAIMS: claims(submissions, cards),
        board / TABLE: csv_text(submissions, cards),
    }
    stale = [path for path, text in texts.items() if _content(path) != text]
    if submissions and cards:
        made: dict[Path, Callable[[], str]] = {board / SCHEMA: json_schema}
        for name, (rows, members) in by_track(submissions, cards).items():
            made[board / FIGURES[name]] = partial(scores_svg, rows, members)
        if write:
            texts |= {path: make() for path, make in made.items()}
        stale += [path for path in made if _content(path) != texts.get(path, _content(path) or "")]
    if write:
        for path in stale:
            with explained(path):
                write_text(path, texts[path])
    return stale


def _content(path: Path) -> str | None:
    """Read a text file as it is; None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return None
