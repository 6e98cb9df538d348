r"""Timescales of underdamped Langevin dynamics from its generator, without a simulation.

The Klein-Kramers operator is expanded in Hermite functions of the velocity, products
:math:`h_i(v_x) h_j(v_y)` with :math:`i + j \le P`, and finite differences in the plane (H. Risken,
The Fokker-Planck Equation, 2nd ed., chapter 10). Divided by the square root of the Boltzmann
weight it is

.. math:: L = -\gamma N + \sum_d (a_d^\dagger B_d - a_d B_d^T),
          \qquad B_d = \sqrt{\pi / \beta m}\; \partial_d\, \sqrt{1 / \pi},

with :math:`a_d^\dagger` raising the Hermite order and N counting it. Modes of even order live on
cell centres and modes of odd order on cell edges, so that differences are centred; B and its
transpose come from one matrix, so the stationary state is exact and nothing grows.
It checks the reference simulations of the Langevin tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numpy.typing import NDArray

from tasks.potentials.potentials import (
    BETA,
    DIAMOND4,
    GAMMA,
    LINEAR3,
    MASS,
    TRIANGULAR3,
    Potential,
)

Floats = NDArray[np.float64]
SHIFT = 1e-4  # of the inverted operator, in units of gamma: near 0, clear of rounding at 0
Mode = tuple[int, int]  # Hermite orders (i, j) in v_x and v_y
PARITIES: tuple[Mode, ...] = ((0, 0), (0, 1), (1, 0), (1, 1))


def kramers_generator(
    potential: Potential,
    n: int,
    max_order: int,
    half_width: float = 3.6,
    beta: float = BETA,
    gamma: float = GAMMA,
) -> sp.csc_array:
    """Discretised Klein-Kramers generator, divided by the root of the Boltzmann weight.

    Parameters
    ----------
    potential : Potential
    n : int
        Cells along each edge of [-half_width, half_width]^2; walls reflect.
    max_order : int
        Highest total Hermite order P of the velocity.
    half_width : float
        Length.
    beta, gamma : float
        Inverse temperature (1 / energy) and friction (1 / time).

    Returns
    -------
    sparse float64, shape (unknowns, unknowns)
        1 / time; about n^2 (P + 1) (P + 2) / 2 unknowns. Its diagonal is not positive and the
        rest is antisymmetric.

    Raises
    ------
    ValueError
        If a size or a temperature is not positive.
    """
    if n < 3 or max_order < 1 or min(half_width, beta, gamma) <= 0:
        given = f"{n=}, {max_order=}, {half_width=}, {beta=}, {gamma=}"
        raise ValueError(f"{given}; expected at least 3 cells an edge, order 1, positive values")
    h = 2 * half_width / n
    centers = -half_width + h * (np.arange(n) + 0.5)
    edges = -half_width + h * np.arange(1, n)  # odd modes vanish at the walls
    to_edges = sp.diags_array([-1 / h, 1 / h], offsets=[0, 1], shape=(n - 1, n))
    differences = (to_edges, -to_edges.T)  # from centres, from edges
    places = (centers, edges)

    grids = {(a, b): np.meshgrid(places[a], places[b], indexing="ij") for a, b in PARITIES}
    energy = {parity: beta * potential.energy(*grid).ravel() for parity, grid in grids.items()}
    lowest = min(u.min() for u in energy.values())
    root = {parity: np.exp(-(u - lowest) / 2) for parity, u in energy.items()}  # sqrt(pi)

    modes = [(i, j) for i in range(max_order + 1) for j in range(max_order + 1 - i)]
    number = {mode: k for k, mode in enumerate(modes)}
    blocks: list[list[sp.sparray | None]] = [[None] * len(modes) for _ in modes]
    for k, (i, j) in enumerate(modes):
        size = len(root[i % 2, j % 2])
        blocks[k][k] = sp.diags_array(np.full(size, -gamma * (i + j)))
        for axis, above in enumerate([(i + 1, j), (i, j + 1)]):
            if above in number:
                B = _coupling((i, j), axis, places, differences, root, beta)
                blocks[number[above]][k], blocks[k][number[above]] = B, -B.T
    return sp.csc_array(sp.block_array(blocks))


def _coupling(
    mode: Mode,
    axis: int,
    places: tuple[NDArray[Any], NDArray[Any]],
    differences: tuple[sp.sparray, sp.sparray],
    root: dict[Mode, Floats],
    beta: float,
) -> sp.csr_array:
    """B along one axis, from the places of a mode to those of the next higher one."""
    here = (mode[0] % 2, mode[1] % 2)
    there = (1 - here[0], here[1]) if axis == 0 else (here[0], 1 - here[1])
    across = sp.eye_array(len(places[here[1 - axis]]))
    along = differences[here[axis]]
    step = sp.kron(along, across) if axis == 0 else sp.kron(across, along)
    scale = np.sqrt(mode[axis] + 1) / np.sqrt(beta * MASS)
    return sp.csr_array(sp.diags_array(scale * root[there]) @ step @ sp.diags_array(1 / root[here]))


def langevin_timescales(
    potential: Potential,
    k: int,
    n: int = 40,
    max_order: int = 8,
    half_width: float = 3.6,
    beta: float = BETA,
    gamma: float = GAMMA,
) -> Floats:
    """Slowest k relaxation times of underdamped Langevin dynamics.

    Parameters
    ----------
    potential : Potential
    k : int
        Number of timescales.
    n, max_order, half_width, beta, gamma
        As in `kramers_generator`; the error falls as 1 / n^2 and faster than any power of the
        order. At the defaults it is a few tenths of a per cent for the three potentials
        (measured against half_width 4.5).

    Returns
    -------
    float64, shape (k,)
        -1 / Re(eigenvalue), time, descending.
    """
    L = kramers_generator(potential, n, max_order, half_width, beta, gamma)
    shift = SHIFT * gamma
    operator = scipy.sparse.linalg.LinearOperator(
        L.shape, matvec=_shifted_inverse(L, gamma, shift), dtype=np.float64
    )
    found = scipy.sparse.linalg.eigs(
        operator, k=k + 1, which="LM", v0=np.ones(L.shape[0]), return_eigenvectors=False
    )
    rates = np.sort(-(1 / found + shift).real)
    return 1 / rates[1:]


def _shifted_inverse(L: sp.csc_array, gamma: float, shift: float) -> Callable[[Floats], Floats]:
    """Solver of (L - shift) x = b, by elimination of the modes of odd order.

    Orders differ by one across a coupling, so with D the positive diagonal of shift - L,
    L - shift = [[-D_e, -C^T], [C, -D_o]]: odd modes go for free, and what remains of the even
    ones, D_e + C^T C / D_o, is symmetric, positive definite and banded.
    """
    damping = shift - L.diagonal()
    odd = np.rint(damping / gamma).astype(int) % 2 == 1
    even_at, odd_at = np.flatnonzero(~odd), np.flatnonzero(odd)
    C = sp.csr_array(L[odd_at][:, even_at])
    D_odd = damping[odd_at]
    schur = sp.csr_array(sp.diags_array(damping[even_at]) + C.T @ sp.diags_array(1 / D_odd) @ C)
    order = scipy.sparse.csgraph.reverse_cuthill_mckee(schur, symmetric_mode=True)
    lower = sp.coo_array(sp.tril(schur[order][:, order]))
    below = lower.row - lower.col
    band = np.zeros((below.max() + 1, len(order)))
    band[below, lower.col] = lower.data
    factor = scipy.linalg.cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)

    def solve(b: Floats) -> Floats:
        from_odd = b[odd_at] / D_odd
        right = C.T @ from_odd - b[even_at]
        x = np.empty(len(b))
        even = np.empty(len(order))
        even[order] = scipy.linalg.cho_solve_banded((factor, True), right[order])
        x[even_at] = even
        x[odd_at] = (C @ even) / D_odd - from_odd
        return x

    return solve


def main() -> None:
    """Print the slow relaxation times of the three potentials, in reduced time.

    Example: python -m tasks.potentials.kramers
    """
    for potential in (LINEAR3, TRIANGULAR3, DIAMOND4):
        times = langevin_timescales(potential, len(potential.centers) - 1)
        print(f"{potential.name}: {', '.join(f'{time:.1f}' for time in times)}", flush=True)


if __name__ == "__main__":
    main()
