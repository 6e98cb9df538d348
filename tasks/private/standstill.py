"""Frames that are no frames of their own: saved several times, interpolated, or standing still.

Nothing that moves comes to the same numbers twice in a row. Frames saved k times each make every
time k times too long, and a model that repeats itself perfect in all frames but one of k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from tasks.private.recording import Recording

#: Changes from which on it is no chance that all are a multiple of some frames apart: 2^−20.
ENOUGH_CHANGES = 20

#: Changes that may be out of step, of all: frames lost or saved twice more at a restart.
OUT_OF_STEP = 0.02

#: Frames are hardly saved more often.
MOST_TIMES = 1000

#: More frames in a row do not stay the same …
LONG = 10
#: … where of all others no more than this share does.
SELDOM = 0.01

#: Of coordinates that are not rounded to few values, more frames than this share do not lie on the
#: line between their neighbours, to so much of a usual step.
MADE_UP, UNROUNDED, ON_A_LINE = 0.3, 0.5, 1e-6
EPSILON = float(np.finfo(np.float32).eps)

#: A coordinate that was clipped has other values so near to the limit, of its range.
NEXT_TO = 0.01


def refuse_standstill(recordings: Sequence[Recording], stride: int) -> None:
    """Refuse frames that are there several times, of any kind, and coordinates that stand still.

    Parameters
    ----------
    recordings : sequence of Recording
        Of which every ``stride``-th frame has been taken.
    stride : int

    Raises
    ------
    InputError
        Says how often frames are there, or where nothing moves.
    """
    for found in recordings:
        changes = np.flatnonzero((found.values[1:] != found.values[:-1]).any(axis=1)) + 1
        if (times := _times(changes)) > 1:
            raise InputError(
                f"{found.name}: its values change in one frame of {times} only: each was saved "
                f"{times} times; give --stride {times * stride}, and --interval if its frames are "
                "not as far apart as it says"
            )
        if found.kind != "states" and (share := _between(found.values)) > MADE_UP:
            raise InputError(
                f"{found.name}: {share:.0%} of its frames lie exactly half-way between their "
                "neighbours: they were interpolated; bring the frames of the run itself"
            )
        if found.kind != "states" and (still := _still(found.values, changes)):
            first, last = still
            raise InputError(
                f"{found.name}: frames {first:,} to {last:,} are the same to the last digit, and "
                "hardly any others are: were they written without a value, or did the run stand "
                "still? cut the file there"
            )


def _times(changes: NDArray[np.intp]) -> int:
    """Give the most frames of which all steps between changes, or nearly all, are multiples."""
    steps = np.diff(changes)
    if len(steps) < ENOUGH_CHANGES:
        return 1
    most = min(int(np.median(steps)), MOST_TIMES)
    fits = (k for k in range(most, 1, -1) if np.mean(steps % k == 0) > 1 - OUT_OF_STEP)
    return next(fits, 1)


def _between(values: NDArray[np.generic]) -> float:
    """Give the share of frames that are the mean of their neighbours, but for rounding."""
    x = values.astype(np.float64)
    moving = x[:, np.ptp(x, axis=0) > 0]
    distinct = [len(np.unique(column)) for column in moving.T]
    if len(x) < LONG or not distinct or min(distinct) < UNROUNDED * len(x):
        return 0.0
    bends, steps = np.diff(moving, 2, axis=0), np.diff(moving, axis=0)
    small = ON_A_LINE * np.sqrt((steps**2).mean(0)) + 4 * EPSILON * np.abs(moving).max(0)
    return float((np.abs(bends) <= small).all(axis=1).mean())


def _still(values: NDArray[np.generic], changes: NDArray[np.intp]) -> tuple[int, int] | None:
    """Find a stretch of frames that are all the same where hardly any others are."""
    borders = np.concatenate([[0], changes, [len(values)]])
    lengths = np.diff(borders)
    long = lengths >= LONG
    if not long.any() or long.all():
        return None
    same, all_others = (lengths[~long] - 1).sum(), lengths[~long].sum()
    if same > SELDOM * all_others:
        return None
    limits = [_limits(column) for column in values.T]
    for at in np.flatnonzero(long):
        first, last = int(borders[at]), int(borders[at + 1]) - 1
        if any(x not in of for x, of in zip(values[first].tolist(), limits, strict=True)):
            return first, last
    return None


def _limits(column: NDArray[np.generic]) -> list[float]:
    """Give the largest and smallest value, each if others are next to it: it may be a limit."""
    different = np.unique(column)
    if len(different) < 3:
        return different.tolist()
    near = NEXT_TO * float(different[-1] - different[0])
    ends = ((different[0], different[1]), (different[-1], different[-2]))
    return [end.item() for end, other in ends if abs(float(end) - float(other)) <= near]
