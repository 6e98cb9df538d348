"""A product chain gives every answer of the dense chain on the Kronecker product."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.oracles.hidden_chain import HiddenChain
from tasks.oracles.product_chain import ProductChain

COIN = [[0.9, 0.1], [0.25, 0.75]]


def random_transition(rng: np.random.Generator, n: int) -> np.ndarray:
    """Irreversible, all entries positive."""
    transition = rng.random((n, n)) ** 3 + 1e-3 + 3 * np.eye(n)
    return transition / transition.sum(1, keepdims=True)


def random_product(seed: int, shape: tuple[int, ...], n_labels: int) -> ProductChain:
    rng = np.random.default_rng(seed)
    n = int(np.prod(shape))
    labels = np.concatenate([np.arange(n_labels), rng.integers(0, n_labels, n - n_labels)])
    transitions = [random_transition(rng, size) for size in shape]
    return ProductChain(transitions, rng.permutation(labels))


def dense(chain: ProductChain) -> HiddenChain:
    return HiddenChain(reduce(np.kron, chain.transitions), chain.labels)


products = st.builds(
    random_product,
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple).filter(lambda s: np.prod(s) > 3),
    st.integers(2, 4),
)


# ---- exact answers


@settings(max_examples=40, deadline=None)
@given(products, st.integers(0, 1000))
def test_every_answer_is_that_of_the_dense_kronecker_chain(chain, seed):
    joint = dense(chain)
    states = chain.label(chain.sample(60, 3, np.random.default_rng(seed)))
    exact = {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(chain.stationary, joint.stationary, **exact)
    np.testing.assert_allclose(chain.populations(), joint.populations(), **exact)
    np.testing.assert_allclose(
        chain.log_probabilities(states), joint.log_probabilities(states), **exact
    )
    np.testing.assert_allclose(chain.predictive(states), joint.predictive(states), **exact)


def test_relaxation_times_are_those_of_the_dense_kronecker_chain():
    for seed, shape in enumerate([(3, 4, 5), (6, 2), (7,), (2, 1, 3)]):
        chain = random_product(seed, shape, 2)
        np.testing.assert_allclose(
            chain.relaxation_times(4), dense(chain).relaxation_times(4), rtol=1e-12
        )


def test_rates_of_two_coins_add():
    slow, fast = -1 / np.log(1 - 0.1 - 0.25), -1 / np.log(1 - 0.5 - 0.4)
    chain = ProductChain([COIN, [[0.5, 0.5], [0.4, 0.6]]], [[0, 1], [1, 0]])
    assert chain.relaxation_times(3)[0] == pytest.approx(slow, rel=1e-12)
    assert chain.relaxation_times(3)[1] == pytest.approx(fast, rel=1e-12)
    assert chain.relaxation_times(3)[2] == pytest.approx(1 / (1 / slow + 1 / fast), rel=1e-12)


def test_part_that_forgets_at_once_has_relaxation_time_zero():
    chain = ProductChain([COIN, np.full((2, 2), 0.5)], [[0, 1], [1, 0]])
    times = chain.relaxation_times(3)
    assert times[0] == pytest.approx(-1 / np.log(0.65))
    assert (times[1:] < 0.05).all()  # an eigenvalue of 0, up to rounding


def test_improbable_sequence_keeps_relative_accuracy():
    rare = 1e-60
    chain = ProductChain([[[1 - rare, rare], [0.5, 0.5]], COIN], [[0, 0], [1, 1]])
    found = chain.log_probabilities([[0, 1]])
    np.testing.assert_allclose(found, [[0.0, np.log(rare)]], rtol=1e-13, atol=1e-13)


# ---- sampling


def test_sampled_statistics_match_the_exact_ones():
    chain = random_product(3, (2, 3, 2), 4)
    hidden = chain.sample(50_000, 8, np.random.default_rng(3))
    joint = np.zeros((12, 12))
    np.add.at(joint, (hidden[:, :-1].ravel(), hidden[:, 1:].ravel()), 1.0)
    expected = chain.stationary[:, None] * reduce(np.kron, chain.transitions)
    # Correlations lengthen the error of a count; a few frames is the memory of these chains.
    error = np.sqrt(10 * expected / joint.sum())
    assert (np.abs(joint / joint.sum() - expected) < 5 * error + 1e-6).all()


def test_starts_are_stationary():
    chain = ProductChain([COIN, COIN], np.arange(4))
    starts = np.bincount(chain.sample(1, 4000, np.random.default_rng(5))[:, 0], minlength=4)
    p = chain.stationary
    assert (np.abs(starts / 4000 - p) < 4 * np.sqrt(p * (1 - p) / 4000)).all()


def test_hidden_states_are_numbered_with_the_last_part_fastest():
    still, moving = np.eye(1), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    chain = ProductChain([still, moving, COIN], np.arange(6))
    parts = np.unravel_index(chain.sample(100, 1, np.random.default_rng(0))[0], chain.shape)
    assert chain.shape == (1, 3, 2)
    np.testing.assert_array_equal(np.diff(parts[1]) % 3, 1)  # it goes round
    assert set(parts[2]) == {0, 1}


def test_sample_is_reproducible_and_chains_do_not_depend_on_their_number():
    chain = random_product(17, (3, 2), 2)
    few = chain.sample(100, 2, np.random.default_rng(6))
    many = chain.sample(100, 5, np.random.default_rng(6))
    np.testing.assert_array_equal(few, many[:2])
    assert not np.array_equal(many[0], many[1])


# ---- invariants


@settings(max_examples=20, deadline=None)
@given(products, st.integers(0, 1000))
def test_predictive_is_normalised_and_contains_the_log_probabilities(chain, seed):
    states = chain.label(chain.sample(40, 3, np.random.default_rng(seed)))
    predictive = chain.predictive(states)
    np.testing.assert_allclose(predictive.sum(-1), 1.0, atol=1e-13)
    taken = np.take_along_axis(predictive, states[..., None].astype(int), -1)[..., 0]
    np.testing.assert_allclose(np.log(taken), chain.log_probabilities(states), atol=1e-12)


def test_order_of_the_parts_does_not_matter():
    chain = random_product(1, (2, 3, 4), 3)
    turned = ProductChain(
        [chain.transitions[p] for p in (2, 0, 1)],
        chain.labels.reshape(chain.shape).transpose(2, 0, 1),
    )
    states = chain.label(chain.sample(50, 2, np.random.default_rng(0)))
    np.testing.assert_allclose(
        turned.log_probabilities(states), chain.log_probabilities(states), atol=1e-12
    )


def test_part_that_is_not_seen_changes_nothing():
    one = HiddenChain(COIN, [0, 1])
    both = ProductChain(
        [COIN, random_transition(np.random.default_rng(0), 5)], np.repeat([0, 1], 5)
    )
    states = one.label(one.sample(50, 2, np.random.default_rng(0)))
    np.testing.assert_allclose(
        both.log_probabilities(states), one.log_probabilities(states), atol=1e-12
    )


def test_power_of_the_parts_is_the_chain_at_every_nth_frame():
    chain = random_product(5, (3, 4), 3)
    strided = ProductChain([np.linalg.matrix_power(t, 10) for t in chain.transitions], chain.labels)
    np.testing.assert_allclose(
        reduce(np.kron, strided.transitions),
        np.linalg.matrix_power(reduce(np.kron, chain.transitions), 10),
        atol=1e-13,
    )
    np.testing.assert_allclose(
        strided.relaxation_times(2), chain.relaxation_times(2) / 10, rtol=1e-9
    )


def test_coarse_chain_adds_up_the_labels():
    chain = random_product(19, (4, 2), 4)
    coarse = chain.coarse([0, 1, 1, 0])
    p = chain.populations()
    np.testing.assert_allclose(coarse.populations(), [p[0] + p[3], p[1] + p[2]], atol=1e-14)
    assert coarse.n_labels == 2
    assert coarse.shape == chain.shape


def test_chain_is_immutable():
    chain = ProductChain([COIN], [0, 1])
    for array in (chain.transitions[0], chain.labels, chain.stationary):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


# ---- errors


@pytest.mark.parametrize(
    ("transitions", "labels", "message"),
    [
        ([], [0], "transitions is empty"),
        ([COIN, [[0.5, 0.5]]], [0, 1, 1, 0], r"shape \(1, 2\)"),
        ([COIN, [[0.5, 0.4], [0.5, 0.5]]], [0, 1, 1, 0], "row 0 of transition sums to"),
        ([COIN, np.eye(2)], [0, 1, 1, 0], "2 communicating classes"),
        ([COIN, COIN], [0, 1], "expected 4 integers"),
        ([COIN, COIN], [0, 1, 1, 3], r"no hidden state has label \[2\]"),
    ],
)
def test_bad_chain_is_refused_with_the_offending_value(transitions, labels, message):
    with pytest.raises(ValueError, match=message):
        ProductChain(transitions, labels)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.log_probabilities([0, 1]), "expected integers of shape"),
        (lambda c: c.predictive([[0, 2]]), "run from 0 to 2; labels are 0 to 1"),
        (lambda c: c.sample(1, 0, np.random.default_rng(0)), "n_chains=0"),
        (lambda c: c.relaxation_times(4), "k=4; a chain of 4 hidden states has 3"),
        (lambda c: c.coarse([0]), r"expected \(2,\)"),
    ],
)
def test_bad_request_is_refused_with_the_offending_value(call, message):
    with pytest.raises(ValueError, match=message):
        call(ProductChain([COIN, COIN], [[0, 0], [1, 1]]))


def test_impossible_sequence_is_refused_with_its_place():
    ring = [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]]
    chain = ProductChain([ring, COIN], np.repeat([0, 1, 2], 2))
    with pytest.raises(ValueError, match=r"chain 1 cannot occur: label 2 at frame 3 .*\[0, 0, 0\]"):
        chain.log_probabilities([[0, 1, 2, 0], [0, 0, 0, 2]])
