r"""Three potentials in the plane with known wells, and the labels through which they are seen.

Each is a sixth-power wall and a few Gaussians, in units of the well depth,

.. math:: V(x, y) = W (x^6 + y^6) + \sum_k A_k \exp(-((x-a_k)^2 + (y-b_k)^2) / 2\sigma^2),

(S.-T. Tsai, E.-J. Kuo, P. Tiwary, Nat. Commun. 11, 5115 (2020), and the authors' public
simulation code). Energies and forces are plain functions of floats or arrays which numba can
also compile: the helpers they call are registered for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike, NDArray

WALL = 1e-4  # W, energy / length^6
SIGMA = 0.8  # width of every Gaussian, length
BETA = 9.5  # inverse temperature, 1 / energy
GAMMA = 1.0  # friction, 1 / time
MASS = 1.0

# (amplitude A, centre a, centre b) of each Gaussian
DIAMOND4_TERMS = (
    (-1.0, -2.0, 1.0),
    (-1.0, -0.5, -2.0),
    (-1.0, 0.5, 2.0),
    (-1.0, 2.0, -1.0),
    (1.0, 0.0, 0.0),  # the hill that makes the diamond a ring
)
LINEAR3_TERMS = ((-1.0, -1.5, -1.5), (-1.0, 0.0, 0.0), (-1.0, 1.5, 1.5))
TRIANGULAR3_TERMS = ((-1.0, 1.5, 1.8), (-1.0, 0.0, -1.0), (-1.0, -1.5, 1.5))

X20_EDGES = np.linspace(-3.0, 3.0, 21)[1:-1]  # 20 bins over +-3; the outer two are open

Terms = tuple[tuple[float, float, float], ...]
Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Potential:
    """A potential energy surface and the label of a place on it.

    Attributes
    ----------
    name : str
    energy : callable
        ``energy(x, y)``, floats or arrays of one shape; energy.
    force : callable
        ``force(x, y) -> (fx, fy)``, minus the gradient; energy / length.
    label : callable
        ``label(x, y) -> uint8``, same shape as `x`; arrays only.
    centers : float64, shape (K, 2)
        Centre of the well of each label.
    """

    name: str
    energy: Callable[[Any, Any], Any]
    force: Callable[[Any, Any], tuple[Any, Any]]
    label: Callable[[ArrayLike, ArrayLike], Labels]
    centers: NDArray[np.float64]


@register_jitable
def _energy(x: Any, y: Any, terms: Terms) -> Any:
    energy = WALL * (x**6 + y**6)
    for amplitude, a, b in terms:
        energy = energy + amplitude * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * SIGMA**2))
    return energy


@register_jitable
def _force(x: Any, y: Any, terms: Terms) -> tuple[Any, Any]:
    fx = -6 * WALL * x**5
    fy = -6 * WALL * y**5
    for amplitude, a, b in terms:
        dx = x - a
        dy = y - b
        # One exponential serves both components.
        pull = amplitude / SIGMA**2 * np.exp(-(dx * dx + dy * dy) / (2 * SIGMA**2))
        fx = fx + pull * dx
        fy = fy + pull * dy
    return fx, fy


def diamond4_energy(x: Any, y: Any) -> Any:
    """Energy of four wells on a ring around a hill."""
    return _energy(x, y, DIAMOND4_TERMS)


def diamond4_force(x: Any, y: Any) -> tuple[Any, Any]:
    """Minus the gradient of `diamond4_energy`."""
    return _force(x, y, DIAMOND4_TERMS)


def linear3_energy(x: Any, y: Any) -> Any:
    """Energy of three wells on the diagonal."""
    return _energy(x, y, LINEAR3_TERMS)


def linear3_force(x: Any, y: Any) -> tuple[Any, Any]:
    """Minus the gradient of `linear3_energy`."""
    return _force(x, y, LINEAR3_TERMS)


def triangular3_energy(x: Any, y: Any) -> Any:
    """Energy of three wells at the corners of a triangle."""
    return _energy(x, y, TRIANGULAR3_TERMS)


def triangular3_force(x: Any, y: Any) -> tuple[Any, Any]:
    """Minus the gradient of `triangular3_energy`."""
    return _force(x, y, TRIANGULAR3_TERMS)


def _bins(x: ArrayLike, edges: NDArray[np.float64]) -> Labels:
    return np.searchsorted(edges, x, side="right").astype(np.uint8)


def diamond4_label(x: ArrayLike, y: ArrayLike) -> Labels:
    """Nearest of x = -2, -0.5, 0.5, 2 as 0 to 3; y stays hidden."""
    return _bins(x, np.array([-1.25, 0.0, 1.25]))


def linear3_label(x: ArrayLike, y: ArrayLike) -> Labels:
    """Nearest of x = -1.5, 0, 1.5 as 0 to 2; y stays hidden."""
    return _bins(x, np.array([-0.75, 0.75]))


def triangular3_label(x: ArrayLike, y: ArrayLike) -> Labels:
    """Nearest well in the plane, in the order of the centers (1.5, 1.8), (0, -1), (-1.5, 1.5)."""
    distances = [
        (np.asarray(x) - a) ** 2 + (np.asarray(y) - b) ** 2 for _, a, b in TRIANGULAR3_TERMS
    ]
    return np.argmin(distances, axis=0).astype(np.uint8)


def x20_label(x: ArrayLike, y: ArrayLike) -> Labels:
    """Twenty bins of 0.3 in x over +-3, places outside in the outer bins; y stays hidden."""
    return _bins(x, X20_EDGES)


def _centers(terms: Terms) -> NDArray[np.float64]:
    return np.array([(a, b) for amplitude, a, b in terms if amplitude < 0])


DIAMOND4 = Potential(
    "diamond4", diamond4_energy, diamond4_force, diamond4_label, _centers(DIAMOND4_TERMS)
)
LINEAR3 = Potential(
    "linear3", linear3_energy, linear3_force, linear3_label, _centers(LINEAR3_TERMS)
)
TRIANGULAR3 = Potential(
    "triangular3",
    triangular3_energy,
    triangular3_force,
    triangular3_label,
    _centers(TRIANGULAR3_TERMS),
)
POTENTIALS = {p.name: p for p in (DIAMOND4, LINEAR3, TRIANGULAR3)}
