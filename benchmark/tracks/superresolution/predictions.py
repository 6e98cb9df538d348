"""What a super-resolution model may answer, and the file it is kept in.

``positions.parquet``
    int32, the reconstructed coordinates in 1e-7 Å, one row a test segment. (A score may be as
    small as 1e-6 Å; float32 would round 5 Å by 2e-7 Å.)
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
    rows = [np.rint(one.reshape(-1) / POSITION_UNIT).astype(np.int32) for one in segments]
    write(folder, RECONSTRUCTION, np.stack(rows))


def read_positions(folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """Read what `write_positions` wrote.

    Raises
    ------
    ModelError
        If the file is missing or damaged, or does not hold segments of these shapes.
    """
    size = int(np.prod(shapes[0]))
    rows = read(folder, RECONSTRUCTION, (len(shapes), size), np.int32)
    if rows is None:
        raise ModelError(f"{RECONSTRUCTION} is missing")
    if any(tuple(shape) != tuple(shapes[0]) for shape in shapes):
        raise ModelError(f"{RECONSTRUCTION} cannot hold segments that differ in length")
    farthest = max(abs(int(rows.min())), abs(int(rows.max()))) * POSITION_UNIT
    if farthest > MAX_POSITION * (1 + 1e-9):
        raise ModelError(f"{RECONSTRUCTION} puts an atom at {farthest:.3g} Å; the limit is 200 Å")
    return [(row * POSITION_UNIT).reshape(shape) for row, shape in zip(rows, shapes, strict=True)]
