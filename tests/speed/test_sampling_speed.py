"""Frames (or steps) per second of the samplers, beside a plain version of each."""

import numpy as np
import pytest

from tasks.oracles.hidden_chain import HiddenChain
from tasks.potentials.langevin import TIME_STEP, simulate
from tasks.potentials.lattice import hidden_chain
from tasks.potentials.potentials import BETA, GAMMA, TRIANGULAR3

FRAMES = 200_000
PLAIN_FRAMES = 20_000
STRIDE = 100


@pytest.fixture(scope="module")
def chain() -> HiddenChain:
    return hidden_chain(TRIANGULAR3, tau=5.0, n=48)  # 2304 hidden states


def plain_walk(cumulative, n_frames, rng):
    """Inversion by binary search."""
    state, hidden = 0, np.empty(n_frames, np.int32)
    for t, u in enumerate(rng.random(n_frames)):
        hidden[t] = state
        state = min(int(np.searchsorted(cumulative[state], u)), len(cumulative) - 1)
    return hidden


def plain_langevin(n_steps, rng):
    """Bussi-Parrinello step by step, with both halves of the thermostat."""
    r, v = np.array([1.5, 1.8]), np.zeros(2)
    keep = np.exp(-GAMMA * TIME_STEP / 2)
    noise = np.sqrt((1 - keep**2) / BETA)
    force = np.array(TRIANGULAR3.force(*r))
    for _ in range(n_steps):
        v = keep * v + noise * rng.standard_normal(2)
        v = v + TIME_STEP / 2 * force
        r = r + TIME_STEP * v
        force = np.array(TRIANGULAR3.force(*r))
        v = v + TIME_STEP / 2 * force
        v = keep * v + noise * rng.standard_normal(2)
    return r


def record(benchmark, amount, name="frames_per_second"):
    if benchmark.stats:  # None when benchmarks are disabled
        benchmark.extra_info[name] = amount / benchmark.stats.stats.min


def test_lattice_sampling(benchmark, chain):
    chain.sample(1, 1, np.random.default_rng(0))  # tables and compilation
    hidden = benchmark(chain.sample, FRAMES, 1, np.random.default_rng(0))
    assert hidden.shape == (1, FRAMES)
    record(benchmark, FRAMES)


def test_lattice_sampling_plain(benchmark, chain):
    cumulative = np.cumsum(chain.transition, axis=1)
    hidden = benchmark(plain_walk, cumulative, PLAIN_FRAMES, np.random.default_rng(0))
    assert hidden.shape == (PLAIN_FRAMES,)
    record(benchmark, PLAIN_FRAMES)


def test_lattice_log_probabilities(benchmark, chain):
    states = chain.label(chain.sample(200, 10, np.random.default_rng(0)))
    chain.log_probabilities(states[:, :2])
    found = benchmark(chain.log_probabilities, states)
    assert found.shape == states.shape
    record(benchmark, states.size)


def test_langevin(benchmark):
    simulate(TRIANGULAR3, 1, 1, seed=0)
    states = benchmark(simulate, TRIANGULAR3, 5000, 1, seed=0, stride=STRIDE, burn_in=0)
    assert states.shape == (1, 5000)
    record(benchmark, 5000)
    record(benchmark, 5000 * STRIDE, "steps_per_second")


def test_langevin_plain(benchmark):
    n_steps = 20 * STRIDE
    place = benchmark(plain_langevin, n_steps, np.random.default_rng(0))
    assert np.isfinite(place).all()
    record(benchmark, n_steps / STRIDE)
    record(benchmark, n_steps, "steps_per_second")
