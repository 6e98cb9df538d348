"""Frames a second of the forward algorithm on the riboswitch chains, product beside dense.

The dense chain must hold 2142² numbers, and needs only the block between two labels: it is the
faster one where a label has few hidden states (34 labels), the slower one where it has many (3).
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

from tasks.oracles.hidden_chain import HiddenChain
from tasks.oracles.product_chain import ProductChain
from tasks.riboswitch.generate import SPECS

CHAINS, FRAMES = 10, 1_000
SEEN = {spec.name: spec for spec in SPECS if spec.name in ("34-0.1ms", "3-0.1ms")}


@pytest.fixture(params=SEEN)
def chain(request: pytest.FixtureRequest) -> ProductChain:
    return SEEN[request.param].chain


def measure(benchmark: Any, chain: HiddenChain | ProductChain, states: np.ndarray) -> None:
    chain.log_probabilities(states[:, :2])  # tables and compilation
    found = benchmark(chain.log_probabilities, states)
    assert np.isfinite(found).all()
    if benchmark.stats:  # None when benchmarks are disabled
        benchmark.extra_info["frames_per_second"] = states.size / benchmark.stats.stats.min


def test_product_forward(benchmark: Any, chain: ProductChain) -> None:
    states = chain.label(chain.sample(FRAMES, CHAINS, np.random.default_rng(0)))
    measure(benchmark, chain, states)


def test_dense_forward(benchmark: Any, chain: ProductChain) -> None:
    states = chain.label(chain.sample(FRAMES, CHAINS, np.random.default_rng(0)))
    joint = HiddenChain(reduce(np.kron, chain.transitions), chain.labels, chain.stationary)
    measure(benchmark, joint, states)


def test_product_sampling(benchmark: Any, chain: ProductChain) -> None:
    chain.sample(1, 1, np.random.default_rng(0))
    hidden = benchmark(chain.sample, 200_000, 1, np.random.default_rng(0))
    assert hidden.shape == (1, 200_000)
    if benchmark.stats:
        benchmark.extra_info["frames_per_second"] = 200_000 / benchmark.stats.stats.min
