"""A recording: one trajectory in time order, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.quantities import Time

#: angles: radians; states: integers that are labels as they are; numbers: any other coordinate.
Kind = Literal["angles", "states", "numbers"]

#: Called with a few words on what is under way.
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Recording:
    """One trajectory.

    Attributes
    ----------
    name : str
        Where it comes from.
    values : array of shape (frames, columns)
        Angles in radians. States as integers, one column.
    kind : "angles", "states" or "numbers"
    interval : Time or None
        Between frames, if the file says so.
    columns : tuple of str
        What each column is; empty where nothing is known of it.
    notes : tuple of str
        What was left out, and where the interval is from: a line of the report each.
    warnings : tuple of str
        What was taken for granted and may be wrong.
    """

    name: str
    values: NDArray[np.generic]
    kind: Kind
    interval: Time | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
