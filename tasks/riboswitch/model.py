"""The hidden chain of the family: folding, slow drift and fast bead noise, each a finite chain.

    extension = μ_S + D + N        (nm)

S is the folding state, D a drift of the instrument and N the Brownian motion of the beads. They
move independently, so that the joint chain is a product of three small ones, of which every
likelihood and every correlation is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from tasks.oracles.hidden_chain import HiddenChain
from tasks.oracles.product_chain import ProductChain

Floats = NDArray[np.float64]

#: Time between two frames of the instrument, ms.
SAMPLING = 0.1

#: Standard deviation and relaxation time of the drift.
DRIFT_SD, DRIFT_TIME = 2.4, 35.0  # nm, ms
DRIFT_SITES = 17

#: Standard deviation of the bead noise, and its correlation between frames 0.1 ms apart.
BEAD_SD, BEAD_CORRELATION = 3.7, 0.48  # nm
#: Half a label's width: every label then holds the same number of sites, wherever a level lies.
BEAD_SPACING = 0.75  # nm
BEAD_SITES = 42

#: The labels: bins of 1.5 nm from 685 to 736 nm, the outer two open.
FIRST_EDGE, BIN_WIDTH, BINS = 685.0, 1.5, 34


@dataclass(frozen=True)
class Part:
    """One of the independent parts of the extension, a finite Markov chain.

    Attributes
    ----------
    transition : float64, shape (n, n)
        For one frame.
    values : float64, shape (n,)
        What each state adds to the extension, nm.
    """

    transition: Floats
    values: Floats

    def strided(self, stride: int) -> Part:
        """Keep every ``stride``-th frame: a power of the transition matrix, nothing else."""
        return Part(np.linalg.matrix_power(self.transition, stride), self.values)

    @cached_property
    def stationary(self) -> Floats:
        """Stationary distribution, shape (n,)."""
        return HiddenChain(self.transition, np.zeros(len(self.values), np.uint8)).stationary

    @property
    def mean(self) -> float:
        """Mean of the values, nm."""
        return float(self.stationary @ self.values)

    def autocovariance(self, lags: ArrayLike) -> Floats:
        """Exact ⟨δx(0) δx(ℓ)⟩ of the values, nm².

        Parameters
        ----------
        lags : integer, shape (L,)
            Frames, ≥ 0.

        Returns
        -------
        float64, shape (L,)
        """
        deviation = self.values - self.mean
        return np.array(
            [
                self.stationary * deviation @ np.linalg.matrix_power(self.transition, int(lag))
                @ deviation
                for lag in np.asarray(lags)
            ]
        )  # fmt: skip


@dataclass(frozen=True)
class Molecule:
    """Folding of one molecule: a linear chain of three states.

    Attributes
    ----------
    levels : tuple of float
        Mean extension of each state, nm, ascending.
    rates : tuple of float
        k₁₂, k₂₁, k₂₃, k₃₂ in 1/s.
    """

    levels: tuple[float, float, float]
    rates: tuple[float, float, float, float]

    @property
    def generator(self) -> Floats:
        """Q (3, 3) in 1/ms: rows sum to 0; 1 and 3 are connected through 2 only."""
        k12, k21, k23, k32 = np.array(self.rates) / 1000
        return np.array([[-k12, k12, 0], [k21, -k21 - k23, k23], [0, k32, -k32]])

    @property
    def folding(self) -> Part:
        """S: exp(Q·0.1 ms)."""
        return Part(scipy.linalg.expm(self.generator * SAMPLING), np.array(self.levels))

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """S, D and N for frames 0.1 ms apart."""
        return self.folding, drift(), bead_noise()

    @property
    def thresholds(self) -> Floats:
        """Mid-levels (2,) in nm."""
        levels = np.array(self.levels)
        return (levels[1:] + levels[:-1]) / 2


#: Two molecules of the add adenine riboswitch at 10.9 pN, fitted to public 10 kHz traces.
MOLECULE_1 = Molecule((711.1, 718.3, 725.1), (224, 20, 39, 205))
MOLECULE_2 = Molecule((711.0, 717.3, 723.4), (84, 31, 31, 254))


def drift(sites: int = DRIFT_SITES) -> Part:
    r"""D: the Ehrenfest urn, a lattice Ornstein–Uhlenbeck process.

    Of m = sites − 1 coins each is turned at rate 1/2τ; x = h (heads − m/2). The stationary law is
    binomial, and the drift of x is exactly linear, d⟨x⟩/dt = −⟨x⟩/τ, so that on the lattice as in
    the continuum ⟨x(0)x(t)⟩ = σ² exp(−t/τ), with σ² = h² m/4: sd and autocorrelation are exact for
    any m. The eigenvalues are k/τ; the excess kurtosis is −2/m.

    References
    ----------
    M. Kac, Am. Math. Monthly 54, 369 (1947).
    """
    m = sites - 1
    heads = np.arange(sites)
    generator = np.zeros((sites, sites))
    generator[heads[:-1], heads[1:]] = (m - heads[:-1]) / (2 * DRIFT_TIME)
    generator[heads[1:], heads[:-1]] = heads[1:] / (2 * DRIFT_TIME)
    generator[heads, heads] = -m / (2 * DRIFT_TIME)
    spacing = 2 * DRIFT_SD / m**0.5
    return Part(
        scipy.linalg.expm(generator * SAMPLING), np.asarray(spacing * (heads - m / 2), np.float64)
    )


def bead_noise(sites: int = BEAD_SITES, spacing: float = BEAD_SPACING) -> Part:
    r"""N: a stationary Gaussian process of order one on an even lattice.

    The joint weight of neighbouring frames is the bivariate Gaussian at the lattice sites,
    :math:`F_{ij} \propto \exp[-(x_i^2 - 2\rho x_i x_j + x_j^2) / 2\sigma^2(1-\rho^2)]`, and the
    transition matrix is F with its rows normalised: in detailed balance with the row sums. The
    lattice is the trapezoidal rule, which for a Gaussian of width s converges as
    exp(−2π²s²/spacing²): what is left is what the two ends cut off, sites·spacing/2 = 4.26 σ away.
    An even number of sites puts none in the middle, so that no extension lies on a bin's edge.
    """
    x: Floats = np.asarray(spacing * (np.arange(sites) - (sites - 1) / 2), np.float64)
    square, product = np.add.outer(x**2, x**2), np.outer(x, x)
    exponent = (square - 2 * BEAD_CORRELATION * product) / (1 - BEAD_CORRELATION**2)
    weight = np.exp(-exponent / (2 * BEAD_SD**2))
    return Part(weight / weight.sum(axis=1, keepdims=True), x)


def extension(parts: tuple[Part, ...]) -> Floats:
    """Extension of every hidden state of the product chain, nm, shape (n,)."""
    return reduce(np.add.outer, [part.values for part in parts]).ravel()


def autocorrelation(parts: tuple[Part, ...], lags: ArrayLike) -> Floats:
    """Exact autocorrelation of the extension: that of independent parts adds.

    Parameters
    ----------
    parts : tuple of Part
    lags : integer, shape (L,)
        Frames, ≥ 0.

    Returns
    -------
    float64, shape (L,)
        1 at lag 0.
    """
    covariance = np.sum([part.autocovariance([0, *np.asarray(lags)]) for part in parts], axis=0)
    return np.asarray(covariance[1:] / covariance[0])


def bin_labels(nm: ArrayLike) -> NDArray[np.uint8]:
    """Label of an extension: its bin of 1.5 nm, in 0 … 33; what lies outside joins an outer bin.

    Parameters
    ----------
    nm : float, any shape

    Returns
    -------
    uint8, the same shape
    """
    number = np.floor((np.asarray(nm, float) - FIRST_EDGE) / BIN_WIDTH)
    return np.clip(number, 0, BINS - 1).astype(np.uint8)


def bin_observable(molecule: Molecule) -> list[int]:
    """Macrostate of each of the 34 bins; a bin that a mid-level cuts counts to the middle state.

    The middle state is by far the most populated of either molecule, so that most frames in a bin
    that is cut are its own.
    """
    low, high = molecule.thresholds
    lower = FIRST_EDGE + BIN_WIDTH * np.arange(BINS)
    below, above = lower + BIN_WIDTH <= low, lower >= high
    return np.select([below, above], [0, 2], 1).tolist()


def level_labels(nm: ArrayLike, molecule: Molecule) -> NDArray[np.uint8]:
    """Label of an extension, 0 … 2: the number of mid-levels below it."""
    return np.searchsorted(molecule.thresholds, nm).astype(np.uint8)


def product_chain(parts: tuple[Part, ...], labels: NDArray[np.uint8]) -> ProductChain:
    """Give the chain of the parts, whose hidden states show `labels` (n,)."""
    return ProductChain([part.transition for part in parts], labels)
