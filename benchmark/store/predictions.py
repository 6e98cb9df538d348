"""Prediction files: Parquet, one column, one row a chain or segment; nothing is ever pickled."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError, said
from benchmark.files import atomic, read_small
from benchmark.store.arrow import to_arrow, to_numpy

#: Values of a file of which nothing is known.
MOST_VALUES = 1 << 27

#: Bytes of what is not values: a footer, the heads of pages.
SHORT = 1 << 20

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
    except (OSError, KeyError, ValueError, AttributeError, MemoryError) as error:
        raise ModelError(f"{name} is damaged: {said(error) or 'no reason given'}") from error
    if shape is not None and rows.shape != shape:
        raise ModelError(f"{name} has shape {rows.shape}, expected {shape}")
    return rows


def _read(path: Path, shape: tuple[int, int] | None, dtype: np.dtype[Any] | None) -> NDArray[Any]:
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    values = MOST_VALUES if shape is None else shape[0] * shape[1]
    # Nothing compresses to more than it is, and a footer is short.
    content = read_small(path, 8 * values + SHORT)
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        require_small(file.metadata, values, None if shape is None else shape[0])
        column = file.read(use_threads=False)[path.stem].combine_chunks()
        found = column.flatten()
        if found.null_count or column.null_count:
            raise ValueError("it has gaps")
        if len(column.value_lengths().unique()) != 1:
            raise ValueError("its rows differ in length, or there are none")
    except pa.ArrowException as error:
        raise ValueError(said(error)) from error
    is_number = pa.types.is_integer(found.type) or pa.types.is_floating(found.type)
    if not is_number or dtype not in (None, found.type.to_pandas_dtype()):
        expected = "numbers" if dtype is None else str(dtype)
        raise ValueError(f"it holds {found.type}, not {expected}")
    return to_numpy(found).reshape(len(column), -1)


def require_small(footer: Any, values: int, rows: int | None, columns: int = 1) -> None:
    """Refuse a file whose footer speaks of other rows, or of more, than are expected.

    Parameters
    ----------
    footer : pyarrow.parquet.FileMetaData
    values : int
        Of each column, at most.
    rows : int, optional
        Exactly.
    columns : int
        At most.

    Raises
    ------
    ValueError
        If it does; what it speaks of need not fit into memory.
    """
    if not 1 <= footer.num_columns <= columns:
        expected = "one" if columns == 1 else f"1 … {columns}"
        raise ValueError(f"it has {footer.num_columns} columns, expected {expected}")
    if rows is not None and footer.num_rows != rows:
        raise ValueError(f"it has {footer.num_rows} rows, expected {rows}")
    for column in range(footer.num_columns):
        groups = range(footer.num_row_groups)
        parts = [footer.row_group(number).column(column) for number in groups]
        found = sum(part.num_values for part in parts)
        size = sum(part.total_uncompressed_size for part in parts)
        if found > values or size > 16 * values + SHORT:
            raise ValueError(f"it has {found:,} values, expected {values:,}")
