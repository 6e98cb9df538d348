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

#: u Å²/fs² a kelvin (CODATA 2018).
BOLTZMANN = 8.314462618e-7


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


def thermal_turn(positions: Positions, masses: Floats, temperature: float) -> float:
    """Give the thermal speed √(kT/I) about the axis of least inertia I, in degrees/fs.

    Parameters
    ----------
    positions : float64 array of shape (atoms, 3)
        Å.
    masses : float64 array of shape (atoms,)
        u.
    temperature : float
        K.

    Examples
    --------
    >>> water = np.array([[0.0, 0.0, 0.0], [0.757, 0.586, 0.0], [-0.757, 0.586, 0.0]])
    >>> round(thermal_turn(water, np.array([15.999, 1.008, 1.008]), 300.0), 2)
    1.15
    """
    middle = positions - masses @ positions / masses.sum()
    spread = np.einsum("a,ai,aj->ij", masses, middle, middle)
    least = float(np.linalg.eigvalsh(np.trace(spread) * np.eye(3) - spread)[0])
    # A linear molecule turns about its axis as it likes.
    return float(np.degrees(np.sqrt(BOLTZMANN * temperature / max(least, 1e-12))))


def turns(positions: Positions) -> tuple[Floats, Floats]:
    """Find by how much a molecule turns from each frame to the next.

    Parameters
    ----------
    positions : float64 array of shape (frames, atoms, 3)

    Returns
    -------
    angles : float64 array of shape (frames - 1,)
        Degrees.
    explained : float64 array of shape (frames - 1,)
        The share of the motion of atoms about the middle, rms, that the turn explains.
    """
    middle = positions - positions.mean(1, keepdims=True)
    first, second = middle[:-1], middle[1:]
    left, _, right = np.linalg.svd(np.einsum("nai,naj->nij", first, second))
    left[:, :, -1] *= np.linalg.det(left @ right)[:, None]
    turn = left @ right
    cosine = np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1)
    moved, rest = (np.sqrt(((second - other) ** 2).sum((1, 2))) for other in (first, first @ turn))
    return np.degrees(np.arccos(cosine)), 1 - rest / np.maximum(moved, np.finfo(float).tiny)
