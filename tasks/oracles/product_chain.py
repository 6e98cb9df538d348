"""Hidden chains of independent parts: the exact likelihood without the joint transition matrix.

Where the hidden state is a tuple of parts that move independently, its transition matrix is the
Kronecker product of theirs. It is never made: applied part by part along the axes of a tensor, a
step of the forward algorithm costs n (n₁ + n₂ + …) products instead of n², for n = n₁ n₂ … states.
(With many labels `HiddenChain` needs but a small block of the n², and is faster where it fits.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tasks.oracles.hidden_chain import (
    Floats,
    Hidden,
    HiddenChain,
    LabelledChain,
    Labels,
    checked_labels,
)


@dataclass(frozen=True, eq=False)
class ProductChain(LabelledChain):
    """Stationary chain of independent parts seen through a deterministic label of their states.

    A hidden state is a tuple of the parts' states, numbered with the last part running fastest
    (``numpy.ravel_multi_index(tuple, shape)``). Every answer equals that of the `HiddenChain` whose
    transition matrix is the Kronecker product of `transitions`.

    Parameters
    ----------
    transitions : sequence of float64 arrays of shapes (n_1, n_1), (n_2, n_2), …
        Transition matrix of each part for one frame; non-negative, rows sum to 1, irreducible.
    labels : integer, shape (n,) or (n_1, n_2, …)
        Label of each hidden state. Every label 0, ..., K-1 must be the label of some state.

    Attributes
    ----------
    stationary : float64, shape (n,)
        Product of the parts' stationary distributions.

    Raises
    ------
    ValueError
        If there is no part, a matrix is not a transition matrix or is reducible, the labels do not
        fit the parts, or a label is missing.

    Examples
    --------
    >>> coin = [[0.9, 0.1], [0.1, 0.9]]  # a coin that is seldom turned
    >>> chain = ProductChain([coin, coin], [[0, 1], [1, 2]])  # how many of two show heads
    >>> chain.populations()
    array([0.25, 0.5 , 0.25])
    >>> np.exp(chain.log_probabilities([[0, 0, 1]])).round(2)
    array([[0.25, 0.81, 0.18]])
    """

    transitions: Sequence[Floats] = field(repr=False)
    labels: Labels = field(repr=False)
    stationary: Floats = field(init=False, repr=False)
    _parts: tuple[HiddenChain, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not len(self.transitions):
            raise ValueError("transitions is empty; expected the matrix of at least one part")
        # A part is a hidden chain too: it checks its matrix, solves for its stationary
        # distribution and walks. What it shows does not matter.
        parts = tuple(
            HiddenChain(matrix, np.zeros(len(matrix), np.uint8)) for matrix in self.transitions
        )
        shape = tuple(part.n_hidden for part in parts)
        labels = np.asarray(self.labels)
        labels = checked_labels(
            labels.ravel() if labels.shape == shape else labels, math.prod(shape)
        )
        stationary = reduce(np.multiply.outer, [part.stationary for part in parts]).ravel()
        labels.flags.writeable = stationary.flags.writeable = False
        object.__setattr__(self, "transitions", tuple(part.transition for part in parts))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "stationary", stationary)
        object.__setattr__(self, "_parts", parts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of states of each part."""
        return tuple(part.n_hidden for part in self._parts)

    def coarse(self, mapping: ArrayLike) -> ProductChain:
        """Return the same hidden process seen through fewer labels.

        Parameters
        ----------
        mapping : integer, shape (K,)
            New label of each old label.

        Raises
        ------
        ValueError
            If `mapping` has not one entry per label, or skips a new label.
        """
        return ProductChain(self.transitions, self._new_labels(mapping))

    def relaxation_times(self, k: int) -> Floats:
        r"""Slowest k timescales of the hidden process, :math:`-1/\ln|\lambda|`.

        The eigenvalues are the products of one eigenvalue of each part, so that the rates
        :math:`1/t = \sum_p 1/t_p` are the sums of one rate of each, 0 included.

        Parameters
        ----------
        k : int
            At most n - 1.

        Returns
        -------
        float64, shape (k,)
            Frames, descending; 0 where the eigenvalue is 0.
        """
        if not 1 <= k < self.n_hidden:
            raise ValueError(
                f"k={k}; a chain of {self.n_hidden} hidden states has {self.n_hidden - 1} "
                "relaxation times"
            )
        rates = np.zeros(1)
        for part in self._parts:
            if part.n_hidden > 1:
                times = part.relaxation_times(part.n_hidden - 1)
                # nan: the eigenvalue is 0, and nothing is left after a frame.
                own = np.divide(1.0, times, out=np.full_like(times, np.inf), where=times > 0)
                rates = np.add.outer(rates, [0.0, *own]).ravel()
        return 1 / np.sort(rates)[1 : k + 1]

    def _walk(self, start: int, rng: np.random.Generator, out: Hidden) -> None:
        begin = np.unravel_index(start, self.shape)
        own = np.empty_like(out)
        out[:] = 0
        for part, first in zip(self._parts, begin, strict=True):
            part._walk(int(first), rng, own)
            out *= part.n_hidden
            out += own

    def _filter(
        self, states: NDArray[np.int64], probability: Floats, predictive: Floats
    ) -> tuple[int, int]:
        # One array for any number of parts: a tuple would be compiled anew for each length.
        packed = np.concatenate([matrix.ravel() for matrix in self.transitions])
        sizes = np.array(self.shape)
        return _filter(packed, sizes, self.labels, self.stationary, states, probability, predictive)


@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def _apply(transition: Floats, right: int, source: Floats, target: Floats) -> None:
    """Move one part of the tensor `source` (left, n_p, right) by a frame, into `target`."""
    m = len(transition)
    target[:] = 0.0
    for begin in range(0, len(source), m * right):
        for i in range(m):
            into = begin + i * right
            if right == 1:
                # α vanishes off the states that show the last label, most of them: skip those.
                if source[into] > 0.0:
                    for j in range(m):
                        target[begin + j] += source[into] * transition[i, j]
            else:
                for j in range(m):
                    weight, onto = transition[i, j], begin + j * right
                    for r in range(right):
                        target[onto + r] += weight * source[into + r]


@numba.njit(cache=True, nogil=True)
def _filter(
    packed: Floats,
    sizes: NDArray[np.int64],
    labels: Labels,
    stationary: Floats,
    states: NDArray[np.int64],
    probability: Floats,
    predictive: Floats,
) -> tuple[int, int]:
    """Forward algorithm; returns the (chain, frame) that cannot occur or -1, -1.

    `packed` holds the transition matrices of the parts, of `sizes`, one after the other. All terms
    are non-negative, so that improbable sequences lose no relative accuracy.
    """
    n = len(stationary)
    alpha, moved = np.empty(n), np.empty(n)
    for c in range(states.shape[0]):
        alpha[:] = stationary
        for t in range(states.shape[1]):
            if t > 0:
                right, end = 1, len(packed)
                # The last part first: it is the one that can skip what α has lost.
                for m in sizes[::-1]:
                    transition = packed[end - m * m : end].reshape(m, m)
                    _apply(transition, right, alpha, moved)
                    alpha, moved = moved, alpha
                    right, end = right * m, end - m * m
            if predictive.shape[2]:
                predictive[c, t] = 0.0
                for i in range(n):
                    predictive[c, t, labels[i]] += alpha[i]
            mass = 0.0
            for i in range(n):
                alpha[i] = alpha[i] if labels[i] == states[c, t] else 0.0
                mass += alpha[i]
            if mass <= 0.0:
                return c, t
            probability[c, t] = mass
            alpha /= mass
    return -1, -1
