"""Which claims there are, and how the board decides them.

Every verdict follows from the submissions, and from what `leaderboard/evidence` adds to them, by a
rule that is printed beside it, so that a new submission can overturn it and nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leaderboard.board import Board, Ranking
from leaderboard.claims.claim import Claim
from leaderboard.claims.evidence import Evidence, read_evidence
from leaderboard.claims.kinetics import kinetics_claims
from leaderboard.claims.superresolution import superresolution_claims

#: Where the claims about a track are decided. A track of which no paper claims anything has none.
SECTIONS: Mapping[str, Callable[[Ranking, Evidence], list[Claim]]] = {
    "kinetics": kinetics_claims,
    "superresolution": superresolution_claims,
}


def decided_claims(board: Board, evidence: Evidence | None = None) -> list[Claim]:
    """Decide the claims that the rows of the board can decide, in its order.

    Parameters
    ----------
    board : Board
    evidence : Evidence, optional
        What is known beside the submissions; by default what lies in `leaderboard/evidence`.
    """
    known = evidence if evidence is not None else read_evidence()
    return [
        claim
        for ranking in board.shown
        if ranking.track.name in SECTIONS
        for claim in SECTIONS[ranking.track.name](ranking, known)
    ]
