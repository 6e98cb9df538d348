"""Numbers that stand for "no value" among those of a coordinate: −999, 9999, 1e20, a row of zeros.

They are told by where they lie, as no list of them is complete: beyond all others, with nothing in
between. A coordinate that was clipped has its other values next to the limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from tasks.private.recording import Recording

Float64 = NDArray[np.float64]

#: What programs and people write; besides, anything beyond `HUGE`, as NetCDF's 9.97e36 and 1e20.
KNOWN = frozenset([99.0, 999.0, 9999.0, 99_999.0, 999_999.0])
HUGE = 1e15

#: Fewer different values are levels, of which one may lie anywhere.
LEVELS = 100

#: The gap before a value that stands for none, over the range of the others: if it comes once,
#: if it comes again to the last digit, and if it comes `OFTEN` where others hardly ever do.
ONCE, AGAIN, APART = 10.0, 1.0, 0.05
OFTEN, UNROUNDED = 10, 0.5

#: More frames at one end of a range may be a state that was clipped as a whole.
MOST = 0.2


def refuse_fills(recordings: Sequence[Recording]) -> None:
    """Refuse coordinates among whose values some stand for none.

    Raises
    ------
    InputError
        Names the value, how often it is there and where first, and the range of all others.
    """
    for found in recordings:
        if found.kind != "numbers":
            continue
        for at, column in enumerate(found.values.T.astype(np.float64)):
            if (value := _fill(column)) is not None:
                raise InputError(_message(found, at, column, value))


def _fill(column: Float64) -> float | None:
    """Give the largest or smallest value if it stands for none."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) < 3:
        return None
    for end, rest in ((-1, slice(None, -1)), (0, slice(1, None))):
        others = values[rest]
        value, gap = float(values[end]), abs(float(values[end] - others[end]))
        with np.errstate(over="ignore"):
            apart = gap / float(others[-1] - others[0])
        if _stands_for_none(value, int(counts[end]), apart, others, counts[rest]):
            return value
    return None


def _stands_for_none(
    value: float, count: int, apart: float, others: Float64, counts: NDArray[np.int64]
) -> bool:
    if apart > AGAIN and (abs(value) in KNOWN or abs(value) > HUGE):
        return True
    if len(others) < LEVELS:
        return False
    often = count >= OFTEN and count < MOST * (count + counts.sum())
    unrounded = len(others) > UNROUNDED * counts.sum()
    return bool(
        apart > ONCE
        or (count > 1 and apart > AGAIN)
        or (often and unrounded and apart > APART)
    )  # fmt: skip


def _message(found: Recording, at: int, column: Float64, value: float) -> str:
    there = column == value
    name = f", {found.columns[at]}" if at < len(found.columns) else f", column {at + 1}"
    others = column[~there]
    return (
        f"{found.name}{name}: {value:g} is there in {np.count_nonzero(there):,} of "
        f"{len(column):,} frames, first in frame {int(there.argmax()):,}, and all other values are "
        f"{others.min():g} … {others.max():g}: does it stand for no value? cut these frames off, "
        "or cut the file there"
    )
