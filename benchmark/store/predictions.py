"""Prediction files: Parquet, one column, one row a chain or segment; nothing is ever pickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError
from benchmark.files import atomic


def write(folder: Path, name: str, rows: NDArray[Any]) -> None:
    """Write a two-dimensional array, one row a chain, atomically."""
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    values = pa.array(np.ascontiguousarray(rows).reshape(-1))
    offsets = pa.array(np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1])
    table = pa.table({name.removesuffix(".parquet"): pa.ListArray.from_arrays(offsets, values)})
    with atomic(folder / name) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read(folder: Path, name: str) -> NDArray[Any] | None:
    """Read what ``write`` wrote; None if there is no such file.

    Raises
    ------
    ModelError
        If the file is damaged or its rows differ in length.
    """
    import pyarrow as pa  # slow to load
    import pyarrow.parquet as pq

    path = folder / name
    if not path.exists():
        return None
    try:
        column = pq.read_table(path)[name.removesuffix(".parquet")].combine_chunks()
        values = column.flatten().to_numpy(zero_copy_only=False)
        if len(column.value_lengths().unique()) != 1:
            raise ValueError("its rows differ in length, or there are none")
        if values.dtype.kind not in "uif":
            raise ValueError(f"it holds {column.type.value_type}, not numbers")
        return values.reshape(len(column), -1)
    except (pa.ArrowException, OSError, KeyError, ValueError, AttributeError) as error:
        raise ModelError(f"{name} is damaged: {str(error).splitlines()[0]}") from error
