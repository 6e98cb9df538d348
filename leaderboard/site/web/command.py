"""The site of this repository's board, from the submissions to the first page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.registry import shipped_tasks
from benchmark.task import Task
from leaderboard.board import read_and_rank
from leaderboard.publishing import published
from leaderboard.site.web.build import build_site
from leaderboard.site.web.folder import check_free
from leaderboard.site.web.news import CHANGELOG
from leaderboard.site.web.task_figures import task_figures
from leaderboard.submission import SUBMISSIONS
from leaderboard.units import row_units


def write_site(
    site: Path,
    submissions: Path = SUBMISSIONS,
    tasks: Mapping[str, Task] | None = None,
    figures: bool = True,
) -> Path:
    """Write the site of all submissions.

    Parameters
    ----------
    site : Path
        Empty, missing, or an earlier site, which is replaced.
    submissions : Path
        Holds them as ``TRACK/NAME``.
    tasks : mapping of task id to Task, optional
        By default the tasks of this repository.
    figures : bool
        Whether to draw the tasks as they are before any model, which needs their frozen data.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    InputError
        If a submission is refused, or the folder holds anything else or cannot be written.
    """
    check_free(site)
    tasks = shipped_tasks() if tasks is None else tasks
    ranked = read_and_rank(submissions, tasks)
    board = published(ranked)
    units = {
        (ranking.track.name, row.name): row_units(row.submission)
        for ranking in ranked.rankings
        for row in ranking.rows
    }
    wanted = [task.id for track in board.tracks for task in track.tasks] if figures else []
    drawn = task_figures(tasks, wanted, site)
    changelog = CHANGELOG.read_text("utf-8") if CHANGELOG.is_file() else ""
    build_site(site, board, units, drawn, changelog)
    return site / "index.html"
