"""A row as a small picture for a model's own README: version, score, rank, how it was checked."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.uncertainty import with_error
from leaderboard.markup import html
from leaderboard.published import PublishedRow, PublishedTrack
from leaderboard.verification.record import Level

#: White text on each is easy to read (WCAG AA), and the words say the same as the colour.
COLOURS: Mapping[Level, str] = {
    "self-reported": "#595959",
    "re-scored": "#0062a3",
    "re-run": "#00664a",
}
LABEL = "#333333"

#: px: a character of 11 px Verdana or what stands in for it; the text is fitted to what results.
CHARACTER, MARGIN, HEIGHT = 6.1, 8, 20

TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" \
aria-label="{alt}">
<title>{alt}</title>
<rect width="{width}" height="{height}" rx="3" fill="{label_colour}"/>
<path d="M{split} 0h{right}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{margin}" y="14" textLength="{label_length}">{label}</text>
<text x="{text_at}" y="14" textLength="{text_length}">{text}</text>
</g>
</svg>
"""


def badge_svg(track: PublishedTrack, row: PublishedRow, version: str) -> str:
    """Draw the badge of a row.

    Parameters
    ----------
    track : PublishedTrack
        The row's.
    row : PublishedRow
    version : str
        Of the benchmark.
    """
    label = f"stridebench {version}"
    score = with_error(row.overall.value, row.overall.stderr)
    text = f"{track.name} {score} · {place(track, row)} · {row.checked}"
    label_length, text_length = (round(CHARACTER * len(one), 1) for one in (label, text))
    split = label_length + 2 * MARGIN
    width = split + text_length + 2 * MARGIN
    return TEMPLATE.format(
        alt=html(f"{row.name}: {label}, {text}"),
        width=round(width, 1),
        height=HEIGHT,
        margin=MARGIN,
        label=html(label),
        label_colour=LABEL,
        label_length=label_length,
        split=round(split, 1),
        right=round(width - split - 3, 1),
        colour=COLOURS[row.verification],
        text=html(text),
        text_at=round(split + MARGIN, 1),
        text_length=text_length,
    )


def place(track: PublishedTrack, row: PublishedRow) -> str:
    """Say where a row stands among those with a rank, and with how many it shares that rank."""
    ranks = [one.rank for one in track.rows if one.rank is not None]
    if row.rank is None:
        return "unranked"
    shared = f", shared by {ranks.count(row.rank)}" if ranks.count(row.rank) > 1 else ""
    return f"rank {row.rank} of {len(ranks)}{shared}"
