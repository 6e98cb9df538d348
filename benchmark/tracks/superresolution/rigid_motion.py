"""Motion of a molecule as a whole: what shifting or turning frames leaves behind in positions.

Programs take the motion of the whole out of positions (centring, superposition) or out of
velocities, seldom out of both. Turned by one matrix, positions and velocities of all frames still
agree in size; turned frame by frame, positions jump and bonds do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions

Floats = NDArray[np.float64]


def centred(vectors: Positions, masses: Floats) -> Positions:
    """Take the motion of the centre of mass out of vectors weighted with √mass.

    Parameters
    ----------
    vectors : float64 array of shape (n, atoms, 3)
        Times √mass, as those of `Motion`.
    masses : float64 array of shape (atoms,)
    """
    weight = np.sqrt(masses)[:, None]
    return vectors - weight * ((vectors * weight).sum(1, keepdims=True) / masses.sum())


def turn_between(one: Positions, other: Positions, mirrored: bool = False) -> Floats:
    """Find the turn that brings ``other`` nearest to ``one`` (Kabsch).

    Parameters
    ----------
    one, other : float64 arrays of shape (n, atoms, 3)
    mirrored : bool
        Find a reflection instead.

    Returns
    -------
    float64 array of shape (3, 3)
        ``other @ turn`` is nearest to ``one``.
    """
    left, _, right = np.linalg.svd(np.einsum("nai,naj->ij", other, one))
    if (np.linalg.det(left @ right) < 0) != mirrored:
        left[:, -1] *= -1
    turn: Floats = left @ right
    return turn


def angle(turn: Floats) -> float:
    """Give by how much a proper rotation turns, in degrees."""
    cosine = float(np.clip((np.trace(turn) - 1) / 2, -1, 1))
    return float(np.degrees(np.arccos(cosine)))


def turned_as_a_whole(before: Floats, after: Floats, most: float) -> str:
    """Say how a molecule was turned from a frame to the next if its atoms hardly moved otherwise.

    Parameters
    ----------
    before, after : float64 arrays of shape (atoms, 3)
        Å.
    most : float
        Å that an atom may be off.

    Returns
    -------
    str
        Empty if it moved without turning, or atoms moved against one another.
    """
    first, second = before - before.mean(0), after - after.mean(0)
    if np.linalg.norm(second - first, axis=1).max() <= most:
        return ""
    for mirrored in (False, True):
        turn = turn_between(second[None], first[None], mirrored)
        if np.linalg.norm(second - first @ turn, axis=1).max() <= most:
            return "is mirrored" if mirrored else f"turns by {angle(turn):.0f}°"
    return ""
