"""Figures that take the colours and the type of the page they stand in.

matplotlib writes colours as numbers. Inside a page they become its CSS variables, so that one
figure is right on light and dark; as a file of its own a figure keeps the numbers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.console.plots import INK, MUTED, PALETTE, SHADE
from leaderboard.markup import html
from leaderboard.site.figure import PALE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colour in a figure → variable of the style sheet.
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    PALE: "--rule",
    SHADE: "--shade",
    "#000000": "--ink",
    "#ffffff": "--paper",
    **{colour: f"--data-{number}" for number, colour in enumerate(PALETTE, start=1)},
}

STYLE: Any = {
    "svg.hashsalt": "stridebench",
    "svg.fonttype": "none",  # the page's own type, and text that can be read aloud and searched
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
}


class Drawing(NamedTuple):
    """A figure in the forms in which it can be taken away."""

    svg: str
    pdf: bytes = b""  # empty where there is none


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure of the site, in inches."""
    import matplotlib as mpl  # slow to load
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        yield Figure(figsize=(width, height))


def drawing(figure: Figure) -> Drawing:
    """Write a figure as SVG and PDF, without a date."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf  # slow to load
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    text, pages = io.StringIO(), io.BytesIO()
    # Not savefig, which draws everything twice.
    FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None, "Creator": None})
    undated = {"CreationDate": None, "Creator": None, "Producer": None}
    FigureCanvasPdf(figure).print_pdf(pages, metadata=undated)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return Drawing("\n".join(lines) + "\n", pages.getvalue())


def inline(svg: str, name: str, says: str) -> str:
    """Make SVG part of a page: its colours variables, its identifiers its own, with a description.

    Parameters
    ----------
    svg : str
        As matplotlib writes it.
    name : str
        Unlike that of any other figure of the page; letters, digits and hyphens.
    says : str
        What the figure shows, for whoever cannot see it.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    # Identifiers that nothing refers to only clash with those of the next figure.
    body = re.sub(r'<g id="[a-z0-9_]+_\d+">', "<g>", body)
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour.lower(), f"var({variable})").replace(colour, f"var({variable})")
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r"font-family: [^;\"]*(; *)?", "", body)
    head, rest = body.split(">", 1)
    width = re.search(r'width="([\d.]+)pt"', head)
    box = re.search(r'viewBox="[^"]*"', head)
    if width is None or box is None:
        raise ValueError("not an SVG of matplotlib")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} fill="currentColor" role="img" aria-label="{html(says)}" '
        f'style="max-width: {width[1]}pt">{rest}'
    )
