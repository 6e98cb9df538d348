"""Molecular dynamics of one molecule: Langevin to equilibrate, velocity Verlet to record.

Units: Å, fs, u, eV, K.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Potential = Callable[[Array], tuple[float, Array]]  # positions (atoms, 3) → energy, forces

BOLTZMANN = 8.617333262e-5  # eV/K, CODATA 2018
EV_PER_U_A2_FS2 = 103.642697  # eV in 1 u Å²/fs²
HARTREE = 27.211386245988  # eV, CODATA 2018
BOHR = 0.529177210903  # Å, CODATA 2018


def xtb_potential(numbers: NDArray[np.int64], positions: Array, accuracy: float) -> Potential:
    """Return the GFN2-xTB energy (eV) and forces (eV/Å) as a function of positions (Å).

    Each call starts its self-consistent field from the one before, which is why `accuracy` has to
    be tight: at tblite's default of 1.0 the left-over error follows the direction of motion and
    the total energy drifts; at 0.1 it does not.
    """
    from tblite.interface import Calculator  # slow to load

    calculator = Calculator("GFN2-xTB", numbers, positions / BOHR)
    calculator.set("verbosity", 0)
    calculator.set("accuracy", accuracy)
    result = None

    def evaluate(x: Array) -> tuple[float, Array]:
        nonlocal result
        calculator.update(x / BOHR)
        result = calculator.singlepoint(result) if result else calculator.singlepoint()
        gradient = result.get("gradient")
        return float(result.get("energy")) * HARTREE, -gradient * (HARTREE / BOHR)

    return evaluate


def kinetic_energy(velocities: Array, masses: Array) -> float:
    """Return Σ m v²/2 in eV; velocities in Å/fs, masses in u."""
    return float(0.5 * EV_PER_U_A2_FS2 * (masses[:, None] * velocities**2).sum())


def angular_momentum(positions: Array, velocities: Array, masses: Array) -> Array:
    """Return the angular momentum about the centre of mass, u Å²/fs, shape (3,)."""
    centred = positions - masses @ positions / masses.sum()
    return (masses[:, None] * np.cross(centred, velocities)).sum(axis=0)


def remove_rigid_motion(positions: Array, velocities: Array, masses: Array) -> Array:
    """Return `velocities` without their translation and rotation of the whole molecule."""
    velocities = velocities - masses @ velocities / masses.sum()
    centred = positions - masses @ positions / masses.sum()
    squares = (masses[:, None] * centred**2).sum()
    inertia = squares * np.eye(3) - (masses[:, None] * centred).T @ centred
    spin = np.linalg.solve(inertia, angular_momentum(positions, velocities, masses))
    return velocities - np.cross(spin, centred)


def langevin(
    potential: Potential,
    positions: Array,
    masses: Array,
    *,
    temperature: float,
    friction: float,
    time_step: float,
    n_steps: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Draw velocities and run BAOAB Langevin dynamics; return final positions and velocities.

    Parameters
    ----------
    potential
        Energy (eV) and forces (eV/Å) at given positions.
    positions : float64, shape (atoms, 3)
        Å.
    masses : float64, shape (atoms,)
        u.
    temperature, friction, time_step
        K, 1/fs, fs.
    n_steps
        Number of force evaluations after the first.
    rng
        Source of the initial velocities and of the noise.

    References
    ----------
    Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34, doi:10.1093/amrx/abs010.
    """
    inertia = masses[:, None] * EV_PER_U_A2_FS2
    thermal = np.sqrt(BOLTZMANN * temperature / inertia)
    keep = np.exp(-friction * time_step)
    x, v = positions.copy(), thermal * rng.normal(size=positions.shape)
    forces = potential(x)[1]
    for _ in range(n_steps):
        v = v + 0.5 * time_step * forces / inertia
        x = x + 0.5 * time_step * v
        v = keep * v + np.sqrt(1 - keep**2) * thermal * rng.normal(size=v.shape)
        x = x + 0.5 * time_step * v
        forces = potential(x)[1]
        v = v + 0.5 * time_step * forces / inertia
    return x, v


@dataclass(frozen=True)
class Trajectory:
    """Every step of a run at constant energy.

    Attributes
    ----------
    positions, velocities : float64, shape (frames, atoms, 3)
        Å, Å/fs.
    potential, kinetic : float64, shape (frames,)
        eV.
    """

    positions: Array
    velocities: Array
    potential: Array
    kinetic: Array


def velocity_verlet(
    potential: Potential,
    positions: Array,
    velocities: Array,
    masses: Array,
    *,
    time_step: float,
    n_frames: int,
) -> Trajectory:
    """Run velocity Verlet at constant energy and keep every step, the first state included.

    Its velocities and forces need not be stored, because they follow from the positions:
    ``v(t) = (x(t+h) - x(t-h)) / 2h`` and ``F(t) = m (x(t+h) - 2 x(t) + x(t-h)) / h²``, exactly.
    """
    inertia = masses[:, None] * EV_PER_U_A2_FS2
    x, v = positions, velocities
    xs, vs = np.empty((2, n_frames, *positions.shape))
    potentials, kinetics = np.empty((2, n_frames))
    energy, forces = potential(x)
    for frame in range(n_frames):
        xs[frame], vs[frame] = x, v
        potentials[frame], kinetics[frame] = energy, kinetic_energy(v, masses)
        if frame + 1 == n_frames:
            break  # the force at the next step is nobody's
        v = v + 0.5 * time_step * forces / inertia
        x = x + time_step * v
        energy, forces = potential(x)
        v = v + 0.5 * time_step * forces / inertia
    return Trajectory(xs, vs, potentials, kinetics)
