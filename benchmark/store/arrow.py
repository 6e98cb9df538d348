"""From numpy to Arrow and back without pandas, which Arrow itself takes half a second to load."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_arrow(values: NDArray[Any]) -> Any:
    """Give an Arrow array on the memory of a one-dimensional numpy array of numbers."""
    import pyarrow as pa  # slow to load

    contiguous = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(contiguous.dtype)
    return pa.Array.from_buffers(kind, len(contiguous), [None, pa.py_buffer(contiguous)])


def to_numpy(values: Any) -> NDArray[Any]:
    """Give a numpy array, not to be written to, on the memory of an Arrow array of numbers."""
    return np.from_dlpack(values)
