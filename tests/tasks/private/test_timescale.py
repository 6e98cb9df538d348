"""The slowest time of labels that hide part of the motion is that of the hidden chain."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.tracks.kinetics.metrics.errors import implied_timescales
from tasks.oracles.hidden_chain import HiddenChain
from tasks.private.timescale import slowest_timescale


def chain(transition: np.ndarray, labels: list[int]) -> HiddenChain:
    np.fill_diagonal(transition, 0)
    np.fill_diagonal(transition, 1 - transition.sum(1))
    return HiddenChain(transition, np.array(labels, np.uint8))


def three_states() -> HiddenChain:
    return chain(
        np.array([[0, 0.015, 0.005], [0.02, 0, 0.01], [0.005, 0.015, 0]]),
        [0, 1, 2],
    )


def two_basins(labels: list[int]) -> HiddenChain:
    """Six states in a row; the two in the middle are the way between the basins."""
    return chain(
        np.diag([0.2, 0.02, 0.3, 0.3, 0.2], 1) + np.diag([0.2, 0.3, 0.3, 0.02, 0.2], -1), labels
    )


def misread(share: float) -> HiddenChain:
    """Two states, left every 500 frames, of which a share of the frames shows the other."""
    hop = np.array([[0.998, 0.002], [0.002, 0.998]])
    read = np.array([1 - share, share])
    return HiddenChain(np.kron(hop, np.tile(read, (2, 1))), np.array([0, 1, 1, 0], np.uint8))


def runs(hidden: HiddenChain, frames: int, seed: int = 1) -> list[np.ndarray]:
    return list(hidden.label(hidden.sample(frames, 2, np.random.default_rng(seed))))


@pytest.mark.parametrize(
    ("hidden", "frames", "tolerance", "at_lag_one"),
    [
        (three_states(), 40_000, 0.15, 1.0),
        (two_basins([0, 0, 0, 1, 1, 1]), 100_000, 0.15, 0.33),
        (two_basins([0, 0, 0, 0, 1, 1]), 100_000, 0.15, 0.5),
        (misread(0.05), 100_000, 0.25, 0.02),
        (misread(0.2), 200_000, 0.3, 0.005),
    ],
    ids=["Markov", "border in the middle", "border aside", "5 % misread", "20 % misread"],
)
def test_time_is_that_of_the_hidden_chain(hidden, frames, tolerance, at_lag_one):
    chains = runs(hidden, frames)
    exact = float(hidden.relaxation_times(1)[0])
    n = int(hidden.labels.max()) + 1
    found = slowest_timescale(chains, n, frames // 4)
    assert found.frames == pytest.approx(exact, rel=tolerance)
    assert found.converged
    short = implied_timescales(chains, n, [1], 1)[0, 0]
    assert short == pytest.approx(at_lag_one * exact, rel=0.5)


@pytest.mark.parametrize("frames", [2_000, 5_000])
def test_few_data_make_it_uncertain_but_never_absurd(frames):
    for hidden in (three_states(), two_basins([0, 0, 0, 1, 1, 1]), misread(0.05)):
        exact = float(hidden.relaxation_times(1)[0])
        n = int(hidden.labels.max()) + 1
        found = [slowest_timescale(runs(hidden, frames, seed), n, frames // 4).frames / exact
                 for seed in range(10)]  # fmt: skip
        assert 0.4 < np.median(found) < 1.5
        assert max(found) < 5


def test_nothing_slow_is_over_at_once():
    iid = np.random.default_rng(0).integers(0, 3, (2, 50_000)).astype(np.uint8)
    assert slowest_timescale(list(iid), 3, 10_000).frames < 1


def test_one_lag_only_never_converges():
    found = slowest_timescale(runs(three_states(), 5_000), 3, 1)
    assert (found.lag, found.converged) == (1, False)


def test_short_chains_bound_the_lag():
    pieces = [piece for run in runs(three_states(), 40_000) for piece in np.split(run, 400)]
    found = slowest_timescale(pieces, 3, 25)
    assert 2 * found.lag <= 25
    assert found.frames == pytest.approx(three_states().relaxation_times(1)[0], rel=0.2)
