"""The compiled filter against sums over all hidden paths, written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from baselines.kinetics._parts.dense_filtering import dense_forward_backward
from baselines.kinetics._parts.filtering import (
    Filter,
    HiddenMarkov,
    forward_backward,
    hidden_markov,
    log_likelihood,
    predict,
    sample,
)

CHAIN = np.array([0, 2, 1, 1, 0, 2], np.uint8)


def model_of(emission: np.ndarray) -> HiddenMarkov:
    rng = np.random.default_rng(0)
    H = len(emission)
    transition = rng.dirichlet(np.ones(H), H)
    return hidden_markov(rng.dirichlet(np.ones(H)), transition, emission)


MIXED = model_of(np.random.default_rng(1).dirichlet(np.ones(3), 4))
RESOLVED = model_of(np.eye(3)[[0, 0, 1, 2, 2]])
SPARSE = model_of(np.array([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]]))
MODELS = pytest.mark.parametrize("model", [MIXED, RESOLVED, SPARSE], ids=["mixed", "own", "sparse"])


def paths(model: HiddenMarkov, chain: np.ndarray) -> list[tuple[tuple[int, ...], float]]:
    """All hidden paths, each with its probability together with the labels."""
    found = []
    for path in product(range(len(model.initial)), repeat=len(chain)):
        p = model.initial[path[0]] * model.emission[path[0], chain[0]]
        for before, now, label in zip(path, path[1:], chain[1:], strict=False):
            p *= model.transition[before, now] * model.emission[now, label]
        found.append((path, float(p)))
    return found


@MODELS
def test_likelihood_is_the_sum_over_all_hidden_paths(model: HiddenMarkov):
    expected = np.log(sum(p for _, p in paths(model, CHAIN)))
    assert log_likelihood(CHAIN, model) == pytest.approx(expected, rel=1e-12)


@MODELS
def test_expectations_are_the_sums_over_all_hidden_paths(model: HiddenMarkov):
    jumps, shown = np.zeros_like(model.transition), np.zeros_like(model.emission)
    likelihood = forward_backward(CHAIN, model, jumps, shown)
    expected_jumps, expected_shown = np.zeros_like(jumps), np.zeros_like(shown)
    total = sum(p for _, p in paths(model, CHAIN))
    for path, p in paths(model, CHAIN):
        np.add.at(expected_jumps, (path[:-1], path[1:]), p / total)
        np.add.at(expected_shown, (path, CHAIN), p / total)
    assert likelihood == pytest.approx(np.log(total), rel=1e-12)
    np.testing.assert_allclose(jumps, expected_jumps, atol=1e-12)
    np.testing.assert_allclose(shown, expected_shown, atol=1e-12)


@MODELS
def test_expectations_of_several_chains_are_added(model: HiddenMarkov):
    once, twice = (
        (np.zeros_like(model.transition), np.zeros_like(model.emission)) for _ in range(2)
    )
    forward_backward(CHAIN, model, *once)
    for _ in range(2):
        forward_backward(CHAIN, model, *twice)
    for one, two in zip(once, twice, strict=True):
        np.testing.assert_allclose(two, 2 * one, rtol=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 500])
def test_dense_expectations_are_the_same(frames: int):
    rng = np.random.default_rng(frames)
    model = model_of(rng.dirichlet(np.ones(5), 12))
    chain = rng.integers(0, 5, frames).astype(np.uint8)
    one, other = ((np.zeros((12, 12)), np.zeros((12, 5))) for _ in range(2))
    likelihood = forward_backward(chain, model, *one)
    assert dense_forward_backward(chain, model, *other) == pytest.approx(likelihood, rel=1e-12)
    for expected, found in zip(one, other, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)


@MODELS
def test_prediction_is_a_ratio_of_likelihoods(model: HiddenMarkov):
    """p(s_t | s_<t) = p(s_≤t) / p(s_<t), for every label and frame."""
    probabilities = predict(model, np.stack([CHAIN, CHAIN[::-1]]))
    assert probabilities.dtype == np.float32
    for row, chain in zip(probabilities, (CHAIN, CHAIN[::-1].copy()), strict=True):
        np.testing.assert_allclose(row[0], model.initial @ model.emission, rtol=1e-6)
        for t in range(1, len(chain)):
            for label in range(3):
                longer = np.append(chain[:t], np.uint8(label))
                ratio = log_likelihood(longer, model) - log_likelihood(chain[:t], model)
                np.testing.assert_allclose(row[t, label], np.exp(ratio), rtol=1e-5, atol=1e-12)


@MODELS
def test_first_sampled_frame_follows_the_prediction(model: HiddenMarkov):
    n = 40_000
    expected = predict(model, np.append(CHAIN, CHAIN[:1])[None])[0, -1]
    drawn = sample(model, np.tile(CHAIN, (n, 1)), 1, np.random.default_rng(4))
    shares = np.bincount(drawn[:, 0], minlength=3) / n
    np.testing.assert_allclose(shares, expected, atol=4 * np.sqrt(0.25 / n))


def test_sampling_without_a_prompt_starts_from_the_initial_distribution():
    n = 40_000
    drawn = sample(MIXED, np.empty((n, 0), np.uint8), 1, np.random.default_rng(4))
    shares = np.bincount(drawn[:, 0], minlength=3) / n
    np.testing.assert_allclose(shares, MIXED.initial @ MIXED.emission, atol=4 * np.sqrt(0.25 / n))


def test_members_are_the_hidden_states_that_can_show_a_label():
    assert SPARSE.sizes.tolist() == [2, 3, 3]
    assert SPARSE.members.tolist() == [[0, 2, 0], [0, 1, 2], [1, 2, 3]]
    assert RESOLVED.members.tolist() == [[0, 1], [2, 0], [3, 4]]


@MODELS
def test_filter_frame_by_frame_gives_the_predictions_of_whole_chains(model: HiddenMarkov):
    states = np.stack([CHAIN, CHAIN[::-1]])
    expected = predict(model, states)
    for seen in (0, 3):
        filtered = Filter(model, states[:, :seen])
        for t in range(seen, len(CHAIN)):
            np.testing.assert_allclose(filtered.probabilities, expected[:, t], rtol=1e-5)
            filtered.take_in(states[:, t].astype(np.int64))
