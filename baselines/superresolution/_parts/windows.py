"""Windows of kept frames in the molecule-fixed frame: what a model of a gap gets to see.

A window is six kept frames and the five gaps between them, whose *places* are 0 … 4. The middle
one, place 2, has three kept frames on each side; every gap of a segment is filled from the window
around it, except for two at either end, which are filled from the first and the last window, as
places 0, 1 and 3, 4.

The frame of a window is that of its middle gap: the molecule at the mean of the two kept frames
there is aligned to a reference geometry. So it turns and shifts along with the segment, and stays
the same if time is reversed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from baselines.superresolution._parts.frame import Frames, Segments, align
from benchmark.errors import InputError, ModelError
from benchmark.tracks.superresolution.interpolation import interpolate, scaled_derivatives
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment

Floats = NDArray[np.float64]

#: Kept frames of a window; gaps of a window; the place of the gap in the middle.
WINDOW = 6
PLACES = WINDOW - 1
MIDDLE = PLACES // 2

_BATCH = 256  # windows at a time: bounds the memory of training


@dataclass(frozen=True)
class Windows:
    """Windows in their molecule-fixed frames.

    Attributes
    ----------
    frames : Frames
        Of n windows.
    derivatives : float64 array of shape (n, 6, orders, atoms, 3)
        Scaled derivatives x, v h, a h² of the kept frames, in Å; x is relative to the reference
        geometry.
    """

    frames: Frames
    derivatives: Floats


def enter_frames(derivatives: Floats, reference: Floats, masses: Floats) -> Windows:
    """Bring windows from the laboratory into their molecule-fixed frames.

    Parameters
    ----------
    derivatives : float64 array of shape (n, 6, orders, atoms, 3)
        Scaled derivatives in the laboratory, in Å; see `scaled_derivatives`.
    reference : float64 array of shape (atoms, 3)
        Å, see `mean_geometry`.
    masses : float64 array of shape (atoms,)
        u.
    """
    between = derivatives[:, MIDDLE : MIDDLE + 2, 0].mean(1)
    frames = align(between, reference, masses)
    inside = frames.vectors_in(derivatives)
    inside[:, :, 0] = frames.positions_in(derivatives[:, :, 0]) - reference
    return Windows(frames, inside)


def reverse_time(derivatives: Floats) -> Floats:
    """Give windows (n, 6, orders, atoms, 3) as they are when time runs backwards: v h → −v h."""
    orders = derivatives.shape[2]
    return derivatives[:, ::-1] * (-1.0) ** np.arange(orders)[:, None, None]


def bridge(derivatives: Floats, gap: int, place: int | slice = slice(None)) -> Floats:
    """Fill gaps of windows by Hermite interpolation: what a correction is added to.

    Parameters
    ----------
    derivatives : float64 array of shape (n, 6, orders, atoms, 3)
        As in `Windows`.
    gap : int
        k.
    place : int or slice
        Which gaps of the window; all by default.

    Returns
    -------
    float64 array of shape (n, gap - 1, atoms, 3), or (n, places, gap - 1, atoms, 3) for a slice
        Å, relative to the reference geometry, in the frame of the window.
    """
    return interpolate(derivatives[:, :-1][:, place], derivatives[:, 1:][:, place], gap)


def training_windows(
    segment: DenseSegment, gap: int, orders: int, reference: Floats, stride: int
) -> Iterator[tuple[Windows, Floats]]:
    """Cut a training segment into windows that start every ``stride`` frames, batch by batch.

    Parameters
    ----------
    segment : DenseSegment
    gap : int
        k: kept frames of a window are k frames apart.
    orders : int
        1: x; 2: x and v; 3: x, v and a.
    reference : float64 array of shape (atoms, 3)
        Å.
    stride : int
        Frames from the start of a window to that of the next.

    Yields
    ------
    Windows
        Of n windows, at most 256.
    float64 array of shape (n, 5, gap - 1, atoms, 3)
        Å, the hidden frames of their gaps relative to the reference geometry, in the same frames.
    """
    known = scaled_derivatives(segment, orders, gap * segment.time_step)
    kept = gap * np.arange(WINDOW)
    hidden = (kept[:-1, None] + np.arange(1, gap)).ravel()
    all_starts = np.arange(0, segment.n_frames - kept[-1], stride)
    for begin in range(0, len(all_starts), _BATCH):
        starts = all_starts[begin : begin + _BATCH, None]
        windows = enter_frames(known[starts + kept], reference, segment.masses)
        truth = windows.frames.positions_in(segment.positions[starts + hidden]) - reference
        yield windows, truth.reshape(len(starts), PLACES, gap - 1, -1, 3)


def fill_gaps(
    coarse: CoarseSegment,
    orders: int,
    reference: Floats,
    predict: Callable[[Floats, int], Floats],
) -> Floats:
    """Fill every gap of a segment from its windows.

    With fewer than six kept frames there is no window, and the gaps are filled by Hermite
    interpolation alone.

    Parameters
    ----------
    coarse : CoarseSegment
    orders : int
        1: x; 2: x and v; 3: x, v and a.
    reference : float64 array of shape (atoms, 3)
        Å.
    predict : callable (derivatives, place) -> hidden
        Gets windows (n, 6, orders, atoms, 3) as in `Windows`, and which of the gaps to fill; gives
        (n, gap - 1, atoms, 3) in Å, relative to the reference, in the frames of the windows.

    Returns
    -------
    float64 array of shape (kept - 1, gap - 1, atoms, 3)
        Å, in the laboratory.

    Raises
    ------
    ModelError
        If the segment lacks velocities or forces that are asked for.
    """
    known = scaled_derivatives(coarse, orders, coarse.gap * coarse.time_step)
    if len(known) < WINDOW:
        return interpolate(known[:-1], known[1:], coarse.gap)
    sliding = np.moveaxis(sliding_window_view(known, WINDOW, axis=0), -1, 1)
    windows = enter_frames(sliding, reference, coarse.masses)
    last = len(sliding) - 1
    pieces = [
        _leave_frames(windows, part, place, reference, predict)
        for place in range(PLACES)
        for part in [
            slice(None) if place == MIDDLE else slice(0, 1) if place < MIDDLE else slice(last, None)
        ]
    ]
    return np.concatenate(pieces)


def _leave_frames(
    windows: Windows,
    part: slice,
    place: int,
    reference: Floats,
    predict: Callable[[Floats, int], Floats],
) -> Floats:
    frames = windows.frames[part]
    return frames.positions_out(predict(windows.derivatives[part], place) + reference)


def scored_error(missed: Floats) -> float:
    """Give the mean error of what is missed in hidden frames (..., gap - 1, atoms, 3).

    The frames next to a kept one do not count, if there are any others.
    """
    scored = missed[..., 1:-1, :, :] if missed.shape[-3] > 2 else missed
    return float(np.abs(scored).mean())


def check_option(**options: float) -> None:
    """Require of each option a finite number above 0, or 0, which lets the model choose.

    Raises
    ------
    InputError
        Naming the first that is neither.
    """
    for name, value in options.items():
        if not 0.0 <= value < math.inf:
            raise InputError(f"{name}={value}: expected a number above 0, or 0 to choose one")


def check_training(segments: Segments, gap: int) -> None:
    """Require that windows of six kept frames fit into every segment.

    Raises
    ------
    InputError
        If one is too short.
    """
    for segment in segments:
        if segment.n_frames <= PLACES * gap:
            raise InputError(
                f"a segment of {segment.n_frames} frames is too short to learn from: at gap {gap} "
                f"{WINDOW} kept frames need {PLACES * gap + 1}"
            )


def check_gaps(segments: Segments, gap: int) -> None:
    """Require besides that a gap has a hidden frame.

    Raises
    ------
    InputError
        If it has none, or a segment is too short.
    """
    if gap < 2:
        raise InputError(f"gap {gap} has no hidden frame to learn; expected at least 2")
    check_training(segments, gap)


def check_segment(coarse: CoarseSegment, gap: int, atoms: int) -> None:
    """Require that a segment has the gap and the atoms that a model was fitted to.

    Raises
    ------
    ModelError
        If it has others.
    """
    if coarse.gap != gap:
        raise ModelError(f"the model was fitted to gap {gap}, the segment has gap {coarse.gap}")
    if coarse.n_atoms != atoms:
        raise ModelError(f"the model was fitted to {atoms} atoms, the segment has {coarse.n_atoms}")
