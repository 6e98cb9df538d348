"""Small inputs as people bring them: two angles that wander, labels that jump, in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from tasks.private.reading import Reading, read_recordings
from tasks.private.recording import Recording

RNG = np.random.default_rng(0)
ROWS = 300
PHI, PSI = np.round(np.mod(RNG.normal(size=(2, ROWS)).cumsum(1), 6) - 3, 3)
STATES = (RNG.random(ROWS) < 0.1).cumsum() % 3
FRAMES = np.arange(ROWS)
TIMES = np.round(0.02 * FRAMES, 2)
BOTH = np.stack([PHI, PSI], axis=1)


def rows(line: str, *columns: np.ndarray) -> str:
    """Format rows of a table, a line each."""
    return "".join(line.format(*row) + "\n" for row in zip(*columns, strict=True))


def read(path: Path, **reading: object) -> list[Recording]:
    return read_recordings([path], Reading(**reading))  # type: ignore[arg-type]


def read_text(folder: Path, content: str | bytes, name: str = "a.dat", **reading: object):
    """Write a text file and read the one recording in it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (found,) = read(path, **reading)
    return found


def read_arrays(folder: Path, *array: np.ndarray, reading: dict | None = None, **arrays):
    """Save an .npy of one array, or an .npz of several, and read all recordings in it."""
    path = folder / ("a.npy" if array else "a.npz")
    if array:
        np.save(path, *array)
    else:
        np.savez(path, **arrays)
    return read(path, **(reading or {}))


def refused(match: str):
    """Expect a line of bad input."""
    return pytest.raises(InputError, match=match)
