"""How good a likelihood can look by chance, against an exact oracle.

Both are probabilities of the same chains, frame after frame. So the ratio of the two likelihoods
of all n scored frames is 1 on average over test sets, and by Markov's inequality a model that has
not seen the test set beats the oracle by a nats in all with a probability of no more than exp(−a):
its regret is above −a/n, however large an error is claimed. (Ville 1939; as a test, Shafer 2021,
doi:10.1111/rssa.12647.)

Nor is the error free. Where ln(p*/p̃) ≤ B, its mean square is no more than c(B) times its mean, with
c(B) = B² / (e^−B − 1 + B), as E[p̃/p*] = 1. A chain's mean has no larger variance, and the test set
has several chains.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.task import TaskCard

#: Nats: e^−25 is 1e-11, far below one in all units that will ever be on a board; float32 and the
#: oracle's own 5e-6 a frame have room in it.
EVIDENCE = 25.0

#: B: the price of an impossible event, ln(1e6 · 256).
LARGEST_LOSS = 19.4

#: By how many times an error that is estimated from ten chains may be too large.
ROOM = 5


def regret_fault(card: TaskCard, value: float, stderr: float) -> str:
    """Say what chance cannot bring about of a regret on a task; empty if nothing.

    Parameters
    ----------
    card : TaskCard
    value, stderr : float
        nats a frame.
    """
    from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES  # takes numpy

    test = card.splits.get("test")
    if card.oracle != "exact" or test is None:
        return ""
    frames = max(1, test.frames - test.rows * SKIPPED_FRAMES)
    least = EVIDENCE / frames
    if value < -least:
        return (
            f"is {value:.3g}; on {frames:,} test frames no model that has not seen them gets below "
            f"{-least:.2g}, whatever its error"
        )
    spread = LARGEST_LOSS**2 / (math.exp(-LARGEST_LOSS) - 1 + LARGEST_LOSS)
    most = ROOM * math.sqrt(spread * (max(value, 0.0) + least) / test.rows)
    if stderr > most:
        return f"has the standard error {stderr:.3g}; on this test set it is {most:.2g} at most"
    return ""
