"""When numbers are labels: whole, not negative, not too many; and what is wrong if not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from tasks.private.recording import Recording

#: Labels are stored in 8 bits.
MOST_LABELS = 256

#: Written where there is no value: by masked arrays of NumPy, by programs with 32 bits.
FILLS = {999_999, 2**31 - 1}

#: 999, 9999, … stand for none if they are so many times the largest label below.
MUCH = 10

#: Labels that are off integers by less have gone through arithmetic: no coordinate is so near to
#: integers throughout.
NOISE = 1e-3

AS_COORDINATE = "--partition bins or --partition kmeans takes them for a coordinate"


def as_states(recordings: Sequence[Recording], asked: bool) -> list[Recording]:
    """Turn numbers into labels if they look like it.

    Negative labels mean "no state": at either end of a recording they are padding and are cut off.

    Parameters
    ----------
    recordings : sequence of Recording
        Of numbers.
    asked : bool
        Whether the user says that these are labels.

    Returns
    -------
    list of Recording
        All of states, or all as they were.

    Raises
    ------
    InputError
        If labels were asked for and these are none; if whole numbers look like labels, but are
        too many, too large, or in several columns; if a frame in between has no state.
    """
    faults = [_no_labels(found) for found in recordings]
    if asked and any(faults):
        at = next(number for number, fault in enumerate(faults) if fault)
        raise InputError(f"--partition states: {recordings[at].name} {faults[at]}")
    whole = [_is_whole(found.values) for found in recordings]
    if not all(whole):
        _require_no_labels_among(recordings, whole)
        _require_no_noise(recordings)
        return list(recordings)
    for found, fault in zip(recordings, faults, strict=True):
        if fault:
            raise InputError(f"{found.name} looks like labels, but {fault}")
    states = [_without_padding(found) for found in recordings]
    distinct = len(np.unique(np.concatenate([found.values for found in states])))
    if distinct > MOST_LABELS:
        raise InputError(
            f"the {len(states)} recordings hold {distinct} different integers together, labels "
            f"are at most {MOST_LABELS}; {AS_COORDINATE}"
        )
    return states


def _is_whole(values: NDArray[Any]) -> bool:
    return values.dtype.kind != "f" or bool((values == np.rint(values)).all())


def _no_labels(recording: Recording) -> str:
    """Say why a recording cannot be a series of labels; empty if it can."""
    values: NDArray[Any] = recording.values
    if values.shape[1] != 1:
        return (
            f"has {values.shape[1]} columns, states have one; choose it with --columns, or give "
            f"trajectories that lie side by side as rows; {AS_COORDINATE}"
        )
    if values.dtype.kind == "f":
        if (off := values != np.rint(values)).any():
            return f"holds {values[off][0]}, which is no integer"
        # Beyond, not every whole number exists, so that two labels may have become one.
        exact = 2.0 ** (np.finfo(values.dtype).nmant + 1)
        if (large := np.abs(values) >= exact).any():
            return f"holds {values[large][0]:g}, which is no label: numbers so large are rounded"
    if fault := _no_value(values):
        return fault
    if (found := len(np.unique(values))) > MOST_LABELS:
        return (
            f"holds {found} different integers, labels are at most {MOST_LABELS}; {AS_COORDINATE}"
        )
    return ""


def _no_value(values: NDArray[Any]) -> str:
    """Say if a number that stands for "no value" is among labels; empty if not."""
    if values.dtype.kind == "b":
        return ""
    found = np.unique(values)
    largest = int(found[-1])
    if largest - 1 in found:
        return ""
    nines = (
        set(str(largest)) == {"9"}
        and largest > 99
        and largest > MUCH * int(found[:-1].max(initial=0))
    )
    share = f"holds {largest} in {np.count_nonzero(values == largest):,} frames, which "
    if values.dtype.kind == "u" and largest == np.iinfo(values.dtype).max:
        bits = 8 * values.dtype.itemsize
        return f"{share}is what −1 ('no state') becomes in {bits} bits; save it as signed integers"
    own = {int(np.iinfo(values.dtype).max)} if values.dtype.kind == "i" else set()
    if nines or largest in FILLS | own:
        return f"{share}stands for 'no value'; cut these frames off, or call the label otherwise"
    if largest > np.iinfo(np.int64).max:
        return f"{share}is no label: it is too large"
    return ""


def _require_no_labels_among(recordings: Sequence[Recording], whole: Sequence[bool]) -> None:
    """Refuse files of integers among files of other numbers: either may be meant."""
    for found, is_whole in zip(recordings, whole, strict=True):
        if is_whole and found.values.dtype.kind in "iu":
            other = recordings[list(whole).index(False)]
            raise InputError(
                f"{found.name} holds integers, {other.name} other numbers; all must be of one "
                f"system: leave out what is not, or {AS_COORDINATE}"
            )


def _require_no_noise(recordings: Sequence[Recording]) -> None:
    """Refuse labels that are off integers by rounding: as a coordinate they would be binned."""
    for found in recordings:
        values = found.values
        if values.shape[1] != 1 or values.dtype.kind != "f":
            continue
        nearest = np.rint(values)
        labels = len(np.unique(nearest))
        if 1 < labels <= MOST_LABELS and (np.abs(values - nearest) < NOISE).all():
            off = values[values != nearest]
            if len(off):
                raise InputError(
                    f"{found.name} holds {labels} different integers, but with noise (the first "
                    f"is {off[0]!s}): are they labels? round them; {AS_COORDINATE}"
                )


def _without_padding(recording: Recording) -> Recording:
    """Cut negative labels off either end; refuse them in between, where runs pass through."""
    values = recording.values.astype(np.int64)
    unassigned = values[:, 0] < 0
    if not unassigned.any():
        return replace(recording, values=values, kind="states")
    assigned = np.flatnonzero(~unassigned)
    if not assigned.size:
        raise InputError(f"{recording.name} holds negative labels only: no frame has a state")
    first, last = int(assigned[0]), int(assigned[-1])
    inside = first + np.flatnonzero(unassigned[first : last + 1])
    if inside.size:
        raise InputError(
            f"{recording.name}: {len(inside):,} frames in between have a negative label, the first "
            f"is frame {inside[0]:,} ({values[inside[0], 0]}); that means 'no state', and what "
            "happens there would be lost: give them the label visited last, or one of their own "
            "from 0 on, or cut the file there"
        )
    cut = len(values) - (last + 1 - first)
    note = f"{cut:,} frames with negative labels at its ends ('no state') are left out"
    return replace(
        recording,
        values=values[first : last + 1],
        kind="states",
        notes=(*recording.notes, note),
    )
