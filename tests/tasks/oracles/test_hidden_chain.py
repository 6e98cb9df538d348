import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.oracles.hidden_chain import HiddenChain

A, B = 0.1, 0.25  # jump probabilities of the two-state chain


def two_state() -> HiddenChain:
    return HiddenChain([[1 - A, A], [B, 1 - B]], [0, 1])


def random_chain(seed: int, n: int, n_labels: int) -> HiddenChain:
    """Irreversible, all entries positive."""
    rng = np.random.default_rng(seed)
    transition = rng.random((n, n)) ** 3 + 1e-3
    transition += 3 * np.eye(n)
    labels = np.concatenate([np.arange(n_labels), rng.integers(0, n_labels, n - n_labels)])
    return HiddenChain(transition / transition.sum(1, keepdims=True), labels)


chains = st.builds(
    lambda seed, n_labels, extra: random_chain(seed, n_labels + extra, n_labels),
    st.integers(0, 2**32 - 1),
    st.integers(2, 4),
    st.integers(0, 4),
)


def sequence_probability(chain: HiddenChain, sequence: np.ndarray) -> float:
    """Sum over all hidden paths."""
    total = 0.0
    for path in itertools.product(range(chain.n_hidden), repeat=len(sequence)):
        if all(chain.labels[x] == s for x, s in zip(path, sequence, strict=True)):
            weight = chain.stationary[path[0]]
            for before, after in itertools.pairwise(path):
                weight *= chain.transition[before, after]
            total += weight
    return total


def naive_log_probabilities(chain: HiddenChain, sequence: np.ndarray) -> np.ndarray:
    alpha, found = chain.stationary.copy(), []
    for t, label in enumerate(sequence):
        if t > 0:
            alpha = alpha @ chain.transition
        alpha = np.where(chain.labels == label, alpha, 0.0)
        found.append(np.log(alpha.sum()))
        alpha /= alpha.sum()
    return np.array(found)


def cycle_durations(labels: np.ndarray, a: int, b: int) -> np.ndarray:
    """Walk the chain: first entry into a after b, to first entry into b."""
    last, entered, durations = None, None, []
    for t, label in enumerate(labels.tolist()):
        if label == a and last != a:
            entered = t if last == b else None
            last = a
        elif label == b and last != b:
            if entered is not None:
                durations.append(t - entered)
            last = b
    return np.array(durations)


# ---- exact answers


def test_two_state_chain_has_its_textbook_kinetics():
    chain = two_state()
    timescale = -1 / np.log(1 - A - B)
    np.testing.assert_allclose(chain.stationary, [B / (A + B), A / (A + B)], rtol=1e-14)
    np.testing.assert_allclose(chain.relaxation_times(1), [timescale], rtol=1e-12)
    np.testing.assert_allclose(
        chain.implied_timescales([7, 1, 3], 1), np.full((3, 1), timescale), rtol=1e-11
    )
    mfpt = chain.cycle_mfpt()
    np.testing.assert_allclose([mfpt[0, 1], mfpt[1, 0]], [1 / A, 1 / B], rtol=1e-13)
    assert np.isnan(np.diag(mfpt)).all()


def test_lumped_three_state_chain_matches_hand_calculation():
    # 0 - 1 - 2 in a row, 0 and 1 seen as one label: entry into the lump is always through 1.
    p = 0.2
    chain = HiddenChain([[1 - p, p, 0], [p, 1 - 2 * p, p], [0, p, 1 - p]], [0, 0, 1])
    # From 1: m1 = 1 + (1-2p) m1 + p m0, m0 = 1/p + m1, so m1 = 2/p. From 2: 1/p.
    mfpt = chain.cycle_mfpt()
    np.testing.assert_allclose([mfpt[0, 1], mfpt[1, 0]], [2 / p, 1 / p], rtol=1e-13)
    np.testing.assert_allclose(chain.populations(), [2 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_allclose(
        chain.correlation(1), [[(2 - p) / 3, p / 3], [p / 3, (1 - p) / 3]], atol=1e-15
    )
    eigenvalue = (1 - p / 2) + (1 - p) - 1  # trace of the lumped 2 x 2 matrix, less 1
    np.testing.assert_allclose(
        chain.implied_timescales([1], 1), [[-1 / np.log(eigenvalue)]], rtol=1e-12
    )
    np.testing.assert_allclose(  # the hidden chain's eigenvalues are 1 - p and 1 - 3p
        chain.relaxation_times(2), [-1 / np.log(1 - p), -1 / np.log(1 - 3 * p)], rtol=1e-12
    )


def test_identity_labels_make_the_likelihood_markov():
    chain = random_chain(3, 4, 4)
    states = chain.label(chain.sample(50, 3, np.random.default_rng(0)))
    expected = np.log(chain.transition[states[:, :-1], states[:, 1:]])
    np.testing.assert_allclose(chain.log_probabilities(states)[:, 1:], expected, atol=1e-13)
    np.testing.assert_allclose(
        chain.log_probabilities(states)[:, 0], np.log(chain.stationary[states[:, 0]]), atol=1e-13
    )


@pytest.mark.parametrize("sequence", [[0, 0, 1, 0, 2], [2, 2, 2, 1, 1], [1, 0, 0, 0, 0]])
def test_forward_algorithm_equals_sum_over_hidden_paths(sequence):
    chain = random_chain(7, 5, 3)
    steps = [sequence_probability(chain, np.array(sequence[:k])) for k in range(1, 6)]
    expected = np.diff(np.log(steps), prepend=0.0)
    np.testing.assert_allclose(
        chain.log_probabilities(np.array([sequence], np.uint8))[0], expected, atol=1e-13
    )


def test_forward_algorithm_equals_dense_loop_on_long_chains():
    chain = random_chain(11, 60, 4)
    states = chain.label(chain.sample(2000, 5, np.random.default_rng(1)))
    expected = np.stack([naive_log_probabilities(chain, row) for row in states])
    np.testing.assert_allclose(chain.log_probabilities(states), expected, atol=1e-12)


def test_improbable_sequence_keeps_relative_accuracy():
    rare = 1e-60
    chain = HiddenChain([[1 - rare, rare], [0.5, 0.5]], [0, 1])
    found = chain.log_probabilities([[0, 1]])
    np.testing.assert_allclose(found, [[0.0, np.log(rare)]], rtol=1e-13, atol=1e-13)


def test_cycle_mfpt_agrees_with_plain_walk_along_a_long_simulation():
    chain = random_chain(5, 9, 3)
    labels = chain.label(chain.sample(200_000, 1, np.random.default_rng(2)))[0]
    exact = chain.cycle_mfpt()
    for a, b in itertools.permutations(range(3), 2):
        durations = cycle_durations(labels, a, b)
        error = durations.std(ddof=1) / np.sqrt(len(durations))
        assert abs(durations.mean() - exact[a, b]) < 4 * error, (a, b)


def test_cycle_mfpt_differs_from_the_markov_value_where_labels_have_memory():
    p = 0.2
    chain = HiddenChain([[1 - p, p, 0], [p, 1 - 2 * p, p], [0, p, 1 - p]], [0, 0, 1])
    markov = 1 / (chain.correlation(1)[0, 1] / chain.populations()[0])
    assert chain.cycle_mfpt()[0, 1] == pytest.approx(markov)  # two labels: Kac's formula holds
    three = HiddenChain(random_chain(1, 6, 3).transition, [0, 1, 2, 0, 1, 2])
    matrix = three.correlation(1) / three.populations()[:, None]
    into_2 = np.linalg.solve(np.eye(2) - matrix[:2, :2], np.ones(2))
    assert abs(into_2[0] / three.cycle_mfpt()[0, 2] - 1) > 1e-3


def test_sampled_statistics_match_the_exact_ones():
    chain = random_chain(13, 12, 3)
    hidden = chain.sample(50_000, 8, np.random.default_rng(3))
    joint = np.zeros((12, 12))
    np.add.at(joint, (hidden[:, :-1].ravel(), hidden[:, 1:].ravel()), 1.0)
    expected = chain.stationary[:, None] * chain.transition
    # Correlations lengthen the error of a count; a few frames is the memory of these chains.
    error = np.sqrt(10 * expected / joint.sum())
    assert (np.abs(joint / joint.sum() - expected) < 5 * error + 1e-6).all()


def test_sampler_never_takes_an_impossible_step():
    chain = HiddenChain([[0.5, 0.5, 0], [0, 0.3, 0.7], [1, 0, 0]], [0, 1, 2])
    hidden = chain.sample(20_000, 2, np.random.default_rng(4))
    assert (chain.transition[hidden[:, :-1], hidden[:, 1:]] > 0).all()


def test_starts_are_stationary():
    chain = two_state()
    starts = chain.sample(1, 4000, np.random.default_rng(5))[:, 0]
    p = chain.stationary[1]
    assert abs(starts.mean() - p) < 4 * np.sqrt(p * (1 - p) / 4000)


# ---- invariants


def test_sample_is_reproducible_and_chains_do_not_depend_on_their_number():
    chain = random_chain(17, 6, 2)
    few = chain.sample(100, 2, np.random.default_rng(6))
    many = chain.sample(100, 5, np.random.default_rng(6))
    np.testing.assert_array_equal(few, many[:2])
    assert not np.array_equal(many[0], many[1])
    assert not np.array_equal(few, chain.sample(100, 2, np.random.default_rng(7)))


@settings(max_examples=25, deadline=None)
@given(chains, st.integers(0, 1000))
def test_predictive_is_normalised_and_contains_the_log_probabilities(chain, seed):
    states = chain.label(chain.sample(40, 3, np.random.default_rng(seed)))
    predictive = chain.predictive(states)
    np.testing.assert_allclose(predictive.sum(-1), 1.0, atol=1e-13)
    taken = np.take_along_axis(predictive, states[..., None].astype(int), -1)[..., 0]
    np.testing.assert_allclose(np.log(taken), chain.log_probabilities(states), atol=1e-12)
    np.testing.assert_allclose(predictive[:, 0], np.tile(chain.populations(), (3, 1)), atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(chains, st.randoms(use_true_random=False))
def test_relabelling_permutes_every_answer(chain, random):
    order = list(range(chain.n_labels))
    random.shuffle(order)
    other = chain.coarse(order)  # old label k becomes order[k]
    np.testing.assert_allclose(other.populations()[order], chain.populations(), atol=1e-14)
    np.testing.assert_allclose(
        other.cycle_mfpt()[np.ix_(order, order)], chain.cycle_mfpt(), rtol=1e-9
    )
    states = chain.label(chain.sample(20, 2, np.random.default_rng(0)))
    np.testing.assert_allclose(
        other.log_probabilities(np.array(order)[states]),
        chain.log_probabilities(states),
        atol=1e-12,
    )
    count = chain.n_labels - 1
    np.testing.assert_allclose(
        other.implied_timescales([1, 4], count), chain.implied_timescales([1, 4], count), rtol=1e-6
    )


@settings(max_examples=25, deadline=None)
@given(chains, st.integers(0, 600))
def test_correlation_is_a_joint_distribution_with_the_populations_as_margins(chain, lag):
    joint = chain.correlation(lag)
    np.testing.assert_allclose(joint.sum(0), chain.populations(), atol=1e-11)
    np.testing.assert_allclose(joint.sum(1), chain.populations(), atol=1e-11)
    dense = np.linalg.matrix_power(chain.transition, lag)
    seen = np.arange(chain.n_labels) == chain.labels[:, None]
    expected = seen.T @ (chain.stationary[:, None] * dense) @ seen
    np.testing.assert_allclose(joint, expected, atol=1e-11)


def test_label_timescales_lie_below_the_hidden_ones_and_rise_with_lag():
    n = 40  # reversible: a random symmetric flux
    rng = np.random.default_rng(8)
    flux = np.exp(-np.abs(np.subtract.outer(np.arange(n), np.arange(n))) * 2.0) * rng.random((n, n))
    flux = flux + flux.T
    chain = HiddenChain(flux / flux.sum(1, keepdims=True), np.arange(n) * 2 // n)
    found = chain.implied_timescales([1, 10, 100, 400, 6000], 1)[:, 0]
    assert (np.diff(found) > 0).all()
    assert found[-1] < chain.relaxation_times(1)[0]
    assert found[-1] == pytest.approx(chain.relaxation_times(1)[0], rel=0.05)


def test_sparse_and_dense_relaxation_times_agree():
    n = 400  # beyond the limit of the dense solver
    ring = np.diag(np.full(n, 0.5)) + 0.25 * (np.eye(n, k=1) + np.eye(n, k=-1))
    ring[0, 0] = ring[-1, -1] = 0.75
    chain = HiddenChain(ring, np.arange(n) % 2)
    exact = -1 / np.log(0.5 + 0.5 * np.cos(np.pi * np.arange(1, 4) / n))
    np.testing.assert_allclose(chain.relaxation_times(3), exact, rtol=1e-8)


def test_coarse_chain_adds_up_the_labels():
    chain = random_chain(19, 8, 4)
    coarse = chain.coarse([0, 1, 1, 0])
    p = chain.populations()
    np.testing.assert_allclose(coarse.populations(), [p[0] + p[3], p[1] + p[2]], atol=1e-14)
    assert coarse.n_labels == 2
    np.testing.assert_array_equal(coarse.transition, chain.transition)


def test_chain_is_immutable():
    chain = two_state()
    with pytest.raises(ValueError, match="read-only"):
        chain.transition[0, 0] = 0.0


# ---- errors


@pytest.mark.parametrize(
    ("transition", "labels", "stationary", "message"),
    [
        (np.ones((2, 3)), [0, 1], None, r"shape \(2, 3\)"),
        ([[1.5, -0.5], [0.5, 0.5]], [0, 1], None, "non-negative"),
        ([[np.nan, 1.0], [0.5, 0.5]], [0, 1], None, "finite"),
        ([[0.5, 0.5], [0.5, 0.4]], [0, 1], None, "row 1 of transition sums to"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 1, 1], None, "expected 2 integers"),
        ([[0.5, 0.5], [0.5, 0.5]], [0.0, 1.0], None, "dtype float64"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 300], None, "from 0 to 300"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 2], None, r"no hidden state has label \[1\]"),
        ([[1.0, 0.0], [0.0, 1.0]], [0, 1], None, "2 communicating classes"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 1], [1.0], r"shape \(1,\)"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 1], [0.5, 0.6], "sums to"),
        ([[0.5, 0.5], [0.5, 0.5]], [0, 1], [0.4, 0.6], "moves by 0.1"),
    ],
)
def test_bad_chain_is_refused_with_the_offending_value(transition, labels, stationary, message):
    with pytest.raises(ValueError, match=message):
        HiddenChain(transition, labels, stationary)


def test_chains_begin_where_they_are_told_and_move_as_ever():
    chain = HiddenChain([[0.9, 0.1], [0.4, 0.6]], [0, 1])
    starts = np.repeat([0, 1], 5_000)
    hidden = chain.sample(2, 10_000, np.random.default_rng(1), starts)
    np.testing.assert_array_equal(hidden[:, 0], starts)
    for start, row in enumerate(chain.transition):
        moved = hidden[starts == start, 1].mean()
        assert abs(moved - row[1]) < 5 * np.sqrt(row[0] * row[1] / 5_000)


def test_impossible_sequence_is_refused_with_its_place():
    chain = HiddenChain([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]], [0, 1, 2])
    with pytest.raises(ValueError, match=r"chain 1 cannot occur: label 2 at frame 3 .*\[0, 0, 0\]"):
        chain.log_probabilities([[0, 1, 2, 0], [0, 0, 0, 2]])
    never = HiddenChain([[1.0, 0.0], [1.0, 0.0]], [0, 1], [1.0, 0.0])
    with pytest.raises(ValueError, match="chain 0 cannot occur: label 1 at frame 0"):
        never.predictive([[1, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.log_probabilities([0, 1]), "expected integers of shape"),
        (lambda c: c.log_probabilities([[0.0, 1.0]]), "dtype float64"),
        (lambda c: c.predictive([[0, 2]]), "run from 0 to 2; labels are 0 to 1"),
        (lambda c: c.sample(0, 1, np.random.default_rng(0)), "n_frames=0"),
        (lambda c: c.sample(3, 2, np.random.default_rng(0), [0]), r"shape \(1,\); expected \(2,\)"),
        (lambda c: c.sample(3, 1, np.random.default_rng(0), [2]), "states are 0 to 1"),
        (lambda c: c.correlation(-1), r"lags=\[-1\]"),
        (lambda c: c.implied_timescales([0], 1), r"lags=\[0\]"),
        (lambda c: c.implied_timescales([1], 2), "n_timescales=2"),
        (lambda c: c.relaxation_times(2), "k=2"),
        (lambda c: c.coarse([0]), r"expected \(2,\)"),
    ],
)
def test_bad_request_is_refused_with_the_offending_value(call, message):
    with pytest.raises(ValueError, match=message):
        call(two_state())


def test_mfpt_between_unreachable_labels_is_refused():
    chain = HiddenChain(np.eye(2), [0, 1], [0.5, 0.5])
    with pytest.raises(ValueError, match="label 0 cannot be reached from everywhere"):
        chain.cycle_mfpt()
