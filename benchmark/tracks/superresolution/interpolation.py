"""Interpolation between kept frames by fixed rules; above all the Hermite polynomial of each gap.

Everything about Hermite polynomials is in *scaled derivatives* along an axis called ``orders``: x,
v h, a h², where h is the time between kept frames. All are in Å, so that one is as large as the
other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError
from benchmark.quantities import ENERGY
from benchmark.tracks.superresolution.segments import (
    POSITIONS,
    READABLE,
    CoarseSegment,
    DenseSegment,
)

Floats = NDArray[np.float64]

#: Weights of x, v h and a h² of the left end, as polynomials in s (ascending powers), by how many
#: of them are known: their value and derivatives at s = 0 are those, all at s = 1 are zero.
_LEFT = {
    1: ((1.0, -1.0),),
    2: ((1.0, 0.0, -3.0, 2.0), (0.0, 1.0, -2.0, 1.0)),
    3: (
        (1.0, 0.0, 0.0, -10.0, 15.0, -6.0),
        (0.0, 1.0, 0.0, -6.0, 8.0, -3.0),
        (0.0, 0.0, 0.5, -1.5, 1.5, -0.5),
    ),
}


def scaled_derivatives(
    segment: CoarseSegment | DenseSegment, orders: int, spacing: float
) -> Floats:
    """Stack x, v h, a h² of every frame that the segment holds.

    Parameters
    ----------
    segment : CoarseSegment or DenseSegment
    orders : int
        1: x; 2: x and v h; 3: x, v h and a h².
    spacing : float
        h in fs, the time between kept frames.

    Returns
    -------
    float64 array of shape (frames, orders, atoms, 3)
        Å. Frames are the kept ones of a coarse segment, and all of a dense one.

    Raises
    ------
    ModelError
        If the segment lacks velocities or forces that are asked for.
    """
    parts = [segment.positions]
    if orders > 1:
        parts.append(_present(segment.velocities, "velocities") * spacing)
    if orders > 2:
        forces = _present(segment.forces, "forces")
        parts.append(forces / (ENERGY * segment.masses[:, None]) * spacing**2)
    return np.stack(parts, axis=1)


def _present(values: Floats | None, what: str) -> Floats:
    if values is None:
        raise ModelError(f"the model reads {what}, and the segment holds none")
    return values


def hermite_weights(gap: int, orders: int) -> Floats:
    """Give the weights of both ends of a gap in each of its hidden frames.

    With s = j / gap: of the left end w_i(s), i = 0 … orders − 1, where w_i is the polynomial of
    degree 2 orders − 1 whose i-th derivative at 0 is 1 while all its others below ``orders``, at 0
    and at 1, vanish; of the right end (−1)^i w_i(1 − s), its mirror image in time.
    Source: E. Hairer, S. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, II.6.

    Parameters
    ----------
    gap : int
        k: the gap has k − 1 hidden frames.
    orders : int
        1: straight line; 2: cubic; 3: quintic.

    Returns
    -------
    float64 array of shape (gap - 1, 2 * orders)
        Left end first.
    """
    s = np.arange(1, gap) / gap
    left = np.stack([np.polynomial.Polynomial(w)(s) for w in _LEFT[orders]], axis=1)
    right = left[::-1] * (-1.0) ** np.arange(orders)
    return np.concatenate([left, right], axis=1)


def interpolate(left: Floats, right: Floats, gap: int) -> Floats:
    """Fill gaps with the Hermite polynomial between their ends.

    Parameters
    ----------
    left, right : float64 arrays of shape (..., orders, atoms, 3)
        Scaled derivatives at the ends, in Å; see `scaled_derivatives`.
    gap : int
        k.

    Returns
    -------
    float64 array of shape (..., gap - 1, atoms, 3)
        Å, the hidden frames.
    """
    *batch, orders, atoms, _ = left.shape
    ends = np.concatenate([left, right], axis=-3).reshape(*batch, 2 * orders, 3 * atoms)
    return (hermite_weights(gap, orders) @ ends).reshape(*batch, gap - 1, atoms, 3)


def interleave(kept: Floats, hidden: Floats) -> Floats:
    """Put kept and hidden frames into one trajectory.

    Parameters
    ----------
    kept : float64 array of shape (kept, atoms, 3)
    hidden : float64 array of shape (kept - 1, gap - 1, atoms, 3)

    Returns
    -------
    float64 array of shape ((kept - 1) * gap + 1, atoms, 3)
        The kept frames are copied, and so exact.
    """
    gaps = np.concatenate([kept[:-1, None], hidden], axis=1)  # (gaps, gap, atoms, 3)
    return np.concatenate([gaps.reshape(-1, *kept.shape[1:]), kept[-1:]])


def reconstruct_hermite(coarse: CoarseSegment, orders: int) -> Floats:
    """Give every frame of a segment by Hermite interpolation in the laboratory frame.

    Returns
    -------
    float64 array of shape (frames, atoms, 3)
        Å.

    Raises
    ------
    ModelError
        If the segment lacks velocities or forces that are asked for.
    """
    known = scaled_derivatives(coarse, orders, coarse.gap * coarse.time_step)
    return interleave(coarse.positions, interpolate(known[:-1], known[1:], coarse.gap))


def reconstruct_cubic_spline(coarse: CoarseSegment) -> Floats:
    """Give every frame of a segment by a natural cubic spline through the kept positions.

    Piecewise cubic with two continuous derivatives, of which the second is zero at both ends
    (C. de Boor, A Practical Guide to Splines, 1978).

    Returns
    -------
    float64 array of shape (frames, atoms, 3)
        Å.
    """
    # scipy takes a while to load, and of all interpolations only this one needs it.
    from scipy.interpolate import CubicSpline

    if len(coarse.positions) < 2:  # no gap to fill, and a spline wants two points
        return coarse.positions.copy()
    times = np.arange(coarse.n_frames)
    spline = CubicSpline(times[:: coarse.gap], coarse.positions, bc_type="natural")
    frames: Floats = spline(times)
    frames[:: coarse.gap] = coarse.positions  # exact, not to rounding
    return frames


@dataclass(frozen=True)
class Interpolant:
    """A rule that learns nothing: what models are measured against, and tasks are drawn with.

    Attributes
    ----------
    name, title : str
    reads : frozenset of str
        What it reads at kept frames.
    reconstruct : callable (coarse)
        Give every frame of a `CoarseSegment`, in Å.
    """

    name: str
    title: str
    reads: frozenset[str]
    reconstruct: Callable[[CoarseSegment], Floats]


#: Worst first. The first is E₀.
INTERPOLANTS = (
    Interpolant(
        "linear",
        "linear interpolation",
        frozenset({POSITIONS}),
        partial(reconstruct_hermite, orders=1),
    ),
    Interpolant("cubic-spline", "cubic spline", frozenset({POSITIONS}), reconstruct_cubic_spline),
    Interpolant(
        "hermite3",
        "cubic Hermite",
        frozenset({POSITIONS, "velocities"}),
        partial(reconstruct_hermite, orders=2),
    ),
    Interpolant("hermite5", "quintic Hermite", READABLE, partial(reconstruct_hermite, orders=3)),
)
