"""Who gets which frames: splits that are contiguous in time and never overlap.

In the order of time and of the files: the training replicas, the validation data, the test chains,
the fresh chains. With R replicas, one ninth (R = 3: 1/(2R+3)) of the frames makes a replica, as
much the validation data, two ninths the test chains, and as many fresh chains as replicas follow.
Train and validation data are a model's; what is left is held out, and the reference is estimated
from all of it, so that no model has seen any of what it is measured against. The fresh chains,
which the truth row of a board replays, are a part of the reference: there is no other truth here.
The scales come from the training replicas, which are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.tracks.kinetics.data import SKIPPED_FRAMES
from tasks.making.freeze import PROMPT_FRAMES
from tasks.private.partition import Labels

#: The shortest chain that makes sense: a prompt, or frames that are not scored, and thrice as many.
LEAST_FRAMES = 4 * max(PROMPT_FRAMES, SKIPPED_FRAMES)

#: The stored log-probabilities of the oracle should stay small.
TEST_FRAMES = 300_000

#: Test chains are cut into so many, where they stay long enough: models predict them side by side.
TEST_ROWS = 10

#: More chains a replica are tried only while they use this much more of the data.
NEARLY_ALL = 0.95
MOST_CHAINS = 512


@dataclass(frozen=True)
class Span:
    """Consecutive frames ``start`` … ``stop`` − 1 of one trajectory."""

    trajectory: int
    start: int
    stop: int

    def of(self, chains: Sequence[Labels]) -> Labels:
        """Cut the span out of the trajectories."""
        return chains[self.trajectory][self.start : self.stop]


@dataclass(frozen=True)
class Division:
    """The spans of each split. All of ``train``, ``validation`` and ``fresh`` are equally long."""

    chains_per_replica: int
    train: list[Span]
    validation: list[Span]
    test: list[Span]  # equally long among themselves
    fresh: list[Span]
    lengths: list[int]

    @property
    def held_out(self) -> list[Span]:
        """All that no model learns from, in spans as long as can be."""
        return complement([*self.train, *self.validation], self.lengths)

    @property
    def oracle(self) -> list[Span]:
        """All but the test chains: what an oracle may learn from."""
        return complement(self.test, self.lengths)


def divide(lengths: Sequence[int], replicas: int) -> Division:
    """Divide trajectories into splits.

    Chains of a replica are equally long. There is one where the trajectories are long; where they
    are short or of unequal length there are as many as it takes to use (nearly) all frames.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each trajectory.
    replicas : int
        Training replicas, R.

    Raises
    ------
    InputError
        If the data are too few.
    """
    groups = 2 * replicas + 3
    frames, chains = _best_pieces(np.array(lengths), groups)
    pieces = [
        Span(trajectory, start, start + frames)
        for trajectory, length in enumerate(lengths)
        for start in range(0, length - frames + 1, frames)
    ]
    parts = {}
    for name, share in (("train", replicas), ("validation", 1), ("test", 2), ("fresh", replicas)):
        parts[name], pieces = pieces[: share * chains], pieces[share * chains :]
    return Division(
        chains_per_replica=chains,
        train=parts["train"],
        validation=parts["validation"],
        test=_test_rows(parts["test"]),
        fresh=parts["fresh"],
        lengths=list(lengths),
    )


def _best_pieces(lengths: NDArray[np.int64], groups: int) -> tuple[int, int]:
    """Choose how long a piece is and how many make a group; (frames, pieces a group)."""
    best: list[tuple[int, int]] = []
    for chains in range(1, MOST_CHAINS + 1):
        frames = _longest_piece(lengths, groups * chains)
        if frames < LEAST_FRAMES:
            break
        best.append((frames, chains))
    if not best:
        total, longest = int(lengths.sum()), int(lengths.max())
        raise InputError(
            f"too few data: {total:,} frames, the longest trajectory {longest:,}; {groups} pieces "
            f"of {LEAST_FRAMES:,} frames or more are needed; save more often, take a smaller "
            "--stride or fewer --replicas"
        )
    most = max(frames * chains for frames, chains in best)
    return next(pair for pair in best if pair[0] * pair[1] >= NEARLY_ALL * most)


def _longest_piece(lengths: NDArray[np.int64], pieces: int) -> int:
    """Find the greatest length of which the trajectories hold so many pieces; 0 if none."""
    low, high = 0, int(lengths.max()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if (lengths // middle).sum() >= pieces:
            low = middle
        else:
            high = middle
    return low


def _test_rows(pieces: Sequence[Span]) -> list[Span]:
    """Cut test chains, all of one length, at most `TEST_FRAMES` frames together."""
    length = pieces[0].stop - pieces[0].start
    pieces = pieces[: max(1, TEST_FRAMES // LEAST_FRAMES)]
    cuts = max(1, min(TEST_ROWS // len(pieces), length // (2 * LEAST_FRAMES)))
    frames = min(length // cuts, TEST_FRAMES // (len(pieces) * cuts))
    return [
        Span(piece.trajectory, start, start + frames)
        for piece in pieces
        for start in range(piece.start, piece.start + cuts * frames, frames)
    ]


def complement(spans: Sequence[Span], lengths: Sequence[int]) -> list[Span]:
    """Give what the spans leave of the trajectories."""
    left = []
    for trajectory, length in enumerate(lengths):
        at = 0
        mine = sorted((s.start, s.stop) for s in spans if s.trajectory == trajectory)
        for start, stop in [*mine, (length, length)]:
            if start > at:
                left.append(Span(trajectory, at, start))
            at = stop
    return left


def rows(spans: Sequence[Span], frames: int) -> list[Span]:
    """Cut spans into rows of ``frames`` frames each; what is too short for one is left out."""
    return [
        Span(span.trajectory, start, start + frames)
        for span in spans
        for start in range(span.start, span.stop - frames + 1, frames)
    ]


def prompts(spans: Sequence[Span], n: int) -> list[Span]:
    """Place ``n`` prompts evenly over spans; they overlap where there is no room for so many."""
    length = spans[0].stop - spans[0].start
    places = np.linspace(0, len(spans) * (length - PROMPT_FRAMES + 1) - 1, n).astype(int)
    found = []
    for place in places.tolist():
        number, offset = divmod(place, length - PROMPT_FRAMES + 1)
        start = spans[number].start + offset
        found.append(Span(spans[number].trajectory, start, start + PROMPT_FRAMES))
    return found
