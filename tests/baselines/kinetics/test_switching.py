"""The filter of a switching chain against sums over all hidden paths, written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from baselines.kinetics._parts import filtering
from baselines.kinetics._parts.switching import (
    SwitchingChain,
    forward_backward,
    log_likelihood,
    predict,
    sample,
    unrolled,
)

CHAIN = np.array([0, 2, 1, 1, 0, 2], np.uint8)
K, N = 3, 2


def model_of(seed: int = 0) -> SwitchingChain:
    rng = np.random.default_rng(seed)
    law = rng.dirichlet(np.ones(K), (K, N)).transpose(0, 2, 1)  # (K, K, n)
    return SwitchingChain(
        rng.dirichlet(np.ones(K * N)).reshape(K, N),
        rng.dirichlet(np.ones(N), N),
        np.ascontiguousarray(law),
    )


MODEL = model_of()


def paths(chain: np.ndarray) -> list[tuple[tuple[int, ...], float]]:
    """All hidden paths, each with its probability together with the labels."""
    found = []
    for path in product(range(N), repeat=len(chain)):
        p = MODEL.first[chain[0], path[0]]
        for t in range(1, len(chain)):
            p *= MODEL.switch[path[t - 1], path[t]] * MODEL.law[chain[t - 1], chain[t], path[t]]
        found.append((path, float(p)))
    return found


def test_likelihood_is_the_sum_over_all_hidden_paths():
    expected = np.log(sum(p for _, p in paths(CHAIN)))
    assert log_likelihood(CHAIN, MODEL) == pytest.approx(expected, rel=1e-12)


def test_expectations_are_the_sums_over_all_hidden_paths():
    starts, switches, pairs = np.zeros((K, N)), np.zeros((N, N)), np.zeros((K, K, N))
    likelihood = forward_backward(CHAIN, MODEL, starts, switches, pairs)
    expected = np.zeros_like(starts), np.zeros_like(switches), np.zeros_like(pairs)
    total = sum(p for _, p in paths(CHAIN))
    for path, p in paths(CHAIN):
        np.add.at(expected[0], (CHAIN, path), p / total)
        np.add.at(expected[1], (path[:-1], path[1:]), p / total)
        np.add.at(expected[2], (CHAIN[:-1], CHAIN[1:], path[1:]), p / total)
    assert likelihood == pytest.approx(np.log(total), rel=1e-12)
    for found, wanted in zip((starts, switches, pairs), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_prediction_is_a_ratio_of_likelihoods():
    """p(s_t | s_<t) = p(s_≤t) / p(s_<t), for every label and frame."""
    probabilities = predict(MODEL, np.stack([CHAIN, CHAIN[::-1]]))
    assert probabilities.dtype == np.float32
    for row, chain in zip(probabilities, (CHAIN, CHAIN[::-1].copy()), strict=True):
        np.testing.assert_allclose(row[0], MODEL.first.sum(1), rtol=1e-6)
        for t in range(1, len(chain)):
            for label in range(K):
                longer = np.append(chain[:t], np.uint8(label))
                ratio = log_likelihood(longer, MODEL) - log_likelihood(chain[:t], MODEL)
                np.testing.assert_allclose(row[t, label], np.exp(ratio), rtol=1e-5)


def test_sampled_frames_follow_the_prediction():
    n = 40_000
    expected = predict(MODEL, np.append(CHAIN, CHAIN[:1])[None])[0, -1]
    drawn = sample(MODEL, np.tile(CHAIN, (n, 1)), 2, np.random.default_rng(4))
    error = 4 * np.sqrt(0.25 / n)
    np.testing.assert_allclose(np.bincount(drawn[:, 0], minlength=K) / n, expected, atol=error)
    # The second one, given the first.
    after = predict(MODEL, np.append(CHAIN, np.uint8([1, 0]))[None])[0, -1]
    second = drawn[drawn[:, 0] == 1, 1]
    shares = np.bincount(second, minlength=K) / len(second)
    np.testing.assert_allclose(shares, after, atol=4 * np.sqrt(0.25 / len(second)))


def test_sampling_without_a_prompt_starts_from_the_first_distribution():
    n = 40_000
    drawn = sample(MODEL, np.empty((n, 0), np.uint8), 1, np.random.default_rng(4))
    shares = np.bincount(drawn[:, 0], minlength=K) / n
    np.testing.assert_allclose(shares, MODEL.first.sum(1), atol=4 * np.sqrt(0.25 / n))


def test_unrolled_chain_is_the_same_law():
    assert filtering.log_likelihood(CHAIN, unrolled(MODEL)) == pytest.approx(
        log_likelihood(CHAIN, MODEL), rel=1e-12
    )
