"""What the papers claimed, and what the board says, as a page of GitHub Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.claims.claim import Claim, Text
from leaderboard.claims.noise import ID as NOISE_CLAIM
from leaderboard.published import Published
from leaderboard.tables import table

HEAD = """# What the papers claimed, and what the board says

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand.
"""

#: Claims with a figure, beside the page under the claim's id; and what it shows.
FIGURES = {NOISE_CLAIM: "what a thermostat costs each model"}


def claims_page(board: Published) -> str:
    """Write the page."""
    parts = [HEAD, *(part for claim in board.claims for part in _section(claim))]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _section(claim: Claim) -> Iterator[str]:
    yield f"## {claim.title}"
    if claim.source:
        yield f"*{claim.source}*"
    if claim.id in FIGURES:
        yield f"![{FIGURES[claim.id]}]({claim.id}.svg)"
    for block in claim.blocks:
        yield block.text if isinstance(block, Text) else table(block.rows, block.left)
