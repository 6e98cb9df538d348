"""The figures of claims: dots with bars, a line a label; and points in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from benchmark.console.plots import INK, MUTED, PALETTE
from leaderboard.claims.claim import Cloud, Dots, Panel, Points
from leaderboard.site.figure import MARKERS, PANEL_WIDTH, ROW_HEIGHT, STYLE, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches of a letter of a label, at most; and of a panel of points.
LETTER, CLOUD = 0.07, 2.1

#: A logarithmic axis over less than this factor has three ticks a decade.
SHORT = 60

#: Inches of all panels of dots together: with more of them, each is narrower.
WIDEST = 10.0

#: Inches of the groups' names.
LEGEND = 4.0

#: Panels of points side by side.
COLUMNS = 4


def claim_svg(block: Dots | Points) -> str:
    """Draw a figure of a claim as SVG; the same text for the same block."""
    import matplotlib as mpl  # slow to load
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size(block))
        FigureCanvasSVG(figure)
        draw(figure, block)
        return svg(figure)


def size(block: Dots | Points) -> tuple[float, float]:
    """Give width and height of a figure, in inches."""
    if isinstance(block, Points):
        columns, rows = _grid(block)
        return max(CLOUD * columns, LEGEND), 0.5 + (CLOUD + 0.2) * rows
    margin = 0.3 + LETTER * max(map(len, block.labels))
    width = min(PANEL_WIDTH * len(block.panels), WIDEST)
    return margin + width, 0.9 + ROW_HEIGHT * len(block.labels)


def draw(figure: Figure, block: Dots | Points) -> None:
    """Draw into an empty figure."""
    figure.set_layout_engine("constrained")
    if isinstance(block, Points):
        _draw_points(figure, block)
    else:
        _draw_dots(figure, block)


def _draw_dots(figure: Figure, block: Dots) -> None:
    axes: Sequence[Axes] = figure.subplots(1, len(block.panels), sharey=True, squeeze=False)[0]
    for axis, panel in zip(axes, block.panels, strict=True):
        if block.log:
            axis.set_xscale("log")
        for mark in block.marks:
            axis.axvline(mark, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
        axis.errorbar(
            panel.values,
            range(len(panel.values)),
            xerr=_bars(panel),
            fmt="o",
            color=INK,
            markersize=3.8,
            elinewidth=1.2,
        )
        axis.set_title(panel.title)
        axis.set_xlabel(block.axis)
        axis.tick_params(left=False)
        if block.log:
            _plain_ticks(axis)
    axes[0].set_yticks(range(len(block.labels)), block.labels)
    axes[0].set_ylim(len(block.labels) - 0.4, -0.6)
    for label in axes[0].get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in block.bold else "normal")


def _bars(panel: Panel) -> tuple[list[float], list[float]]:
    """Give how far the bars reach to the left and to the right."""
    below = [value - low for value, low in zip(panel.values, panel.low, strict=True)]
    above = [high - value for value, high in zip(panel.values, panel.high, strict=True)]
    return below, above


def _plain_ticks(axis: Axes) -> None:
    """Write 0.5, 1, 2, 5 on a logarithmic axis, or 0.1, 1, 10 on a long one; no powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_xlim()
    steps = (1.0, 2.0, 5.0) if high < SHORT * low else (1.0,)
    axis.xaxis.set_major_locator(LogLocator(subs=steps))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _grid(block: Points) -> tuple[int, int]:
    columns = min(COLUMNS, len(block.panels))
    return columns, -(-len(block.panels) // columns)


def _draw_points(figure: Figure, block: Points) -> None:
    columns, rows = _grid(block)
    axes: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axis, cloud in zip(axes, block.panels, strict=False):
        _draw_cloud(axis, cloud, block.group)
        axis.set_title(cloud.title)
        axis.set_xlabel(block.axes[0])
        axis.set_xticks([])
        axis.set_yticks([])
    for axis in axes[::columns]:
        axis.set_ylabel(block.axes[1])
    for axis in axes[len(block.panels) :]:
        axis.set_axis_off()
    largest = max(block.panels, key=lambda cloud: max(cloud.groups))
    handles = axes[block.panels.index(largest)].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=6, frameon=False, handletextpad=0.2)


def _draw_cloud(axis: Axes, cloud: Cloud, group: str) -> None:
    for number, colour, marker in zip(
        sorted(set(cloud.groups)), cycle(PALETTE), cycle(MARKERS), strict=False
    ):
        some = [point for point, own in zip(cloud.points, cloud.groups, strict=True)
                if own == number]  # fmt: skip
        axis.plot(
            [x for x, _ in some],
            [y for _, y in some],
            marker,
            color=colour,
            markersize=3.4,
            markeredgewidth=0,
            label=f"{group} {number}",
        )
