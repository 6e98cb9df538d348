"""Models that are to keep the slow process: what they embed, choose and recover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.kinetics.ar_hmm import ArHmm
from baselines.kinetics.hmm_free import HmmFree
from baselines.kinetics.msm import Msm, embedded
from benchmark.errors import InputError
from tasks.oracles.hidden_chain import HiddenChain
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    markov_chain,
    mean_log,
    trajectories,
    two_speed_chain,
)

#: A hidden switch that is thrown once in 200 frames pulls a walk on four labels to one end.
STAY = 0.995


def switched_walk() -> HiddenChain:
    """Labels 0 … 3 walk in steps of one, up with more pull in one state of a hidden switch."""
    walk = np.array([[0.7, 0.3, 0, 0], [0.2, 0.5, 0.3, 0], [0, 0.3, 0.5, 0.2], [0, 0, 0.3, 0.7]])
    pull = np.array([[1.0, 2.0, 4.0, 8.0], [8.0, 4.0, 2.0, 1.0]])
    T = np.zeros((8, 8))  # hidden state 4 z + label
    for before, now in np.ndindex(2, 2):
        law = walk * pull[now]
        law /= law.sum(1, keepdims=True)
        p = STAY if before == now else 1.0 - STAY
        T[4 * before : 4 * before + 4, 4 * now : 4 * now + 4] = p * law
    return HiddenChain(T, np.tile(np.arange(4, dtype=np.uint8), 2))


@pytest.fixture(scope="module")
def walk_labels() -> np.ndarray:
    return draw_labels(switched_walk(), 40_000, 3, seed=8)


@pytest.fixture(scope="module")
def walk_model(walk_labels, tmp_path_factory: pytest.TempPathFactory) -> ArHmm:
    model = ArHmm(most=2)
    train, validation = (trajectories(walk_labels[i : i + 1], 4) for i in range(2))
    model.fit(train, validation, fit_context(tmp_path_factory.mktemp("ar_hmm"), seed=1))
    return model


def test_autoregressive_model_reaches_the_likelihood_of_the_generating_chain(
    walk_model, walk_labels
):
    exact = float(switched_walk().log_probabilities(walk_labels[2:])[:, 20:].mean())
    found = mean_log(walk_model.predict(walk_labels[2:]), walk_labels[2:])
    assert exact - found < 2e-3


def test_autoregressive_model_finds_the_switch(walk_model):
    stays = np.diag(walk_model.model.switch)
    assert stays == pytest.approx(np.full(2, STAY), abs=0.003)


def test_autoregressive_model_likelihood_is_the_sum_of_its_predictions(walk_model, walk_labels):
    chain = walk_labels[2, :500]
    p = walk_model.predict(chain[None])[0, np.arange(500), chain].astype(float)
    assert walk_model.log_likelihood(chain) == pytest.approx(np.log(p).sum(), rel=1e-5)


def test_free_emissions_reach_the_likelihood_of_a_noisy_chain(tmp_path: Path):
    """Two hidden states that show each of four labels with other probabilities."""
    rng = np.random.default_rng(2)
    hidden = markov_chain(np.array([[0.99, 0.01], [0.02, 0.98]]))
    emission = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    z = hidden.sample(30_000, 3, rng)
    labels = (rng.random(z.shape)[..., None] > emission.cumsum(1)[z]).sum(-1).astype(np.uint8)
    model = HmmFree(most=3)
    model.fit(trajectories(labels[:1], 4), trajectories(labels[1:2], 4), fit_context(tmp_path))
    order = np.argsort(model.model.emission[:, 3])
    assert len(order) == 2
    np.testing.assert_allclose(model.model.emission[order], emission, atol=0.02)
    stays = np.diag(model.model.transition)[order]
    np.testing.assert_allclose(stays, [0.99, 0.98], atol=0.004)


@pytest.mark.parametrize(
    "transition",
    [
        [[0.7, 0.29, 0.01], [0.01, 0.7, 0.29], [0.29, 0.01, 0.7]],  # goes round
        [[0.97, 0.03, 0.0], [0.06, 0.9, 0.04], [0.0, 0.001, 0.999]],  # pieces run away from 0
    ],
)
def test_free_emissions_need_no_equilibrium(tmp_path: Path, transition: list[list[float]]):
    law = np.array(transition)
    rng = np.random.default_rng(4)
    pieces = np.zeros((2, 600, 40), np.uint8)
    for t in range(1, 40):
        uniform = rng.random((*pieces.shape[:2], 1))
        pieces[:, :, t] = (uniform > law.cumsum(1)[pieces[:, :, t - 1]]).sum(-1)
    model = HmmFree(most=3)
    model.fit(trajectories(pieces[0], 3), trajectories(pieces[1], 3), fit_context(tmp_path))
    order = model.model.emission.argmax(0)
    np.testing.assert_allclose(model.model.emission[order], np.eye(3), atol=0.02)
    np.testing.assert_allclose(model.model.transition[np.ix_(order, order)], law, atol=0.02)


def test_free_emissions_refuse_an_unknown_choice():
    with pytest.raises(InputError, match="choice is 'luck'; expected one of slow-mode"):
        HmmFree(choice="luck")


def test_embedding_of_a_power_returns_the_matrix():
    """Counts of the exact T⁴ are likeliest under T, which has real roots of all orders."""
    T = np.array([[0.95, 0.05, 0.0], [0.02, 0.95, 0.03], [0.0, 0.1, 0.9]]) + 1e-4
    T /= T.sum(1, keepdims=True)
    counts = 1e5 * np.linalg.matrix_power(T, 4)
    start = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    np.testing.assert_allclose(embedded(start, counts, 4), T, atol=2e-3)


def test_longer_lag_finds_the_slow_process_that_lag_one_loses(tmp_path: Path):
    labels = draw_labels(two_speed_chain(), 200_000, 2, seed=3)
    train, validation = (trajectories(labels[i : i + 1], 3) for i in range(2))
    truth = two_speed_chain().relaxation_times(1)[0]

    def slowest(**options: int) -> float:
        model = Msm(**options)
        model.fit(train, validation, fit_context(tmp_path))
        values = np.sort(np.linalg.eigvals(model.transition).real)
        return float(-1.0 / np.log(values[-2]))

    assert slowest() < 0.8 * truth
    assert slowest(lag=0) == pytest.approx(truth, rel=0.15)


def test_lag_that_is_no_power_of_two_is_refused():
    with pytest.raises(InputError, match="lag is 3; expected a power of two"):
        Msm(lag=3)
