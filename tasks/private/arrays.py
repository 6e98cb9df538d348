"""NumPy files: which of their arrays are trajectories, and along which axis frames lie."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, named
from tasks.private.counters import COUNT, TIME, is_even
from tasks.private.table import Table

Arrays = Mapping[str, NDArray[Any]]

OBJECTS = (
    "a list of trajectories of unequal length is saved by np.savez(path, *trajectories), which "
    "needs no pickle"
)


def read_arrays(path: Path, wanted: Sequence[str] = ()) -> tuple[list[Table], list[str]]:
    """Find the trajectories in an .npy or .npz.

    An array of shape (frames,) or (frames, columns) is one; a wide one of whole numbers holds one
    a row, padded at its end by negative labels or nan where rows are of unequal length. Arrays of
    an .npz are several trajectories only if their names differ by a number or by a, b, c …, or
    they are named by ``wanted``. Times and frame numbers beside them become columns of theirs.

    Parameters
    ----------
    path : Path
    wanted : sequence of str
        Names of arrays, or globs such as ``traj*``; all if empty.

    Returns
    -------
    tables : list of Table
    notes : list of str
        A line on each array that was left out.

    Raises
    ------
    InputError
        If the file is damaged or holds objects, an array has another shape or no numbers, or it
        is not clear which arrays are trajectories.
    """
    arrays = _load(path)
    if wanted:
        arrays = _chosen(path, arrays, wanted)
    elif len(arrays) > 1:
        arrays, counters, notes = _without_counters(arrays)
        _require_alike(path, arrays)
        tables = [table for name, array in arrays.items() for table in _tables(path, name, array)]
        return [_with_counters(table, counters) for table in tables], notes
    return [table for name, array in arrays.items() for table in _tables(path, name, array)], []


def _load(path: Path) -> Arrays:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        with loaded:
            arrays = {key: loaded[key] for key in loaded.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, MemoryError) as error:
        hint = f"; {OBJECTS}" if "allow_pickle" in str(error) else ""
        raise InputError(f"{path} is no NumPy file of numbers: {named(error)}{hint}") from error
    if not arrays:
        raise InputError(f"{path} holds no array")
    return arrays


def _chosen(path: Path, arrays: Arrays, wanted: Sequence[str]) -> Arrays:
    for glob in wanted:
        if not any(fnmatchcase(name, glob) for name in arrays):
            raise InputError(f"{path.name} has no array '{glob}'; it has {_listed(arrays)}")
    return {
        name: array
        for name, array in arrays.items()
        if any(fnmatchcase(name, glob) for glob in wanted)
    }


def _without_counters(arrays: Arrays) -> tuple[Arrays, Arrays, list[str]]:
    """Set apart what cannot be a trajectory: single values, text, times and frame numbers."""
    kept, counters, notes = {}, {}, []
    for name, array in arrays.items():
        if array.ndim == 0 or array.dtype.kind not in "biufV":
            notes.append(f"array '{name}' ({_shape(array)}) is left out")
        elif array.ndim == 1 and array.dtype.kind in "iuf" and _is_counter(name, array, arrays):
            counters[name] = array
        else:
            kept[name] = array
    if not kept:
        return arrays, {}, []
    return kept, counters, notes


def _is_counter(name: str, array: NDArray[Any], arrays: Arrays) -> bool:
    others = [other for key, other in arrays.items() if key != name and other.ndim]
    by_name = TIME.fullmatch(name) or COUNT.fullmatch(name)
    beside = any(len(other) == len(array) for other in others)
    return beside and (bool(by_name) or is_even(array))


def _with_counters(table: Table, counters: Arrays) -> Table:
    """Put times and frame numbers behind the columns that they belong to, whose numbers stay."""
    mine = {name: array for name, array in counters.items() if len(array) == len(table.columns[0])}
    if not mine:
        return table
    names = table.names or tuple("" for _ in table.columns)
    return Table(table.name, (*table.columns, *mine.values()), (*names, *mine))


def _require_alike(path: Path, arrays: Arrays) -> None:
    """Require names that say: these are several trajectories of a kind."""
    names = list(arrays)
    if len(names) == 1:
        return
    numbered = {re.sub(r"\d+", "#", name) for name in names}
    last = sorted(name[-1].lower() for name in names)
    lettered = len({name[:-1] for name in names}) == 1 and last == list(
        ascii_lowercase[: len(last)]
    )
    # Two columns of floats look like two trajectories of one number.
    columns = len({array.shape for array in arrays.values()}) == 1 and all(
        array.ndim == 1 and array.dtype.kind == "f" for array in arrays.values()
    )
    if columns or not (lettered or (len(numbered) == 1 and "#" in numbered.pop())):
        longest = max(names, key=lambda name: arrays[name].shape)
        raise InputError(
            f"{path.name} holds several arrays: {_listed(arrays)}; say which are trajectories by "
            f"--arrays, such as --arrays '{longest}'"
            + ("; columns of one trajectory belong into one array" if columns else "")
        )


def _listed(arrays: Arrays) -> str:
    return ", ".join(f"{name} ({_shape(array)})" for name, array in arrays.items())


def _shape(array: NDArray[Any]) -> str:
    return " × ".join(f"{n:,}" for n in array.shape) or "one value"


def _tables(path: Path, key: str, array: NDArray[Any]) -> list[Table]:
    """Give the table of an array, or one a row of a wide one."""
    name = f"{path.name}:{key}" if key else path.name
    if array.dtype.names:
        columns = tuple(array[field] for field in array.dtype.names)
        if array.ndim == 1 and all(column.ndim == 1 for column in columns):
            return [Table(name, columns, tuple(array.dtype.names))]
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} holds {array.dtype}, expected numbers")
    if array.ndim not in (1, 2):
        raise InputError(
            f"{name} has shape {array.shape}; expected (frames,) or (frames, columns): give "
            "trajectories as arrays of their own, and put all columns into one axis"
        )
    if array.ndim == 1:
        return [Table(name, (array,))]
    if array.shape[1] > array.shape[0] > 0:
        return [Table(f"{name}[{n}]", (row,)) for n, row in enumerate(_rows(name, array))]
    return [Table(name, tuple(array.T))]


def _rows(name: str, array: NDArray[Any]) -> list[NDArray[Any]]:
    """Give the rows of stacked label series, without the nan with which they were padded."""
    if array.dtype.kind != "f":
        return list(array)
    if np.isnan(array).any() and not np.isnan(array).all(1).any():
        ends = array.shape[1] - np.isnan(array)[:, ::-1].argmin(1)
        rows = [row[:end] for row, end in zip(array, ends, strict=True)]
        if all((row == np.rint(row)).all() for row in rows):
            return rows
    raise InputError(
        f"{name} has {array.shape[0]} frames of {array.shape[1]} columns; "
        "if it is frames that lie along the rows, transpose it"
    )
