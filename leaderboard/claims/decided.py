"""Which claims there are, and how the board decides them.

Every verdict follows from the submissions by a rule that is printed beside it, so that a new
submission can overturn it and nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leaderboard.board import Board, Ranking
from leaderboard.claims.claim import Claim
from leaderboard.claims.kinetics import kinetics_claims
from leaderboard.claims.superresolution import superresolution_claims

#: Where the claims about a track are decided. A track of which no paper claims anything has none.
SECTIONS: Mapping[str, Callable[[Ranking], list[Claim]]] = {
    "kinetics": kinetics_claims,
    "superresolution": superresolution_claims,
}


def decided_claims(board: Board) -> list[Claim]:
    """Decide the claims that the rows of the board can decide, in its order."""
    return [
        claim
        for ranking in board.shown
        if ranking.track.name in SECTIONS
        for claim in SECTIONS[ranking.track.name](ranking)
    ]
