"""What each frame of a GROMACS .trr holds: positions, velocities and forces are all optional.

A run may write velocities more often than positions. Readers that only hand on arrays repeat the
positions of the frame before, or give zeros, and do not tell.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

#: How a frame begins.
MAGIC = 1993

#: Sizes in bytes, in this order: input record, energies, box, virial, pressure, topology, symbols,
#: positions, velocities, forces; then the numbers of atoms, step and energies. Big-endian.
SIZES = struct.Struct(">13i")
BOX, POSITIONS, VELOCITIES, FORCES, ATOMS = 2, 7, 8, 9, 10


@dataclass(frozen=True, eq=False)
class TrrFrames:
    """Which arrays the frames of a .trr hold: bool arrays of shape (frames,)."""

    positions: NDArray[np.bool_]
    velocities: NDArray[np.bool_]
    forces: NDArray[np.bool_]


def trr_frames(path: Path) -> TrrFrames:
    """Read the headers of all frames.

    Raises
    ------
    ValueError
        If the file is no .trr, or is cut short.
    """
    found = []
    end = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < end:
            sizes = _header(file)
            found.append([sizes[at] > 0 for at in (POSITIONS, VELOCITIES, FORCES)])
            file.seek(sum(sizes[:ATOMS]), 1)
        if file.tell() > end:
            raise ValueError("the last frame is cut short")
    return TrrFrames(*np.array(found, bool).reshape(-1, 3).T)


def _header(file: BinaryIO) -> tuple[int, ...]:
    """Read a header, up to where the arrays begin; give its sizes."""
    magic, _, length = struct.unpack(">3i", _bytes(file, 12))
    if magic != MAGIC or not 0 <= length < 100:
        raise ValueError(f"a frame begins with {magic}, not with {MAGIC}")
    _bytes(file, -(-length // 4) * 4)  # the version, filled up to a multiple of four
    sizes: tuple[int, ...] = SIZES.unpack(_bytes(file, SIZES.size))
    if min(sizes[:ATOMS]) < 0:
        raise ValueError("an array has a negative size")
    _bytes(file, 2 * _real(sizes))  # time and lambda
    return sizes


def _real(sizes: tuple[int, ...]) -> int:
    """Tell single from double precision, in bytes a number, from any array of known shape."""
    atoms = max(1, sizes[ATOMS])
    if sizes[BOX]:
        return sizes[BOX] // 9
    return max(sizes[at] // (3 * atoms) for at in (POSITIONS, VELOCITIES, FORCES)) or 4


def _bytes(file: BinaryIO, n: int) -> bytes:
    read = file.read(n)
    if len(read) < n:
        raise ValueError("the last frame is cut short")
    return read
