"""The molecule-fixed frame: what turns and shifts along with the molecule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.tracks.superresolution.segments import DenseSegment

Floats = NDArray[np.float64]
Segments = Sequence[DenseSegment]  # of one molecule

_REFERENCE_ROUNDS = 10  # the mean geometry changes by less than 1e-6 Å after three or four
_REFERENCE_STRIDE = 10  # frames; closer ones tell nothing new about a mean


@dataclass(frozen=True)
class Frames:
    """Molecule-fixed frames, one an instant.

    Attributes
    ----------
    centres : float64 array of shape (n, 3)
        Å, centres of mass in the laboratory.
    rotations : float64 array of shape (n, 3, 3)
        Proper rotations R: row vectors of the laboratory become ``y @ R`` in the molecule.
    """

    centres: Floats
    rotations: Floats

    def __getitem__(self, part: slice) -> Frames:
        """Give the frames of some of the instants."""
        return Frames(self.centres[part], self.rotations[part])

    def positions_in(self, positions: Floats) -> Floats:
        """Express positions (n, ..., atoms, 3) of the laboratory in the frames; Å."""
        return self.vectors_in(positions - self._wide(self.centres, positions))

    def positions_out(self, positions: Floats) -> Floats:
        """Express positions (n, ..., atoms, 3) in the laboratory; inverse of `positions_in`."""
        return self.vectors_out(positions) + self._wide(self.centres, positions)

    def vectors_in(self, vectors: Floats) -> Floats:
        """Turn vectors (n, ..., atoms, 3) of the laboratory into the frames."""
        flat = vectors.reshape(len(vectors), -1, 3)
        return (flat @ self.rotations).reshape(vectors.shape)

    def vectors_out(self, vectors: Floats) -> Floats:
        """Turn vectors (n, ..., atoms, 3) back into the laboratory."""
        flat = vectors.reshape(len(vectors), -1, 3)
        return (flat @ self.rotations.transpose(0, 2, 1)).reshape(vectors.shape)

    @staticmethod
    def _wide(values: Floats, like: Floats) -> Floats:
        return values.reshape(len(values), *(1,) * (like.ndim - 2), 3)


def align(positions: Floats, reference: Floats, masses: Floats) -> Frames:
    """Find the frames in which the molecule lies as near as can be to a reference geometry.

    R maximises tr(R Hᵀ) over proper rotations, H = Σ_a m_a y_a ⊗ r_a, with y and r relative to the
    centres of mass (W. Kabsch, Acta Cryst. A 32, 922 (1976), mass-weighted: Eckart's conditions
    then hold). A molecule that is turned and shifted gets the frame turned and shifted along.

    Parameters
    ----------
    positions : float64 array of shape (n, atoms, 3)
        Å.
    reference : float64 array of shape (atoms, 3)
        Å, with its centre of mass at the origin.
    masses : float64 array of shape (atoms,)
        u.

    Returns
    -------
    Frames
        Of n instants.
    """
    weights = masses / masses.sum()
    centres = np.einsum("a,nai->ni", weights, positions)
    relative = positions - centres[:, None]
    H = relative.transpose(0, 2, 1) @ (weights[:, None] * reference)  # (n, 3, 3)
    U, _, Vt = np.linalg.svd(H)
    # A planar molecule has one singular value near zero, whose sign would be a mirror image.
    U[:, :, 2] *= np.sign(np.linalg.det(U @ Vt))[:, None]
    return Frames(centres, U @ Vt)


def mean_geometry(segments: Segments) -> Floats:
    """Give the mean of all frames, each aligned to that mean: the reference geometry.

    It is found by iteration from the first frame (generalised Procrustes analysis; J. Gower,
    Psychometrika 40, 33 (1975)), and turned so that its principal axes of inertia are x, y and z:
    the answer does not depend on how the segments happen to lie.

    Parameters
    ----------
    segments : sequence of DenseSegment
        Of one molecule.

    Returns
    -------
    float64 array of shape (atoms, 3)
        Å, with its centre of mass at the origin.
    """
    masses = segments[0].masses
    positions = np.concatenate([s.positions[::_REFERENCE_STRIDE] for s in segments])
    reference = positions[0] - masses @ positions[0] / masses.sum()
    for _ in range(_REFERENCE_ROUNDS):
        reference = align(positions, reference, masses).positions_in(positions).mean(0)
    _, axes = np.linalg.eigh(np.einsum("a,ai,aj->ij", masses, reference, reference))
    axes[:, 2] *= np.sign(np.linalg.det(axes))  # a rotation, not a mirror image
    return reference @ axes
