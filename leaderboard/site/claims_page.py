"""What the papers claimed, and what the board says, as a page of GitHub Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard.claims.claim import Claim, Dots, Points, Text
from leaderboard.claims.deciding import counted, headline, merged
from leaderboard.published import Published
from leaderboard.tables import table

HEAD = """# What the papers claimed, and what the board says

Written by `python -m benchmark leaderboard` from `submissions/` and `evidence/`; do not edit it by
hand.
"""


def claims_page(board: Published) -> str:
    """Write the page."""
    parts = [HEAD]
    if rows := overview(board.claims):
        parts.append(table(rows, left=4))
    parts += [part for claim in board.claims for part in _section(claim)]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def overview(claims: Sequence[Claim]) -> list[dict[str, str]]:
    """Tabulate what comes of each numbered claim, a row a claim, in the order of the papers."""
    answers = merged(answer for claim in claims for answer in claim.answers)
    return [
        {
            "claim": one.code,
            "verdict": headline(one.parts),
            "what was claimed": one.statement,
            "where it was decided": counted(one.parts),
        }
        for one in answers
    ]


def _section(claim: Claim) -> Iterator[str]:
    yield f"## {claim.title}"
    if claim.source:
        yield f"*{claim.source}*"
    for block in claim.blocks:
        if isinstance(block, Text):
            yield block.text
        elif isinstance(block, Dots | Points):
            yield f"![{block.caption}]({block.name}.svg)"
        else:
            yield table(block.rows, block.left)
