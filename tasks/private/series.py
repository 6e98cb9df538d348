"""Series of numbers: NumPy files and text tables."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, named
from benchmark.quantities import saving_interval
from tasks.private.reading import Recording

TEXT_SUFFIXES = (".txt", ".csv", ".dat", ".tsv", ".xvg")
SUFFIXES = (".npz", ".npy", *TEXT_SUFFIXES)

#: A column of this name holds the times of the frames: "time", "t (ps)", "time_ns", "t/ms".
TIME_COLUMN = re.compile(r"^(?:time|t)(?:[\s_/(\[]+(fs|ps|ns|us|µs|ms|s))?[)\]]?$", re.IGNORECASE)


def read_series(path: Path, columns: Sequence[str] = ()) -> list[Recording]:
    """Read a NumPy file or a text table; every array of an .npz is a trajectory.

    Parameters
    ----------
    path : Path
        ``.npz``, ``.npy``, or text, separated by commas or white space, with or without a header.
    columns : sequence of str
        Names from the header, or numbers from 1; all if empty. A column of times is never among
        all.

    Raises
    ------
    InputError
        If the file is damaged, or holds something other than numbers of shape (frames,) or
        (frames, columns).
    """
    if path.suffix.lower() in (".npz", ".npy"):
        return [
            recording
            for name, array in _arrays(path).items()
            for recording in _recordings(array, name, columns)
        ]
    return [_table(path, columns)]


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {path.name: loaded}
        with loaded:
            arrays = {f"{path.name}:{key}": loaded[key] for key in loaded.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{path} is no NumPy file of numbers: {named(error)}") from error
    if not arrays:
        raise InputError(f"{path} holds no array")
    return arrays


def _recordings(array: NDArray[Any], name: str, columns: Sequence[str]) -> list[Recording]:
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} holds {array.dtype}, expected numbers")
    if array.ndim not in (1, 2):
        raise InputError(
            f"{name} has shape {array.shape}; expected (frames,) or (frames, columns): give "
            "trajectories as arrays of their own"
        )
    if array.ndim == 2 and array.shape[1] > array.shape[0] > 0:
        if array.dtype.kind == "f":
            raise InputError(f"{name} has {array.shape[0]} frames of {array.shape[1]} columns; "
                             "if it is frames that lie along the rows, transpose it")  # fmt: skip
        # Label series of equal length are often stacked, one a row.
        return [
            Recording(f"{name}[{row}]", _pick(series[:, None], name, columns, []), "numbers")
            for row, series in enumerate(array)
        ]
    table = array[:, None] if array.ndim == 1 else array
    return [Recording(name, _pick(table, name, columns, []), "numbers")]


def _table(path: Path, columns: Sequence[str]) -> Recording:
    import pandas as pd

    lines = _first_lines(path)
    separator = "," if "," in lines[0] else r"\s+"
    has_header = not _all_numbers(lines[0], separator)
    skipped = _leading_comments(path)
    try:
        frame = pd.read_csv(
            path, sep=separator, header=0 if has_header else None, comment="#", skiprows=skipped
        )
    except (ValueError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path} is no table of numbers: {named(error)}") from error
    header = [str(name).strip() for name in frame.columns] if has_header else []
    for number, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True), 1):
        if dtype.kind not in "biuf":
            odd = frame[name][pd.to_numeric(frame[name], errors="coerce").isna()]
            raise InputError(
                f"{path}: column {number} is not all numbers: '{odd.iloc[0]}' in row {odd.index[0]}"
            )
    table = frame.to_numpy()
    found, interval = (TIME_COLUMN.match(header[0]) if header else None), None
    if found:
        unit = (found[1] or "").lower()
        if not unit:
            raise InputError(f"{path}: column '{header[0]}' has no unit; call it 'time (ps)'")
        interval = saving_interval(table[:, 0].astype(np.float64), unit, str(path))
        table, header = table[:, 1:], header[1:]
    return Recording(path.name, _pick(table, path.name, columns, header), "numbers", interval)


def _first_lines(path: Path) -> list[str]:
    """Give the first lines that are no comments."""
    with path.open(encoding="utf-8", errors="replace") as file:  # any line end, CR too
        for line in file:
            if line.strip() and not line.startswith(("#", "@")):
                return [line.strip()]
    raise InputError(f"{path} is empty")


def _leading_comments(path: Path) -> int:
    """Count the lines before the table: pandas takes one mark for comments, .xvg has two."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            if line.strip() and not line.startswith(("#", "@")):
                return number
    return 0


def _all_numbers(line: str, separator: str) -> bool:
    try:
        [float(word) for word in re.split(separator, line)]
    except ValueError:
        return False
    return True


def _pick(
    table: NDArray[Any], name: str, columns: Sequence[str], header: Sequence[str]
) -> NDArray[Any]:
    """Keep the columns that were asked for."""
    if not columns:
        return table
    chosen = []
    for column in columns:
        if column in header:
            chosen.append(list(header).index(column))
        elif column.isdecimal() and 1 <= int(column) <= table.shape[1]:
            chosen.append(int(column) - 1)
        else:
            known = ", ".join(header) or f"1 to {table.shape[1]}"
            raise InputError(f"{name} has no column '{column}'; it has {known}")
    return table[:, chosen]
