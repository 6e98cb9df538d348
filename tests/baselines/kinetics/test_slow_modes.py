"""Slow modes of chains whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.kinetics._parts.slow_modes import (
    SlowCoordinates,
    SlowMode,
    decay,
    lagged_counts,
    natural_lag,
    slowest_mode,
)
from benchmark.tracks.kinetics.contract import StateTrajectories
from tests.baselines.kinetics.chains import draw_labels, markov_chain, trajectories

#: λ = 0.99: a relaxation time of 99.5 frames.
TWO = np.array([[0.995, 0.005], [0.005, 0.995]])


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_labels(markov_chain(TWO), 100_000, 2, seed=1)


def test_pairs_are_counted_within_chains_alone():
    chains = (np.array([0, 1, 0, 1], np.uint8), np.array([1, 1], np.uint8))
    counts = lagged_counts(StateTrajectories(chains, 2), 2)
    assert counts.tolist() == [[1, 0], [0, 1]]


def test_slowest_mode_of_two_labels_is_known(labels):
    value, mode = slowest_mode(trajectories(labels, 2), 10)
    assert value == pytest.approx(0.99**10, abs=0.02)
    assert mode[0] == pytest.approx(-mode[1], rel=0.15)


def test_natural_lag_is_a_third_of_the_relaxation_time_or_more(labels):
    assert natural_lag(trajectories(labels, 2)) in (32, 64)


def test_natural_lag_looks_through_noise(labels):
    """Labels that are wrong in one frame of four lose half of ψ at once, and then decay alike."""
    rng = np.random.default_rng(3)
    noisy = np.where(rng.random(labels.shape) < 0.25, 1 - labels, labels).astype(np.uint8)
    assert natural_lag(trajectories(noisy, 2)) in (32, 64)


def test_independent_frames_have_the_shortest_lag():
    rng = np.random.default_rng(3)
    assert natural_lag(trajectories(rng.integers(0, 3, (1, 50_000)).astype(np.uint8), 3)) == 1


def test_decay_does_not_depend_on_where_chains_start():
    mode = np.array([1.0, -1.0])
    long = draw_labels(markov_chain(TWO), 200_000, 1, seed=5)[0]
    starts = np.flatnonzero(long[:-40] == 0)[::40]
    pieces = [long[start : start + 40] for start in starts]  # all start in label 0
    assert decay(pieces, mode, 20) == pytest.approx(0.99**20, abs=0.03)


def test_chain_of_the_same_process_shares_the_slow_mode_and_a_faster_one_does_not(labels):
    slow = SlowMode.of(trajectories(labels[:1], 2), trajectories(labels[1:], 2))

    def sampler(chain):
        return lambda prompt, n, rng: chain.label(chain.sample(n, len(prompt), rng))

    assert slow.is_shared_by(sampler(markov_chain(TWO)), seed=1)
    faster = np.array([[0.98, 0.02], [0.02, 0.98]])
    assert not slow.is_shared_by(sampler(markov_chain(faster)), seed=1)


def test_clusters_follow_the_slow_state_behind_the_noise(labels):
    rng = np.random.default_rng(3)
    noisy = np.where(rng.random(labels.shape) < 0.3, 1 - labels, labels).astype(np.uint8)
    (hidden, _) = SlowCoordinates.of(trajectories(noisy, 2), 5.0, 20, 1).clustered(2, rng)
    agreement = (hidden == labels[0]).mean()
    assert max(agreement, 1.0 - agreement) > 0.93
