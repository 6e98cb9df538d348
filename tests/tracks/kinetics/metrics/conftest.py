"""Markov chains for the tests of the kinetics metrics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Sampler = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="session")
def sample_chains() -> Sampler:
    """Stationary chains of a transition matrix, as (chains, frames); all chains at once."""

    def sample(
        T: NDArray[np.float64], n_chains: int, n_frames: int, seed: int = 0
    ) -> NDArray[np.uint8]:
        rng = np.random.default_rng(seed)
        cumulative = T.cumsum(axis=1)[:, :-1]  # (K, K−1)
        chains = np.empty((n_frames, n_chains), np.uint8)
        chains[0] = rng.choice(len(T), n_chains, p=np.linalg.matrix_power(T, 100_000)[0])
        for t in range(1, n_frames):
            drawn = rng.random(n_chains)
            chains[t] = (drawn[:, None] > cumulative[chains[t - 1]]).sum(axis=1)
        return np.ascontiguousarray(chains.T)

    return sample
