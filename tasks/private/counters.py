"""Columns that count frames (times, frame numbers, steps, an index) and are no coordinates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import SECONDS, Time, saving_interval
from tasks.private.division import LEAST_FRAMES
from tasks.private.table import Table

#: "time", "t (ps)", "time_ns", "t/ms", "Time in ns", "simulation time [us]".
TIME = re.compile(
    r"(?:(?:simulation|simulated|sim|elapsed|physical|md)[\s_]*)?(?P<word>times?|t)"
    r"(?:(?:[\s_/([]+|\s+in\s+)(?P<unit>[a-zµμ][a-zµμ.]*))?[)\]]?",
    re.IGNORECASE,
)
COUNT = re.compile(
    r"(?:(?:md|time|n)?[\s_]*steps?|frames?|frame[\s_]*(?:no|nr|number|index|id)\.?|"
    r"index|idx|snapshots?|rows?|unnamed: 0|)",
    re.IGNORECASE,
)
#: Of which run, or of which molecule, a row is.
RUN = re.compile(
    r"(?:(?:run|traj|trajectory|replica|rep|walker|sim|simulation|clone|seed|episode|trial|chain|"
    r"mol|molecule|residue)(?:[\s_]*(?:no|nr|num|number|index|idx|id)\.?)?|resid|resnum|molid)",
    re.IGNORECASE,
)
WORDS = {
    "femtosecond": "fs", "picosecond": "ps", "nanosecond": "ns", "microsecond": "us",
    "millisecond": "ms", "second": "s", "sec": "s",
}  # fmt: skip

#: In fewer rows a column without a name may ascend in equal steps by chance.
ENOUGH_ROWS = 100
#: By how much of a step a regular time may be off: it may have been rounded.
ROUNDED = 0.05
#: Whole numbers that change in fewer rows number runs, or are labels.
FEW_STEPS = 0.1
#: A column with so many equal steps counts something, though it jumps in between.
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Counters:
    """What counts the frames of a table.

    Attributes
    ----------
    at : frozenset of int
        The columns, from 0.
    interval : Time or None
        Between frames, if a column holds times with a unit.
    notes : tuple of str
        A line on each of the columns.
    """

    at: frozenset[int]
    interval: Time | None
    notes: tuple[str, ...]


def find_counters(table: Table, given: Time | None) -> Counters:
    """Find the columns that hold times, frame numbers, steps or an index.

    A column is one by its name, or because its values ascend in equal steps.

    Parameters
    ----------
    table : Table
    given : Time or None
        What the user says is between frames; times without a unit need it.

    Raises
    ------
    InputError
        If times have no unit and nothing is given, or a counter jumps: then frames are missing,
        or runs have been joined.
    """
    at, interval, notes = set(), None, []
    for number, column in enumerate(table.columns):
        if column.dtype.kind not in "iuf":
            continue
        name = table.names[number].strip() if table.names else ""
        time = TIME.fullmatch(name)
        # A lone t may be a time; a T is a temperature, unless it ascends in equal steps.
        if time and (len(time["word"]) > 1 or is_even(column) or (number == 0 and name[0] == "t")):
            own, note = _interval(table, number, time["unit"] or "", given)
            notes.append(note)
            interval = interval or own
        elif _counts(table, number, named=bool(table.names and COUNT.fullmatch(name))):
            notes.append(f"{table.title(number)} numbers the frames and is left out")
        else:
            continue
        at.add(number)
    return Counters(frozenset(at), interval, tuple(notes))


def is_even(values: NDArray[Any]) -> bool:
    """Whether numbers ascend or descend in equal steps, but for rounding."""
    x = values.astype(np.float64)
    if len(x) < 2 or not np.isfinite(x).all() or x[0] == x[-1]:
        return False
    step = (x[-1] - x[0]) / (len(x) - 1)
    off = np.abs(x - x[0] - step * np.arange(len(x))).max()
    slack = ROUNDED * abs(step) + 2 * float(np.finfo(np.float32).eps) * np.abs(x).max()
    return bool(off <= min(slack, abs(step) / 2) and (np.diff(x) * step >= 0).all())


def _interval(table: Table, number: int, word: str, given: Time | None) -> tuple[Time | None, str]:
    """Give the step of a column of times, None if its unit is not known; and a line on it."""
    column = table.columns[number].astype(np.float64)
    note = f"{table.title(number)} holds times and is left out"
    unit = _unit(word)
    if not word and table.time_unit and given is None:
        unit = table.time_unit
        note += f" (in {unit}, its program's default)"
    if unit is None and given is None:
        known = f"no unit that is known ({', '.join(SECONDS)})" if word else "no unit"
        raise InputError(
            f"{table.name}: column '{table.names[number]}' has {known}; call it 'time (ps)', or "
            "give --interval"
        )
    if given is not None and len(column) and (column == column[0]).all():
        return None, note  # whoever wrote it knew no times
    if not is_even(column) or column[-1] < column[0]:
        saving_interval(column, unit or word, f"{table.name}, {table.title(number)}")  # says where
    if unit is None:
        return None, note
    step = (column[-1] - column[0]) / (len(column) - 1)
    interval = Time(float(f"{step:.6g}"), unit)
    return interval, f"{note}: {interval} between frames"


def _unit(word: str) -> str | None:
    small = word.lower().rstrip(".").removesuffix("s") if len(word) > 2 else word.lower()
    unit = WORDS.get(small, word.lower())
    return unit if unit in SECONDS else None


def _counts(table: Table, number: int, named: bool) -> bool:
    """Whether a column numbers the frames, by name or only by its values.

    Raises
    ------
    InputError
        If it does, but jumps in between.
    """
    column = table.columns[number]
    alone = len(table.columns) == 1
    if len(column) < (2 if named else LEAST_FRAMES if alone else ENOUGH_ROWS):
        return False
    if is_even(column):
        if alone:
            raise InputError(
                f"{table.name} ascends in equal steps throughout: these are times or frame "
                "numbers, no trajectory"
            )
        if column[0] > column[-1]:
            raise InputError(
                f"{table.name}: {table.title(number)} descends in equal steps: are the rows in "
                "reverse order? sort them, the first frame first"
            )
        return True
    if not np.isfinite(column).all():
        return False
    steps = np.diff(column.astype(np.float64))
    if named and steps.any() and (steps >= 0).all() and (steps == 0).any():
        at = int(np.argmax(steps == 0))
        raise InputError(
            f"{table.name}: {table.title(number)} gives rows {at} and {at + 1} the same number "
            f"({column[at]:g}): keep the rows of one molecule or residue"
        )
    usual = float(np.median(steps))
    jumps = np.flatnonzero(np.abs(steps - usual) > ROUNDED * abs(usual))
    if usual == 0 or len(jumps) > (1 - NEARLY_ALL) * len(steps):
        return False
    at = int(jumps[0])
    raise InputError(
        f"{table.name}: {table.title(number)} counts frames in steps of {usual:g}, but "
        f"{column[at + 1]:g} follows {column[at]:g} in row {at + 1}: frames are missing or runs "
        "are joined; cut the file there"
    )


def require_no_progress(table: Table, chosen: Sequence[int]) -> None:
    """Refuse columns that only ascend or only descend: nothing in equilibrium does.

    Times in unequal steps do, sums that go on, and numbers of runs that were joined, which need
    not be among those ``chosen``.

    Raises
    ------
    InputError
        Names the column, and those that are left.
    """
    for at in range(len(table.columns)):
        column = table.columns[at]
        if column.dtype.kind in "iuf" and np.isfinite(column).all():
            if len(table.columns) > 1:
                _require_one_run(table, at)
            if at in chosen and len(column) >= LEAST_FRAMES:
                _require_return(table, at, [other for other in chosen if other != at])


def _require_one_run(table: Table, at: int) -> None:
    """Refuse a column that says of which run or molecule a row is, if they are of several."""
    column = table.columns[at]
    name = table.names[at].strip() if table.names else ""
    steps = np.diff(column.astype(np.float64))
    if not steps.any() or not (column == np.rint(column)).all():
        return
    rare = np.count_nonzero(steps) < FEW_STEPS * len(steps)
    in_blocks = not name and rare and len(column) >= LEAST_FRAMES and (steps >= 0).all()
    if in_blocks or RUN.fullmatch(name):
        row = int(np.flatnonzero(steps)[0]) + 1
        raise InputError(
            f"{table.name}: {table.title(at)} is {column[0]:g} up to row {row} and then "
            f"{column[row]:g}: the rows are of several runs or molecules; give each as a file of "
            "its own"
        )


def uneven_times(table: Table, chosen: Sequence[int]) -> tuple[str, ...]:
    """Warn of columns that are not ``chosen``, and look like times in unequal steps."""
    return tuple(
        f"{table.name}: {table.title(at)} only ascends, in unequal steps; if it is the time, "
        "frames are not equally far apart, and no lag is a time"
        for at, column in enumerate(table.columns)
        if at not in chosen
        and column.dtype.kind in "iuf"
        and len(column) >= ENOUGH_ROWS
        and (np.diff(column) >= 0).all()
        and np.count_nonzero(np.diff(column)) > NEARLY_ALL * (len(column) - 1)
        and not is_even(column)
    )


def _require_return(table: Table, at: int, others: Sequence[int]) -> None:
    column = table.columns[at].astype(np.float64)
    steps = np.diff(column)
    if not steps.any() or not ((steps >= 0).all() or (steps <= 0).all()):
        return
    if (column == np.rint(column)).all() and np.count_nonzero(steps) < FEW_STEPS * len(steps):
        return  # labels that never come back, which is for others to judge
    only = "descends" if steps.sum() < 0 else "ascends"
    hint = f"; choose others with --columns {','.join(str(n + 1) for n in others)}"
    raise InputError(
        f"{table.name}: {table.title(at)} only {only}, in unequal steps, from {column[0]:g} to "
        f"{column[-1]:g}: times or a running total are no coordinate{hint if others else ''} "
        "(frames must be equally far apart)"
    )
