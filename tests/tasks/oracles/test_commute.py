"""Commute times against independent dense solutions, closed formulas and long walks."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.oracles.commute import commute_times, pair_rates
from tasks.oracles.hidden_chain import HiddenChain

Floats = NDArray[np.float64]


def reversible(n: int, rng: np.random.Generator) -> Floats:
    weight = rng.random((n, n)) + 0.1
    weight += weight.T
    return weight / weight.sum(axis=1, keepdims=True)


def stationary(transition: Floats) -> Floats:
    return HiddenChain(transition, np.zeros(len(transition), np.uint8)).stationary


def dense(transition: Floats, labels: NDArray[np.int64]) -> Floats:
    """Solve for the hitting time of each label from every state, by the definition."""
    pi, n_labels = stationary(transition), labels.max() + 1
    hitting = np.zeros((n_labels, n_labels))
    for j in range(n_labels):
        off = np.flatnonzero(labels != j)
        times = np.zeros(len(transition))
        times[off] = np.linalg.solve(
            np.eye(len(off)) - transition[np.ix_(off, off)], np.ones(len(off))
        )
        for i in range(n_labels):
            own = labels == i
            hitting[i, j] = pi[own] @ times[own] / pi[own].sum()
    return hitting + hitting.T


@pytest.mark.parametrize("sizes", [(12,), (4, 3), (3, 4, 5), (2, 2, 2, 3)])
def test_commute_times_equal_those_of_the_dense_joint_chain(sizes: tuple[int, ...]):
    rng = np.random.default_rng(1)
    parts = [reversible(n, rng) for n in sizes]
    n = int(np.prod(sizes))
    labels = rng.permutation(np.concatenate([np.arange(5), rng.integers(0, 5, n - 5)]))
    joint = reduce(np.kron, parts)
    assert commute_times(parts, labels) == pytest.approx(dense(joint, labels), rel=1e-9, abs=1e-9)


def test_commute_times_are_those_of_a_long_walk():
    rng = np.random.default_rng(2)
    transition = reversible(6, rng)
    labels = np.array([0, 0, 1, 1, 2, 2], np.uint8)
    walk = labels[HiddenChain(transition, labels).sample(400_000, 1, rng)[0]]
    found = np.zeros((3, 3))
    for j in range(3):
        until = np.full(len(walk), np.nan)  # frames until the label j is shown
        arrivals = np.flatnonzero(walk == j)
        reached = np.searchsorted(arrivals, np.arange(len(walk)))
        known = reached < len(arrivals)
        until[known] = arrivals[reached[known]] - np.flatnonzero(known)
        found[:, j] = [np.nanmean(until[walk == i]) for i in range(3)]
    assert found + found.T == pytest.approx(commute_times([transition], labels), rel=0.02)


def test_rates_are_symmetric_and_those_of_the_joint_chain():
    rng = np.random.default_rng(3)
    parts = [reversible(3, rng), reversible(4, rng)]
    joint = np.kron(*parts)
    labels = rng.permutation(np.arange(12) % 3)
    pi = stationary(joint)
    lumped = np.array(
        [
            [(pi[labels == i] @ joint[labels == i][:, labels == j]).sum() for j in range(3)]
            for i in range(3)
        ]
    )
    lumped /= lumped.sum(axis=1, keepdims=True)
    expected = np.sqrt(lumped * lumped.T)
    assert pair_rates(parts, labels) == pytest.approx(expected, rel=1e-9)


def test_new_names_of_labels_change_their_order_only():
    rng = np.random.default_rng(4)
    parts, order = [reversible(4, rng), reversible(5, rng)], np.array([2, 0, 3, 1])
    labels = np.arange(20) % 4
    before = commute_times(parts, labels)
    after = commute_times(parts, order[labels])
    assert after[np.ix_(order, order)] == pytest.approx(before)


def test_chain_out_of_balance_is_refused():
    circle = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
    with pytest.raises(ValueError, match="detailed balance"):
        commute_times([circle], [0, 1, 2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 1, 1], "3 labels for 2"), ([0, 2], "without gaps"), ([0, 0], "two of them")],
)
def test_labels_that_do_not_fit_are_refused(labels: list[int], message: str):
    with pytest.raises(ValueError, match=message):
        commute_times([[[0.9, 0.1], [0.1, 0.9]]], labels)
