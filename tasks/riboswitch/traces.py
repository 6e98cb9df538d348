"""Reading measured traces: the public text format of constant-trap force spectroscopy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError


def read_traces(path: Path) -> NDArray[np.float64]:
    """Read the extension trace of a text file.

    One number a line, in nm, after at most one header line. Lines may end in CR (as the public
    files do), LF or both. How much time there is between frames the file does not say: the public
    traces were taken at 10 kHz.

    Parameters
    ----------
    path : Path

    Returns
    -------
    float64 array of shape (frames,), nm

    Raises
    ------
    InputError
        If the file is missing, not text, holds no frames, or has a line that is not a finite
        number; says which.
    """
    try:
        lines = path.read_text("utf-8").rstrip().splitlines()  # universal newlines: CR → LF
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file (byte {error.start} is not UTF-8)") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    header = int(bool(lines) and _number(lines[0]) is None)
    if len(lines) == header:
        raise InputError(f"{path} holds no frames; expected a header line, then one nm a line")
    frames = [_number(line) for line in lines[header:]]
    for number, (frame, line) in enumerate(zip(frames, lines[header:], strict=True), header + 1):
        if frame is None or not math.isfinite(frame):
            shown = line if len(line) <= 40 else f"{line[:40]}…"
            raise InputError(f"{path}, line {number}: '{shown}' is not an extension in nm")
    return np.array(frames, np.float64)


def _number(line: str) -> float | None:
    try:
        return float(line)
    except ValueError:
        return None
