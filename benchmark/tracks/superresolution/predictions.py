"""What a super-resolution model may answer, and the file it is kept in.

``positions.parquet``
    int32, the reconstructed coordinates in 1e-7 Å. (A score may be as small as 1e-6 Å; float32
    would round 5 Å by 2e-7 Å.) One row a coordinate of a test segment, as its third differences in
    time: atoms move smoothly, so that these are small and a file is a third as long. Older files
    hold the coordinates themselves, one row a segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError
from benchmark.shapes import shape_fault
from benchmark.store.predictions import read, write

RECONSTRUCTION = "positions.parquet"

#: Of the differences in time that are stored.
ORDER = 3

#: Å. Reconstructed coordinates are stored as integers of it, so up to ±200 Å.
POSITION_UNIT = 1e-7
MAX_POSITION = 200.0


def checked_positions(positions: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Check the shape and the values of a model's answer to ``reconstruct``.

    Raises
    ------
    ModelError
        If the shape is wrong, or a coordinate is NaN, infinite or beyond 200 Å.
    """
    array = np.asarray(positions)
    hints = {
        -1: "include the first frame and the last, which are given",
        1: "the last frame is a kept one, and nothing follows it",
    }
    if fault := shape_fault(array.shape, shape, ("frames", "atoms", "coordinates"), hints):
        raise ModelError(f"reconstruct gave {fault}")
    if not np.issubdtype(array.dtype, np.floating):
        raise ModelError(f"reconstruct gave {array.dtype}, expected float64 positions in Å")
    if not np.isfinite(array).all():
        raise ModelError("reconstruct gave NaN or infinite positions")
    farthest = float(np.abs(array).max())
    if farthest > MAX_POSITION:
        raise ModelError(f"reconstruct put an atom at {farthest:.3g} Å; the limit is 200 Å")
    return array.astype(np.float64, copy=False)


def write_positions(folder: Path, segments: Sequence[NDArray[np.float64]]) -> None:
    """Write reconstructions, each of shape (frames, atoms, 3) in Å and of the same length."""
    flat = [one.reshape(len(one), -1).T for one in segments]
    write(folder, RECONSTRUCTION, _differences(np.concatenate(flat)))


def _differences(coordinates: NDArray[np.float64]) -> NDArray[np.int32]:
    """Give third differences along the last axis, with the sign in the lowest bit.

    What is too large for 32 bits wraps round, here and back.
    """
    values = np.rint(coordinates / POSITION_UNIT).astype(np.int32)
    for _ in range(ORDER):
        values = np.diff(values, axis=-1, prepend=np.int32(0))
    return (values << 1) ^ (values >> 31)


def _summed(stored: NDArray[np.int32]) -> NDArray[np.int32]:
    """Undo `_differences`: coordinates in units of 1e-7 Å."""
    folded = stored.view(np.uint32)
    values = (folded >> 1).view(np.int32) ^ -(folded & 1).view(np.int32)
    for _ in range(ORDER):
        values = np.cumsum(values, axis=-1, dtype=np.int32)
    return values


def _read_rows(folder: Path, n_segments: int, frames: int, width: int) -> NDArray[np.int32] | None:
    """Read coordinates, one row a segment, from a file of today or an older one."""
    try:
        stored = read(folder, RECONSTRUCTION, (n_segments * width, frames), np.int32)
    except ModelError:
        # Of a file that is neither, the fault is told by what an older one should be.
        return read(folder, RECONSTRUCTION, (n_segments, frames * width), np.int32)
    if stored is None:
        return None
    by_frame = _summed(stored).reshape(n_segments, width, frames).transpose(0, 2, 1)
    return by_frame.reshape(n_segments, frames * width)


def read_positions(folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """Read what `write_positions` wrote.

    Raises
    ------
    ModelError
        If the file is missing or damaged, or does not hold segments of these shapes.
    """
    rows = _read_rows(folder, len(shapes), shapes[0][0], int(np.prod(shapes[0][1:])))
    if rows is None:
        raise ModelError(f"{RECONSTRUCTION} is missing")
    if any(tuple(shape) != tuple(shapes[0]) for shape in shapes):
        raise ModelError(f"{RECONSTRUCTION} cannot hold segments that differ in length")
    farthest = max(abs(int(rows.min())), abs(int(rows.max()))) * POSITION_UNIT
    if farthest > MAX_POSITION * (1 + 1e-9):
        raise ModelError(f"{RECONSTRUCTION} puts an atom at {farthest:.3g} Å; the limit is 200 Å")
    return [(row * POSITION_UNIT).reshape(shape) for row, shape in zip(rows, shapes, strict=True)]
