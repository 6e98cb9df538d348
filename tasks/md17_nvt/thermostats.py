r"""Velocity Verlet under a thermostat that acts at the frames themselves.

Between the two half kicks of a frame a thermostat turns the velocities v into S v + noise. Let w be
the velocities between frames, w = (x₊ − x)/h; then

.. math:: w = S\,(w_- + \tfrac h2 a) + \text{noise} + \tfrac h2 a ,

and everything that the thermostat does to a frame is in the acceleration that Verlet's identity
finds there, (x₊ − 2x + x₋)/h², and in no other frame's. Units: Å, fs, u, eV, K.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasks.md17.dynamics import BOLTZMANN, EV_PER_U_A2_FS2, Array, Potential, kinetic_energy

#: What a thermostat is: velocities (atoms, 3) before and after.
Thermostat = Callable[[Array], Array]

#: 1/fs: of the friction's own oscillation in the real MD17, 1,700 cm⁻¹. *Measured* on neighbouring
#: frames in rMD17 (`tasks.md17_nvt.real`): dξ/dt is a line in the kinetic energy (correlation
#: 0.99999 in uracil, 0.99995 in paracetamol), that of `NoseHoover` with ω = 0.3215 and 0.3244, as
#: near to 0.3202 as differences over 0.5 and 1 fs can come. Nothing is left for a chain.
FREQUENCY = 0.3202


@dataclass
class NoseHoover:
    r"""One friction ξ for all atoms, driven by the kinetic energy K.

    .. math:: \dot v = F/m - \xi v, \qquad
              \dot\xi = \omega^2\, \frac{2K - (3N-6)\, kT}{3N\, kT}

    is the law of the real MD17, except that this counts 3N − 6 degrees of freedom where that
    counts 3N: its molecules do not turn, so that their vibrations are at 3N/(3N − 6) times 500 K.
    In equilibrium ξ is Gaussian with the standard deviation ω/√3N. With a step h of velocity Verlet
    around it, the identities' acceleration is F/m − ξ' v exactly, with ξ' = (2/h) tanh(hξ/2).

    Attributes
    ----------
    masses : float64 array of shape (atoms,)
        u.
    temperature, time_step, frequency
        K, fs, ω in 1/fs.
    friction : float
        ξ in 1/fs; changes with every call.

    References
    ----------
    W. G. Hoover, Phys. Rev. A 31, 1695 (1985).
    """

    masses: Array
    temperature: float
    time_step: float
    friction: float
    frequency: float = FREQUENCY

    def __call__(self, velocities: Array) -> Array:
        """Take half a step of ξ, scale the velocities, take the other half."""
        self.friction += 0.5 * self.time_step * self._drive(velocities)
        velocities = velocities * np.exp(-self.friction * self.time_step)
        self.friction += 0.5 * self.time_step * self._drive(velocities)
        return velocities

    def _drive(self, velocities: Array) -> float:
        modes = 3 * len(self.masses)
        doubled = 2 * kinetic_energy(velocities, self.masses) / (BOLTZMANN * self.temperature)
        return self.frequency**2 * (doubled - (modes - 6)) / modes


def friction_spread(n_atoms: int, frequency: float = FREQUENCY) -> float:
    """Return the standard deviation of ξ in equilibrium, 1/fs."""
    return frequency / float(np.sqrt(3 * n_atoms))


@dataclass(frozen=True)
class Kicks:
    r"""Langevin: every atom feels a friction γ and gets a kick of its own at every step.

    .. math:: v \to c\, v + \sqrt{1 - c^2}\, \sqrt{kT/m}\; \mathcal N(0, 1), \quad c = e^{-\gamma h}

    References
    ----------
    G. Bussi, M. Parrinello, Phys. Rev. E 75, 056707 (2007).
    """

    masses: Array
    temperature: float
    time_step: float
    friction: float
    rng: np.random.Generator

    def __call__(self, velocities: Array) -> Array:
        """Damp the velocities and kick them."""
        keep = np.exp(-self.friction * self.time_step)
        noise = self.rng.normal(size=velocities.shape)
        spread = thermal_speed(self.masses, self.temperature)[:, None]
        return keep * velocities + np.sqrt(1 - keep**2) * spread * noise


def thermal_speed(masses: Array, temperature: float) -> Array:
    """Return √(kT/m), Å/fs, shape (atoms,)."""
    return np.sqrt(BOLTZMANN * temperature / (masses * EV_PER_U_A2_FS2))


def record(
    potential: Potential,
    positions: Array,
    velocities: Array,
    masses: Array,
    thermostat: Thermostat,
    *,
    time_step: float,
    n_frames: int,
) -> Array:
    """Run velocity Verlet under a thermostat and keep the positions of every step.

    Parameters
    ----------
    potential
        Energy (eV) and forces (eV/Å) at given positions.
    positions, velocities : float64, shape (atoms, 3)
        Å, Å/fs, at the first frame.
    masses : float64, shape (atoms,)
        u.
    thermostat
        Acts once a frame, between its two half kicks.
    time_step
        fs.
    n_frames
        The first state included.

    Returns
    -------
    float64, shape (frames, atoms, 3)
        Å.
    """
    inertia = masses[:, None] * EV_PER_U_A2_FS2
    x, v = positions, velocities
    recorded = np.empty((n_frames, *positions.shape))
    forces = potential(x)[1]
    for frame in range(n_frames):
        recorded[frame] = x
        if frame + 1 == n_frames:
            break  # the force at the next step is nobody's
        v = thermostat(v) + 0.5 * time_step * forces / inertia
        x = x + time_step * v
        forces = potential(x)[1]
        v = v + 0.5 * time_step * forces / inertia
    return recorded
