"""The figures of the site's pages, each a function of the board, as SVG of matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from benchmark.console.plots import INK, MUTED, PALETTE
from leaderboard.markup import svg
from leaderboard.published import Cell, PublishedRow, PublishedTask, PublishedTrack, Value
from leaderboard.site.figure import MARKERS, PALE
from leaderboard.site.web.theming import canvas, svg_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.0  # inches, of every figure
LINE = 0.2  # inches a row of dots
LETTER = 0.075  # inches a letter of a label, at most
ABOVE, BELOW = 0.35, 0.55  # inches, for the legend and the ticks

#: Labels of a scatter are moved apart until they are this far, in points.
APART = 10.0


def task_svg(task: PublishedTask, track: PublishedTrack) -> str:
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


def model_svg(row: PublishedRow, track: PublishedTrack) -> str:
    """Draw a row's score on every task that it has run."""
    tasks = [task for task in track.tasks if task.id in row.tasks]
    return _dots([task.id for task in tasks], [_value(row.tasks[task.id]) for task in tasks], track)


def cost_svg(track: PublishedTrack) -> str:
    """Draw the score of every row against what a fit takes, and against its parameters."""
    with canvas(WIDTH, 3.6) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(0.08, 0.14, 0.98, 0.97, wspace=0.06)
        rows = [row for row in track.rows if row.role == "model"]
        _scatter(left, rows, [row.costs.fit_seconds for row in rows])
        left.set_xscale("log")
        left.set_xlabel("median fit, s")
        left.set_ylabel("score")
        _scatter(right, rows, [row.costs.most_parameters for row in rows])
        right.set_xscale("symlog", linthresh=1, linscale=0.5)
        right.set_xlabel("parameters, at most")
        right.tick_params(left=False)
        return svg_text(figure)


def _value(cell: Cell) -> Value:
    return Value(value=cell.score, stderr=cell.stderr, groups=cell.groups)


def _dots(
    labels: Sequence[str],
    values: Sequence[Value],
    track: PublishedTrack,
    pale: Sequence[bool] = (),
) -> str:
    """Draw scores with errors and their groups: a line a label, from the top."""
    height = ABOVE + BELOW + LINE * max(len(labels), 1)
    margin = 0.2 + LETTER * max(map(len, labels), default=0)
    with canvas(WIDTH, height) as figure:
        axis = figure.add_axes(
            (
                margin / WIDTH,
                BELOW / height,
                1 - (margin + 0.1) / WIDTH,
                1 - (ABOVE + BELOW) / height,
            )
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
        return svg_text(figure)


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
    """Draw scores against a cost, each with its name; names that would meet are moved apart."""
    axis.grid(True)
    axis.set_axisbelow(True)
    known = [(cost, row) for cost, row in zip(costs, rows, strict=True) if math.isfinite(cost)]
    axis.errorbar(
        [cost for cost, _ in known],
        [row.overall.value for _, row in known],
        yerr=[_finite(row.overall.stderr) for _, row in known],
        fmt="o", color=PALETTE[0], markersize=4, elinewidth=1,
    )  # fmt: skip
    span = axis.get_ylim()
    points = 3.6 * 72 * 0.83 / (span[1] - span[0])  # of a page, per unit of score
    last = -math.inf
    for cost, row in sorted(known, key=lambda pair: pair[1].overall.value):
        place = max(points * row.overall.value, last + APART)
        last = place
        axis.annotate(
            svg(row.name), (cost, row.overall.value),
            xytext=(5, place - points * row.overall.value - 3), textcoords="offset points",
            fontsize=8,
        )  # fmt: skip


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
