"""How far apart the labels of a hidden chain are in time, exactly.

Parts that move independently are given as a transition matrix each, as to `ProductChain`; a chain
of one part is any chain. All are in detailed balance. The joint matrix is never made: with the
eigenvectors of the parts, a product with it or with its inverse goes part by part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from tasks.oracles.hidden_chain import HiddenChain

Floats = NDArray[np.float64]

#: Flux one way over that the other way: more than rounding is no detailed balance.
BALANCE = 1e-9

#: Numbers of an intermediate array at most: 64 MiB.
AT_ONCE = 1 << 23


class _Part(NamedTuple):
    """A part in the coordinates in which its matrix is symmetric."""

    root: Floats  # √π, (m,)
    symmetric: Floats  # √π_i T_ij / √π_j, (m, m)
    values: Floats  # eigenvalues, (m,), 1 last
    vectors: Floats  # (m, m), a column each


def commute_times(transitions: Sequence[ArrayLike], labels: ArrayLike) -> Floats:
    r"""Mean time from one label in equilibrium to another, and back.

    With :math:`h_j(x)` the mean number of frames until a chain that is in the hidden state x first
    shows the label j, and :math:`\pi` the stationary distribution,

    .. math:: C_{ij} = \langle h_j \rangle_{\pi | i} + \langle h_i \rangle_{\pi | j}.

    Parameters
    ----------
    transitions : sequence of float arrays of shapes (n_1, n_1), (n_2, n_2), …
        Transition matrix of each part for one frame, in detailed balance.
    labels : integer, shape (n,), n = n_1 n_2 …
        Label of each hidden state, the last part running fastest; at least two.

    Returns
    -------
    float64, shape (K, K)
        Frames; symmetric, 0 on the diagonal.

    Raises
    ------
    ValueError
        If a matrix is no transition matrix or not in detailed balance, or the labels do not fit.

    Notes
    -----
    In symmetric coordinates, y = √π h and φ = √π, the equation (1 − T) h = 1 off the states A of
    label j, h = 0 on them, is (1 − S) y = φ − r with r = 0 off A. With K the inverse of 1 − S on
    all but φ, y = cφ − K r, and y = 0 on A gives r = c z, K_AA z = φ_A, c = 1/(φ_A · z): one small
    system a label (Kemeny and Snell, Finite Markov Chains, 1960, chapter 4).

    Examples
    --------
    >>> coin = [[0.9, 0.1], [0.2, 0.8]]  # ten frames there and five back
    >>> commute_times([coin], [0, 1]).round(9).tolist()
    [[0.0, 15.0], [15.0, 0.0]]
    """
    parts = [_part(np.asarray(matrix, np.float64)) for matrix in transitions]
    seen = _checked(labels, [len(part.root) for part in parts])
    root = reduce(np.multiply.outer, [part.root for part in parts]).ravel()
    decay = reduce(np.multiply.outer, [part.values for part in parts]).ravel()
    inverse = np.append(1 / (1 - decay[:-1]), 0.0)  # the last is φ itself
    n_labels = int(seen.max()) + 1
    populations = np.bincount(seen, root**2)
    hitting = np.empty((n_labels, n_labels))  # from row to column
    for j in range(n_labels):
        members = np.flatnonzero(seen == j)
        z = np.asarray(np.linalg.solve(_block(parts, inverse, members), root[members]), np.float64)
        c = 1 / (root[members] @ z)
        spread = _spectral(parts, inverse, _scattered(members, z, len(root)))
        hitting[:, j] = c * (1 - np.bincount(seen, root * spread) / populations)
    np.fill_diagonal(hitting, 0.0)
    return hitting + hitting.T


def pair_rates(transitions: Sequence[ArrayLike], labels: ArrayLike) -> Floats:
    r"""Probability of one label after another, either way: :math:`\sqrt{p_{ij} p_{ji}}`.

    Parameters
    ----------
    transitions, labels
        As of `commute_times`.

    Returns
    -------
    float64, shape (K, K)
        Symmetric; :math:`p_{ij}` is the probability of j in the frame after one that shows i.

    Raises
    ------
    ValueError
        As `commute_times` does.

    Examples
    --------
    >>> pair_rates([[[0.9, 0.1], [0.4, 0.6]]], [0, 1]).round(9).tolist()
    [[0.9, 0.2], [0.2, 0.6]]
    """
    parts = [_part(np.asarray(matrix, np.float64)) for matrix in transitions]
    seen = _checked(labels, [len(part.root) for part in parts])
    root = reduce(np.multiply.outer, [part.root for part in parts]).ravel()
    n_labels = int(seen.max()) + 1
    flux = np.empty((n_labels, n_labels))
    for j in range(n_labels):
        moved = _along(parts, root * (seen == j), [part.symmetric for part in parts])
        flux[:, j] = np.bincount(seen, root * moved)
    populations = np.sqrt(np.bincount(seen, root**2))
    return (flux + flux.T) / 2 / np.outer(populations, populations)


def _part(transition: Floats) -> _Part:
    stationary = HiddenChain(transition, np.zeros(len(transition), np.uint8)).stationary
    root = np.sqrt(stationary)
    symmetric = root[:, None] * transition / root
    if np.abs(symmetric - symmetric.T).max() > BALANCE:
        raise ValueError("a transition matrix is not in detailed balance; the formula needs it")
    symmetric = (symmetric + symmetric.T) / 2
    values, vectors = scipy.linalg.eigh(symmetric)
    values[-1], vectors[:, -1] = 1.0, root  # exactly, as the inverse leaves it out
    return _Part(root, symmetric, values, vectors)


def _checked(labels: ArrayLike, sizes: Sequence[int]) -> NDArray[np.int64]:
    seen = np.asarray(labels).ravel().astype(np.int64)
    if len(seen) != math.prod(sizes):
        raise ValueError(f"{len(seen)} labels for {math.prod(sizes)} hidden states")
    if seen.min() < 0 or len(np.unique(seen)) != seen.max() + 1 or seen.max() < 1:
        raise ValueError("labels must be 0, 1, … without gaps, two of them or more")
    return seen


def _scattered(members: NDArray[np.int64], values: Floats, n: int) -> Floats:
    whole = np.zeros(n)
    whole[members] = values
    return whole


def _along(parts: Sequence[_Part], x: Floats, matrices: Sequence[Floats]) -> Floats:
    """Apply a matrix to each part of x (…, n), the last axis being all parts."""
    tensor = x.reshape(-1, *[len(part.root) for part in parts])
    for axis, matrix in enumerate(matrices, 1):
        tensor = np.moveaxis(np.tensordot(tensor, matrix, (axis, 1)), -1, axis)
    return tensor.reshape(x.shape)


def _spectral(parts: Sequence[_Part], weights: Floats, x: Floats) -> Floats:
    """Apply V diag(weights) Vᵀ to x (…, n)."""
    inner = _along(parts, x, [part.vectors.T for part in parts])
    return _along(parts, inner * weights, [part.vectors for part in parts])


def _block(parts: Sequence[_Part], weights: Floats, members: NDArray[np.int64]) -> Floats:
    """Rows and columns of some states of V diag(weights) Vᵀ, weights ≥ 0."""
    places = np.unravel_index(members, [len(part.root) for part in parts])
    first, *others = [part.vectors[own] for part, own in zip(parts, places, strict=True)]
    rest = np.ones((len(members), 1))  # (members, eigenvectors of all parts but the first)
    for rows in others:
        rest = (rest[:, :, None] * rows[:, None, :]).reshape(len(members), -1)
    roots = np.sqrt(weights).reshape(first.shape[1], -1)
    block = np.zeros((len(members), len(members)))
    step = max(1, AT_ONCE // rest.size)
    for start in range(0, len(roots), step):
        some = slice(start, start + step)
        rows = first[:, some, None] * rest[:, None, :] * roots[some]
        rows = rows.reshape(len(members), -1)
        block += rows @ rows.T  # half the work: the product is known to be symmetric
    return block
