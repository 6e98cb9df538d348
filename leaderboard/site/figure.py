"""The board as a figure: a small panel a task, a row a model, the same rows everywhere."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.task import TaskCard
from leaderboard.ranking import groups_of, ranking, task_scores
from leaderboard.submission import Submission

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS = 4  # panels side by side
PANEL_WIDTH = 2.3  # inch
ROW_HEIGHT = 0.2  # inch a model

#: Okabe & Ito's palette, which colour-blind people can tell apart.
GROUP_STYLE = {
    "likelihood": ("#0072B2", "o"),
    "rates": ("#D55E00", "s"),
    "paths": ("#009E73", "^"),
    "accuracy": ("#0072B2", "o"),
}

#: What a score of 0 and of 1 is called.
ENDS = {
    "kinetics": ("0\ntrivial", "1\ndata-limited"),
    "superresolution": ("0\nlinear", "1\n1e-4 Å"),
}
INK, MUTED, PALE = "#222222", "#8a8a8a", "#e6e6e6"

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


def scores_svg(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> str:
    """Draw the scores of a track, every model on every task, with standard errors, as SVG.

    The text depends on the submissions, the cards and the version of matplotlib only.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    groups = groups_of(cards)
    overall = ranking(submissions, cards)
    scores = task_scores(submissions, cards)
    scores = scores[scores["submitted"]]  # the 0 of a task that was not run is no measurement
    panels = {"overall": overall} | {card.id: scores[scores["task"] == card.id] for card in cards}
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (1.3 + PANEL_WIDTH * columns, 0.6 + rows * (0.55 + ROW_HEIGHT * len(overall)))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axis, (title, panel) in zip(axes, panels.items(), strict=False):
            ordered = panel.set_index("name").reindex(overall["name"])
            _draw_panel(axis, ordered, title, groups)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        for axis in axes[len(panels) - columns : len(panels)]:  # the lowest of each column
            axis.tick_params(labelbottom=True)
        for axis in axes[::columns]:
            _name_rows(axis, overall, ENDS[cards[0].track])
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=1 + len(groups),
            frameon=False,
            handletextpad=0.3,
        )
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    # Trailing blanks would be stripped by editors and hooks.
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _draw_panel(axis: Axes, panel: pd.DataFrame, title: str, groups: Sequence[str]) -> None:
    """Draw one task; ``panel`` has a row a model, from the top, with score, stderr and groups.

    A row of nan is left empty.
    """
    places = range(len(panel))
    for place in places:
        axis.axhline(place, color=PALE, linewidth=0.6, zorder=0)
    for end in (0, 1):
        axis.axvline(end, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    for group in groups:
        colour, marker = GROUP_STYLE[group]
        axis.plot(
            panel[group], places, marker, color=colour, markersize=3.8, markeredgewidth=0,
            alpha=0.9, label=group, zorder=2,
        )  # fmt: skip
    axis.errorbar(
        panel["score"], places, xerr=panel["stderr"], fmt="|", color=INK, markersize=9,
        markeredgewidth=1.8, elinewidth=1.2, label="score ± standard error", zorder=3,
    )  # fmt: skip
    axis.set_title(title, fontweight="bold" if title == "overall" else "normal")
    axis.tick_params(left=False)


def _name_rows(axis: Axes, overall: pd.DataFrame, ends: tuple[str, str]) -> None:
    """Label rows (models in ink, controls muted) and ticks, which all panels share."""
    axis.set_yticks(range(len(overall)), list(overall["name"]))
    for label, role in zip(axis.get_yticklabels(), overall["role"], strict=True):
        label.set_color(INK if role == "model" else MUTED)
        label.set_fontstyle("normal" if role == "model" else "italic")
    axis.set_ylim(len(overall) - 0.4, -0.6)
    axis.set_xticks([0, 0.5, 1], [ends[0], "", ends[1]])
