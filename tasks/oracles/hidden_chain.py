"""Finite hidden Markov ground truth: sampling, exact likelihood and exact kinetics of the labels.

A hidden state moves by a known transition matrix and shows a label that is a function of it.
The labels alone are not Markov, yet everything a benchmark asks of them is exact: the
likelihood by the forward algorithm, rates and timescales by linear algebra.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numba
import numpy as np
import scipy.linalg
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numpy.typing import ArrayLike, NDArray

from benchmark.machine import cores

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]
Hidden = NDArray[np.int32]

MAX_LABELS = 256  # labels are stored as uint8
ROW_SUM_TOLERANCE = 1e-9  # a row of a float64 transition matrix of a few thousand entries
DENSE_LIMIT = 300  # up to this many hidden states, all eigenvalues cost less than a few by Arnoldi
LOOP_LIMIT = 256  # products with a thin matrix that cost about as much as squaring the chain


class LabelledChain(ABC):
    """What every stationary hidden chain does alike: draw paths, show labels, weigh sequences.

    A subclass says how its hidden state moves: how it walks (`_walk`) and how the forward algorithm
    takes a step (`_filter`).

    Attributes
    ----------
    labels : uint8, shape (n,)
        Label of each hidden state.
    stationary : float64, shape (n,)
        Probability of each hidden state; sums to 1.
    """

    labels: Labels
    stationary: Floats

    @abstractmethod
    def _walk(self, start: int, rng: np.random.Generator, out: Hidden) -> None:
        """Fill `out` (frames,) with the path that begins at the hidden state `start`."""

    @abstractmethod
    def _filter(
        self, states: NDArray[np.int64], probability: Floats, predictive: Floats
    ) -> tuple[int, int]:
        """Forward algorithm over `states` (chains, frames); fills the other two.

        Returns the (chain, frame) that cannot occur, or -1, -1. `predictive` (chains, frames, K)
        has K = 0 where it is not wanted.
        """

    @property
    def n_hidden(self) -> int:
        """Number of hidden states n."""
        return len(self.labels)

    @property
    def n_labels(self) -> int:
        """Number of labels K."""
        return int(self.labels.max()) + 1

    def sample(
        self,
        n_frames: int,
        n_chains: int,
        rng: np.random.Generator,
        starts: ArrayLike | None = None,
    ) -> Hidden:
        """Draw independent hidden trajectories, stationary ones unless told where to start.

        Every chain has its own stream, spawned from `rng`, so chain c is the same however many
        chains follow it.

        Parameters
        ----------
        n_frames, n_chains : int
            Length of a chain, and number of chains.
        rng : numpy.random.Generator
            Source of the streams; only its spawn counter moves.
        starts : integer, shape (n_chains,), optional
            First hidden state of each chain.

        Returns
        -------
        int32, shape (n_chains, n_frames)

        Notes
        -----
        Walker's alias method (A. J. Walker, ACM TOMS 3, 253 (1977)): two random numbers and two
        table look-ups a frame and transition matrix, whatever the number of hidden states.
        """
        if n_frames < 1 or n_chains < 1:
            raise ValueError(f"n_frames={n_frames}, n_chains={n_chains}; both must be positive")
        streams = rng.spawn(n_chains)
        if starts is None:
            starts = [stream.choice(self.n_hidden, p=self.stationary) for stream in streams]
        hidden = np.empty((n_chains, n_frames), dtype=np.int32)
        begin = self._checked_starts(starts, n_chains)
        for row, start, stream in zip(hidden, begin, streams, strict=True):
            self._walk(int(start), stream, row)
        return hidden

    def _checked_starts(self, starts: ArrayLike, n_chains: int) -> NDArray[np.int64]:
        array = np.asarray(starts)
        if array.shape != (n_chains,):
            raise ValueError(f"starts has shape {array.shape}; expected ({n_chains},)")
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= self.n_hidden:
            raise ValueError(
                f"starts run from {low} to {high}; hidden states are 0 to {self.n_hidden - 1}"
            )
        return array.astype(np.int64)

    def label(self, hidden: NDArray[np.integer]) -> Labels:
        """Labels of hidden states, uint8, in the shape of `hidden`."""
        return np.asarray(self.labels[hidden], dtype=np.uint8)

    def log_probabilities(self, states: ArrayLike) -> Floats:
        r"""Exact log-probability of each frame given all earlier frames of its chain.

        With :math:`\alpha_t(i) = P(x_t = i \mid s_0 \dots s_t)` the normalised forward
        algorithm is

        .. math:: p(s_t \mid s_{<t}) = \sum_{j: \ell(j) = s_t} \sum_i \alpha_{t-1}(i) T_{ij},

        and the first frame has the stationary probability of its label.

        Parameters
        ----------
        states : integer, shape (chains, frames)
            Label sequences; each row starts afresh.

        Returns
        -------
        float64, shape (chains, frames)
            ln p*(s_t | s_<t), nats.

        Raises
        ------
        ValueError
            If a label is out of range or a sequence cannot occur; the message says where.

        References
        ----------
        L. R. Rabiner, Proc. IEEE 77, 257 (1989), section III.A.
        """
        return np.log(self._forward(states, want_predictive=False)[0])

    def predictive(self, states: ArrayLike) -> Floats:
        """Exact predictive distribution of every frame, by the same forward pass.

        Parameters
        ----------
        states : integer, shape (chains, frames)
            Label sequences; each row starts afresh.

        Returns
        -------
        float64, shape (chains, frames, K)
            ``p*(s_t = k | s_<t)``; entry [c, t, s_t] is exp(log_probabilities)[c, t].

        Raises
        ------
        ValueError
            As `log_probabilities`.
        """
        return self._forward(states, want_predictive=True)[1]

    def _checked_states(self, states: ArrayLike) -> NDArray[np.int64]:
        array = np.asarray(states)
        if array.ndim != 2 or array.size == 0 or not np.issubdtype(array.dtype, np.integer):
            raise ValueError(
                f"states has shape {array.shape} and dtype {array.dtype}; "
                "expected integers of shape (chains, frames), not empty"
            )
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= self.n_labels:
            raise ValueError(
                f"states run from {low} to {high}; labels are 0 to {self.n_labels - 1}"
            )
        return array.astype(np.int64)

    def _forward(self, states: ArrayLike, *, want_predictive: bool) -> tuple[Floats, Floats]:
        """p(s_t | s_<t) (chains, frames), and of every label (chains, frames, K) or nothing."""
        states = self._checked_states(states)
        probability = np.empty(states.shape)
        predictive = np.empty((*states.shape, self.n_labels if want_predictive else 0))
        # Threads take different chains; each chain's arithmetic is the same however they are cut.
        cuts = np.array_split(np.arange(len(states)), min(len(states), cores()))
        with ThreadPoolExecutor(len(cuts)) as pool:
            stops = pool.map(
                lambda cut: self._filter(
                    states[cut[0] : cut[-1] + 1],
                    probability[cut[0] : cut[-1] + 1],
                    predictive[cut[0] : cut[-1] + 1],
                ),
                cuts,
            )
        for cut, (chain, t) in zip(cuts, stops, strict=True):
            if chain >= 0:
                c = cut[0] + chain
                raise ValueError(
                    f"chain {c} cannot occur: label {states[c, t]} at frame {t} has probability 0 "
                    f"after its past (last labels {states[c, max(0, t - 4) : t].tolist()})"
                )
        return probability, predictive

    @cached_property
    def _indicator(self) -> Floats:
        """(n, K), 1 where a hidden state has a label."""
        return np.eye(self.n_labels)[self.labels]

    def populations(self) -> Floats:
        """Stationary probability of each label, shape (K,)."""
        return self.stationary @ self._indicator

    def _new_labels(self, mapping: ArrayLike) -> NDArray[Any]:
        """Label of each hidden state (n,) after `mapping` (K,) of the old labels."""
        new = np.asarray(mapping)
        if new.shape != (self.n_labels,):
            raise ValueError(f"mapping has shape {new.shape}; expected ({self.n_labels},)")
        return new[self.labels]


@dataclass(frozen=True, eq=False)
class HiddenChain(LabelledChain):
    """Stationary Markov chain seen through a deterministic label of its state.

    Parameters
    ----------
    transition : float64, shape (n, n)
        ``T[i, j] = P(x_{t+1} = j | x_t = i)`` for one frame; non-negative, rows sum to 1.
    labels : integer, shape (n,)
        Label of each hidden state. Every label 0, ..., K-1 must be the label of some state.
    stationary : float64, shape (n,), optional
        Left eigenvector of `transition` at eigenvalue 1, sums to 1. Solved for when left out.

    Raises
    ------
    ValueError
        If the shapes disagree, an entry is negative or not finite, rows do not sum to 1, a label
        is missing, `stationary` is not stationary, or it is left out and the chain is reducible.

    Examples
    --------
    >>> chain = HiddenChain([[0.9, 0.1], [0.2, 0.8]], [0, 1])
    >>> chain.populations().round(3)
    array([0.667, 0.333])
    >>> chain.cycle_mfpt()
    array([[nan, 10.],
           [ 5., nan]])
    """

    transition: Floats = field(repr=False)
    labels: Labels = field(repr=False)
    stationary: Floats = field(default=None, repr=False)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        transition = _checked_transition(self.transition)
        labels = checked_labels(self.labels, len(transition))
        if self.stationary is None:
            stationary = _stationary_of_irreducible(transition)
        else:
            stationary = _checked_stationary(self.stationary, transition)
        for name, array in (
            ("transition", transition),
            ("labels", labels),
            ("stationary", stationary),
        ):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def coarse(self, mapping: ArrayLike) -> HiddenChain:
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
        return HiddenChain(self.transition, self._new_labels(mapping), self.stationary)

    # ---- sampling -------------------------------------------------------------------------

    def _walk(self, start: int, rng: np.random.Generator, out: Hidden) -> None:
        _walk(*self._alias_tables, start, rng, out)

    @cached_property
    def _alias_tables(self) -> tuple[Floats, Hidden]:
        return _alias_tables(self.transition)

    # ---- likelihood -----------------------------------------------------------------------

    @cached_property
    def _members(self) -> list[NDArray[np.intp]]:
        """Hidden states of each label."""
        return [np.flatnonzero(self.labels == k) for k in range(self.n_labels)]

    @cached_property
    def _sorted(self) -> _SortedChain:
        """The chain with its hidden states in order of their label."""
        order = np.concatenate(self._members)
        starts = np.searchsorted(self.labels[order], np.arange(self.n_labels + 1))
        return _SortedChain(
            np.ascontiguousarray(self.transition[np.ix_(order, order)].T),
            np.ascontiguousarray((self.transition[order] @ self._indicator).T),
            self.stationary[order],
            starts,
        )

    def _filter(
        self, states: NDArray[np.int64], probability: Floats, predictive: Floats
    ) -> tuple[int, int]:
        return _filter(*self._sorted, states, probability, predictive)

    # ---- kinetics -------------------------------------------------------------------------

    def correlation(self, lag: int) -> Floats:
        """Joint probability of two labels a lag apart.

        Parameters
        ----------
        lag : int
            Frames, >= 0.

        Returns
        -------
        float64, shape (K, K)
            ``C[i, j] = P(s_0 = i, s_lag = j)``; sums to 1.
        """
        return next(self._correlations([lag]))

    def _correlations(self, lags: Sequence[int]) -> Iterator[Floats]:
        """Yield the correlation at ascending lags, each from the one before."""
        if not lags or min(lags) < 0:
            raise ValueError(f"lags={list(lags)}; expected at least one, none negative")
        reached = self._indicator
        weighted = self.stationary[:, None] * self._indicator
        for before, lag in pairwise([0, *lags]):
            reached = _advance(self.transition, reached, lag - before)
            yield weighted.T @ reached

    def implied_timescales(self, lags: Sequence[int], n_timescales: int) -> Floats:
        r"""Exact implied timescales of the *label* process at finite lag.

        They are what an estimator finds with infinite data,
        :math:`t_k(\ell) = -\ell / \ln \lambda_k`, with :math:`\lambda_k` the eigenvalues of the
        row-normalised, symmetrised correlation matrix at lag :math:`\ell`; they lie below the
        relaxation times of the hidden process (F. Nüske et al., JCTC 10, 1739 (2014)).

        Parameters
        ----------
        lags : sequence of int
            Frames, positive, any order.
        n_timescales : int
            At most K - 1.

        Returns
        -------
        float64, shape (len(lags), n_timescales)
            Frames, descending along the last axis; nan where the eigenvalue is not positive.
        """
        if not 1 <= n_timescales < self.n_labels:
            raise ValueError(
                f"n_timescales={n_timescales}; {self.n_labels} labels have {self.n_labels - 1}"
            )
        if not len(lags) or min(lags) < 1:
            raise ValueError(f"lags={list(lags)}; expected at least one, all positive")
        ascending = sorted({int(lag) for lag in lags})
        scale = 1.0 / np.sqrt(self.populations())
        found = {}
        for lag, joint in zip(ascending, self._correlations(ascending), strict=True):
            # Symmetric and similar to the row-normalised matrix: real eigenvalues, stable solver.
            similar = (joint + joint.T) / 2 * scale[:, None] * scale
            found[lag] = lag * _timescales(scipy.linalg.eigvalsh(similar)[::-1][1:])
        return np.stack([found[int(lag)][:n_timescales] for lag in lags])

    def relaxation_times(self, k: int) -> Floats:
        r"""Slowest k timescales of the hidden transition matrix, :math:`-1/\ln|\lambda|`.

        Parameters
        ----------
        k : int
            At most n - 1.

        Returns
        -------
        float64, shape (k,)
            Frames, descending.
        """
        n = self.n_hidden
        if not 1 <= k < n:
            raise ValueError(f"k={k}; a chain of {n} hidden states has {n - 1} relaxation times")
        root = np.sqrt(self.stationary)
        flux = self.stationary[:, None] * self.transition
        reversible = root.min() > 0 and np.allclose(flux, flux.T, rtol=0, atol=1e-12 * flux.max())
        matrix = flux / root[:, None] / root if reversible else self.transition
        if reversible:
            matrix = (matrix + matrix.T) / 2  # symmetric to the last bit: real, stable solvers
        if n <= DENSE_LIMIT or k + 2 >= n:
            values = scipy.linalg.eigvalsh(matrix) if reversible else scipy.linalg.eigvals(matrix)
        else:
            few = scipy.sparse.linalg.eigsh if reversible else scipy.sparse.linalg.eigs
            # A fixed start vector: ARPACK's own is random, and the last digits would be too.
            values = few(matrix, k=k + 1, which="LM", v0=root + 1 / n, return_eigenvectors=False)
        return _timescales(np.sort(np.abs(values))[::-1][1 : k + 1])

    def cycle_mfpt(self) -> Floats:
        r"""Exact mean first-passage times between labels, over stationary cycles.

        The passage A → B lasts from the first entry into A after a visit to B to the first entry
        into B. Let :math:`H_{X}` hold the probabilities of entering the states of X first from
        any other state, and :math:`m_B` the mean time to reach B,

        .. math:: (1 - T_{\bar X \bar X}) H_X = T_{\bar X X}, \qquad
                  (1 - T_{\bar B \bar B})\, m_B = 1.

        The distribution of entries into A solves :math:`q = q\, (H_B)_{AB} (H_A)_{BA}`, and
        the result is :math:`q \cdot m_B`. It is the limit of the model-free cycle estimator, not
        the Markov value of the lumped chain.

        Returns
        -------
        float64, shape (K, K)
            Frames; row A, column B; nan on the diagonal.

        Raises
        ------
        ValueError
            If some label cannot be reached from everywhere.
        """
        n, K = self.n_hidden, self.n_labels
        mean_time = np.zeros((n, K))  # to reach each label, 0 inside it
        entry: list[Floats] = []  # where each label is entered, (n, n_label)
        for label, inside in enumerate(self._members):
            outside = np.flatnonzero(self.labels != label)
            entered = np.zeros((n, len(inside)))
            if len(outside):
                stay = np.eye(len(outside)) - self.transition[np.ix_(outside, outside)]
                into = self.transition[np.ix_(outside, inside)]
                right = np.concatenate([into, np.ones((len(outside), 1))], axis=1)
                solved = _solve(stay, right, f"label {label} cannot be reached from everywhere")
                entered[outside], mean_time[outside, label] = solved[:, :-1], solved[:, -1]
            entry.append(entered)

        result = np.full((K, K), np.nan)
        for a, states_a in enumerate(self._members):
            for b, states_b in enumerate(self._members):
                if a != b:
                    cycle = entry[b][states_a] @ entry[a][states_b]  # A to A by way of B
                    result[a, b] = _stationary(cycle) @ mean_time[states_a, b]
        return result


# ---- validation ---------------------------------------------------------------------------


def _checked_transition(transition: ArrayLike) -> Floats:
    matrix = np.array(transition, dtype=np.float64, order="C")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"transition has shape {matrix.shape}; expected (n, n)")
    if not np.isfinite(matrix).all() or matrix.min() < 0:
        raise ValueError(
            f"transition has entries from {matrix.min()} to {matrix.max()}; "
            "expected finite, non-negative probabilities"
        )
    error = np.abs(matrix.sum(axis=1) - 1)
    if error.max() > ROW_SUM_TOLERANCE:
        row = int(error.argmax())
        raise ValueError(f"row {row} of transition sums to {matrix[row].sum()!r}; expected 1")
    return matrix


def checked_labels(labels: ArrayLike, n: int) -> Labels:
    """Give the labels of n hidden states as uint8; ValueError unless they are 0, ..., K-1."""
    array = np.asarray(labels)
    if array.shape != (n,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"labels has shape {array.shape} and dtype {array.dtype}; expected {n} integers"
        )
    if array.min() < 0 or array.max() >= MAX_LABELS:
        raise ValueError(
            f"labels run from {array.min()} to {array.max()}; expected 0 to {MAX_LABELS - 1}"
        )
    missing = np.flatnonzero(np.bincount(array) == 0)
    if len(missing):
        raise ValueError(f"no hidden state has label {missing.tolist()}; labels must be 0 to K-1")
    return array.astype(np.uint8)


def _checked_stationary(stationary: ArrayLike, transition: Floats) -> Floats:
    vector: Floats = np.array(stationary, dtype=np.float64)
    if vector.shape != (len(transition),):
        raise ValueError(f"stationary has shape {vector.shape}; expected ({len(transition)},)")
    if not np.isfinite(vector).all() or vector.min() < 0 or abs(vector.sum() - 1) > 1e-9:
        raise ValueError(
            f"stationary sums to {vector.sum()!r} with smallest entry {vector.min()!r}; "
            "expected non-negative probabilities that sum to 1"
        )
    drift = np.abs(vector @ transition - vector).max()
    if drift > 1e-9:
        raise ValueError(f"stationary moves by {drift:.3g} in one frame; expected none")
    vector /= vector.sum()
    return vector


def _stationary_of_irreducible(transition: Floats) -> Floats:
    n_classes, _ = scipy.sparse.csgraph.connected_components(
        scipy.sparse.csr_array(transition), directed=True, connection="strong"
    )
    if n_classes > 1:
        raise ValueError(
            f"transition falls into {n_classes} communicating classes, so its stationary "
            "distribution is not unique; pass the one that is meant"
        )
    return _stationary(transition)


# ---- linear algebra -----------------------------------------------------------------------


def _stationary(transition: Floats) -> Floats:
    """Stationary distribution of a chain with one recurrent class."""
    equations = transition.T - np.eye(len(transition))
    equations[-1] = 1.0  # the equations are dependent: the last gives way to normalisation
    right = np.zeros(len(transition))
    right[-1] = 1.0
    solved: Floats = np.maximum(np.linalg.solve(equations, right), 0.0)
    return solved / solved.sum()


def _solve(matrix: Floats, right: Floats, complaint: str) -> Floats:
    try:
        solved = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ValueError(complaint) from error
    if not np.isfinite(solved).all() or solved.min() < -1e-6 or solved[:, -1].max() > 1e15:
        raise ValueError(complaint)
    return solved


def _advance(transition: Floats, columns: Floats, steps: int) -> Floats:
    """Return ``transition ** steps @ columns``; squares the matrix where that is cheaper."""
    power = transition
    while steps > LOOP_LIMIT:
        if steps % 2:
            columns = power @ columns
        power = power @ power
        steps //= 2
    for _ in range(steps):
        columns = power @ columns
    return columns


def _timescales(eigenvalues: NDArray[np.floating]) -> Floats:
    """-1 / ln(eigenvalue); infinite from 1 on, nan where the eigenvalue is not positive."""
    result = np.full(eigenvalues.shape, np.nan)
    result[eigenvalues >= 1] = np.inf
    proper = (eigenvalues > 0) & (eigenvalues < 1)
    result[proper] = -1 / np.log(eigenvalues[proper])
    return result


# ---- forward algorithm --------------------------------------------------------------------


class _SortedChain(NamedTuple):
    """A chain whose hidden states are ordered by label: a label is a range of them."""

    into: Floats  # (n, n): into[j, i] = T[i, j], so a row holds all the ways into a state
    into_label: Floats  # (K, n): probability of the next label from each state
    stationary: Floats  # (n,)
    starts: NDArray[np.int64]  # (K + 1,) where the range of each label starts


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@numba.njit(cache=True, nogil=True)
def _filter(
    into: Floats,
    into_label: Floats,
    stationary: Floats,
    starts: NDArray[np.int64],
    states: NDArray[np.int64],
    probability: Floats,
    predictive: Floats,
) -> tuple[int, int]:
    """Forward algorithm over chains in step; returns the (chain, frame) that stopped it or -1, -1.

    All terms are non-negative, so that improbable sequences lose no relative accuracy. α vanishes
    off the states that show the last label, so a step needs only the block of the transition
    matrix between two labels. Chains that make the same step share its fetch from memory: more,
    shorter chains run faster.
    """
    n_chains, n_frames = states.shape
    n_labels = len(starts) - 1
    alpha = np.zeros((n_chains, len(stationary)))  # live only in the range of the last label
    fresh = np.empty((n_chains, len(stationary)))
    population = np.array([stationary[starts[k] : starts[k + 1]].sum() for k in range(n_labels)])
    for c in range(n_chains):
        label = states[c, 0]
        if population[label] <= 0.0:
            return c, 0
        probability[c, 0] = population[label]
        if predictive.shape[2]:
            predictive[c, 0] = population
        live = slice(starts[label], starts[label + 1])
        alpha[c, live] = stationary[live] / population[label]

    for t in range(1, n_frames):
        if predictive.shape[2]:
            for c in range(n_chains):
                live = slice(starts[states[c, t - 1]], starts[states[c, t - 1] + 1])
                for k in range(n_labels):
                    predictive[c, t, k] = _dot(alpha[c, live], into_label[k, live])
        # Chains that make the same step share rows in cache: fetching them is what takes time.
        step = states[:, t - 1] * n_labels + states[:, t]
        order = np.argsort(step)
        first = 0
        while first < n_chains:
            last = first + 1
            while last < n_chains and step[order[last]] == step[order[first]]:
                last += 1
            group = order[first:last]
            a, b = states[group[0], t - 1], states[group[0], t]
            for j in range(starts[b], starts[b + 1]):
                row = into[j, starts[a] : starts[a + 1]]
                for c in group:
                    fresh[c, j] = _dot(alpha[c, starts[a] : starts[a + 1]], row)
            first = last
        for c in range(n_chains):
            live = slice(starts[states[c, t]], starts[states[c, t] + 1])
            mass = fresh[c, live].sum()
            if mass <= 0.0:
                return c, t
            probability[c, t] = mass
            alpha[c, live] = fresh[c, live] / mass
    return -1, -1


# ---- alias method -------------------------------------------------------------------------


@numba.njit(cache=True)
def _alias_tables(transition: Floats) -> tuple[Floats, Hidden]:
    """Vose's construction of the alias tables, row by row: (n, n) acceptances and aliases."""
    n = len(transition)
    accept = np.ones((n, n))
    alias = np.empty((n, n), dtype=np.int32)
    stack = np.empty(n, dtype=np.int32)  # poor columns from the left, rich from the right
    for row in range(n):
        share = transition[row] * n
        poor, rich = 0, n
        for j in range(n):
            alias[row, j] = j
            if share[j] < 1.0:
                stack[poor] = j
                poor += 1
            else:
                rich -= 1
                stack[rich] = j
        while poor > 0 and rich < n:
            poor -= 1
            taker, giver = stack[poor], stack[rich]
            accept[row, taker] = share[taker]
            alias[row, taker] = giver
            share[giver] -= 1.0 - share[taker]
            if share[giver] < 1.0:
                rich += 1
                stack[poor] = giver
                poor += 1
        # What is left holds a full share up to rounding, and keeps acceptance 1.
    return accept, alias


@numba.njit(cache=True)
def _walk(accept: Floats, alias: Hidden, start: int, rng: np.random.Generator, out: Hidden) -> None:
    n = len(accept)
    state = start
    out[0] = state
    for t in range(1, len(out)):
        column = int(rng.random() * n)
        if rng.random() >= accept[state, column]:
            column = alias[state, column]
        out[t] = column
        state = column
