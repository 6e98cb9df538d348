"""What several models share: training populations, lag-1 counts and drawing the next label."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels, Probabilities
from benchmark.tracks.kinetics.contract import StateTrajectories

Floats = NDArray[np.float64]


def populations(train: StateTrajectories) -> Floats:
    """Give the share of frames in each label, each count raised by ½: none is ever zero.

    Returns
    -------
    float64 array of shape (labels,)
        π_k = (n_k + ½) / (N + K/2), the Krichevsky–Trofimov estimate.
    """
    counts = np.full(train.n_labels, 0.5)
    for chain in train.chains:
        counts += np.bincount(chain, minlength=train.n_labels)
    return counts / counts.sum()


def lag1_counts(data: StateTrajectories) -> Floats:
    """Count the ordered pairs of consecutive labels.

    Returns
    -------
    float64 array of shape (labels, labels)
        ``[i, j]`` is the number of frames in j right after a frame in i.
    """
    K = data.n_labels
    pairs = np.zeros(K * K)
    for chain in data.chains:
        pairs += np.bincount(chain[:-1].astype(np.int64) * K + chain[1:], minlength=K * K)
    return pairs.reshape(K, K)


def predict_markov(initial: Floats, transition: Floats, states: Labels) -> Probabilities:
    """Give p(s_t | s_{t−1}) of a Markov chain; its first frame has the distribution ``initial``.

    Parameters
    ----------
    initial : float64 array of shape (labels,)
    transition : float64 array of shape (labels, labels)
    states : uint8 array of shape (chains, frames)

    Returns
    -------
    float32 array of shape (chains, frames, labels)
    """
    probabilities = np.empty((*states.shape, len(initial)), np.float32)
    probabilities[:, :1] = initial
    probabilities[:, 1:] = transition.astype(np.float32)[states[:, :-1]]
    return probabilities


def sample_markov(
    initial: Floats, transition: Floats, prompt: Labels, n_frames: int, rng: np.random.Generator
) -> Labels:
    """Continue each chain of ``prompt`` by a Markov chain; see `predict_markov`.

    Returns
    -------
    uint8 array of shape (chains, n_frames)
    """
    # An empty prompt is continued from a row K of the table, the initial distribution.
    K = len(initial)
    cumulative = np.cumsum(np.vstack([transition, initial]), axis=1)
    last = prompt[:, -1].astype(np.int64) if prompt.shape[1] else np.full(len(prompt), K)
    return _walk(cumulative, last, n_frames, rng)


@numba.njit(cache=True)
def draw(cumulative: Floats, uniform: float) -> int:
    """Draw a label: the first whose cumulative probability lies above ``uniform``.

    The last label is returned when rounding leaves the sum a hair below ``uniform``.
    """
    last = len(cumulative) - 1
    for k in range(last):
        if uniform < cumulative[k]:
            return k
    return last


@numba.njit(cache=True)
def _walk(
    cumulative: Floats, last: NDArray[np.int64], n_frames: int, rng: np.random.Generator
) -> Labels:
    states = np.empty((len(last), n_frames), np.uint8)
    for chain in range(len(last)):
        state = last[chain]
        for frame in range(n_frames):
            state = draw(cumulative[state], rng.random())
            states[chain, frame] = state
    return states
