"""Estimators of populations and kinetics: plain loops, exact chains, bad input."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.tracks.kinetics.metrics.errors import (
    commit_counts,
    commit_thresholds,
    count_matrix,
    cycle_mfpt,
    dwell_cdf,
    dwell_edges,
    held,
    implied_timescales,
    populations,
)

K = 3
RUN = st.tuples(st.integers(0, K - 1), st.integers(1, 9))
PIECE = st.lists(RUN, min_size=1, max_size=30).map(
    lambda runs: np.concatenate([np.full(n, label, np.uint8) for label, n in runs])
)
PIECES = st.lists(PIECE, min_size=1, max_size=4)
compiles = settings(deadline=None)  # a kernel's first call takes its time

# Reversible, with two well separated relaxation times (99.5 and 24.5 frames).
T3 = np.array([[0.99, 0.01, 0.0], [0.01, 0.97, 0.02], [0.0, 0.01, 0.99]])


# --- against plain loops -------------------------------------------------------------------------


def plain_runs(piece):
    runs = []
    for label in piece.tolist():
        if runs and runs[-1][0] == label:
            runs[-1][1] += 1
        else:
            runs.append([label, 1])
    return runs


@compiles
@given(PIECES, st.integers(1, 6))
def test_held_is_a_plain_loop(pieces, hold):
    expected = []
    for piece in pieces:
        runs = plain_runs(piece)
        kept = runs[0][0]
        out = []
        for place, (label, length) in enumerate(runs):
            kept = label if place == 0 or length >= hold else kept
            out += [kept] * length
        expected.append(out)
    before = [piece.copy() for piece in pieces]
    assert [piece.tolist() for piece in held(pieces, K, hold)] == expected
    assert all((old == new).all() for old, new in zip(before, pieces, strict=True))


def test_held_leaves_only_true_crossings():
    # A slow two-state process seen with independent flips of 5 %: a hold of 6 frames (a false run
    # then needs 6 flips in a row) removes the flips and keeps the visits, which last 1000 frames.
    rng = np.random.default_rng(3)
    hidden = np.repeat(np.arange(40) % 2, 1000).astype(np.uint8)
    seen = hidden ^ (rng.random(hidden.size) < 0.05)
    (found,) = held([seen.astype(np.uint8)], 2, hold=6)
    assert np.count_nonzero(np.diff(seen.astype(int))) > 1000
    assert np.count_nonzero(np.diff(found.astype(int))) == 39


@pytest.mark.parametrize("hold", [0, -1, 1.5])
def test_held_needs_a_whole_number_of_frames(hold):
    with pytest.raises(ValueError, match="hold must be one or more integers"):
        held([np.zeros(3, np.uint8)], 2, hold)


@compiles
@given(PIECES)
def test_populations_equal_those_of_a_plain_loop(pieces):
    seen = [0] * K
    for piece in pieces:
        for label in piece:
            seen[label] += 1
    assert populations(pieces, K).tolist() == [n / sum(seen) for n in seen]


@compiles
@given(PIECES, st.integers(1, 12))
def test_count_matrix_equals_that_of_a_plain_loop(pieces, lag):
    counts = np.zeros((K, K))
    for piece in pieces:
        for t in range(len(piece) - lag):
            counts[piece[t], piece[t + lag]] += 1
    if counts.sum():
        assert (count_matrix(pieces, K, lag) == counts).all()
    else:
        with pytest.raises(ValueError, match=f"lag {lag} frames"):
            count_matrix(pieces, K, lag)


@pytest.mark.parametrize("frames", [288, 289, 291, 292, 293, 1000])
@pytest.mark.parametrize("lag", [1, 3])
def test_pairs_of_a_long_chain_are_those_of_a_plain_loop(frames, lag):
    chain = np.random.default_rng(frames).integers(0, 3, frames + lag).astype(np.uint8)
    counts = np.zeros((3, 3))
    np.add.at(counts, (chain[:-lag], chain[lag:]), 1)
    assert (count_matrix([chain], 3, lag) == counts).all()


@pytest.mark.parametrize("lag", [1, 7])
def test_count_matrix_equals_deeptime(sample_chains, lag):
    from deeptime.markov import TransitionCountEstimator

    chains = sample_chains(T3, 5, 2000)
    model = TransitionCountEstimator(lag, "sliding", n_states=3).fit_fetch(list(chains))
    assert (count_matrix(chains, 3, lag) == model.count_matrix).all()


@compiles
@given(PIECES)
def test_implied_timescales_equal_those_of_the_transition_matrix(pieces):
    lag, n_frames = 1, sum(map(len, pieces))
    if max(map(len, pieces)) <= lag:
        return
    C = count_matrix(pieces, K, lag)
    C = (C + C.T) / 2
    pi = C.sum(axis=1) / C.sum()
    C += np.outer(pi, pi)
    seen = pi > 0
    C = C[seen][:, seen]
    T = C / C.sum(axis=1, keepdims=True)
    eigenvalues = np.zeros(K)  # 0 for the states that were not seen
    eigenvalues[: seen.sum()] = np.linalg.eigvals(T).real
    slowest = np.sort(eigenvalues)[::-1][1:]
    expected = -lag / np.log(np.clip(slowest, 1e-6, 1 - 1 / (2 * n_frames)))
    np.testing.assert_allclose(
        implied_timescales(pieces, K, [lag], K - 1)[0], expected, rtol=1e-6, atol=1e-6
    )


def plain_mfpt(pieces, a, b):
    total = events = 0
    for piece in pieces:
        seen_b, start = False, None
        for t, label in enumerate(piece):
            if label == b:
                seen_b = True
                if start is not None:
                    total, events, start = total + t - start, events + 1, None
            elif label == a and seen_b and start is None:
                start = t
        if start is not None:
            total += len(piece) - 1 - start
    return total / (events + 0.5) if total else math.inf, events


@compiles
@given(PIECES)
def test_cycle_mfpt_equals_that_of_a_plain_loop_over_each_pair(pieces):
    mfpt, n_events = cycle_mfpt(pieces, K)
    for a in range(K):
        for b in range(K):
            if a == b:
                assert math.isnan(mfpt[a, b])
                assert n_events[a, b] == 0
            else:
                assert (mfpt[a, b], n_events[a, b]) == plain_mfpt(pieces, a, b)


@compiles
@given(PIECES, st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_commit_counts_equal_those_of_a_plain_loop_for_thresholds_in_any_order(pieces, thresholds):
    expected = np.zeros((len(thresholds), K, K))
    for place, threshold in enumerate(thresholds):
        for piece in pieces:
            kept = [label for label, length in plain_runs(piece) if length >= threshold]
            for i, j in pairwise(kept):
                expected[place, i, j] += i != j
    assert (commit_counts(pieces, K, thresholds) == expected).all()


@compiles
@given(PIECES, st.sets(st.integers(1, 12), min_size=1))
def test_dwell_cdf_equals_that_of_a_plain_loop(pieces, edges):
    edges = sorted(edges)
    cdf, n_dwells = dwell_cdf(pieces, K, edges)
    for state in range(K):
        dwells = [
            length
            for piece in pieces
            for label, length in plain_runs(piece)[1:-1]
            if label == state
        ]
        assert n_dwells[state] == len(dwells)
        for edge, value in zip(edges, cdf[state], strict=True):
            if dwells:
                assert value == sum(dwell <= edge for dwell in dwells) / len(dwells)
            else:
                assert value == 1


@settings(compiles, max_examples=30)
@given(PIECES, PIECES)
def test_nothing_is_counted_across_the_boundary_of_two_chains(first, second):
    both = first + second
    for estimate in (
        lambda chains: cycle_mfpt(chains, K)[1],
        lambda chains: commit_counts(chains, K, [1, 3]),
        lambda chains: dwell_cdf(chains, K, [1])[1],
    ):
        assert (estimate(both) == estimate(first) + estimate(second)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_array_of_chains_equals_list_of_chains_strided_or_not(sample_chains, dtype):
    chains = sample_chains(T3, 4, 600).astype(dtype)
    for stride in (1, 3):
        strided = chains[:, ::stride]
        for estimate in (
            lambda x: populations(x, 3),
            lambda x: count_matrix(x, 3, 2),
            lambda x: cycle_mfpt(x, 3)[0],
        ):
            np.testing.assert_array_equal(estimate(strided), estimate([c.copy() for c in strided]))


def test_read_only_chains_are_accepted_and_left_alone(sample_chains):
    chains = sample_chains(T3, 2, 300)
    before = chains.copy()
    chains.flags.writeable = False
    commit_counts(chains, 3, [1, 2])
    cycle_mfpt(chains, 3)
    assert (chains == before).all()


def test_all_256_labels_are_counted():
    chain = np.arange(256, dtype=np.uint8).repeat(2)
    assert populations([chain], 256).tolist() == [1 / 256] * 256
    assert count_matrix([chain], 256, 1).trace() == 256
    assert dwell_cdf([chain], 256, [1, 2])[1].sum() == 254


# --- against exact chains ------------------------------------------------------------------------


def exact_mfpt(T, target):
    others = [i for i in range(len(T)) if i != target]
    times = np.zeros(len(T))
    A = np.eye(len(others)) - T[np.ix_(others, others)]
    times[others] = np.linalg.solve(A, np.ones(len(others)))
    return times


def test_two_state_chain_has_its_closed_form_kinetics(sample_chains):
    a, b = 0.02, 0.005  # per frame, 0→1 and 1→0
    chains = sample_chains(np.array([[1 - a, a], [b, 1 - b]]), 200, 20_000)
    mfpt, n_events = cycle_mfpt(chains, 2)
    edges = dwell_edges(300)
    cdf, _ = dwell_cdf(chains, 2, edges)
    t2 = implied_timescales(chains, 2, [1, 20, 50], 1)[:, 0]

    np.testing.assert_allclose(populations(chains, 2), [b / (a + b), a / (a + b)], atol=0.005)
    np.testing.assert_allclose(t2, -1 / math.log(1 - a - b), rtol=0.02)
    np.testing.assert_allclose([mfpt[0, 1], mfpt[1, 0]], [1 / a, 1 / b], rtol=0.03)
    assert n_events[0, 1] == pytest.approx(4e6 * a * b / (a + b), rel=0.03)
    np.testing.assert_allclose(cdf[0], 1 - (1 - a) ** edges, atol=0.01)
    np.testing.assert_allclose(cdf[1], 1 - (1 - b) ** edges, atol=0.02)


def test_three_state_chain_has_its_exact_mfpt_and_timescales(sample_chains):
    chains = sample_chains(T3, 300, 20_000)
    mfpt, _ = cycle_mfpt(chains, 3)
    for target in range(3):
        others = [i for i in range(3) if i != target]
        np.testing.assert_allclose(mfpt[others, target], exact_mfpt(T3, target)[others], rtol=0.03)
    exact = -1 / np.log(np.sort(np.linalg.eigvals(T3).real)[1::-1])
    for row in implied_timescales(chains, 3, [1, 10], 2):
        np.testing.assert_allclose(row, exact, rtol=0.03)


def test_committed_jumps_of_a_markov_chain_have_their_exact_rates(sample_chains):
    chains = sample_chains(T3, 300, 20_000)
    thresholds = [1, 5, 30]
    counts = commit_counts(chains, 3, thresholds) / chains.size
    stay = np.diag(T3)
    pi = np.linalg.matrix_power(T3, 100_000)[0]
    jumps = (T3 - np.diag(stay)) / (1 - stay)[:, None]
    for threshold, rates in zip(thresholds, counts, strict=True):
        keep = stay ** (threshold - 1)  # P(run ≥ c)
        # Next kept run after a run: any number of dropped runs in between.
        onward = np.linalg.solve(np.eye(3) - jumps * (1 - keep), jumps * keep)
        exact = (pi * (1 - stay) * keep)[:, None] * onward
        np.fill_diagonal(exact, 0)
        np.testing.assert_allclose(rates, exact, rtol=0.05, atol=2e-6)


def test_cycle_mfpt_of_a_lumped_chain_is_exact_where_the_markov_value_is_not(sample_chains):
    # Label 1 is two hidden states: next to 0, next to 2. Most visits to it go back whence they
    # came, which the labels alone do not tell.
    T = np.array([[0.9, 0.1, 0, 0], [0.1, 0.88, 0.02, 0], [0, 0.02, 0.88, 0.1], [0, 0, 0.1, 0.9]])
    labels = np.array([0, 1, 1, 2], np.uint8)[sample_chains(T, 300, 20_000)]
    mfpt, n_events = cycle_mfpt(labels, 3)
    exact = exact_mfpt(T, 3)[0]  # label 0 is one hidden state, so entering it says all
    assert n_events[0, 2] > 1000
    assert mfpt[0, 2] == pytest.approx(exact, rel=0.05)
    assert mfpt[2, 0] == pytest.approx(exact, rel=0.05)
    counts = count_matrix(labels, 3, 1)
    markov = exact_mfpt(counts / counts.sum(axis=1, keepdims=True), 2)[0]
    assert markov < 0.5 * exact


def test_spread_of_log_mfpt_is_one_over_the_root_of_the_events(sample_chains):
    chains = sample_chains(T3, 400, 10_000)
    logs, events = [], []
    for chain in chains:
        mfpt, n_events = cycle_mfpt([chain], 3)
        logs.append(math.log(mfpt[0, 2]))
        events.append(n_events[0, 2])
    assert np.std(logs) * math.sqrt(np.mean(events)) == pytest.approx(1, abs=0.25)


def test_censored_tail_keeps_short_chains_from_looking_fast(sample_chains):
    T = np.array([[0.995, 0.005], [0.1, 0.9]])
    short = sample_chains(T, 4000, 400)
    assert cycle_mfpt(short, 2)[0][0, 1] == pytest.approx(200, rel=0.07)


# --- what is not there ---------------------------------------------------------------------------


def test_pair_of_which_nothing_is_seen_has_an_infinite_mfpt():
    mfpt, n_events = cycle_mfpt([np.zeros(50, np.uint8)], 2)
    assert mfpt[0, 1] == mfpt[1, 0] == math.inf
    assert n_events.sum() == 0


def test_chain_that_never_comes_back_has_twice_its_tail_as_mfpt():
    chain = np.array([1] + [0] * 100, np.uint8)
    assert cycle_mfpt([chain], 2)[0][0, 1] == 99 / 0.5


def test_chains_that_never_cross_have_a_finite_timescale_about_their_length():
    stuck = [np.zeros(500, np.uint8), np.ones(500, np.uint8)]
    (t2,) = implied_timescales(stuck, 2, [1], 1)[0]
    assert 900 < t2 < 1100


def test_missing_state_gives_the_shortest_timescale_not_nan():
    t = implied_timescales([np.zeros(100, np.uint8)], 3, [1, 5], 2)
    np.testing.assert_allclose(t, -np.array([[1, 1], [5, 5]]) / math.log(1e-6))


def test_timescales_descend_and_do_not_change_when_time_runs_backwards(sample_chains):
    chains = sample_chains(T3, 3, 3000)
    t = implied_timescales(chains, 3, [1, 10], 2)
    assert (np.diff(t, axis=1) <= 0).all()
    np.testing.assert_allclose(implied_timescales(chains[:, ::-1], 3, [1, 10], 2), t)


# --- grids ---------------------------------------------------------------------------------------


@given(st.floats(1, 1e7))
def test_commit_thresholds_ascend_from_one_frame_eight_a_decade(t2):
    grid = commit_thresholds(t2)
    assert grid.dtype == np.int64
    assert grid[0] == 1
    assert grid[-1] <= t2
    assert (np.diff(grid) > 0).all()
    assert grid[-1] * 10 ** (1 / 8) * 1.2 > t2 or t2 < 2  # no gap before t₂
    assert len(commit_thresholds(1e5)) - len(commit_thresholds(1e4)) == 8


@given(st.integers(1, 10**7))
def test_dwell_edges_ascend_from_one_frame_to_the_longest(longest):
    edges = dwell_edges(longest)
    assert edges[0] == 1
    assert edges[-1] == longest
    assert (np.diff(edges) > 0).all()
    assert edges[:16].tolist() == list(range(1, min(longest, 16) + 1))
    assert (edges[1:] / edges[:-1])[16:].max(initial=1) < 1.12


# --- bad input -----------------------------------------------------------------------------------

ESTIMATORS = {
    "populations": lambda chains, n=2: populations(chains, n),
    "count_matrix": lambda chains, n=2: count_matrix(chains, n, 1),
    "implied_timescales": lambda chains, n=2: implied_timescales(chains, n, [1], 1),
    "cycle_mfpt": lambda chains, n=2: cycle_mfpt(chains, n),
    "commit_counts": lambda chains, n=2: commit_counts(chains, n, [1]),
    "dwell_cdf": lambda chains, n=2: dwell_cdf(chains, n, [1]),
}
GOOD = np.array([0, 1, 1, 0], np.uint8)


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
@pytest.mark.parametrize(
    ("chains", "message"),
    [
        ([GOOD, np.array([0, 0, 2], np.uint8)], "chain 1 holds label 2 at frame 2.*0 … 1"),
        ([np.array([0, -1])], "chain 0 holds label -1 at frame 1"),
        ([], "chains is empty"),
        (np.zeros((0, 5), np.uint8), "chains is empty"),
        (np.zeros((2, 0), np.uint8), r"chain 0 has shape \(0,\)"),
        ([GOOD, GOOD[:0]], r"chain 1 has shape \(0,\)"),
        ([GOOD.astype(float)], "chain 0 has dtype float64"),
        ([GOOD.astype(bool)], "chain 0 has dtype bool"),
        (GOOD, r"shape \(4,\).*write \[chain\]"),
        (np.zeros((2, 3, 4), np.uint8), r"shape \(2, 3, 4\)"),
        ([np.zeros((3, 4), np.uint8)], r"chain 0 has shape \(3, 4\)"),
    ],
)
def test_bad_chains_are_refused_with_what_is_wrong(estimate, chains, message):
    with pytest.raises(ValueError, match=message):
        estimate(chains)


@pytest.mark.parametrize("n_states", [0, 257, 2.0])
def test_impossible_number_of_states_is_refused(n_states):
    with pytest.raises(ValueError, match=f"n_states is {n_states}"):
        populations([GOOD], n_states)


@pytest.mark.parametrize("lag", [4, 100])
def test_lag_longer_than_every_chain_is_refused(lag):
    with pytest.raises(ValueError, match=f"lag {lag} frames.*longest chain has 4 frames"):
        count_matrix([GOOD, GOOD[:2]], 2, lag)
    with pytest.raises(ValueError, match=f"lag {lag} frames"):
        implied_timescales([GOOD], 2, [1, lag], 1)


@pytest.mark.parametrize("bad", [0, -3, 1.5])
def test_lags_thresholds_and_edges_must_be_positive_integers(bad):
    with pytest.raises(ValueError, match=f"lags must .* got .*{bad}"):
        count_matrix([GOOD], 2, bad)
    with pytest.raises(ValueError, match=f"thresholds must .* got .*{bad}"):
        commit_counts([GOOD], 2, [bad])
    with pytest.raises(ValueError, match=f"edges must .* got .*{bad}"):
        dwell_cdf([GOOD], 2, [bad])
    with pytest.raises(ValueError, match=f"longest must .* got .*{bad}"):
        dwell_edges(bad)


def test_edges_out_of_order_are_refused():
    with pytest.raises(ValueError, match=r"edges must ascend strictly; got \[3, 2\]"):
        dwell_cdf([GOOD], 2, [3, 2])


@pytest.mark.parametrize("t2", [0.5, math.nan, math.inf])
def test_commit_thresholds_need_a_finite_time_of_a_frame(t2):
    with pytest.raises(ValueError, match=f"t2 is {t2}"):
        commit_thresholds(t2)


@pytest.mark.parametrize("n_timescales", [0, 2])
def test_two_states_have_one_timescale(n_timescales):
    with pytest.raises(ValueError, match=f"n_timescales is {n_timescales}; 2 states have 1 to 1"):
        implied_timescales([GOOD], 2, [1], n_timescales)
