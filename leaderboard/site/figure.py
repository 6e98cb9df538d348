"""The board as a figure: a small panel a task, a row a model, the same rows everywhere."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from benchmark.console.plots import INK, MUTED, PALETTE
from leaderboard.published import Cell, PublishedRow, PublishedTrack, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4  # panels side by side
PANEL_WIDTH = 2.3  # inch
ROW_HEIGHT = 0.2  # inch a model

#: Characters that fit above a panel; the name of a longer task is written smaller.
LONGEST_TITLE = 32

#: One a group of the track, in its order, as the colours are.
MARKERS = ("o", "s", "^", "D", "v", "P")

PALE = "#e6e6e6"

STYLE: Any = {
    "svg.hashsalt": "stridebench",  # else every drawing gets identifiers of its own
    "svg.fonttype": "path",  # the same look whatever fonts the reader has
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": MUTED,
    "xtick.color": INK,
    "ytick.color": INK,
}

# Title → the score of each row, from the top; None leaves the row empty.
Panels = Mapping[str, Sequence[Value | None]]


def scores_svg(track: PublishedTrack) -> str:
    """Draw the scores of a track, every model on every task, with standard errors, as SVG.

    The text depends on the board and the version of matplotlib only.
    """
    import matplotlib as mpl  # slow to load
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    panels = _panels(track)
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (1.3 + PANEL_WIDTH * columns, 0.6 + rows * (0.55 + ROW_HEIGHT * len(track.rows)))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        axes = list(grid.ravel())
        _draw_panels(axes, panels, columns, track)
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=1 + len(track.groups),
            frameon=False,
            handletextpad=0.3,
        )
        return svg(figure)


def _panels(track: PublishedTrack) -> Panels:
    panels: dict[str, list[Value | None]] = {"overall": [row.overall for row in track.rows]}
    for task in track.tasks:
        # The 0 of a task that was not run is no measurement.
        panels[task.id] = [_value(row.tasks.get(task.id)) for row in track.rows]
    return panels


def _value(cell: Cell | None) -> Value | None:
    if cell is None:
        return None
    return Value(value=cell.score, stderr=cell.stderr, groups=cell.groups)


def _draw_panels(axes: Sequence[Axes], panels: Panels, columns: int, track: PublishedTrack) -> None:
    for axis, (title, scores) in zip(axes, panels.items(), strict=False):
        _draw_panel(axis, title, scores, track)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    for axis in axes[len(panels) - columns : len(panels)]:  # the lowest of each column
        axis.tick_params(labelbottom=True)
    for axis in axes[::columns]:
        _name_rows(axis, track.rows, track.ends)


def _draw_panel(
    axis: Axes, title: str, scores: Sequence[Value | None], track: PublishedTrack
) -> None:
    """Draw one task: a row a model, from the top, with score, standard error and groups."""
    places = range(len(scores))
    for place in places:
        axis.axhline(place, color=PALE, linewidth=0.6, zorder=0)
    for end in (0, 1):
        axis.axvline(end, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    styles = zip(track.all_groups, cycle(PALETTE), cycle(MARKERS), strict=False)
    for group, colour, marker in styles:
        if group in track.groups:
            values = [score.groups.get(group, math.nan) if score else math.nan for score in scores]
            axis.plot(
                values, places, marker, color=colour, markersize=3.8, markeredgewidth=0,
                alpha=0.9, label=group, zorder=2,
            )  # fmt: skip
    axis.errorbar(
        [score.value if score else math.nan for score in scores],
        places,
        xerr=[score.stderr if score else math.nan for score in scores],
        fmt="|",
        color=INK,
        markersize=9,
        markeredgewidth=1.8,
        elinewidth=1.2,
        label="score ± standard error",
        zorder=3,
    )
    axis.set_title(
        title,
        fontweight="bold" if title == "overall" else "normal",
        fontsize=STYLE["axes.titlesize"] * min(1.0, LONGEST_TITLE / len(title)),
    )
    axis.tick_params(left=False)


def _name_rows(axis: Axes, rows: Sequence[PublishedRow], ends: tuple[str, str]) -> None:
    """Label rows (models in ink, controls muted) and ticks, which all panels share."""
    axis.set_yticks(range(len(rows)), [row.name for row in rows])
    for label, row in zip(axis.get_yticklabels(), rows, strict=True):
        label.set_color(INK if row.role == "model" else MUTED)
        label.set_fontstyle("normal" if row.role == "model" else "italic")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xticks([0, 0.5, 1], [f"0\n{ends[0]}", "", f"1\n{ends[1]}"])


def svg(figure: Figure) -> str:
    """Give a figure as SVG, the same text for the same figure."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    # Trailing blanks would be stripped by editors and hooks.
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
