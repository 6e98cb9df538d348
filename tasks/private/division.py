"""Who gets which frames: splits that never overlap, each with its share of every trajectory.

With R replicas, one ninth (R = 3: 1/(2R+3)) of the frames makes a training replica, as much the
validation data, two ninths the test chains, and as many fresh chains as replicas follow. A
trajectory among few is divided on its own, in this order of time, so that traces which differ
(another molecule, another day) differ in no split more than in another. Many trajectories stay as
whole as can be and are dealt out in turn. Train and validation data are a model's; what is left is
held out, and the reference is estimated from all of it, so that no model has seen any of what it is
measured against. The fresh chains, which the truth row of a board replays, are a part of the
reference: there is no other truth here. The scales come from the training replicas, which are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES
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

#: Groups of two replicas.
LEAST_GROUPS = 7

#: So many trajectories are divided one by one, if that uses this share of them; the rest is held
#: out. Of more every replica gets pieces of so many in turn, which leaves the pieces longer.
MANY, MOST_OF_ALL = 8, 0.8


class TooFewFramesError(InputError):
    """There are too few frames for the splits."""


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

    Chains of a replica are equally long. Of one trajectory there is one; of a few there is at least
    one of each; of many there are at least `MANY`, where they are long enough, or as many as it
    takes to use (nearly) all frames.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each trajectory.
    replicas : int
        Training replicas, R.

    Raises
    ------
    TooFewFramesError
        If they are.
    """
    n = 2 * replicas + 3
    groups: list[list[Span]] = [[] for _ in range(n)]
    if len(lengths) <= MANY and (frames := _longest_of_each(lengths, n)):
        for trajectory, length in enumerate(lengths):
            chains = length // (n * frames)
            for number in range(n * chains):
                start = number * frames
                groups[number // chains].append(Span(trajectory, start, start + frames))
    else:
        frames, chains = _best_pieces(np.array(lengths), n, MANY if len(lengths) > MANY else 1)
        pieces = [
            Span(trajectory, start, start + frames)
            for trajectory, length in enumerate(lengths)
            for start in range(0, length - frames + 1, frames)
        ]
        for number, piece in enumerate(pieces[: n * chains]):
            groups[number % n].append(piece)
    train, validation, test, fresh = (
        [piece for group in groups[first:last] for piece in group]
        for first, last in pairwise([0, replicas, replicas + 1, replicas + 3, n])
    )
    chains = len(groups[0])
    return Division(chains, train, validation, _test_rows(test), fresh, list(lengths))


def _longest_of_each(lengths: Sequence[int], n: int) -> int:
    """Find the longest piece of which the trajectories hold n each, or 2n, …; 0 if too short."""
    choices = {length // (n * parts) for length in lengths for parts in range(1, MOST_CHAINS + 1)}
    for frames in sorted((choice for choice in choices if choice >= LEAST_FRAMES), reverse=True):
        if sum(each - each % (n * frames) for each in lengths) >= MOST_OF_ALL * sum(lengths):
            return frames
    return 0


def _best_pieces(lengths: NDArray[np.int64], groups: int, fewest: int) -> tuple[int, int]:
    """Choose how long a piece is and how many make a group; (frames, pieces a group)."""
    best: list[tuple[int, int]] = []
    for chains in range(fewest, MOST_CHAINS + 1):
        frames = _longest_piece(lengths, groups * chains)
        if frames < LEAST_FRAMES:
            break
        best.append((frames, chains))
    if not best and fewest > 1:
        return _best_pieces(lengths, groups, 1)
    if not best:
        total, longest = int(lengths.sum()), int(lengths.max())
        raise TooFewFramesError(
            f"too few data: {total:,} frames, the longest trajectory {longest:,}; {groups} pieces "
            f"of {LEAST_FRAMES:,} frames or more are needed; bring more frames, or save more often"
            + ("; or take fewer --replicas" if groups > LEAST_GROUPS else "")
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
    pieces = pieces[:: -(-len(pieces) // (TEST_FRAMES // LEAST_FRAMES))]
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
