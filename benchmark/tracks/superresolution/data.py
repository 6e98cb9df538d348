"""Frozen positions: files on disk, segments in memory, and the fingerprint that ties them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, said
from benchmark.files import stamp
from benchmark.store.arrow import to_numpy
from benchmark.store.frozen import fingerprint
from benchmark.store.predictions import MOST_VALUES
from benchmark.store.strangers import Expected, read_table
from benchmark.task import Task
from benchmark.tracks.superresolution.card import Piece, superresolution_card
from benchmark.tracks.superresolution.segments import DenseSegment
from benchmark.untrusted import json_of, shown

#: Å. Positions are stored, and fingerprinted, as integers of it.
RESOLUTION = 1e-6

#: A file's schema holds JSON about it under this key; two of its entries say how the positions are
#: packed: ``resolution_angstrom``, a multiple of `RESOLUTION`, and ``differences``.
METADATA_KEY = b"stridebench"

#: Splits that are kept in memory, 20 MB at most: what a task hands out to a model.
KEPT = 3

#: Differences of differences of smooth curves get no smaller beyond.
MOST_DIFFERENCES = 8

Counts = NDArray[np.int32]  # (frames, atoms, 3), integers of RESOLUTION


def load(task: Task, split: str) -> list[DenseSegment]:
    """Read the segments of a split and check them against the card.

    They are not to be written to: whoever reads the split again while it is kept gets the same.

    Raises
    ------
    InputError
        If the task has no such split, a file is missing or unreadable, or its content is not the
        frozen one.
    """
    card = superresolution_card(task)
    if split not in card.pieces:
        raise InputError(f"{task.id} has no split '{split}'; it has {', '.join(card.pieces)}")
    folder = task.path.parent.parent / "data"
    state = tuple(stamp(folder / piece.file) for piece in card.pieces[split])
    return [*_checked(task, split, state)]


@lru_cache(maxsize=KEPT)
def _checked(task: Task, split: str, state: tuple[tuple[int, ...], ...]) -> list[DenseSegment]:
    """Read a split and check it; the units of a task read the same ones, one after the other."""
    card, folder = superresolution_card(task), task.path.parent.parent / "data"
    pieces = [read_piece(folder, piece, len(card.numbers)) for piece in card.pieces[split]]
    found, frozen = positions_sha256(pieces), card.splits[split].sha256
    if found != frozen:
        files = ", ".join(piece.file for piece in card.pieces[split][:3])
        raise InputError(
            f"{task.id}, split '{split}': {files}, … in {folder} are not the frozen data: their "
            f"content has SHA-256 {found[:12]}…, the card says {frozen[:12]}…; restore them"
        )
    numbers, masses = np.array(card.numbers), np.array(card.masses)
    positions = [counts.astype(np.float64) * RESOLUTION for counts in pieces]
    return [DenseSegment(one, card.frame_time, numbers, masses) for one in positions]


def positions_sha256(pieces: list[Counts]) -> str:
    """Give the SHA-256 of decoded positions, independent of the files' encoding."""
    return fingerprint({"positions": [piece.reshape(-1) for piece in pieces]})


def read_piece(folder: Path, piece: Piece, atoms: int) -> Counts:
    """Read a stretch of a file of positions.

    A file has one int32 column a coordinate, ``x0``, ``y0``, ``z0``, ``x1``, …, one row a frame,
    packed as in `unpacked`.

    Returns
    -------
    int32 array of shape (frames, atoms, 3)
        Integers of `RESOLUTION`.

    Raises
    ------
    InputError
        If the file is missing, or is not such a file, or has other atoms.
    """
    path = folder / piece.file
    table = _read(path)
    names = [f"{axis}{atom}" for atom in range(atoms) for axis in "xyz"]
    if table.column_names != names:
        found = table.num_columns // 3
        raise InputError(f"{path} does not hold the positions of {atoms} atoms, but of {found}")
    if wrong := [str(kind) for kind in table.schema.types if str(kind) != "int32"]:
        raise InputError(f"{path} holds {wrong[0]}, expected int32")
    try:
        positions = unpacked(table)[piece.first : piece.last]
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return positions.reshape(len(positions), atoms, 3)


def unpacked(table: Any) -> NDArray[np.int32]:
    """Give the coordinates of a file's `pyarrow.Table` as integers of `RESOLUTION`.

    Its metadata may say that what it holds are integers of a coarser resolution, and that they are
    differences along time, as `folded_differences` makes them. A file without metadata holds plain
    integers of `RESOLUTION`.

    Returns
    -------
    int32 array of shape (frames, coordinates)

    Raises
    ------
    ValueError
        If the metadata are none of these.
    """
    order, multiple = _packing((table.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    columns = np.stack([to_numpy(column.combine_chunks()) for column in table.columns], axis=1)
    if order:
        columns = (columns >> 1) ^ -(columns & 1)
        for _ in range(order):
            columns = np.cumsum(columns, axis=0, dtype=np.int32)
    return columns * np.int32(multiple)


def _packing(content: bytes) -> tuple[int, int]:
    """Give how often a file's metadata say that differences were taken, and of what multiple."""
    facts = json_of(content)
    order, resolution = 0, RESOLUTION
    if isinstance(facts, dict):
        order = facts.get("differences", order)
        resolution = facts.get("resolution_angstrom", resolution)
    if not isinstance(order, int) or not 0 <= order <= MOST_DIFFERENCES:
        raise ValueError(f"its metadata speak of differences of order {shown(str(order))}")
    if not isinstance(resolution, int | float) or not 0 < resolution <= 1:
        raise ValueError(f"its metadata speak of a resolution of {shown(str(resolution))} Å")
    return order, round(resolution / RESOLUTION)


def folded_differences(columns: NDArray[np.int32], order: int) -> NDArray[np.int32]:
    """Take differences along time ``order`` times, and fold their signs away.

    0, −1, 1, −2, … become 0, 1, 2, 3, …: differences of a smooth curve are small, and of what is
    small and not negative most bytes are 0.

    Parameters
    ----------
    columns : int32 array of shape (frames, coordinates)
    order : int
    """
    for _ in range(order):
        columns = np.diff(columns, axis=0, prepend=np.int32(0))
    return (columns << 1) ^ (columns >> 31)


def _read(path: Path) -> Any:
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(f"{path} is missing; restore it (git checkout) or run its generator")
    try:
        footer = pq.read_metadata(path)
        if footer.num_rows * footer.num_columns > MOST_VALUES:
            raise InputError(
                f"{path} holds {footer.num_rows:,} frames of {footer.num_columns // 3:,} atoms, "
                f"over {MOST_VALUES:,} coordinates; split it"
            )
        return read_table(path, Expected(footer.num_rows, columns=footer.num_columns))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} is not a readable Parquet file: {said(error)}") from error


def frozen_parts(task: Task) -> list[Callable[[], object]]:
    """Give what reads each split; a damaged one raises InputError."""
    return [partial(load, task, split) for split in task.card.splits]


@lru_cache(maxsize=2)
def truth(task: Task) -> tuple[DenseSegment, ...]:
    """Give the test segments, each up to its last kept frame.

    Raises
    ------
    InputError
        If the frozen data are missing or damaged.
    """
    segments = load(task, "test")
    return tuple(segment.cut(superresolution_card(task).gap) for segment in segments)
