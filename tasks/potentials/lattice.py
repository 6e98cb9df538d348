r"""Overdamped motion on a lattice: a finite Markov chain whose every property is exact.

The Smoluchowski generator of a potential is discretised with Scharfetter-Gummel rates. The chain
exp(Q tau) then *is* the process of a task, not an approximation to one: its statistics and the
likelihood of its labels are known to machine precision.

Neighbouring cells i, j of width h exchange at the Scharfetter-Gummel rate

.. math:: Q_{ij} = \frac{D}{h^2} \frac{u}{e^u - 1}, \qquad u = \beta (V_j - V_i), \qquad
          D = \frac{1}{\beta \gamma m},\ m = 1,

which keeps detailed balance with :math:`\pi_i \propto e^{-\beta V_i}` exactly and converges
as :math:`h^2` (D. L. Scharfetter, H. K. Gummel, IEEE Trans. Electron Devices 16, 64 (1969)).
Light cells, and cells cut off from the largest connected part, are dropped together with
the rates into them, so the rest stays reversible.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import scipy.sparse as sp
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numpy.typing import ArrayLike, NDArray

from tasks.oracles.hidden_chain import HiddenChain
from tasks.potentials.potentials import BETA, GAMMA, Potential

Floats = NDArray[np.float64]

# Cells below this share of the heaviest cell's weight are dropped. The saddles weigh about 1e-5
# to 1e-4; at 1e-7 no timescale of the three potentials moves by more than 1e-4 of itself.
MIN_WEIGHT = 1e-7


def lattice_generator(
    potential: Potential,
    n: int,
    half_width: float,
    beta: float = BETA,
    gamma: float = GAMMA,
    min_weight: float = MIN_WEIGHT,
) -> tuple[sp.csr_array, Floats, Floats, Floats]:
    """Smoluchowski generator on a square lattice with reflecting edges.

    The head of this file says how.

    Parameters
    ----------
    potential : Potential
    n : int
        Cells along each edge.
    half_width : float
        The lattice covers [-half_width, half_width]^2; length.
    beta, gamma : float
        Inverse temperature (1 / energy) and friction (1 / time).
    min_weight : float
        Least weight kept, as a share of the heaviest cell's.

    Returns
    -------
    Q : sparse float64, shape (cells, cells)
        Rates, 1 / time; rows sum to 0.
    stationary : float64, shape (cells,)
        Boltzmann weights, sum 1.
    x, y : float64, shape (cells,)
        Centres of the cells; length.

    Raises
    ------
    ValueError
        If a size or a temperature is not positive.
    """
    if n < 2 or min(half_width, beta, gamma) <= 0:
        given = f"{n=}, {half_width=}, {beta=}, {gamma=}"
        raise ValueError(f"{given}; expected at least two cells an edge and positive values")
    h = 2 * half_width / n
    centers = -half_width + h * (np.arange(n) + 0.5)
    x, y = (grid.ravel() for grid in np.meshgrid(centers, centers, indexing="ij"))
    u = beta * potential.energy(x, y)
    u -= u.min()

    cell = np.arange(n * n).reshape(n, n)
    one = np.concatenate([cell[:-1].ravel(), cell[:, :-1].ravel()])
    other = np.concatenate([cell[1:].ravel(), cell[:, 1:].ravel()])
    rows, cols = np.concatenate([one, other]), np.concatenate([other, one])
    rates = bernoulli(u[cols] - u[rows]) / (beta * gamma * h**2)
    Q = sp.csr_array((rates, (rows, cols)), shape=(n * n, n * n))

    keep = _largest_part(Q, np.exp(-u) >= min_weight)
    Q = Q[keep][:, keep]
    Q = sp.csr_array(Q - sp.diags_array(Q.sum(axis=1)))
    weight = np.exp(-u[keep])
    return Q, weight / weight.sum(), x[keep], y[keep]


def bernoulli(u: Floats) -> Floats:
    """Bernoulli function u / (exp(u) - 1), 1 at 0."""
    near = np.abs(u) < 1e-10
    safe = np.where(near, 1.0, u)
    with np.errstate(over="ignore"):  # up a cliff the rate is 0
        return np.where(near, 1 - u / 2, safe / np.expm1(safe))


def _largest_part(Q: sp.csr_array, heavy: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Cells of the largest connected part of the heavy ones."""
    cells = np.flatnonzero(heavy)
    _, part = scipy.sparse.csgraph.connected_components(Q[cells][:, cells], directed=False)
    return cells[part == np.bincount(part).argmax()]


def _symmetrised(Q: sp.csr_array, pi: Floats) -> sp.csr_array:
    """sqrt(pi) Q / sqrt(pi): similar to Q, and symmetric because Q is reversible."""
    root = np.sqrt(pi)
    similar = sp.diags_array(root) @ Q @ sp.diags_array(1 / root)
    return sp.csr_array((similar + similar.T) / 2)


def relaxation_times(Q: sp.csr_array, pi: Floats, k: int) -> Floats:
    """Slowest k relaxation times of a reversible generator, by sparse shift and invert.

    Parameters
    ----------
    Q : sparse float64, shape (cells, cells)
        Rates, 1 / time.
    pi : float64, shape (cells,)
        Its stationary distribution.
    k : int

    Returns
    -------
    float64, shape (k,)
        -1 / eigenvalue, time, descending.
    """
    negative = sp.csc_array(-_symmetrised(Q, pi))
    # The shift lies just below 0, an eigenvalue; the start vector is fixed for reproducibility.
    shift = -1e-7 * abs(negative).max()
    values = scipy.sparse.linalg.eigsh(
        negative,
        k=k + 1,
        sigma=shift,
        which="LM",
        v0=np.ones(len(pi)),
        return_eigenvectors=False,
    )
    return 1 / np.sort(values)[1:]


def transition_matrix(Q: sp.csr_array, pi: Floats, tau: float) -> Floats:
    r"""Dense transition matrix :math:`e^{Q \tau}` of a reversible generator.

    Parameters
    ----------
    Q : sparse float64, shape (cells, cells)
        Rates, 1 / time.
    pi : float64, shape (cells,)
        Its stationary distribution.
    tau : float
        Time of one frame.

    Returns
    -------
    float64, shape (cells, cells)
        Non-negative; rows sum to 1; in detailed balance with its stationary distribution, which
        is `pi` up to rounding.
    """
    if tau <= 0:
        raise ValueError(f"tau={tau}; expected a positive time")
    values, vectors = scipy.linalg.eigh(_symmetrised(Q, pi).toarray(), driver="evd")
    root = np.sqrt(pi)
    half = vectors * np.exp(np.minimum(values, 0.0) * tau / 2)
    flux = half @ half.T  # of the form M M^T: symmetric to the last bit
    flux *= root[:, None] * root
    # Entries far below rounding error come out with either sign; a flux is never negative.
    np.maximum(flux, 0.0, out=flux)
    return flux / flux.sum(axis=1, keepdims=True)


def hidden_chain(
    potential: Potential,
    tau: float,
    labelling: Callable[[ArrayLike, ArrayLike], NDArray[np.uint8]] | None = None,
    n: int = 56,
    half_width: float = 3.6,
) -> HiddenChain:
    """Hidden chain of overdamped motion in a potential at the default temperature and friction.

    Parameters
    ----------
    potential : Potential
    tau : float
        Time of one frame.
    labelling : callable, optional
        ``labelling(x, y) -> uint8``; the potential's own label when left out.
    n, half_width
        The lattice, as in `lattice_generator`.

    Returns
    -------
    HiddenChain
    """
    Q, pi, x, y = lattice_generator(potential, n, half_width)
    labels = (labelling or potential.label)(x, y)
    return HiddenChain(transition_matrix(Q, pi, tau), labels, pi)
