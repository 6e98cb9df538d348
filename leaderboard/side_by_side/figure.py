"""Pairs as a figure: a line a place, the difference of each group with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.console.plots import INK, MUTED, PALETTE, drawn
from leaderboard.comparison import SCORE, Cell
from leaderboard.side_by_side.pairs import LEVELS, Pair
from leaderboard.site.figure import MARKERS, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 5.2  # inches a pair
LINE = 0.3  # inches a place
SPREAD = 0.5  # of a line, over which the groups of a place are spread


def draw_pairs(pairs: Sequence[Pair], path: Path) -> None:
    """Draw pairs side by side: all families, each family, each task.

    Raises
    ------
    InputError
        If the file's suffix is unknown, or it cannot be written.
    """
    places = [list(dict.fromkeys(cell.place for cell in _cells(pair))) for pair in pairs]
    height = 1.3 + LINE * max(len(one) for one in places)
    with drawn(path, (1.6 + WIDTH * len(pairs), height)) as figure:
        axes = figure.subplots(1, len(pairs), squeeze=False)[0]
        for axis, pair, order in zip(axes, pairs, places, strict=True):
            _draw(axis, pair, order)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)


def _cells(pair: Pair) -> list[Cell]:
    return [cell for level in LEVELS for cell in pair.cells[level]]


def _draw(axis: Axes, pair: Pair, places: Sequence[str]) -> None:
    for place in range(len(places)):
        axis.axhline(place, color=PALE, linewidth=0.6, zorder=0)
    axis.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
    groups = [*dict.fromkeys(cell.group for cell in pair.cells["groups"]), SCORE]
    colours = (*PALETTE[: len(groups) - 1], INK)
    for number, (group, colour, marker) in enumerate(
        zip(groups, colours, cycle(MARKERS), strict=False)
    ):
        cells = [cell for cell in _cells(pair) if cell.group == group]
        offset = SPREAD * ((number + 0.5) / len(groups) - 0.5)
        axis.errorbar(
            [cell.found.difference.value for cell in cells],
            [places.index(cell.place) + offset for cell in cells],
            xerr=[_finite(cell.found.half_width) for cell in cells],
            fmt=marker,
            color=colour,
            markersize=5 if group == SCORE else 3.5,
            elinewidth=1.4 if group == SCORE else 0.8,
            label=group,
        )
    axis.set_yticks(range(len(places)), places)
    axis.set_ylim(len(places) - 0.4, -0.6)
    axis.set_title(f"{pair.other.name} less {pair.one.name}")
    axis.set_xlabel(f"← {pair.one.name} is better     difference of scores     "
                    f"{pair.other.name} is better →")  # fmt: skip


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
