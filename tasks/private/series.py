"""Series of numbers: from the tables of NumPy and text files to recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.private.arrays import read_arrays
from tasks.private.counters import find_counters, require_no_progress, uneven_times
from tasks.private.recording import Recording
from tasks.private.table import Table, read_table

NUMPY_SUFFIXES = (".npz", ".npy")
TEXT_SUFFIXES = (".txt", ".csv", ".dat", ".tsv", ".xvg")
SUFFIXES = (*NUMPY_SUFFIXES, *TEXT_SUFFIXES)

#: So many numbers of columns are listed in a message.
SHOWN = 6


def read_series(
    path: Path,
    columns: Sequence[str] = (),
    arrays: Sequence[str] = (),
    interval: Time | None = None,
) -> list[Recording]:
    """Read a NumPy file or a text table.

    Parameters
    ----------
    path : Path
        ``.npz``, ``.npy``, or text, with or without a header; see `read_table`.
    columns : sequence of str
        Names from the header, or numbers from 1; all if empty. Columns that only count frames are
        never among all.
    arrays : sequence of str
        Of an .npz: names or globs of the arrays to read.
    interval : Time or None
        What the user says is between frames.

    Raises
    ------
    InputError
        If the file is damaged, a column that is used holds something other than numbers, or
        counts frames; and as `read_table`, `read_arrays` and `find_counters`.
    """
    if path.suffix.lower() in NUMPY_SUFFIXES:
        tables, notes = read_arrays(path, arrays)
    else:
        tables, notes = [read_table(path)], []
    return [_recording(table, columns, interval, notes) for table in tables]


def _recording(
    table: Table, columns: Sequence[str], interval: Time | None, notes: Sequence[str]
) -> Recording:
    _require_one_series(table)
    counters = find_counters(table, interval)
    rest = [at for at in range(len(table.columns)) if at not in counters.at]
    chosen = _find(table, columns) if columns else rest
    if not chosen:
        raise InputError(f"{table.name} holds times and frame numbers only")
    if counting := [at for at in chosen if at in counters.at]:
        hint = f"; choose others with --columns {_numbers(rest)}" if rest else ""
        raise InputError(
            f"{table.name}: {table.title(counting[0])} counts frames and is no coordinate{hint}"
        )
    _require_numbers(table, chosen, rest)
    require_no_progress(table, chosen)
    values = np.stack([table.columns[at] for at in chosen], axis=1)
    left = [at for at in rest if at not in chosen]
    unused = [f"not used: {', '.join(table.title(at) for at in left)}"] if left else []
    return Recording(
        table.name,
        values,
        "numbers",
        counters.interval,
        columns=tuple(_name(table, at) for at in chosen) if len(table.columns) > 1 else table.names,
        notes=(*notes, *counters.notes, *unused),
        warnings=uneven_times(table, chosen) if columns else _labels_among(table, chosen),
    )


def _labels_among(table: Table, chosen: Sequence[int]) -> tuple[str, ...]:
    """Warn of whole numbers among others: a column of labels is no coordinate."""
    whole = [at for at in chosen if table.columns[at].dtype.kind in "iu"]
    if not whole or len(whole) == len(chosen):
        return ()
    titles = ", ".join(table.title(at) for at in whole)
    others = _numbers([at for at in chosen if at not in whole])
    return (
        f"{table.name}: {titles} holds integers and is taken for a coordinate like the others; if "
        f"it holds labels, choose it by --columns, or the others by --columns {others}",
    )


def _require_one_series(table: Table) -> None:
    """Refuse a column of words that come in turn: rows of several residues are interleaved."""
    for at, column in enumerate(table.columns):
        if column.dtype.kind not in "OU" or not len(column):
            continue
        words = list(dict.fromkeys(column.tolist()))
        n = len(words)
        if 1 < n < len(column) and np.array_equal(column[n:], column[:-n]):
            raise InputError(
                f"{table.name}: {table.title(at)} holds {', '.join(map(str, words[:SHOWN]))} in "
                f"turn: the rows are of {n} series; keep those of one"
            )


def _name(table: Table, at: int) -> str:
    """Call a column by its name, unless that is a number and says nothing."""
    name = table.names[at] if table.names else ""
    return name if name and not name.isdecimal() else table.title(at)


def _find(table: Table, columns: Sequence[str]) -> list[int]:
    """Find columns by name, or by number from 1."""
    chosen = []
    for column in columns:
        found = [at for at, name in enumerate(table.names) if name == column]
        if len(found) > 1:
            raise InputError(
                f"{table.name} has {len(found)} columns '{column}'; give the number instead, of "
                f"{_numbers(found)}"
            )
        if not found and column.isdecimal() and 1 <= int(column) <= len(table.columns):
            found = [int(column) - 1]
        if not found:
            known = ", ".join(filter(None, table.names)) or f"1 to {len(table.columns)}"
            raise InputError(f"{table.name} has no column '{column}'; it has {known}")
        if found[0] in chosen:
            raise InputError(f"--columns: {table.title(found[0])} of {table.name} is given twice")
        chosen += found
    return chosen


def _require_numbers(table: Table, chosen: Sequence[int], rest: Sequence[int]) -> None:
    """Require that columns hold numbers; name those that do otherwise."""
    import pandas as pd

    def is_number(at: int) -> bool:
        return table.columns[at].dtype.kind in "biuf"

    wrong = next((at for at in chosen if not is_number(at)), None)
    if wrong is None:
        return
    cells = pd.Series(table.columns[wrong])
    odd = cells[pd.to_numeric(cells, errors="coerce").isna()]
    others = [at for at in rest if is_number(at)]
    shown = f": '{odd.iloc[0]}' in row {odd.index[0]}" if len(odd) else ""
    hint = f"; choose others with --columns {_numbers(others)}" if others else ""
    raise InputError(f"{table.name}: column {wrong + 1} is not all numbers{shown}{hint}")


def _numbers(at: Sequence[int]) -> str:
    more = ",…" if len(at) > SHOWN else ""
    return ",".join(str(number + 1) for number in at[:SHOWN]) + more
