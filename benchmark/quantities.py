"""Times as people write them: a number with a unit, or a number of frames."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

FRAMES = "frames"

#: Seconds in each unit.
SECONDS = {
    "fs": 1e-15,
    "ps": 1e-12,
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
}

#: By how much the step between two frames may differ from the mean step: rounding of the file.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Time:
    """A time above 0: ``value`` in ``unit``, which is a key of `SECONDS` or `FRAMES`."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"

    def frames(self, frame: Time, flag: str) -> int:
        """Count how many frames of length ``frame`` it lasts, rounded to whole ones.

        Raises
        ------
        InputError
            If it is less than one frame, or it has a unit and frames have none.
        """
        if self.unit == FRAMES:
            exact = self.value
        elif frame.unit == FRAMES:
            raise InputError(f"{flag} {self}: the saving interval is unknown; give --interval too")
        else:
            exact = self.value * SECONDS[self.unit] / (frame.value * SECONDS[frame.unit])
        if round(exact) < 1:
            raise InputError(f"{flag} {self} is less than one frame, which is {frame}")
        return round(exact)

    def is_close(self, other: Time) -> bool:
        """Whether two saving intervals are the same but for rounding."""
        if FRAMES in (self.unit, other.unit):
            return self == other
        mine, its = self.value * SECONDS[self.unit], other.value * SECONDS[other.unit]
        return math.isclose(mine, its, rel_tol=TOLERANCE)


def parse_time(text: str, flag: str) -> Time:
    """Read a time such as ``0.1ps``, ``1 ps``, ``100us`` or ``20`` (frames).

    Raises
    ------
    InputError
        If it is not a positive number with a known unit; names ``flag``.
    """
    match = re.fullmatch(r"\s*([-+0-9.eE]+)\s*([a-zµμ]*)\s*", text)
    try:
        value, unit = float(match[1]), match[2] or FRAMES  # type: ignore[index]
    except (TypeError, ValueError):
        raise InputError(f"{flag} '{text}': expected a time such as 0.1ps, or frames") from None
    if unit not in SECONDS and unit not in (FRAMES, "frame"):
        known = ", ".join(dict.fromkeys([*SECONDS, FRAMES]))
        raise InputError(f"{flag} '{text}': no unit '{unit}'; known: {known}")
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{flag} '{text}': expected a time above 0")
    return Time(value, FRAMES if unit == "frame" else unit)


def saving_interval(times: NDArray[np.float64], unit: str, name: str) -> Time:
    """Find the step of a recording from the times of its frames.

    Parameters
    ----------
    times : float64 array of shape (frames,)
        In ``unit``. May have been rounded to single precision.
    unit : str
    name : str
        Of the recording, for errors.

    Raises
    ------
    InputError
        If the times do not ascend in equal steps; says where.
    """
    if len(times) < 2:
        raise InputError(f"{name} has {len(times)} frame(s); a trajectory needs many")
    steps = np.diff(times)
    step = float(np.median(steps))
    slack = TOLERANCE * abs(step) + 4 * float(np.finfo(np.float32).eps) * float(np.abs(times).max())
    wrong = ~(np.abs(steps - step) <= slack)  # also true of nan
    if step <= 0 or wrong.any():
        at = int(np.argmax(wrong if wrong.any() else steps <= 0))
        kind = "do not ascend" if not steps[at] > 0 else f"are not {step:g} {unit} apart throughout"
        raise InputError(
            f"{name}: times {kind}: frame {at} is at {times[at]:g} {unit}, "
            f"the next at {times[at + 1]:g} {unit}; cut the file there, or save it anew"
        )
    return Time(float(f"{(times[-1] - times[0]) / (len(times) - 1):.6g}"), unit)


#: eV of one u Å²/fs².
ENERGY = 103.642697


ANGSTROM = 10.0  # of a nm, mdtraj's unit


FEMTOSECOND = 1_000.0  # of a ps, mdtraj's unit
