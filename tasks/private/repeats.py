"""Frames that come twice: copies of a run, parts that overlap, a file joined with itself.

Nothing else would be as wrong in a split: what a model learned from would judge it. A copy may bear
another name, format, rounding or stride, so that it is found by what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from tasks.private.recording import Recording

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

#: Cells into which a coordinate is cut: few, so that rounding moves few frames across a border.
CELLS = 6

#: Among N runs two stretches of b bits are alike by chance with probability N² 2^(−b). Bits are
#: counted by a Markov chain of runs, which is a model only: so N⁴ 2^(−b) = 2^(−50) is asked for.
SPARE_BITS = 50
ROOM = 1.25  # a window is longer by this than one of so many bits on average

#: A series and every k-th frame of another are one if they agree, beyond chance, in so much.
AGREEMENT = 0.9
ENOUGH_RUNS = 20

SEED = 20261125

ADVICE = "training and test data would hold the same frames: leave one out, or cut the files there"


def refuse_repeats(recordings: Sequence[Recording]) -> None:
    """Refuse recordings that hold a stretch of frames twice.

    Every recording becomes a sequence of runs: a cell, and how long it was stayed in. Two equal
    stretches of runs, too long for chance, are one stretch of frames.

    Parameters
    ----------
    recordings : sequence of Recording
        Of one kind, with all their frames.

    Raises
    ------
    InputError
        If there are such stretches; says where.
    """
    cells = _cells(recordings)
    runs = _runs(cells)
    if (pair := _equal_stretches(runs)) is not None:
        one, two, length = pair
        first, second = recordings[runs.owner[one]], recordings[runs.owner[two]]
        frames = int(runs.frames[two : two + length].sum())
        where = "itself" if first is second else first.name
        raise InputError(
            f"{second.name} repeats {where}: {frames:,} frames from frame {runs.start[two]:,} on "
            f"are those from frame {runs.start[one]:,} on; {ADVICE}"
        )
    _refuse_reversed(recordings, cells)
    for one, two in permutations(range(len(cells)), 2):
        if (stride := _stride(cells[one], cells[two])) is not None:
            first, k = stride
            raise InputError(
                f"{recordings[two].name} repeats {recordings[one].name}: it holds its frames "
                f"{first}, {first + k}, {first + 2 * k} …; {ADVICE}"
            )


def _refuse_reversed(recordings: Sequence[Recording], cells: Sequence[Int64]) -> None:
    """Refuse a stretch that is there once more backwards in time: it tells as much of the other."""
    n = len(cells)
    runs = _runs([*cells, *(chain[::-1] for chain in cells)])
    if (pair := _equal_stretches(runs)) is None:
        return
    one, two, length = pair
    first, second = int(runs.owner[one]), int(runs.owner[two]) % n
    if runs.owner[one] >= n or runs.owner[two] < n:
        return
    frames = int(runs.frames[two : two + length].sum())
    name = recordings[first].name
    where = "itself" if first == second else name
    raise InputError(
        f"{recordings[second].name} repeats {where} backwards in time: {frames:,} frames are those "
        f"from frame {runs.start[one]:,} of {name} on in reverse order; {ADVICE}"
    )


def _cells(recordings: Sequence[Recording]) -> list[Int64]:
    """Cut the first column that is not constant into a few cells; states are cells already."""
    kind = recordings[0].kind
    values: list[NDArray[Any]] = [found.values for found in recordings]
    at = next((n for n in range(values[0].shape[1]) if np.ptp(values[0][:, n]) > 0), 0)
    columns = [array[:, at] for array in values]
    if kind == "states":
        return [column.astype(np.int64) for column in columns]
    if kind == "angles":
        borders = np.linspace(-np.pi, np.pi, CELLS + 1)[1:-1]
    else:
        borders = np.quantile(np.concatenate(columns), np.arange(1, CELLS) / CELLS)
    return [np.searchsorted(borders, column) for column in columns]


@dataclass(frozen=True)
class _Runs:
    """Stays in a cell, of all recordings one after the other: int arrays of shape (runs,)."""

    token: Int64  # cell and length as one number, 0 … V − 1
    frames: Int64
    start: Int64
    owner: Int64


def _runs(cells: Sequence[Int64]) -> _Runs:
    starts = [np.flatnonzero(np.diff(chain, prepend=chain[0] - 1)) for chain in cells]
    lengths = [np.diff(at, append=len(chain)) for at, chain in zip(starts, cells, strict=True)]
    frames = np.concatenate(lengths)
    cell = np.concatenate([chain[at] for at, chain in zip(starts, cells, strict=True)])
    number = np.unique(cell, return_inverse=True)[1].reshape(-1)
    token = np.unique(number * (frames.max() + 1) + frames, return_inverse=True)[1]
    owner = np.repeat(np.arange(len(cells)), [len(at) for at in starts])
    return _Runs(token.reshape(-1), frames, np.concatenate(starts), owner)


def _equal_stretches(runs: _Runs) -> tuple[int, int, int] | None:
    """Find two equal stretches of runs, too long for chance: their first runs and their length."""
    bits = _surprise(runs)
    needed = SPARE_BITS + 4 * np.log2(max(2, len(bits)))
    n = int(np.ceil(ROOM * needed / max(float(bits.mean()), 1e-6)))
    if len(bits) < n + 1:
        return None
    total = np.concatenate([[0.0], bits.cumsum()])
    places = np.flatnonzero(
        (total[n:] - total[:-n] >= needed)
        & (runs.owner[: len(bits) - n + 1] == runs.owner[n - 1 :])
    )
    sums = _window_sums(runs.token, n)[places]
    order = np.argsort(sums, kind="stable")
    twice = np.flatnonzero(sums[order][1:] == sums[order][:-1])
    if not twice.size:
        return None
    first = twice[order[twice].argmin()]
    one, two = int(places[order[first]]), int(places[order[first + 1]])
    most = len(bits) - two
    same = (runs.token[one : one + most] == runs.token[two:]) & (
        (runs.owner[two:] == runs.owner[two])
        & (runs.owner[one : one + most] == runs.owner[one])
    )  # fmt: skip
    return one, two, most if same.all() else int(same.argmin())


def _surprise(runs: _Runs) -> Float64:
    """Count the bits of every run after the one before, by a Markov chain of all runs."""
    states = int(runs.token.max()) + 1
    pair = runs.token[:-1] * states + runs.token[1:]
    _, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    before = np.bincount(runs.token[:-1], minlength=states)
    share = (count[place.reshape(-1)] + 1) / (before[runs.token[:-1]] + states)
    return np.concatenate([[np.log2(states)], -np.log2(share)])


def _window_sums(token: Int64, n: int) -> NDArray[np.uint64]:
    """Hash every n consecutive tokens: Σⱼ x_(i+j) rʲ modulo 2⁶⁴ with random x and odd r."""
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 2**64, int(token.max()) + 1, np.uint64)[token]
    r = int(rng.integers(0, 2**63)) * 2 + 1
    powers = _powers(r, len(token) + 1)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(x * powers[:-1], dtype=np.uint64)])
    back = _powers(pow(r, -1, 2**64), len(token) - n + 1)
    return np.asarray((sums[n:] - sums[:-n]) * back)


def _powers(r: int, n: int) -> NDArray[np.uint64]:
    factors = np.full(n, r, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


def _stride(series: Int64, other: Int64) -> tuple[int, int] | None:
    """Say if a series is every k-th frame of another, from which frame on; None if not."""
    k = round(len(series) / len(other))
    if k < 2 or np.count_nonzero(np.diff(other)) < ENOUGH_RUNS:
        return None
    found = {first: _agreement(series[first::k], other) for first in range(k)}
    best = max(found, key=lambda first: found[first])
    return (best, k) if found[best] > AGREEMENT else None


def _agreement(one: Int64, two: Int64) -> float:
    """Give the agreement beyond chance (Cohen's κ) of two series of about one length."""
    n = min(len(one), len(two))
    if abs(len(one) - len(two)) > 1:
        return 0.0
    _, labels = np.unique(np.concatenate([one[:n], two[:n]]), return_inverse=True)
    shares = [np.bincount(part, minlength=labels.max() + 1) / n for part in np.split(labels, 2)]
    chance = float(shares[0] @ shares[1])
    return float((np.mean(one[:n] == two[:n]) - chance) / max(1 - chance, 1e-12))
