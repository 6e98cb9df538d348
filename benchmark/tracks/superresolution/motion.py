r"""What velocities and forces say of the way between kept frames, and how well that agrees.

Between frames Δ apart the trapezium rule with its first correction (Euler and Maclaurin) has

.. math:: x_1 - x_0 = \tfrac{\Delta}{2} (v_0 + v_1) - \tfrac{\Delta^2}{12} (a_1 - a_0)
          + \tfrac{\Delta^5}{720} x^{(5)} + \dots

For a vibration of angular frequency ω, with θ = ωΔ/2, the terms are in the ratio of

.. math:: 1 = \theta\cot\theta + \tfrac13\theta^2 + (\tfrac1{45}\theta^4 + \dots) ,

so that velocities leave θ²/3 of a displacement, and forces besides θ⁴/45. The series ends at θ = π,
where a period fits between two frames, and from π/2 on θ cot θ is negative: velocities say nothing
of the way any more. The second difference has no such end:

.. math:: x_+ - 2x + x_- = \left(\frac{\sin\theta}{\theta}\right)^2 \Delta^2 a

for every vibration, so that it is never against the force, whatever Δ.

Atoms are weighted with the square roots of their masses, by which all vibrations count alike
(equipartition). Amplitudes, and so the temperature, drop out of all ratios and correlations.

Reversed in time, Δx, v₀ + v₁ and a₁ − a₀ turn their signs and v₁ − v₀ does not. In equilibrium
(with friction and kicks too) the mean of Δx (v₁ − v₀) is therefore 0 whatever Δ, and for velocities
that lag by τ it is that of τ (v₁ − v₀)²: leap-frog velocities are half a step old.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.quantities import ENERGY

Floats = NDArray[np.float64]

#: The standard error of a median over that of a mean, of normal numbers: √(π/2).
MEDIAN_ERROR = 1.2533


@dataclass(frozen=True)
class Agreement:
    """How what atoms did and what should explain it agree: floats, or arrays of shape (atoms,).

    Attributes
    ----------
    size
        The rms of what they did over that of what should explain it.
    correlation
        About 0; 0 where either is 0 throughout.
    """

    size: Any
    correlation: Any


def agreement(done: Positions, explained: Positions, axis: Any = None) -> Agreement:
    """Compare what atoms did with what should explain it.

    Parameters
    ----------
    done, explained : float64 arrays of shape (n, atoms, 3)
    axis
        Over which: all by default; (0, 2) for a number an atom.
    """
    squares = (done**2).sum(axis), (explained**2).sum(axis)
    product = (done * explained).sum(axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.sqrt(squares[0] / squares[1])
        correlation = product / np.sqrt(squares[0] * squares[1])
    return Agreement(size, np.nan_to_num(correlation))


@dataclass(frozen=True, eq=False)
class Motion:
    """Kept frames of a molecule.

    Attributes
    ----------
    positions, velocities, forces : float64 arrays of shape (kept, atoms, 3)
        Å, Å/fs, eV/Å; velocities and forces may be None.
    masses : float64 array of shape (atoms,)
        u.
    spacing : float
        Δ, fs between kept frames.
    """

    positions: Positions
    velocities: Positions | None
    forces: Positions | None
    masses: Floats
    spacing: float

    def of(self, what: str, axis: Any = None) -> Agreement:
        """Compare ``velocities`` with displacements, or ``forces`` with second differences."""
        if what == "velocities":
            return agreement(self.moved, self.by_velocities, axis)
        return agreement(self.bent, self.by_forces, axis)

    def shifted(self, what: str, frames: int) -> Motion:
        """Give every position the velocity or force of the frame that comes so many later."""
        n = len(self.positions)
        here = slice(max(0, -frames), n - max(0, frames))
        there = slice(max(0, frames), n - max(0, -frames))
        arrays = {
            name: None if array is None else array[there if name == what else here]
            for name, array in (("velocities", self.velocities), ("forces", self.forces))
        }
        return Motion(self.positions[here], masses=self.masses, spacing=self.spacing, **arrays)

    @property
    def moved(self) -> Positions:
        """x₁ − x₀, Å √u."""
        return self._weight * np.diff(self.positions, axis=0)

    @property
    def by_velocities(self) -> Positions:
        """(v₀ + v₁) Δ/2, Å √u."""
        v = self._weight * self._given("velocities")
        return (v[:-1] + v[1:]) * (self.spacing / 2)

    @property
    def left(self) -> Positions:
        """What velocities leave of the displacement, x₁ − x₀ − (v₀ + v₁) Δ/2, Å √u."""
        return self.moved - self.by_velocities

    @property
    def correction(self) -> Positions:
        """What forces add to velocities, −(a₁ − a₀) Δ²/12, Å √u."""
        return -np.diff(self._accelerations, axis=0) * (self.spacing**2 / 12)

    @property
    def bent(self) -> Positions:
        """x₊ − 2x + x₋, Å √u."""
        return self._weight * np.diff(self.positions, 2, axis=0)

    @property
    def by_forces(self) -> Positions:
        """Accelerations times Δ², Å √u."""
        return self._accelerations[1:-1] * self.spacing**2

    @property
    def residual(self) -> float:
        """Rms of x₁ − x₀ − (v₀ + v₁) Δ/2 + (a₁ − a₀) Δ²/12, over that of x₁ − x₀.

        Without forces the last term is left out.
        """
        left = self.left if self.forces is None else self.left - self.correction
        return float(np.linalg.norm(left) / np.linalg.norm(self.moved))

    @property
    def lag(self) -> tuple[float, float]:
        """By how much velocities are older than positions, fs, and the standard error of it.

        The median over atoms, which all lag alike: of one atom it may be off by much more where a
        period of its vibration is twice or once the time between frames.
        """
        moved, turned = self.moved, self._weight * np.diff(self._given("velocities"), axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            lags = np.nan_to_num((moved * turned).sum((0, 2)) / (turned**2).sum((0, 2)))
        error = MEDIAN_ERROR * lags.std(ddof=1) / np.sqrt(len(lags)) if len(lags) > 1 else np.inf
        return float(np.median(lags)), float(error)

    @property
    def _weight(self) -> Floats:
        return np.sqrt(self.masses)[:, None]

    @cached_property
    def _accelerations(self) -> Positions:
        """Å/fs² √u."""
        return self._given("forces") / (ENERGY * self._weight)

    def _given(self, what: str) -> Positions:
        array = getattr(self, what)
        if array is None:
            raise ValueError(f"the frames hold no {what}")
        return np.asarray(array)
