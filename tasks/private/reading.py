"""What a user brings: recordings, each one trajectory in time order, from files of any kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import FRAMES, Time
from tasks.private.fills import refuse_fills
from tasks.private.recording import Recording, Tell
from tasks.private.states import as_states

Format = Literal["auto", "trajectory", "series", "riboswitch"]

#: A file of so few frames may lie within 2π by chance.
ENOUGH_FRAMES = 100

FULL_TURN = 2 * np.pi * 1.001  # with room for rounding

#: A full turn in both units, and the share of it that only a jump from end to end is.
TURNS = (2 * np.pi, 360.0)
JUMP = 0.75

#: Names of columns that hold angles.
ANGLE = re.compile(
    r"(?:phi|psi|omega|chi|theta|[φψωχθ])(?:[^a-z].*)?|.*(?:angle|dihedral|torsion).*",
    re.IGNORECASE,
)

#: The header of the public riboswitch traces, whose lines end in CR alone.
RIBOSWITCH_HEADER = re.compile(rb"Ext_\d+\r(?!\n)")
RIBOSWITCH_INTERVAL = Time(0.1, "ms")


@dataclass(frozen=True)
class Reading:
    """How files are to be read.

    Attributes
    ----------
    topology : Path or None
        For trajectory formats that hold coordinates alone.
    dihedrals : tuple of str
        Names such as "phi"; of all residues that have them.
    format : Format
        "auto" goes by suffix and header.
    columns : tuple of str
        Names, or numbers from 1, of the columns to use; all if empty.
    arrays : tuple of str
        Names or globs of the arrays of an .npz to use; all if empty.
    angles : "radians", "degrees" or None
        Whether columns of series are angles, and in which unit.
    states : bool or None
        Whether the series are labels as they are; None: if they look like it.
    interval : Time or None
        What the user says is between saved frames.
    """

    topology: Path | None = None
    dihedrals: tuple[str, ...] = ("phi", "psi")
    format: Format = "auto"
    columns: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    angles: Literal["radians", "degrees"] | None = None
    states: bool | None = None
    interval: Time | None = None


def read_recordings(
    paths: Sequence[Path], reading: Reading, tell: Tell = lambda note: None
) -> list[Recording]:
    """Read every file; several files are several trajectories, never joined.

    Raises
    ------
    InputError
        If a file is missing, unreadable, given twice, of an unknown kind or holds NaN; if the
        files do not fit together; if angles are not in the unit that was said.
    """
    missing = next((path for path in paths if not path.is_file()), None)
    if missing is not None:
        raise InputError(f"no file {missing}")
    _require_flags_that_fit(paths, reading)
    seen: set[Path] = set()
    recordings = []
    for path in paths:
        if path.resolve() in seen:
            raise InputError(f"{path} is given twice; the splits would hold the same frames")
        seen.add(path.resolve())
        tell(f"read {path.name}")
        recordings += [_checked(found) for found in _read(path, reading, tell)]
    return _consistent(_as_asked(recordings, reading), reading.interval)


def _require_flags_that_fit(paths: Sequence[Path], reading: Reading) -> None:
    """Refuse flags of which no file takes notice."""
    formats = {_format(path, reading) for path in paths}
    if reading.topology and "trajectory" not in formats:
        raise InputError(f"--topology {reading.topology} is given, but {paths[0]} is a series")
    if reading.columns and "series" not in formats:
        raise InputError(f"--columns is for series, which {paths[0]} is not")
    if reading.arrays and not any(path.suffix.lower() == ".npz" for path in paths):
        raise InputError(f"--arrays names arrays of an .npz, which {paths[0]} is not")


def _read(path: Path, reading: Reading, tell: Tell) -> list[Recording]:
    kind = _format(path, reading)
    if kind == "trajectory":
        from tasks.private.trajectories import read_trajectory

        return [read_trajectory(path, reading.topology, reading.dihedrals, tell, reading.interval)]
    if kind == "riboswitch":
        return _riboswitch(path)
    from tasks.private.series import read_series

    arrays = reading.arrays if path.suffix.lower() == ".npz" else ()
    return read_series(path, reading.columns, arrays, reading.interval)


def _format(path: Path, reading: Reading) -> Format:
    """Tell what a file is from its suffix, and from its first bytes."""
    from tasks.private.series import SUFFIXES
    from tasks.private.trajectories import is_trajectory, trajectory_suffixes

    if reading.format != "auto":
        return reading.format
    if path.suffix.lower() in SUFFIXES:
        with path.open("rb") as file:
            header = file.read(80)
        return "riboswitch" if RIBOSWITCH_HEADER.match(header) else "series"
    if is_trajectory(path):
        return "trajectory"
    known = ", ".join([*SUFFIXES, *trajectory_suffixes()])
    raise InputError(f"{path}: unknown suffix '{path.suffix}'; known: {known}; or give --format")


def _riboswitch(path: Path) -> list[Recording]:
    from tasks.riboswitch.traces import read_traces

    values = read_traces(path)  # nm
    return [Recording(path.name, values.reshape(-1, 1), "numbers", RIBOSWITCH_INTERVAL)]


def _checked(recording: Recording) -> Recording:
    """Refuse what is empty or not finite, and say where."""
    values = recording.values
    if values.shape[0] == 0 or values.shape[1] == 0:
        raise InputError(f"{recording.name} is empty: its shape is {values.shape}")
    if values.dtype.kind == "f":
        bad = ~np.isfinite(values)
        if bad.any():
            frame, column = np.argwhere(bad)[0]
            raise InputError(
                f"{recording.name} holds {values[frame, column]} at frame {frame}, column "
                f"{column + 1} ({np.count_nonzero(bad)} such values); cut or mend it"
            )
    return recording


def _as_asked(recordings: list[Recording], reading: Reading) -> list[Recording]:
    """Turn numbers into angles or states, as the flags say or as they look."""
    numbers = [found for found in recordings if found.kind == "numbers"]
    if reading.states and len(numbers) < len(recordings):
        other = next(found for found in recordings if found.kind != "numbers")
        raise InputError(f"--partition states: {other.name} holds angles, not states")
    if not numbers or len(numbers) < len(recordings):
        return recordings  # dihedrals of trajectories, or of different systems
    if reading.angles is not None:
        return [
            replace(found, values=_radians(found, reading.angles), kind="angles")
            for found in numbers
        ]
    if reading.states is not False:
        numbers = as_states(numbers, bool(reading.states))
    refuse_fills(numbers)
    return [_with_warning(found) for found in numbers]


def _with_warning(recording: Recording) -> Recording:
    """Warn of columns that look like angles and are taken for plain numbers."""
    if recording.kind != "numbers":
        return recording
    titles = recording.columns or [f"column {at + 1}" for at in range(recording.values.shape[1])]
    angles = [
        name
        for name, column in zip(titles, recording.values.T, strict=True)
        if ANGLE.fullmatch(name) or _wraps(column)
    ]
    if not angles or np.abs(recording.values).max() > 360:
        return recording
    unit = "--degrees" if np.abs(recording.values).max() > FULL_TURN else "--radians"
    warning = (
        f"{recording.name}: {', '.join(angles)} are taken for plain numbers; if they are angles, "
        f"{unit} says so: their two ends are one place"
    )
    return replace(recording, warnings=(*recording.warnings, warning))


def _wraps(column: NDArray[Any]) -> bool:
    """Whether numbers jump from one end to the other of a range that is a full turn."""
    wide = float(np.ptp(column))
    steps = np.abs(np.diff(column.astype(np.float64)))
    return any(
        0.97 * turn < wide <= 1.001 * turn and bool((steps > JUMP * turn).any()) for turn in TURNS
    )


def _radians(recording: Recording, unit: str) -> NDArray[np.float64]:
    values = recording.values.astype(np.float64)
    largest = float(np.abs(values).max())
    other = {"degrees": "rad(ian)?s?", "radians": "deg(ree)?s?"}[unit]
    for name in recording.columns:
        if re.search(rf"(?<![a-z]){other}(?![a-z])", name.lower()):
            raise InputError(f"{recording.name}: '{name}' is not in {unit}; choose by --columns")
    if unit == "radians" and largest > FULL_TURN:
        raise InputError(
            f"{recording.name}: angles up to {largest:.4g} are no radians; give --degrees"
        )
    if unit == "degrees":
        if largest <= FULL_TURN and len(values) >= ENOUGH_FRAMES:
            raise InputError(
                f"{recording.name}: no angle is beyond {largest:.4g}; these look like radians, "
                "not degrees: give --radians"
            )
        if largest > 720:
            raise InputError(f"{recording.name}: {largest:.4g} is no angle in degrees")
        return np.radians(values)
    return values


def _consistent(recordings: list[Recording], given: Time | None) -> list[Recording]:
    """Refuse recordings that cannot be trajectories of one system."""
    first = recordings[0]
    for other in recordings[1:]:
        if other.kind != first.kind or other.values.shape[1] != first.values.shape[1]:
            raise InputError(
                f"{first.name} holds {first.values.shape[1]} columns of {first.kind}, "
                f"{other.name} {other.values.shape[1]} of {other.kind}; all must be of one system"
            )
    intervals = [_interval(found, given) for found in recordings]
    for other, its in zip(recordings, intervals, strict=True):
        mine = intervals[0]
        if (mine is None) != (its is None) or (mine and its and not mine.is_close(its)):
            raise InputError(
                f"saving intervals differ: {first.name} has {mine or 'none'}, "
                f"{other.name} has {its or 'none'}"
                + ("; give --interval, if it is the same in all" if not (mine and its) else "")
            )
    return recordings


def _interval(recording: Recording, given: Time | None) -> Time | None:
    """Give the time between frames: a file's own, or what the user says of one without any."""
    own = recording.interval
    if own and given and given.unit != FRAMES and not own.is_close(given):
        raise InputError(f"--interval {given}: {recording.name} says {own} between its frames")
    return own or given
