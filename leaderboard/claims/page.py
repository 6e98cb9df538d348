"""What the papers claimed, and what the board says: a page of tables and of verdicts by rule.

Every verdict follows from the submissions by a rule that is printed beside it, so that a new
submission can overturn it and nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leaderboard.board import Board, Ranking
from leaderboard.claims.kinetics import kinetics_claims
from leaderboard.claims.superresolution import superresolution_claims

#: Where the claims about a track are decided. A track of which no paper claims anything has none.
SECTIONS: Mapping[str, Callable[[Ranking], list[str]]] = {
    "kinetics": kinetics_claims,
    "superresolution": superresolution_claims,
}

HEAD = """# What the papers claimed, and what the board says

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand.
"""


def claims(board: Board) -> str:
    """Write the page."""
    parts = [HEAD]
    for ranking in board.shown:
        if ranking.track.name in SECTIONS:
            parts += SECTIONS[ranking.track.name](ranking)
    return "\n".join(part.strip("\n") + "\n" for part in parts)
