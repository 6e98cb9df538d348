"""The figures of tasks before any model: drawn once, and kept with the site they were drawn for.

To draw a task its frozen data are read, which takes seconds; they change with its fingerprint only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmark.console.plots import draw_task
from benchmark.task import Task
from leaderboard.site.web.addresses import data_figure


def task_figures(tasks: Mapping[str, Task], wanted: Iterable[str], site: Path) -> dict[str, str]:
    """Draw tasks as SVG, or take them from an earlier site.

    Parameters
    ----------
    tasks : mapping of task id to Task
    wanted : iterable of task id
    site : Path
        Where the earlier site is, if there is one.

    Returns
    -------
    mapping of task id to SVG

    Raises
    ------
    InputError
        If frozen data are damaged.
    """
    found = {}
    for name in wanted:
        fingerprint = str(tasks[name].card.fingerprints["card"])
        earlier = site / "figures" / f"{data_figure(name, fingerprint)}.svg"
        found[name] = earlier.read_text("utf-8") if earlier.is_file() else _drawn(tasks[name])
    return found


def _drawn(task: Task) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.svg"
        draw_task(task, path)
        return path.read_text("utf-8")
