"""The semi-Markov model recovers dwell laws that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.kinetics._parts.sampling import Floats
from baselines.kinetics.msm import Msm
from baselines.kinetics.semi_markov import SemiMarkov, renewal
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    markov_chain,
    mean_log,
    trajectories,
)

DWELLS = (4, 20)  # label 0 lasts 4 or 20 frames, as often; label 1 is geometric, 10 on average


def renewal_chain(n_frames: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pieces, total, label = [], 0, 0
    while total < n_frames:
        length = int(rng.choice(DWELLS)) if label == 0 else int(rng.geometric(0.1))
        pieces.append(np.full(length, label, np.uint8))
        total += length
        label = 1 - label
    return np.concatenate(pieces)[:n_frames]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> SemiMarkov:
    train, validation = (renewal_chain(200_000, seed)[None] for seed in (1, 2))
    model = SemiMarkov()
    context = fit_context(tmp_path_factory.mktemp("semi_markov"))
    model.fit(trajectories(train, 2), trajectories(validation, 2), context)
    return model


def test_known_dwell_laws_are_recovered(fitted):
    leave = fitted.model.leave
    assert leave[0, 3] == pytest.approx(0.5, abs=0.03)  # after 4 frames, half of the runs
    assert leave[0, [0, 1, 2]].max() < 0.01
    np.testing.assert_allclose(leave[1, :16], 0.1, atol=0.02)


def test_generated_dwells_have_the_known_law(fitted):
    drawn = fitted.sample(np.zeros((1, 1), np.uint8), 100_000, np.random.default_rng(3))[0]
    edges = np.flatnonzero(np.diff(drawn)) + 1
    lengths, labels = np.diff(edges), drawn[edges[:-1]]
    zero = lengths[labels == 0]
    assert (zero == DWELLS[0]).mean() == pytest.approx(0.5, abs=0.04)
    assert zero.mean() == pytest.approx(np.mean(DWELLS), rel=0.05)
    assert lengths[labels == 1].mean() == pytest.approx(10.0, rel=0.05)


def test_likelihood_is_above_that_of_a_markov_chain(fitted, tmp_path: Path):
    states = renewal_chain(50_000, 7)[None]
    msm = Msm()
    train = trajectories(renewal_chain(200_000, 1)[None], 2)
    msm.fit(train, train, fit_context(tmp_path))
    assert mean_log(fitted.predict(states), states) > mean_log(msm.predict(states), states) + 0.02


def test_markov_chain_is_recovered_as_one(tmp_path: Path):
    transition = np.array([[0.9, 0.08, 0.02], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])
    labels = draw_labels(markov_chain(transition), 100_000, 2, seed=4)
    model = SemiMarkov()
    model.fit(trajectories(labels[:1], 3), trajectories(labels[1:], 3), fit_context(tmp_path))
    p = model.predict(labels[1:, :2000])[0]
    expected = transition[labels[1, 4:1999]]
    np.testing.assert_allclose(p[5:], expected, atol=0.03)


def test_first_run_is_left_as_the_rest_of_a_run_in_equilibrium():
    """Runs of exactly 3 frames: the rest seen from a random frame on is 1, 2 or 3, as likely."""
    leave: Floats = np.array([[1e-9, 1e-9, 1.0 - 1e-9]] * 2)
    model = renewal(np.full(2, 0.5), leave, 1.0 - np.eye(2))
    np.testing.assert_allclose(model.leave_first[0], [1 / 3, 1 / 2, 1.0], atol=1e-6)
