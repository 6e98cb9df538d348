"""What a prediction looks like on disk: Parquet files, nothing pickled.

Kinetics, two files a unit:

``log_prob.parquet``
    float32, ln p(s_t | s_<t) of the label that the test chain really shows, one row a test chain.
    Absent where a model gives no (admissible) probabilities.
``samples.parquet``
    uint8, the generated labels after prompt and burn-in, one row a chain.

Super-resolution, one file:

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
from benchmark.files import atomic
from benchmark.model import Labels, Probabilities

#: Σp may differ from 1 by this much (float32 arithmetic over up to 256 labels).
NORMALISATION_TOLERANCE = 1e-5

LOG_PROB = "log_prob.parquet"
SAMPLES = "samples.parquet"
POSITIONS = "positions.parquet"

#: Å. Reconstructed coordinates are stored as integers of it, so up to ±200 Å.
POSITION_UNIT = 1e-7
MAX_POSITION = 200.0


def write(folder: Path, name: str, rows: NDArray[Any]) -> None:
    """Write a two-dimensional array, one row a chain, atomically."""
    import pyarrow as pa
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
    import pyarrow as pa
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


def checked_probabilities(probabilities: Any, states: Labels, n_labels: int) -> Probabilities:
    """Check the shape and the values of a model's answer to ``predict``.

    Raises
    ------
    ModelError
        If the shape is wrong, or a value is NaN, infinite or negative.
    """
    expected = (*states.shape, n_labels)
    array = np.asarray(probabilities)
    if array.shape != expected:
        raise ModelError(f"predict gave shape {array.shape}, expected {expected}")
    if not np.issubdtype(array.dtype, np.floating):
        raise ModelError(f"predict gave {array.dtype}, expected float32 probabilities")
    if not np.isfinite(array).all():
        raise ModelError("predict gave NaN or infinite probabilities")
    if (array < 0).any():
        raise ModelError(f"predict gave a negative probability ({array.min():.3g})")
    return array.astype(np.float32, copy=False)


def realised_log_prob(probabilities: Probabilities, states: Labels) -> NDArray[np.float32]:
    """Give ln p of the labels that really came, shape (chains, frames); −inf where p = 0."""
    chosen = np.take_along_axis(probabilities, states[..., None].astype(np.intp), axis=-1)
    with np.errstate(divide="ignore"):
        return np.log(chosen[..., 0])


def checked_samples(samples: Any, chains: int, frames: int, n_labels: int) -> Labels:
    """Check the shape and the values of a model's answer to ``sample``.

    Raises
    ------
    ModelError
        If the shape is wrong (too short, too long), a value is not an integer, or is no label.
    """
    array = np.asarray(samples)
    if array.shape != (chains, frames):
        raise ModelError(f"sample gave shape {array.shape}, expected {(chains, frames)}")
    if not np.issubdtype(array.dtype, np.integer):
        raise ModelError(f"sample gave {array.dtype}, expected integer labels")
    if array.min() < 0 or array.max() >= n_labels:
        worst = array.max() if array.max() >= n_labels else array.min()
        raise ModelError(f"sample gave the label {worst}, labels are 0 … {n_labels - 1}")
    return array.astype(np.uint8, copy=False)


def checked_positions(positions: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Check the shape and the values of a model's answer to ``reconstruct``.

    Raises
    ------
    ModelError
        If the shape is wrong, or a coordinate is NaN, infinite or beyond 200 Å.
    """
    array = np.asarray(positions)
    if array.shape != tuple(shape):
        raise ModelError(f"reconstruct gave shape {array.shape}, expected {tuple(shape)}")
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
    write(folder, POSITIONS, np.stack(rows))


def read_positions(folder: Path, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """Read what `write_positions` wrote.

    Raises
    ------
    ModelError
        If the file is missing or damaged, or does not hold segments of these shapes.
    """
    rows = read(folder, POSITIONS)
    if rows is None:
        raise ModelError(f"{POSITIONS} is missing")
    sizes = [int(np.prod(shape)) for shape in shapes]
    if rows.shape[0] != len(sizes) or any(size != rows.shape[1] for size in sizes):
        expected = f"{len(sizes)} segments of {sizes[0]:,} coordinates"
        raise ModelError(f"{POSITIONS} has shape {rows.shape}, expected {expected}")
    return [(row * POSITION_UNIT).reshape(shape) for row, shape in zip(rows, shapes, strict=True)]
