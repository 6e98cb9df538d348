"""What is wrong with the shape of an answer, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations


def shape_fault(
    found: Sequence[int],
    expected: Sequence[int],
    axes: Sequence[str],
    hints: Mapping[int, str],
) -> str:
    """Say how a shape differs from what was expected; empty if it does not.

    Parameters
    ----------
    found, expected : sequence of int
    axes : sequence of str
        What each axis counts; one of them is "frames".
    hints : mapping of int to str
        What to do if there are so many frames too many, or too few where negative.
    """
    found, expected = tuple(found), tuple(expected)
    if found == expected:
        return ""
    fault = f"shape {found}, expected {expected}"
    if len(found) != len(expected):
        return f"{fault}: {', '.join(axes)}"
    for order in permutations(range(len(found))):
        if tuple(found[axis] for axis in order) == expected:
            return f"{fault}: exchange its axes, transpose({', '.join(map(str, order))})"
    frames = list(axes).index("frames")
    off = found[frames] - expected[frames]
    others = [axis for axis in range(len(found)) if axis != frames]
    hint = hints.get(off, "") if all(found[axis] == expected[axis] for axis in others) else ""
    return f"{fault}: {hint}" if hint else fault
