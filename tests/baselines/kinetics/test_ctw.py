"""Context-tree weighting against the mixture over all trees, written out."""

from __future__ import annotations

from itertools import product
from math import lgamma
from pathlib import Path

import numpy as np
import pytest

from baselines.kinetics.ctw import Ctw, grown
from benchmark.errors import InputError
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    markov_chain,
    mean_log,
    trajectories,
)

K, DEPTH, CONCENTRATION = 2, 2, 0.7

Leaf = tuple[int, ...]  # a context, the last label first


@pytest.fixture(scope="module")
def chain() -> np.ndarray:
    return draw_labels(markov_chain(np.array([[0.7, 0.3], [0.4, 0.6]])), 300, 1, seed=2)


def trees(context: Leaf) -> list[tuple[float, list[Leaf]]]:
    """All prunings below a context: prior probability and leaves."""
    if len(context) == DEPTH:
        return [(1.0, [context])]
    found = [(0.5, [context])]
    below = [trees((*context, k)) for k in range(K)]
    for choice in product(*below):
        prior = 0.5 * np.prod([p for p, _ in choice])
        found.append((float(prior), [leaf for _, leaves in choice for leaf in leaves]))
    return found


def followers(states: np.ndarray, leaf: Leaf) -> np.ndarray:
    """Count what followed a context, in frames with as many before them as the depth."""
    counts = np.zeros(K)
    for t in range(DEPTH, len(states)):
        if all(states[t - 1 - back] == label for back, label in enumerate(leaf)):
            counts[states[t]] += 1
    return counts


def log_evidence(counts: np.ndarray, prior: np.ndarray) -> float:
    total = lgamma(prior.sum()) - lgamma(prior.sum() + counts.sum())
    return total + sum(lgamma(c + p) - lgamma(p) for c, p in zip(counts, prior, strict=True))


def test_evidence_and_predictions_are_those_of_the_mixture_over_all_trees(chain):
    states = chain[0]
    tree = grown(trajectories(chain, K), DEPTH)
    prior = CONCENTRATION * tree.populations
    all_trees = trees(())
    assert len(all_trees) == 5
    assert sum(p for p, _ in all_trees) == pytest.approx(1.0)
    evidence = {
        leaf: log_evidence(followers(states, leaf), prior)
        for _, leaves in all_trees
        for leaf in leaves
    }
    posterior = np.array(
        [p * np.exp(sum(evidence[leaf] for leaf in leaves)) for p, leaves in all_trees]
    )
    weighted, _ = tree.log_weighted(DEPTH, CONCENTRATION)
    assert weighted[0] == pytest.approx(np.log(posterior.sum()), rel=1e-10)

    posterior /= posterior.sum()
    model = Ctw(depth=DEPTH)
    model.rows, model.children = tree.rows(DEPTH, CONCENTRATION), tree.children
    for past in product(range(K), repeat=DEPTH):
        expected = np.zeros(K)
        for share, (_, leaves) in zip(posterior, all_trees, strict=True):
            (leaf,) = (one for one in leaves if past[: len(one)] == one)
            counts = followers(states, leaf) + prior
            expected += share * counts / counts.sum()
        found = model.predict(np.array([[*past[::-1], 0]], np.uint8))[0, -1]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_contexts_seen_once_count_in_the_evidence_exactly():
    """Six labels and few frames: nearly all long contexts are seen once or never."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 6, (1, 60)).astype(np.uint8)
    tree = grown(trajectories(labels, 6), 2)
    prior = CONCENTRATION * tree.populations
    states = labels[0]

    def counts(leaf: Leaf) -> np.ndarray:
        found = np.zeros(6)
        for t in range(2, len(states)):
            if all(states[t - 1 - back] == label for back, label in enumerate(leaf)):
                found[states[t]] += 1
        return found

    def weighted(leaf: Leaf) -> float:
        own = log_evidence(counts(leaf), prior)
        if len(leaf) == 2:
            return own
        return float(np.logaddexp(own, sum(weighted((*leaf, k)) for k in range(6))) - np.log(2.0))

    assert tree.log_weighted(2, CONCENTRATION)[0][0] == pytest.approx(weighted(()), rel=1e-10)


def test_chain_of_order_two_is_learned(tmp_path: Path):
    """The next label is the one before last in nine frames of ten."""
    rng = np.random.default_rng(0)
    labels = np.zeros((2, 20_000), np.uint8)
    labels[:, :2] = [0, 1]
    for t in range(2, labels.shape[1]):
        labels[:, t] = np.where(rng.random(2) < 0.9, labels[:, t - 2], rng.integers(0, 3, 2))
    model = Ctw()
    model.fit(trajectories(labels[:1], 3), trajectories(labels[1:], 3), fit_context(tmp_path))
    p = 0.9 + 0.1 / 3
    entropy = -(p * np.log(p) + (1 - p) * np.log((1 - p) / 2))
    assert -mean_log(model.predict(labels[1:]), labels[1:]) == pytest.approx(entropy, abs=0.02)


def test_depth_zero_is_refused():
    with pytest.raises(InputError, match="depth is 0"):
        Ctw(depth=0)
