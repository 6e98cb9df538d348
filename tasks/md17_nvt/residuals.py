"""What a thermostat did to frames: accelerations that their forces do not explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.md17.dynamics import EV_PER_U_A2_FS2, xtb_potential
from tasks.md17.generate import ACCURACY, TEMPERATURE, TIME_STEP
from tasks.md17.molecules import Molecule
from tasks.md17_nvt.thermostats import thermal_speed

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residuals:
    """Force over mass, less the acceleration that there was, at some frames.

    Attributes
    ----------
    lacking : float64 array of shape (frames, atoms, 3)
        F/m − a, Å/fs².
    velocities : float64 array of shape (frames, atoms, 3)
        Å/fs.
    masses : float64 array of shape (atoms,)
        u.
    """

    lacking: Floats
    velocities: Floats
    masses: Floats

    @classmethod
    def at(cls, neighbours: Floats, forces: Floats, masses: Floats, time_step: float) -> Residuals:
        """Take a and v by Verlet's identities.

        Parameters
        ----------
        neighbours : float64 array of shape (3, frames, atoms, 3)
            Positions before, at and after each frame, Å.
        forces : float64 array of shape (frames, atoms, 3)
            eV/Å.
        masses : float64 array of shape (atoms,)
            u.
        time_step : float
            fs.
        """
        before, now, after = neighbours
        accelerations = (after - 2 * now + before) / time_step**2
        velocities = (after - before) / (2 * time_step)
        inertia = EV_PER_U_A2_FS2 * masses[:, None]
        return cls(forces / inertia - accelerations, velocities, masses)

    @property
    def friction(self) -> Floats:
        """The one friction a frame that explains most, 1/fs, shape (frames,)."""
        weighted = self.masses[:, None] * self.velocities
        return (self.lacking * weighted).sum((1, 2)) / (self.velocities * weighted).sum((1, 2))

    @property
    def unexplained(self) -> float:
        """Rms force that one friction a frame leaves, eV/Å."""
        rest = self.lacking - self.friction[:, None, None] * self.velocities
        return float(np.sqrt(np.mean((EV_PER_U_A2_FS2 * self.masses[:, None] * rest) ** 2)))

    def kicks(self, friction: float) -> Floats:
        """Random numbers behind the kicks of Langevin dynamics, standard normal, as `lacking`."""
        keep = np.exp(-friction * TIME_STEP)
        damping = 2 / TIME_STEP * np.tanh(friction * TIME_STEP / 2)
        size = 2 / (1 + keep) * np.sqrt(1 - keep**2) / TIME_STEP
        spread = size * thermal_speed(self.masses, TEMPERATURE)[:, None]
        return (damping * self.velocities - self.lacking) / spread


def residuals(positions: Floats, molecule: Molecule, frames: NDArray[np.int64]) -> Residuals:
    """Compute GFN2-xTB forces anew at frames of a segment, and compare.

    Parameters
    ----------
    positions : float64 array of shape (frames, atoms, 3)
        Å, of a whole segment.
    molecule : Molecule
    frames : int64 array
        Which; each must have a neighbour on both sides.
    """
    potential = xtb_potential(molecule.numbers, molecule.positions, ACCURACY)
    forces = np.array([potential(positions[frame])[1] for frame in frames])
    neighbours = np.stack([positions[frames + shift] for shift in (-1, 0, 1)])
    return Residuals.at(neighbours, forces, molecule.masses, TIME_STEP)
