"""Write the board, or say which of its files are not what the submissions say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmark.files import explained, write_text
from benchmark.registry import shipped_tasks
from benchmark.result import json_schema
from benchmark.task import Task
from leaderboard.board import read_and_rank
from leaderboard.published import board_schema
from leaderboard.publishing import published
from leaderboard.site.claim_figures import claim_svg
from leaderboard.site.claims_page import claims_page
from leaderboard.site.csv_table import csv_text
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from leaderboard.submission import SUBMISSIONS

PAGE, CLAIMS, TABLE = "README.md", "CLAIMS.md", "leaderboard.csv"
BOARD, BOARD_SCHEMA, SCHEMA = "board.json", "board.schema.json", "results.schema.json"


def render(
    write: bool, folder: Path = SUBMISSIONS.parent, tasks: Mapping[str, Task] | None = None
) -> list[Path]:
    """Render the board from its submissions.

    Parameters
    ----------
    write : bool
        Write what differs. Without it nothing is touched, and the figures and the JSON Schemas
        are only asked to be there: their text changes with the version of the library
        that makes them, the others' does not.
    folder : Path
        Holds ``submissions`` and gets the page, the table and the rest.
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
    board = published(read_and_rank(folder / SUBMISSIONS.name, tasks))
    texts = {
        folder / BOARD: board.text,
        folder / PAGE: page(board),
        folder / CLAIMS: claims_page(board),
        folder / TABLE: csv_text(board),
    }
    stale = [path for path, text in texts.items() if _content(path) != text]
    made: dict[Path, Callable[[], str]] = {folder / BOARD_SCHEMA: board_schema}
    if board.shown:
        made[folder / SCHEMA] = json_schema
    made |= {folder / track.figure: partial(scores_svg, track) for track in board.shown}
    made |= {
        folder / f"{figure.name}.svg": partial(claim_svg, figure)
        for claim in board.claims
        for figure in claim.figures
    }
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
