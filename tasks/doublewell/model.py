"""The hidden process of the family: one slow coordinate x, and d fast ones u that do not know it.

    V(x) = 4.5 kT (x² − 1)²,        V(u) = kT u²/2

Each coordinate moves on a line of lattice sites by itself, so that the joint chain is a product of
small ones. Times are in τ, of which the relaxation of x takes 1,000.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tasks.making.milestoning import NO_CORE, last_visited_core
from tasks.oracles.hidden_chain import HiddenChain
from tasks.potentials.lattice import bernoulli, relaxation_times, transition_matrix

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]

BARRIER = 4.5  # kT
SLOW_SITES, SLOW_END = 40, 1.8
FAST_SITES, FAST_END = 10, 2.6

SLOW_TIME = 1000.0  # τ, the relaxation time of x
FAST_TIME = 10.0  # τ, that of every u

#: A core of either side is what lies beyond it: |x| > CORE.
CORE = 0.8


@dataclass(frozen=True, eq=False)
class Line:
    """A coordinate on a line of sites.

    Attributes
    ----------
    transition : float64 array of shape (n, n)
        For one frame.
    sites : float64 array of shape (n,)
        Where they lie.
    stationary : float64 array of shape (n,)
        Boltzmann weights, sum 1.
    """

    transition: Floats
    sites: Floats
    stationary: Floats

    def strided(self, stride: int) -> Line:
        """Keep every ``stride``-th frame: a power of the transition matrix, nothing else."""
        power = np.linalg.matrix_power(self.transition, stride)
        return Line(power, self.sites, self.stationary)


def diffusion(
    energy: Callable[[Floats], Floats], sites: Floats, slowest: float
) -> tuple[sp.csr_array, Floats]:
    """Give the generator of motion in a potential on a line, with a known slowest relaxation time.

    Scharfetter–Gummel rates between neighbours and reflecting ends, as in
    `tasks.potentials.lattice`; the diffusion constant is what makes the time right.

    Parameters
    ----------
    energy : callable
        kT, of an array of places.
    sites : float64 array of shape (n,)
        Evenly spaced.
    slowest : float
        Relaxation time.

    Returns
    -------
    Q : sparse float64 array of shape (n, n)
        Rates, in the inverse unit of ``slowest``.
    stationary : float64 array of shape (n,)
    """
    u = energy(sites)
    up, down = bernoulli(u[1:] - u[:-1]), bernoulli(u[:-1] - u[1:])
    Q = sp.csr_array(sp.diags_array([up, down], offsets=[1, -1]))
    Q = sp.csr_array(Q - sp.diags_array(Q.sum(axis=1)))
    stationary = np.exp(-(u - u.min()))
    stationary /= stationary.sum()
    return Q * (relaxation_times(Q, stationary, 1)[0] / slowest), stationary


@cache
def slow() -> Line:
    """Give x, for frames a τ apart."""
    sites = np.linspace(-SLOW_END, SLOW_END, SLOW_SITES)
    Q, stationary = diffusion(lambda x: BARRIER * (x**2 - 1) ** 2, sites, SLOW_TIME)
    return Line(transition_matrix(Q, stationary, 1.0), sites, stationary)


@cache
def fast() -> Line:
    """Give a u, for frames a τ apart: a lattice Ornstein–Uhlenbeck process."""
    sites = np.linspace(-FAST_END, FAST_END, FAST_SITES)
    Q, stationary = diffusion(lambda u: u**2 / 2, sites, FAST_TIME)
    return Line(transition_matrix(Q, stationary, 1.0), sites, stationary)


def lines(dimension: int, stride: int = 1) -> list[Line]:
    """Give x and ``dimension`` fast coordinates, for frames ``stride`` τ apart."""
    return [line.strided(stride) for line in [slow(), *[fast()] * dimension]]


def places(parts: list[Line]) -> Floats:
    """Give where every joint state lies, shape (n, d + 1), the last coordinate running fastest."""
    grids = np.meshgrid(*[part.sites for part in parts], indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=1)


def side(x: Floats) -> Labels:
    """Label by the side of the barrier: 0 where x < 0, else 1."""
    return (np.asarray(x) > 0).astype(np.uint8)


def core(x: Floats) -> Labels:
    """Give the core in which x lies, 0 or 1, or `NO_CORE`."""
    return np.where(np.abs(x) > CORE, side(x), NO_CORE).astype(np.uint8)


# ---- the last of two cores: exact, with the core as a part of the hidden state


def cored_chain(line: Line) -> HiddenChain:
    """Give the chain of (x, last core): its label is the core, without recrossings.

    The core is a function of all of the past of x, but (x, core) is Markov: entering another core
    changes it, nothing else does.

    Returns
    -------
    HiddenChain
        Of the joint states that occur, those of core 0 first, each in the order of the sites.
    """
    inside = core(line.sites)
    states = np.array(
        [(i, c) for c in (0, 1) for i in range(len(inside)) if inside[i] in (c, NO_CORE)]
    )
    site, last = states.T
    enters = inside[site]  # the core that a step to the state must end in, or NO_CORE
    follows = np.where(enters == NO_CORE, last[:, None] == last, True)
    return HiddenChain(line.transition[np.ix_(site, site)] * follows, last.astype(np.uint8))


def cored_labels(x: NDArray[np.integer], line: Line, rng: np.random.Generator) -> Labels:
    """Label paths of x by the last core.

    Parameters
    ----------
    x : integer array of shape (chains, frames)
        Sites.
    line : Line
        Of the frames' own stride.
    rng : numpy.random.Generator
        Draws the core before the first frame, where x begins in none, from its law given x there.

    Returns
    -------
    uint8 array of shape (chains, frames)
        As exact as paths of `cored_chain`.
    """
    chain = cored_chain(line)
    inside = core(line.sites)
    weight = np.zeros((2, len(inside)))
    for c in (0, 1):
        weight[c, (inside == c) | (inside == NO_CORE)] = chain.stationary[chain.labels == c]
    right = weight[1] / weight.sum(axis=0)  # P(core 1 | x)
    found = np.empty(x.shape, np.uint8)
    for row, path in zip(found, x, strict=True):
        cores = inside[path]
        cores[0] = rng.random() < right[path[0]]
        row[:] = last_visited_core(cores)
    return found
