"""Segments of molecular dynamics: every frame of one, or only what a model may read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.quantities import ENERGY

#: What every model and the score itself rest on.
POSITIONS = "positions"

#: What a super-resolution model can ask for, at kept frames only.
READABLE = frozenset({"positions", "velocities", "forces"})


@dataclass(frozen=True, eq=False)
class DenseSegment:
    """Every frame of a stretch of dynamics at constant energy, made by a Verlet integrator.

    Velocities and forces follow from the positions: for velocity Verlet with step h,
    v = (x₊ − x₋)/2h and F = m (x₊ − 2x + x₋)/h² are the integrator's own, not approximations
    (L. Verlet, Phys. Rev. 159, 98 (1967)). They need a frame on both sides, so that the frame
    before the first and the one after the last are taken in as well.

    Parameters
    ----------
    padded : float64 array of shape (frames + 2, atoms, 3)
        Å. The first and the last row are the frames before and after the segment.
    time_step : float
        fs between frames.
    numbers : int array of shape (atoms,)
        Atomic numbers.
    masses : float64 array of shape (atoms,)
        u.
    """

    padded: Positions = field(repr=False)
    time_step: float
    numbers: NDArray[np.int64] = field(repr=False)
    masses: NDArray[np.float64] = field(repr=False)

    @property
    def positions(self) -> Positions:
        """Å, shape (frames, atoms, 3)."""
        return self.padded[1:-1]

    @cached_property
    def velocities(self) -> Positions:
        """Å/fs, shape (frames, atoms, 3)."""
        return (self.padded[2:] - self.padded[:-2]) / (2 * self.time_step)

    @cached_property
    def forces(self) -> Positions:
        """eV/Å, shape (frames, atoms, 3)."""
        second = self.padded[2:] - 2 * self.padded[1:-1] + self.padded[:-2]
        return ENERGY * self.masses[:, None] * second / self.time_step**2

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.padded) - 2

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return self.padded.shape[1]

    def cut(self, gap: int) -> DenseSegment:
        """Drop the frames after the last one that is kept at ``gap``."""
        last = (self.n_frames - 1) // gap * gap
        return DenseSegment(self.padded[: last + 3], self.time_step, self.numbers, self.masses)

    def coarse(self, gap: int, reads: frozenset[str]) -> CoarseSegment:
        """Keep every ``gap``-th frame from the first, and of it only what is in ``reads``.

        The arrays are copies: nothing in them leads back to a hidden frame.
        """
        kept = slice(None, None, gap)
        return CoarseSegment(
            gap=gap,
            time_step=self.time_step,
            numbers=self.numbers.copy(),
            masses=self.masses.copy(),
            positions=self.positions[kept].copy(),
            velocities=self.velocities[kept].copy() if "velocities" in reads else None,
            forces=self.forces[kept].copy() if "forces" in reads else None,
        )


@dataclass(frozen=True, eq=False)
class CoarseSegment:
    """The kept frames of a segment.

    Attributes
    ----------
    gap : int
        k: a kept frame, k − 1 hidden ones, a kept frame, …
    time_step : float
        fs between two frames of the dense segment; kept frames are ``gap`` times as far apart.
    numbers : int array of shape (atoms,)
        Atomic numbers.
    masses : float64 array of shape (atoms,)
        u.
    positions : float64 array of shape (kept, atoms, 3)
        Å.
    velocities : float64 array of shape (kept, atoms, 3), or None
        Å/fs; None unless the model declares that it reads them.
    forces : float64 array of shape (kept, atoms, 3), or None
        eV/Å; None unless the model declares that it reads them.
    """

    gap: int
    time_step: float
    numbers: NDArray[np.int64] = field(repr=False)
    masses: NDArray[np.float64] = field(repr=False)
    positions: Positions = field(repr=False)
    velocities: Positions | None = field(default=None, repr=False)
    forces: Positions | None = field(default=None, repr=False)

    @property
    def n_frames(self) -> int:
        """Frames of the whole reconstruction: (kept − 1) gap + 1."""
        return (len(self.positions) - 1) * self.gap + 1

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return self.positions.shape[1]

    @property
    def accelerations(self) -> Positions | None:
        """Å/fs², shape (kept, atoms, 3); None without forces."""
        if self.forces is None:
            return None
        return self.forces / (ENERGY * self.masses[:, None])


def scored_frames(n_frames: int, gap: int) -> NDArray[np.intp]:
    """Give the hidden frames that are scored: those at least two frames from a kept one.

    With position, velocity and force of a kept frame one Verlet step gives its neighbours
    exactly, so that these say nothing about a model.

    Raises
    ------
    ValueError
        If there is none, as with a gap below 4.
    """
    place = np.arange(n_frames) % gap
    scored = np.flatnonzero((place >= 2) & (place <= gap - 2))
    if scored.size == 0:
        raise ValueError(f"no hidden frame is two frames away from a kept one at gap {gap}")
    return scored
