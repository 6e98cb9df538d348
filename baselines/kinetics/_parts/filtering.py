"""The filter of a hidden Markov model: what is known of the hidden state, frame after frame."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from baselines.kinetics._parts.sampling import Floats, draw
from benchmark.arrays import Labels, Probabilities


class HiddenMarkov(NamedTuple):
    """A hidden Markov model of H hidden states and K labels, as compiled functions take it.

    A forward step costs M², not H², where M is the most hidden states that can show one label: for
    labels that are functions of the hidden state this makes twenty labels as cheap as three.

    Attributes
    ----------
    initial : float64 array of shape (H,)
        Distribution of the first hidden state: the stationary one.
    transition : float64 array of shape (H, H)
        ``[i, j]`` is the probability of hidden state j right after i.
    emission : float64 array of shape (H, K)
        ``[j, k]`` is the probability that hidden state j shows label k.
    members : int64 array of shape (K, M)
        The hidden states that can show each label; padded at the end of a row.
    sizes : int64 array of shape (K,)
        How many these are.
    """

    initial: Floats
    transition: Floats
    emission: Floats
    members: NDArray[np.int64]
    sizes: NDArray[np.int64]


def hidden_markov(initial: Floats, transition: Floats, emission: Floats) -> HiddenMarkov:
    """Make a `HiddenMarkov` of its matrices.

    >>> shown = np.array([0, 1, 1])  # the label of each hidden state
    >>> hidden_markov(np.full(3, 1 / 3), np.eye(3), np.eye(2)[shown]).members
    array([[0, 0],
           [1, 2]])
    """
    can = emission > 0.0
    sizes = can.sum(0)
    members = np.zeros((len(sizes), int(sizes.max())), np.int64)
    for label, size in enumerate(sizes):
        members[label, :size] = np.flatnonzero(can[:, label])
    return HiddenMarkov(initial, transition, emission, members, sizes)


def predict(model: HiddenMarkov, states: Labels) -> Probabilities:
    """Filter each chain and give the distribution of its next label; the first follows `initial`.

    Parameters
    ----------
    model : HiddenMarkov
    states : uint8 array of shape (chains, frames)

    Returns
    -------
    float32 array of shape (chains, frames, K)
    """
    next_label = model.transition @ model.emission  # (H, K)
    first = (model.initial @ model.emission).astype(np.float32)  # (K,)
    probabilities = np.empty((*states.shape, len(first)), np.float32)
    _predict(states, model, next_label, first, probabilities)
    return probabilities


def sample(model: HiddenMarkov, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
    """Filter each prompt, draw a hidden state from what it leaves, and walk.

    Parameters
    ----------
    model : HiddenMarkov
    prompt : uint8 array of shape (chains, frames)
        May be empty.
    n_frames : int
    rng : numpy.random.Generator

    Returns
    -------
    uint8 array of shape (chains, n_frames)
    """
    cumulative = np.cumsum(model.transition, axis=1), np.cumsum(model.emission, axis=1)
    return _sample(prompt, n_frames, model, *cumulative, rng)


class Filter:
    """The filter of many chains side by side, a frame at a time.

    Parameters
    ----------
    model : HiddenMarkov
    prompt : uint8 array of shape (chains, frames)
        What has been seen; may be empty.

    Attributes
    ----------
    probabilities : float32 array of shape (chains, K)
        Distribution of each chain's next label; `take_in` renews it in place.
    """

    def __init__(self, model: HiddenMarkov, prompt: Labels) -> None:
        self._model, self._next = model, (model.transition @ model.emission).astype(np.float32)
        self._alpha = np.zeros((len(prompt), model.members.shape[1]))
        self._steps = np.zeros((len(prompt), 2), np.int64)  # the last label, and the new one
        first = (model.initial @ model.emission).astype(np.float32)  # (K,)
        self.probabilities = np.repeat(first[None], len(prompt), axis=0)
        self._seen = 0
        for labels in prompt.T:
            self.take_in(labels.astype(np.int64))

    def take_in(self, labels: NDArray[np.int64]) -> None:
        """Go on by a frame, in which the chains showed ``labels`` (chains,)."""
        now = min(self._seen, 1)  # a first frame has none before it
        self._steps[:, now] = labels
        _advance(self._alpha, self._steps, now, self._model, self._next, self.probabilities)
        self._steps[:, 0] = labels
        self._seen += 1


# Written into its callers: a call would take as long as the work.
@numba.njit(inline="always")
def _take_in(alpha: Floats, chain: Labels, t: int, model: HiddenMarkov, out: Floats) -> float:
    """Carry p(hidden | labels before t) from frame t − 1 to t; give p(label t | labels before).

    Both are of the `members` of the label shown, (M,); frame 0 needs no ``alpha``.
    """
    now, total = chain[t], 0.0
    for b in range(model.sizes[now]):
        j = model.members[now, b]
        x = 0.0
        if t == 0:
            x = model.initial[j]
        else:
            before = chain[t - 1]
            for a in range(model.sizes[before]):
                x += alpha[a] * model.transition[model.members[before, a], j]
        x *= model.emission[j, now]
        out[b] = x
        total += x
    for b in range(model.sizes[now]):
        out[b] /= total
    return total


@numba.njit(cache=True)
def log_likelihood(chain: Labels, model: HiddenMarkov) -> float:
    """Give ln p of a chain, in nats."""
    alpha, after = np.empty(model.members.shape[1]), np.empty(model.members.shape[1])
    total = 0.0
    for t in range(len(chain)):
        total += np.log(_take_in(alpha, chain, t, model, after))
        alpha, after = after, alpha
    return total


@numba.njit(cache=True)
def forward_backward(
    chain: Labels,
    model: HiddenMarkov,
    jumps: Floats,
    shown: Floats,
) -> float:
    """Add what is expected of a chain to two tables (Rabiner 1989, eqs. 27, 37, 40).

    Parameters
    ----------
    chain : uint8 array of shape (frames,)
    model : HiddenMarkov
    jumps : float64 array of shape (H, H)
        Gets the expected number of jumps from one hidden state to another.
    shown : float64 array of shape (H, K)
        Gets the expected number of frames in which a hidden state shows a label.

    Returns
    -------
    float
        ln p of the chain, in nats.
    """
    n, M = len(chain), model.members.shape[1]
    alpha, scale = np.empty((n, M)), np.empty(n)
    total = 0.0
    for t in range(n):
        scale[t] = _take_in(alpha[t - 1], chain, t, model, alpha[t])
        total += np.log(scale[t])
    beta, earlier, weight = np.ones(M), np.empty(M), np.empty(M)
    for t in range(n - 1, 0, -1):
        now, before = chain[t], chain[t - 1]
        for b in range(model.sizes[now]):
            j = model.members[now, b]
            shown[j, now] += alpha[t, b] * beta[b]
            weight[b] = beta[b] * model.emission[j, now] / scale[t]
        for a in range(model.sizes[before]):
            i = model.members[before, a]
            x = 0.0
            for b in range(model.sizes[now]):
                j = model.members[now, b]
                step = model.transition[i, j] * weight[b]
                jumps[i, j] += alpha[t - 1, a] * step
                x += step
            earlier[a] = x
        beta, earlier = earlier, beta
    for b in range(model.sizes[chain[0]]):
        shown[model.members[chain[0], b], chain[0]] += alpha[0, b] * beta[b]
    return total


@numba.njit(cache=True)
def _predict(
    states: Labels,
    model: HiddenMarkov,
    next_label: Floats,
    first: NDArray[np.float32],
    probabilities: Probabilities,
) -> None:
    alpha, after = np.empty(model.members.shape[1]), np.empty(model.members.shape[1])
    for chain in range(states.shape[0]):
        row = states[chain]
        probabilities[chain, 0] = first
        for t in range(1, len(row)):
            before = row[t - 1]
            _take_in(alpha, row, t - 1, model, after)
            alpha, after = after, alpha
            for k in range(next_label.shape[1]):
                p = 0.0
                for a in range(model.sizes[before]):
                    p += alpha[a] * next_label[model.members[before, a], k]
                probabilities[chain, t, k] = p


@numba.njit(cache=True)
def _advance(
    alpha: Floats,
    steps: NDArray[np.int64],
    now: int,
    model: HiddenMarkov,
    next_label: NDArray[np.float32],
    probabilities: NDArray[np.float32],
) -> None:
    after = np.empty(alpha.shape[1])
    for chain in range(len(steps)):
        _take_in(alpha[chain], steps[chain], now, model, after)
        alpha[chain] = after
        members, law = model.members[steps[chain, now]], probabilities[chain]
        law[:] = 0.0
        for a in range(model.sizes[steps[chain, now]]):
            weight, row = np.float32(after[a]), next_label[members[a]]
            for k in range(len(law)):
                law[k] += weight * row[k]


@numba.njit(cache=True)
def _sample(
    prompt: Labels,
    n_frames: int,
    model: HiddenMarkov,
    cumulative_transition: Floats,
    cumulative_emission: Floats,
    rng: np.random.Generator,
) -> Labels:
    states = np.empty((len(prompt), n_frames), np.uint8)
    alpha, after = np.empty(model.members.shape[1]), np.empty(model.members.shape[1])
    for chain in range(len(prompt)):
        row = prompt[chain]
        hidden = -1
        for t in range(len(row)):
            _take_in(alpha, row, t, model, after)
            alpha, after = after, alpha
        if len(row):
            last = row[-1]
            hidden = model.members[last, draw(np.cumsum(alpha[: model.sizes[last]]), rng.random())]
        for t in range(n_frames):
            if hidden < 0:
                hidden = draw(np.cumsum(model.initial), rng.random())
            else:
                hidden = draw(cumulative_transition[hidden], rng.random())
            states[chain, t] = draw(cumulative_emission[hidden], rng.random())
    return states
