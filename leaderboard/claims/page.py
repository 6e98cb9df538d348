"""What the papers claimed, and what the board says: a page of tables and of verdicts by rule.

Every verdict follows from the submissions by a rule that is printed beside it, so that a new
submission can overturn it and nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.task import TaskCard
from leaderboard.claims.kinetics import kinetics_claims
from leaderboard.claims.superresolution import superresolution_claims
from leaderboard.ranking import by_track
from leaderboard.submission import Submission

HEAD = """# What the papers claimed, and what the board says

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand.
"""


def claims(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> str:
    """Write the page.

    Parameters
    ----------
    submissions : sequence of Submission
    cards : sequence of TaskCard
        The tasks of the board, sorted by id.
    """
    found = by_track(submissions, cards)
    parts = [HEAD]
    if "kinetics" in found:
        parts += kinetics_claims(*found["kinetics"])
    if "superresolution" in found:
        parts.append(superresolution_claims(*found["superresolution"]))
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)
