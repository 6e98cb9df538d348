"""What several models share: populations, lag-1 counts, mean likelihood, drawing the next label."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels
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


def mean_over_frames(log_likelihood: Callable[[Labels], float], data: StateTrajectories) -> float:
    """Give the mean ln likelihood of a frame, nats, from that of each chain."""
    return float(sum(log_likelihood(chain) for chain in data.chains)) / data.n_frames


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
