"""Write the board, or say which of its files are not what the submissions say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import write_text
from benchmark.task import Task
from leaderboard.figure import scores_svg
from leaderboard.markdown import page
from leaderboard.ranking import board_cards
from leaderboard.submission import SUBMISSIONS, read_submissions, shipped_tasks
from leaderboard.table import csv_text

BOARD = SUBMISSIONS.parent

PAGE, TABLE, FIGURE = "README.md", "leaderboard.csv", "leaderboard.svg"


def render(write: bool, board: Path = BOARD, tasks: Mapping[str, Task] | None = None) -> list[Path]:
    """Render the board from its submissions.

    Parameters
    ----------
    write : bool
        Write what differs. Without it nothing is touched, and the figure is only asked to be
        there: its text changes with the version of matplotlib, the others' does not.
    board : Path
        The folder that holds ``submissions`` and gets the page, the table and the figure.
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
        board / PAGE: page(submissions, cards, FIGURE),
        board / TABLE: csv_text(submissions, cards),
    }
    stale = [path for path, text in texts.items() if _content(path) != text]
    if submissions and cards:
        figure = board / FIGURE
        if write:
            texts[figure] = scores_svg(submissions, cards)
        if _content(figure) != texts.get(figure, _content(figure) or ""):
            stale.append(figure)
    if write:
        for path in stale:
            _write(path, texts[path])
    return stale


def _content(path: Path) -> str | None:
    """Read a text file as it is; None if there is none."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return None


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
