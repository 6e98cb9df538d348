"""Prediction files: Parquet, one column, one row a chain or segment; nothing is ever pickled."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError, said
from benchmark.files import atomic
from benchmark.store.arrow import to_arrow
from benchmark.store.strangers import Expected, read_column

#: Values of a file of which nothing is known.
MOST_VALUES = 1 << 27

#: Bytes of them in a file that `write` has written.
HEADS = 1 << 14


def most_bytes(values: int, dtype: Any) -> int:
    """Give the bytes that `write` takes at most for so many values.

    Numbers that do not come again, with a dictionary of them, take 1.6 times what they are.
    """
    return 2 * values * np.dtype(dtype).itemsize + HEADS


def write(folder: Path, name: str, rows: NDArray[Any]) -> None:
    """Write a two-dimensional array, one row a chain, atomically."""
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    values = to_arrow(rows.reshape(-1))
    offsets = to_arrow(np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1])
    table = pa.table({name.removesuffix(".parquet"): pa.ListArray.from_arrays(offsets, values)})
    # Coordinates do not come again, so that a dictionary of them is as long as they are. Taken
    # apart, their high bytes cost little.
    apart = rows.dtype == np.int32
    options = {"use_dictionary": not apart, "use_byte_stream_split": apart}
    with atomic(folder / name) as temporary:
        pq.write_table(table, temporary, compression="zstd", **options)


def read(
    folder: Path, name: str, shape: tuple[int, int] | None = None, dtype: Any = None
) -> NDArray[Any] | None:
    """Read what ``write`` wrote; None if there is no such file.

    Parameters
    ----------
    folder, name
        Where it is.
    shape : tuple of int, optional
        Rows and values of each that are expected. A file that says otherwise in its footer is not
        read: a small one can hold more than fits into memory.
    dtype : numpy dtype, optional
        Of its values.

    Raises
    ------
    ModelError
        If the file is damaged, its rows differ in length, or it is not what is expected.
    """
    path = folder / name
    if not os.path.lexists(path):
        return None
    try:
        rows = _read(path, shape, None if dtype is None else np.dtype(dtype))
    except (OSError, ValueError, MemoryError) as error:
        raise ModelError(f"{name} is damaged: {said(error) or 'no reason given'}") from error
    if shape is not None and rows.shape != shape:
        raise ModelError(f"{name} has shape {rows.shape}, expected {shape}")
    return rows


def _read(path: Path, shape: tuple[int, int] | None, dtype: np.dtype[Any] | None) -> NDArray[Any]:
    values = MOST_VALUES if shape is None else shape[0] * shape[1]
    expected = Expected(values, None if shape is None else shape[0])
    array, found = read_column(path, expected)
    if dtype not in (None, array.dtype):
        raise ValueError(f"it holds {found}, not {dtype}")
    return array
