"""What verdicts about networks that fill in frames come to, claim by claim."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from leaderboard.claims.claim import Answer, Decision, Part, Verdict
from leaderboard.claims.compared import Compared
from leaderboard.significance import LEVEL, t_quantile

#: Number and words of the claims, and what the values are of which they are told.
ANSWERED = (
    ("W1", "networks from both ends are better than those from one", "error of one over both"),
    ("W2", "the Bi-LSTM is the best of the networks", "error over that of the best"),
    ("W3", "errors down to 1e-4 Å are reached", "error of the best network, Å"),
)

#: What the verdicts of the rules above come to.
DECISIONS: Mapping[str, Decision] = {
    "better": "holds",
    "worse": "does not hold",
    "best": "holds",  # if the second is surely worse; else undecided
    "beaten": "does not hold",
    "not clearly beaten": "undecided",
    "reached": "holds",
    "reached on some": "in part",
    "not reached": "does not hold",
    "undecided": "undecided",
}


def network_answers(
    compared: Compared,
    twins: Sequence[Verdict],
    best: Sequence[Verdict],
    marks: Sequence[Verdict],
) -> Iterator[Answer]:
    """Give what verdicts say of the three claims, in the order of their numbers.

    Parameters
    ----------
    compared : Compared
        From which the verdicts are.
    twins, best, marks : sequence of Verdict
        On networks from one end and from both, on the best network, on the mark of 1e-4 Å. Without
        any, nothing is said of that claim.
    """
    where = compared.made.thermostat or "constant energy"
    over = compared.molecules - 1 if compared.sample else math.inf
    for (code, statement, quantity), verdicts, freedom in zip(
        ANSWERED, (twins, best, marks), (over, over, math.inf), strict=True
    ):
        if verdicts:
            reach = t_quantile(1 - LEVEL, freedom)
            parts = [_part(one, where, reach, compared.molecules) for one in verdicts]
            yield Answer(code=code, statement=statement, quantity=quantity, parts=parts)


def _part(one: Verdict, where: str, reach: float, molecules: int) -> Part:
    """Give a verdict with its interval, ``reach`` standard errors to either side."""
    network = f", {one.of['network']}" if "network" in one.of else ""
    low, decision = one.value - reach * one.stderr, DECISIONS[one.verdict]
    return Part(
        of=f"{where}, k = {one.of['gap']}{network}",
        verdict="undecided" if one.verdict == "best" and low < 1 else decision,
        value=one.value,
        low=low,
        high=one.value + reach * one.stderr,
        size=f"{molecules} molecules",
    )
