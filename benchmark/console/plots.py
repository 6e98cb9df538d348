"""What all figures share: formats, colours, style; the figures of a task and of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import InputError
from benchmark.files import atomic
from benchmark.job import Event, Key
from benchmark.registry import all_tasks, track_of
from benchmark.task import Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmark.result import Result

FORMATS = ("png", "pdf", "svg")

#: Okabe & Ito's palette, which colour-blind people can tell apart.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, MUTED, SHADE = "#222222", "#8a8a8a", "#ececec"

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.hashsalt": "stridebench",
}


@contextmanager
def drawn(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Give an empty figure in the style of all; write it to ``path`` when the block has ended.

    Parameters
    ----------
    path : Path
        Its suffix says the format (.png, .pdf or .svg). Written atomically.
    size : tuple of float
        Width and height in inches.

    Raises
    ------
    InputError
        If the suffix is unknown or the file cannot be written.
    """
    suffix = path.suffix.lstrip(".").lower()
    if suffix not in FORMATS:
        expected = ", ".join(f".{name}" for name in FORMATS)
        raise InputError(f"cannot draw into '{path}': expected a name that ends in {expected}")
    import matplotlib as mpl  # slow to load
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)  # no window, whatever backend is configured
        yield figure
        try:
            with atomic(path) as temporary:
                # No date, so that the same figure is the same file.
                undated = {"Date": None} if suffix == "svg" else None
                figure.savefig(temporary, format=suffix, dpi=150, metadata=undated)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error


def draw_task(task: Task, path: Path) -> None:
    """Draw a task as it is before any model: its frozen data, and what models are measured by.

    Parameters
    ----------
    task : Task
    path : Path
        The file to write; its suffix says the format (.png, .pdf or .svg).

    Raises
    ------
    InputError
        If the suffix is unknown, the file cannot be written, or the frozen data are damaged.
    """
    with drawn(path, (9.5, 6.6)) as figure:
        track_of(task).work.draw(figure, task)
        figure.suptitle(f"{task.card.id}: {task.card.title}")


def draw_run(folder: Path, result: Result, watch: Callable[[Event], None]) -> list[Path]:
    """Draw every task of a run whose track draws answers: the first of its units that is done.

    Parameters
    ----------
    folder : Path
        The run's; figures go to ``figures/<task>.png`` in it. One that is newer than what it
        shows stays as it is.
    result : Result
        Of the same run.
    watch : callable
        Told of each unit that is drawn.

    Returns
    -------
    list of Path
        All figures, also those that were there.

    Raises
    ------
    InputError
        If a file cannot be written, or the frozen data are damaged.
    """
    first: dict[str, Key] = {}
    for unit in result.units:
        if unit.status == "done" and unit.task not in first:
            first[unit.task] = Key(task=unit.task, replica=unit.replica, seed=unit.seed)
    figures = []
    known = all_tasks()
    for name, key in first.items():
        task, unit_folder = known[name], key.folder(folder)
        work = track_of(task).work
        if work.draw_unit is None:
            continue
        watch(Event(key, 0.5, "draw"))
        path = folder / "figures" / f"{name.replace('/', '--')}.png"
        shown = (unit_folder / work.drawn).stat().st_mtime
        if not path.exists() or path.stat().st_mtime < shown:
            work.draw_unit(task, unit_folder, result.model.name, path)
        figures.append(path)
    return figures
