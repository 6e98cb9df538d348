"""MSM, HMM and n-gram recover chains they can represent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from deeptime.markov.hmm import MaximumLikelihoodHMM

from baselines.kinetics import hmm as hmm_module
from baselines.kinetics._parts import expectation
from baselines.kinetics._parts.filtering import hidden_markov
from baselines.kinetics._parts.sampling import populations
from baselines.kinetics.hmm import Hmm
from baselines.kinetics.msm import Msm
from baselines.kinetics.ngram import Ngram
from benchmark.errors import InputError
from benchmark.tracks.kinetics.contract import StateTrajectories
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    markov_chain,
    mean_log,
    trajectories,
    two_speed_chain,
)

REVERSIBLE = np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.0, 0.1, 0.9]])


def test_msm_recovers_a_markov_chain(tmp_path: Path):
    labels = draw_labels(markov_chain(REVERSIBLE), 50_000, 2, seed=1)
    model = Msm()
    model.fit(trajectories(labels[:1], 3), trajectories(labels[1:], 3), fit_context(tmp_path))
    error = 4.0 * np.sqrt(0.9 * 0.1 / 12_000)
    np.testing.assert_allclose(model.transition, REVERSIBLE, atol=error)


def test_msm_is_reversible_where_the_labels_are_connected(tmp_path: Path):
    labels = draw_labels(markov_chain(REVERSIBLE), 3_000, 2, seed=2)
    model = Msm(prior=1e-9)
    model.fit(trajectories(labels[:1], 3), trajectories(labels[1:], 3), fit_context(tmp_path))
    stationary = np.linalg.matrix_power(model.transition, 4096)[0]
    flux = stationary[:, None] * model.transition
    np.testing.assert_allclose(flux, flux.T, atol=1e-8)


def test_msm_of_a_label_that_is_never_left_falls_back_to_counts(tmp_path: Path):
    chain = np.array([0, 1, 0, 1, 1, 0, 2, 2, 2], np.uint8)
    data = StateTrajectories((chain,), 4)
    model = Msm(prior=1.0)
    model.fit(data, data, fit_context(tmp_path))
    assert np.isfinite(model.transition).all()
    assert model.transition.min() > 0.0
    np.testing.assert_allclose(model.transition.sum(1), 1.0)


def test_hmm_reaches_the_likelihood_of_the_generating_chain(tmp_path: Path):
    chain = two_speed_chain()
    labels = draw_labels(chain, 30_000, 3, seed=4)
    model = Hmm(restarts=2, most=3, most_mixed=0)
    model.fit(trajectories(labels[:1], 3), trajectories(labels[1:2], 3), fit_context(tmp_path))
    test = labels[2:]
    exact = float(chain.log_probabilities(test)[:, 20:].mean())
    # d/2N with some thirty numbers is 0.5 mnats; the Markov state model is some 40 away.
    assert exact - mean_log(model.predict(test), test) < 2e-3


def test_hmm_filter_of_the_generating_matrices_is_exact():
    chain = two_speed_chain()
    labels = draw_labels(chain, 300, 2, seed=5)
    model = Hmm()
    emission = np.eye(3)[np.repeat(np.arange(3), 2)]
    model.model = hidden_markov(chain.stationary, chain.transition, emission)
    p = np.take_along_axis(model.predict(labels), labels[..., None].astype(int), 2)[..., 0]
    np.testing.assert_allclose(np.log(p), chain.log_probabilities(labels), atol=1e-5)


def test_hmm_expectation_maximisation_equals_that_of_deeptime(monkeypatch):
    """The same likelihoods, iteration by iteration, without reversibility."""
    from deeptime.markov.hmm import init

    labels = draw_labels(two_speed_chain(), 2_000, 1, seed=6)
    data = trajectories(labels, 3)
    start = init.discrete.random_guess(3, 4, seed=1)
    reference = MaximumLikelihoodHMM(
        start, lagtime=1, reversible=False, stationary=False, maxit=6, accuracy=-np.inf
    )
    expected = reference.fit_fetch(labels[0].astype(np.int32)).likelihoods
    monkeypatch.setattr(expectation, "TOLERANCE", -np.inf)
    model = hidden_markov(
        start.initial_distribution,
        start.transition_model.transition_matrix,
        start.output_probabilities,
    )
    found = []
    for _ in range(6):
        found.append(expectation.expectations(model, data)[0])
        model = expectation.maximise(model, data, populations(data), 1, reversible=False)
    # The first frame's distribution is updated by another rule: it moves the total by a few nats.
    assert found[0] == pytest.approx(expected[0], abs=1e-6)
    np.testing.assert_allclose(found, expected, atol=3.0)


def test_hmm_with_twenty_labels_of_which_some_are_rare_works(tmp_path: Path):
    rng = np.random.default_rng(3)
    walk = np.abs(np.cumsum(rng.choice([-1, 0, 1], (2, 3_000)), axis=1)) % 38
    labels = np.where(walk > 19, 38 - walk, walk).astype(np.uint8)
    model = Hmm(restarts=1, most=2, most_mixed=4)
    context = fit_context(tmp_path, effort=0.1)
    model.fit(trajectories(labels[:1], 20), trajectories(labels[1:], 20), context)
    probabilities = model.predict(labels)
    assert np.isfinite(np.log(probabilities)).all()


def test_ngram_learns_a_chain_of_order_two(tmp_path: Path):
    """s_t = s_{t−1} xor s_{t−2} with probability 0.9: lag-1 statistics know nothing of it."""
    rng = np.random.default_rng(9)
    labels = np.zeros((2, 20_000), np.uint8)
    flips = rng.random(labels.shape) < 0.1
    labels[:, :2] = rng.integers(0, 2, (2, 2))
    for t in range(2, labels.shape[1]):
        labels[:, t] = labels[:, t - 1] ^ labels[:, t - 2] ^ flips[:, t]
    model = Ngram()
    model.fit(trajectories(labels[:1], 2), trajectories(labels[1:], 2), fit_context(tmp_path))
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    probabilities = model.predict(labels[1:])
    assert mean_log(probabilities, labels[1:]) == pytest.approx(-entropy, abs=0.01)
    np.testing.assert_allclose(probabilities[0, 2:].max(-1), 0.9, atol=0.02)


def test_ngram_counts_no_context_across_two_chains(tmp_path: Path):
    """Chains of 0 0 … 0 and of 1 1 … 1: after a 0 never comes a 1."""
    chains = tuple(np.full(50, k % 2, np.uint8) for k in range(20))
    data = StateTrajectories(chains, 2)
    model = Ngram(order=3)
    model.fit(data, data, fit_context(tmp_path))
    assert model.predict(np.zeros((1, 5), np.uint8))[0, 1:, 1].max() < 1e-3


def test_ngram_with_a_hundred_labels_stays_small(tmp_path: Path):
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.integers(-2, 3, (2, 50_000)), axis=1)
    labels = (walk % 100).astype(np.uint8)
    model = Ngram()
    model.fit(trajectories(labels[:1], 100), trajectories(labels[1:], 100), fit_context(tmp_path))
    # The chain is Markov with five equally likely steps.
    assert mean_log(model.predict(labels[1:]), labels[1:]) == pytest.approx(-np.log(5), abs=0.02)
    assert model.rows.nbytes < 10_000_000


def test_hmm_survives_a_label_that_the_screened_part_never_shows(monkeypatch, tmp_path: Path):
    """Fifty iterations without a label must not make it impossible on the rest of the data."""
    monkeypatch.setattr(hmm_module, "SCREENING_FRAMES", 500)
    labels = draw_labels(markov_chain(REVERSIBLE), 2_000, 2, seed=10)
    labels[labels == 2] = 1
    labels[:, 1_500:1_510] = 2
    data = trajectories(labels, 3)
    model = Hmm(restarts=1, most=1, most_mixed=3)
    model.fit(data, data, fit_context(tmp_path))
    assert np.isfinite(np.log(model.predict(labels))).all()


@pytest.mark.parametrize("options", [{"restarts": 0}, {"most": 0}])
def test_hmm_refuses_impossible_sizes(options):
    with pytest.raises(InputError, match="expected at least 1"):
        Hmm(**options)


def test_ngram_refuses_order_zero():
    with pytest.raises(InputError, match="order is 0"):
        Ngram(order=0)
