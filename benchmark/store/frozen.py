"""Frozen data: Parquet on disk, arrays in memory, and the fingerprint that ties them together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, said
from benchmark.files import atomic, stamp
from benchmark.installed import is_installed
from benchmark.store.arrow import to_numpy
from benchmark.store.strangers import Expected, read_table
from benchmark.task import Split, Task

#: What each column of a split may hold; the fingerprint is taken of exactly these bytes.
COLUMNS: dict[str, np.dtype[Any]] = {
    "states": np.dtype("<u1"),
    "oracle_log_prob": np.dtype("<i4"),
    "positions": np.dtype("<i4"),
}

#: Splits that makers of tasks and the control `truth` need alone: an installed package lacks them.
LEFT_OUT = ("fresh",)

#: Splits that are kept in memory, some megabytes each: what two tasks hand out to a model.
KEPT = 8

Columns = Mapping[str, Sequence[NDArray[Any]]]


def fingerprint(columns: Columns) -> str:
    """Give the SHA-256 of decoded content: it does not depend on the file's encoding.

    Columns in alphabetical order; of each its name and dtype, then of each row its length
    (uint64) and its values, little-endian.
    """
    digest = hashlib.sha256()
    for name in sorted(columns):
        dtype = COLUMNS[name]
        digest.update(f"{name}:{dtype.str}:{len(columns[name])};".encode())
        for row in columns[name]:
            digest.update(np.array(len(row), "<u8").tobytes())
            digest.update(np.ascontiguousarray(row, dtype).tobytes())
    return digest.hexdigest()


def freeze(path: Path, columns: Columns) -> Split:
    """Write a split (one row a chain) as Parquet and describe it for the card."""
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    table = pa.table(
        {
            name: pa.array(
                [pa.array(np.ascontiguousarray(row, COLUMNS[name])) for row in rows],
                pa.list_(pa.from_numpy_dtype(COLUMNS[name])),
            )
            for name, rows in columns.items()
        }
    )
    # Parquet stores a label in four bytes. Taken apart, the three that are zero cost nothing; no
    # dictionary is as small for labels that come as often as one another.
    options = {"use_dictionary": False, "use_byte_stream_split": True}
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=19, **options)
    frames = sum(len(row) for row in columns["states"])
    return Split(rows=len(columns["states"]), frames=frames, sha256=fingerprint(columns))


def load(task: Task, split: str) -> dict[str, list[NDArray[Any]]]:
    """Read a split and check it against the card.

    Returns
    -------
    dict of column name to a list of arrays, one a row
        Not to be written to: whoever reads the split again while it is kept gets the same.

    Raises
    ------
    InputError
        If the task has no such split, the file is missing or unreadable, or its content is not
        the frozen one.
    """
    if split not in task.card.splits:
        raise InputError(f"{task.id} has no split '{split}'; it has {', '.join(task.card.splits)}")
    path = task.data / f"{split}.parquet"
    if is_left_out(task, split):
        raise InputError(
            f"the '{split}' chains of {task.id} are not part of the installed package; "
            "work in a clone of the repository, which has them"
        )
    expected = task.card.splits[split]
    values = expected.frames + expected.rows  # an empty row counts as a value
    columns = _checked(path, stamp(path), values, expected.sha256)
    return {name: [*rows] for name, rows in columns.items()}


@lru_cache(maxsize=KEPT)
def _checked(path: Path, state: tuple[int, ...], values: int, frozen: str) -> Columns:
    """Read a file and check it; the units of a task read the same ones, one after the other."""
    columns = _read(path, values)
    found = fingerprint(columns)
    if found != frozen:
        raise InputError(
            f"{path} is not the frozen data: its content has SHA-256 {found[:12]}…, the card says "
            f"{frozen[:12]}…; restore it (git checkout -- '{path.name}' in its folder)"
        )
    return columns


def is_left_out(task: Task, split: str) -> bool:
    """Say whether a split is missing because the installed package does without it."""
    root = task.path.parent.parent.parent.parent  # of ROOT/tasks/FAMILY/cards/NAME.yaml
    missing = not (task.data / f"{split}.parquet").exists()
    return split in LEFT_OUT and missing and is_installed(root)


def _table(path: Path, values: int) -> Any:
    """Read a Parquet file, unless it holds more than the card says: a small one can be large."""
    try:
        return read_table(path, Expected(values, columns=len(COLUMNS)))
    except OSError as error:
        raise InputError(f"{path} is not a readable Parquet file: {said(error)}") from error
    except ValueError as error:
        raise InputError(f"{path} is not the frozen data: {said(error)}; restore it") from error


def _read(path: Path, values: int) -> dict[str, list[NDArray[Any]]]:
    import pyarrow as pa  # slow to load

    if not path.is_file():
        raise InputError(f"{path} is missing; restore it (git checkout) or run its generator")
    table = _table(path, values)
    unknown = set(table.column_names) - set(COLUMNS)
    if unknown:
        raise InputError(f"{path} has the unknown column '{unknown.pop()}'")
    for name in table.column_names:
        # Other types could wrap round to the right fingerprint.
        expected = pa.list_(pa.from_numpy_dtype(COLUMNS[name]))
        if table[name].type != expected:
            raise InputError(f"{path}: '{name}' holds {table[name].type}, expected {expected}")
        if any(part.null_count or part.flatten().null_count for part in table[name].chunks):
            raise InputError(f"{path}: '{name}' has gaps")
    return {name: [to_numpy(row.values) for row in table[name]] for name in table.column_names}
