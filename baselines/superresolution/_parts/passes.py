"""Passes over gaps: what a network sees that walks into a gap from one of its ends.

A *pass* is a gap with a direction. The forward pass starts from the left kept frame and sees the
kept frames up to it; the backward pass starts from the right one and sees the kept frames from it
on, with time reversed: dynamics at constant energy is as likely backwards as forwards, so that one
network serves both. Neither sees anything beyond the end it starts from.

A pass lies in a molecule-fixed frame of its gap, constant in time. That makes the answer turn and
shift with the segment, so that training needs no random rotations. A model that goes both ways
aligns the mean of the two ends, one frame for both passes; a one-directional model may look at the
end it starts from alone, and aligns that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.superresolution._parts.frame import Frames, align
from benchmark.tracks.superresolution.interpolation import scaled_derivatives
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Passes:
    """Passes over n gaps, in d directions: forward, and perhaps backward.

    Attributes
    ----------
    frames : Frames
        Of d n passes; all forward ones first.
    seen : float64 array of shape (d, n, past, orders, atoms, 3)
        Scaled derivatives x, v h, a h² of the kept frames, in Å, in the order in which they are
        passed: the end of the gap is the last. x is relative to the reference geometry.
    present : bool array of shape (d, n, past)
        Whether there is such a frame; near the end of a segment some are missing, and zero.
    """

    frames: Frames
    seen: Floats
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class JoinedSegments:
    """Segments one after another, as a source of passes.

    Attributes
    ----------
    known : float64 array of shape (frames, orders, atoms, 3)
        Scaled derivatives in the laboratory, in Å; see `scaled_derivatives`.
    first, last : int arrays of shape (frames,)
        First and last frame of the segment that a frame belongs to.
    step : int
        Frames from one kept frame to the next: 1 if ``known`` holds kept frames only.
    """

    known: Floats
    first: Integers
    last: Integers
    step: int

    @property
    def starts(self) -> Integers:
        """Left ends of all gaps: frames with another one a step later in the same segment."""
        frames = np.arange(len(self.known))
        return frames[frames + self.step <= self.last]


def join_segments(
    segments: Sequence[CoarseSegment] | Sequence[DenseSegment], gap: int, orders: int, step: int
) -> JoinedSegments:
    """Put segments of one molecule one after another.

    Raises
    ------
    ModelError
        If a segment lacks velocities or forces that are asked for.
    """
    parts = [scaled_derivatives(each, orders, gap * each.time_step) for each in segments]
    lengths = np.array([len(part) for part in parts])
    ends = np.cumsum(lengths)
    return JoinedSegments(
        np.concatenate(parts),
        np.repeat(ends - lengths, lengths),
        np.repeat(ends - 1, lengths),
        step,
    )


def enter_passes(
    joined: JoinedSegments,
    lefts: Integers,
    past: int,
    reference: Floats,
    masses: Floats,
    *,
    shared: bool,
    directions: int = 2,
) -> Passes:
    """Bring passes from the laboratory into molecule-fixed frames.

    Parameters
    ----------
    joined : JoinedSegments
    lefts : int array of shape (n,)
        Left ends of the gaps, frames of ``joined``.
    past : int
        Kept frames that a pass sees.
    reference : float64 array of shape (atoms, 3)
        Å, see `mean_geometry`.
    masses : float64 array of shape (atoms,)
        u.
    shared : bool
        One frame for both passes over a gap, of the mean of its ends, rather than one each, of
        the end that a pass starts from.
    directions : int
        2, or 1 for forward passes only: the right ends are then not even looked at.
    """
    back = joined.step * np.arange(1 - past, 1)
    rows = np.stack([lefts[:, None] + back, lefts[:, None] + joined.step - back])[:directions]
    first, last = joined.first[lefts][:, None], joined.last[lefts][:, None]
    present = (rows >= first) & (rows <= last)  # (d, n, past)
    derivatives = joined.known[np.clip(rows, first, last)]
    derivatives[1:] = _reversed(derivatives[1:])
    ends = derivatives[:, :, -1, 0]  # (d, n, atoms, 3)
    anchors = np.broadcast_to(ends.mean(0), ends.shape) if shared else ends
    flat = derivatives.reshape(-1, *derivatives.shape[2:])
    frames = align(anchors.reshape(-1, *anchors.shape[2:]), reference, masses)
    inside = frames.vectors_in(flat)
    inside[:, :, 0] = frames.positions_in(flat[:, :, 0]) - reference
    inside[~present.reshape(len(inside), past)] = 0.0
    return Passes(frames, inside.reshape(derivatives.shape), present)


def hidden_frames(
    joined: JoinedSegments, lefts: Integers, frames: Frames, reference: Floats, directions: int = 2
) -> Floats:
    """Give the hidden frames of gaps as passes meet them: what a network is to find.

    Parameters
    ----------
    joined : JoinedSegments
        Of dense segments.
    lefts : int array of shape (n,)
        Left ends of the gaps.
    frames : Frames
        Of d n passes, as in `Passes`.
    reference : float64 array of shape (atoms, 3)
        Å.
    directions : int
        d.

    Returns
    -------
    float64 array of shape (d, n, gap - 1, atoms, 3)
        Å, relative to the reference geometry; backward passes in the reverse order.
    """
    inner = np.arange(1, joined.step)
    rows = lefts[:, None] + np.stack([inner, inner[::-1]])[:directions, None]  # (d, n, gap - 1)
    truth = joined.known[rows, 0]
    flat = frames.positions_in(truth.reshape(-1, *truth.shape[2:])) - reference
    return flat.reshape(truth.shape)


def _reversed(derivatives: Floats) -> Floats:
    """Give derivatives (..., orders, atoms, 3) as they are when time runs backwards: v h → −v h."""
    return derivatives * (-1.0) ** np.arange(derivatives.shape[-3])[:, None, None]
