"""What noise costs each model that fills in frames, as a figure: a panel a thermostat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.console.plots import INK, MUTED
from leaderboard.claims.claim import Claim
from leaderboard.claims.noise import CLAIMED, ROBUST
from leaderboard.site.figure import PANEL_WIDTH, ROW_HEIGHT, STYLE, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def noise_svg(claim: Claim) -> str:
    """Draw the cost of each thermostat with its standard error, a row a model, as SVG.

    Dotted lines stand at 1, undisturbed, and at 2, where robust ends.

    Parameters
    ----------
    claim : Claim
        As `noise_claims` decides it; its verdicts hold the numbers.
    """
    import matplotlib as mpl  # slow to load
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size(claim))
        FigureCanvasSVG(figure)
        draw(figure, claim)
        return svg(figure)


def _axes_of(claim: Claim) -> tuple[list[str], list[str]]:
    """Give the models, from the top, and the thermostats, from the left."""
    models = list(dict.fromkeys(one.of["model"] for one in claim.verdicts))
    return models, sorted({one.of["thermostat"] for one in claim.verdicts})


def size(claim: Claim) -> tuple[float, float]:
    """Give width and height of the figure, in inches."""
    models, thermostats = _axes_of(claim)
    return 1.3 + PANEL_WIDTH * len(thermostats), 0.9 + ROW_HEIGHT * len(models)


def draw(figure: Figure, claim: Claim) -> None:
    """Draw into an empty figure: a panel a thermostat, a row a model."""
    costs = {(one.of["model"], one.of["thermostat"]): one for one in claim.verdicts}
    models, thermostats = _axes_of(claim)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(1, len(thermostats), sharey=True, squeeze=False)[0]
    for axis, name in zip(axes, thermostats, strict=True):
        found = [costs.get((model, name)) for model in models]
        for end in (0.0, ROBUST):
            axis.axvline(end, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
        axis.errorbar(
            [one.value if one else math.nan for one in found],
            range(len(found)),
            xerr=[one.stderr if one else math.nan for one in found],
            fmt="o",
            color=INK,
            markersize=3.8,
            elinewidth=1.2,
        )
        axis.set_title(name)
        axis.set_xlabel("ln of the cost")
        axis.tick_params(left=False)
    axes[0].set_yticks(range(len(models)), models)
    axes[0].set_ylim(len(models) - 0.4, -0.6)
    for label in axes[0].get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == CLAIMED else "normal")
