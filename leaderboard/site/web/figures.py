"""The figures of the site's pages, each a function of the board."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from benchmark.console.plots import INK, MUTED, PALETTE
from leaderboard.claims.claim import Dots, Points
from leaderboard.markup import svg
from leaderboard.published import Cell, PublishedRow, PublishedTask, PublishedTrack, Value
from leaderboard.site.claim_figures import draw, size
from leaderboard.site.figure import MARKERS, PALE
from leaderboard.site.web.labels import spots
from leaderboard.site.web.theming import Drawing, canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCALE = 4.3  # inches of an axis of scores: with more a phone shows little of it
WIDE = 9.5  # inches, of figures with two axes
LINE = 0.2  # inches a row of dots
LETTER = 0.075  # inches a letter of a label, at most
ABOVE, BELOW = 0.35, 0.55  # inches, for the legend and the ticks


def task_figure(task: PublishedTask, track: PublishedTrack) -> Drawing:
    """Draw every row's score on a task, the best on top."""
    rows = sorted(
        (row for row in track.rows if task.id in row.tasks),
        key=lambda row: (-row.tasks[task.id].score, row.name),
    )
    return _dots(
        [row.name for row in rows],
        [_value(row.tasks[task.id]) for row in rows],
        track,
        pale=[row.role == "control" for row in rows],
    )


def model_figure(row: PublishedRow, track: PublishedTrack) -> Drawing:
    """Draw a row's score on every task that it has run."""
    tasks = [task for task in track.tasks if task.id in row.tasks]
    return _dots([task.id for task in tasks], [_value(row.tasks[task.id]) for task in tasks], track)


def cost_figure(track: PublishedTrack) -> Drawing:
    """Draw the score of every model against what a fit takes, and against its parameters."""
    rows = [row for row in track.rows if row.role == "model"]
    costs = (
        [row.costs.fit_seconds for row in rows],
        [row.costs.most_parameters for row in rows],
    )
    with canvas(WIDE, 3.6) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(0.06, 0.14, 0.99, 0.97, wspace=0.04)
        left.set_xscale("log")
        left.set_xlabel("median fit, s")
        left.set_ylabel("score")
        right.set_xscale("symlog", linthresh=1, linscale=0.5)  # some have none
        right.set_xlabel("parameters, at most")
        for axis, cost in zip((left, right), costs, strict=True):
            axis.margins(x=0.09)
            _scatter(axis, rows, cost)
        low, high = left.get_xlim()
        if high < 1.1 * low:  # one row, or rows that take the same
            left.set_xlim(low / 3, high * 3)
        right.set_xlim(left=-0.5)
        for axis, cost in zip((left, right), costs, strict=True):  # once all limits are known
            _name(axis, rows, cost)
        return drawing(figure)


def claim_figure(block: Dots | Points) -> Drawing:
    """Draw a figure of a claim."""
    with canvas(*size(block)) as figure:
        draw(figure, block)
        return drawing(figure)


def _value(cell: Cell) -> Value:
    return Value(value=cell.score, stderr=cell.stderr, groups=cell.groups)


def _dots(
    labels: Sequence[str],
    values: Sequence[Value],
    track: PublishedTrack,
    pale: Sequence[bool] = (),
) -> Drawing:
    """Draw scores with errors and their groups: a line a label, from the top."""
    height = ABOVE + BELOW + LINE * max(len(labels), 1)
    margin = 0.2 + LETTER * max(map(len, labels), default=0)
    width = margin + SCALE + 0.1
    with canvas(width, height) as figure:
        axis = figure.add_axes(
            (margin / width, BELOW / height, SCALE / width, 1 - (ABOVE + BELOW) / height)
        )
        _draw_frame(axis, labels, pale or [False] * len(labels), track.ends)
        _draw_groups(axis, values, track)
        axis.errorbar(
            [value.value for value in values],
            range(len(values)),
            xerr=[_finite(value.stderr) for value in values],
            fmt="|", color=INK, markersize=9, markeredgewidth=1.8, elinewidth=1.2,
            label="score ± standard error", zorder=3,
        )  # fmt: skip
        figure.legend(
            loc="upper right", ncols=1 + len(track.groups), handletextpad=0.3, columnspacing=1.2
        )
        return drawing(figure)


def _draw_frame(
    axis: Axes, labels: Sequence[str], pale: Sequence[bool], ends: tuple[str, str]
) -> None:
    """Draw what stands still: the lines with their labels, and both ends of the scale."""
    beside = axis.get_yaxis_transform()  # across the axis in x, data in y
    places = range(len(labels))
    axis.hlines(places, 0, 1, PALE, linewidth=0.6, zorder=0, transform=beside)
    axis.vlines((0, 1), 0, 1, MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0,
                transform=axis.get_xaxis_transform())  # fmt: skip
    for place, label, faint in zip(places, labels, pale, strict=True):
        # A tick with a label takes ten times as long as a text.
        axis.text(
            -0.015, place, svg(label), ha="right", va="center", color=MUTED if faint else INK,
            transform=beside,
        )  # fmt: skip
    axis.set_yticks([])
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.set_xticks([0, 0.5, 1], [f"0\n{ends[0]}", "0.5", f"1\n{ends[1]}"])


def _draw_groups(axis: Axes, values: Sequence[Value], track: PublishedTrack) -> None:
    if len(track.groups) < 2:
        return  # the only group is the score
    for group, colour, marker in zip(
        track.all_groups, cycle(PALETTE), cycle(MARKERS), strict=False
    ):
        if group in track.groups:
            axis.plot(
                [value.groups.get(group, math.nan) for value in values], range(len(values)), marker,
                color=colour, markersize=4.2, markeredgewidth=0, label=group, zorder=2,
            )  # fmt: skip


def _scatter(axis: Axes, rows: Sequence[PublishedRow], costs: Sequence[float]) -> None:
    """Draw scores with errors against a cost; rows without one are left out."""
    axis.grid(True)
    axis.set_axisbelow(True)
    axis.errorbar(
        costs,
        [row.overall.value for row in rows],
        yerr=[_finite(row.overall.stderr) for row in rows],
        fmt="o", color=PALETTE[0], markersize=4, elinewidth=1,
    )  # fmt: skip


def _name(axis: Axes, rows: Sequence[PublishedRow], costs: Sequence[float]) -> None:
    """Write the names beside the points, where no name or point is yet."""
    known = [(cost, row) for cost, row in zip(costs, rows, strict=True) if math.isfinite(cost)]
    if not known:
        return
    inches = axis.figure.dpi_scale_trans.inverted()
    to_points = axis.transData + inches
    at = 72 * to_points.transform([(cost, row.overall.value) for cost, row in known])
    ends = 72 * inches.transform(axis.bbox.get_points())
    places = spots([(x, y) for x, y in at], [row.name for _, row in known], ends[0][0], ends[1][0])
    for (cost, row), place in zip(known, places, strict=True):
        axis.annotate(
            svg(row.name), (cost, row.overall.value), xytext=place, textcoords="offset points",
            fontsize=8, va="center", ha="left",
        )  # fmt: skip


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
