"""The reference, and the errors of chains against it."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.tracks.kinetics.metrics.errors import (
    Estimate,
    KineticsReference,
    commit_counts,
    commit_thresholds,
    cycle_mfpt,
    dwell_cdf,
    dwell_edges,
    implied_timescales,
    kinetics_errors,
    populations,
    reference_from_chains,
)
from tests.tracks.kinetics.relabelling import relabelled

LAGS = [1, 10, 30]
# Reversible (a line of states).
T3 = np.array([[0.99, 0.01, 0.0], [0.01, 0.97, 0.02], [0.0, 0.01, 0.99]])
T2 = 99.499  # slowest relaxation time of T3, frames
METRICS = [
    "mfpt_error",
    "its_error",
    "commit_error",
    "dwell_error",
    "population_error",
    "free_energy_error",
]


def exact_reference(T):
    """Kinetics of a Markov chain whose states are the labels, from linear algebra alone."""
    K = len(T)
    pi = np.linalg.matrix_power(T, 100_000)[0]
    mfpt = np.full((K, K), np.nan)
    for j in range(K):
        others = [i for i in range(K) if i != j]
        A = np.eye(K - 1) - T[np.ix_(others, others)]
        mfpt[others, j] = np.linalg.solve(A, np.ones(K - 1))
    timescales = -1 / np.log(np.sort(np.linalg.eigvals(T).real)[-2::-1])
    stay = np.diag(T)
    jumps = (T - np.diag(stay)) / (1 - stay)[:, None]
    thresholds = commit_thresholds(timescales[0])
    rates = np.empty((len(thresholds), K, K))
    for c, threshold in enumerate(thresholds):
        keep = stay ** (threshold - 1)
        onward = np.linalg.solve(np.eye(K) - jumps * (1 - keep), jumps * keep)
        rates[c] = (pi * (1 - stay) * keep)[:, None] * onward * (1 - np.eye(K))
    edges = dwell_edges(2000)
    return KineticsReference(
        populations=pi,
        mfpt=mfpt,
        lags=np.array(LAGS),
        timescales=np.tile(timescales, (len(LAGS), 1)),
        thresholds=thresholds,
        commit_rates=rates,
        dwell_edges=edges,
        dwell_cdf=1 - stay[:, None] ** edges,
    )


@pytest.fixture(scope="module")
def long_chains(sample_chains):
    return sample_chains(T3, 200, 10_000, seed=1)


@pytest.fixture(scope="module")
def reference(long_chains):
    return reference_from_chains(long_chains, 3, LAGS, 2, t2=T2)


# --- the reference -------------------------------------------------------------------------------


def test_reference_from_chains_approaches_the_exact_one(reference):
    exact = exact_reference(T3)
    np.testing.assert_allclose(reference.populations, exact.populations, atol=0.01)
    np.testing.assert_allclose(reference.mfpt, exact.mfpt, rtol=0.05)
    np.testing.assert_allclose(reference.timescales, exact.timescales, rtol=0.05)
    assert (reference.thresholds == exact.thresholds).all()
    frequent = exact.commit_rates > 1e-4
    np.testing.assert_allclose(
        reference.commit_rates[frequent], exact.commit_rates[frequent], rtol=0.1
    )


def test_reference_survives_json_bit_for_bit(reference):
    text = reference.to_json()
    again = KineticsReference.from_json(text)
    for field in dataclasses.fields(reference):
        first, second = getattr(reference, field.name), getattr(again, field.name)
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    assert again.to_json() == text
    assert "NaN" not in text


def test_reference_arrays_cannot_be_changed_and_are_not_the_callers(reference):
    with pytest.raises(ValueError, match="read-only"):
        reference.populations[0] = 1
    mine = reference.populations.copy()
    replaced = dataclasses.replace(reference, populations=mine)
    mine[:] = 0
    assert replaced.populations.sum() == pytest.approx(1)


def test_what_the_chains_never_show_is_unknown_in_the_reference():
    chain = np.tile(np.array([0, 0, 1, 1, 1], np.uint8), 20)
    reference = reference_from_chains([chain], 3, [1], 1, t2=5.0)
    assert np.isnan(reference.mfpt[2]).all()
    assert np.isnan(reference.mfpt[:, 2]).all()
    assert np.isnan(reference.dwell_cdf[2]).all()
    errors = kinetics_errors([chain], reference, expected_frames=1000)
    assert all(error.value < 0.05 for error in errors.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mfpt": np.ones((2, 3))}, r"mfpt has shape \(2, 3\); \(3, 3\) fits"),
        ({"timescales": np.ones((2, 2))}, r"timescales has shape \(2, 2\); \(3, 2\)"),
        ({"timescales": np.ones((3, 3))}, "n_timescales is 3; 3 states have 1 to 2"),
        ({"timescales": np.zeros((3, 2))}, "timescales must be above 0"),
        ({"mfpt": np.zeros((3, 3))}, "mfpt and timescales must be above 0"),
        ({"commit_rates": np.ones((1, 3, 3))}, r"commit_rates has shape \(1, 3, 3\)"),
        ({"dwell_cdf": np.ones((3, 1))}, r"dwell_cdf has shape \(3, 1\)"),
        ({"populations": np.array([0.5, 0.25, 0])}, "populations sum to 0.75"),
        ({"populations": np.array([1.5, -0.5, 0])}, "populations must be finite and ≥ 0"),
        ({"lags": np.array([1.0, 2.0, 3.0])}, r"lags must be .* integers"),
        ({"dwell_edges": np.array([3, 2, 1])}, "dwell_edges must ascend"),
    ],
)
def test_reference_that_does_not_fit_together_is_refused(reference, change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(reference, **change)


@pytest.mark.parametrize("text", ["[]", '{"populations": [1]}', "no json"])
def test_json_of_something_else_is_refused(text):
    with pytest.raises(ValueError, match=r"has the fields|Expecting value"):
        KineticsReference.from_json(text)


def test_json_holds_plain_lists_and_null_for_unknown(reference):
    content = json.loads(reference.to_json())
    assert content["lags"] == LAGS
    assert content["mfpt"][0][0] is None


def test_reference_needs_a_complete_run():
    with pytest.raises(ValueError, match="no complete run"):
        reference_from_chains([np.array([0, 0, 1, 1], np.uint8)], 2, [1], 1, t2=3.0)


# --- the errors against plain arithmetic ---------------------------------------------------------

RUN = st.tuples(st.integers(0, 2), st.integers(1, 12))
PIECE = st.lists(RUN, min_size=8, max_size=60).map(
    lambda runs: np.concatenate([np.full(n, label, np.uint8) for label, n in runs])
)


@settings(deadline=None, max_examples=40)
@given(st.lists(PIECE, min_size=1, max_size=6), st.sampled_from([300.0, 1e4, 1e6]))
def test_errors_equal_those_of_plain_loops(pieces, expected_frames):
    reference = dataclasses.replace(exact_reference(T3), lags=[1, 2, 5])
    n_frames = sum(map(len, pieces))
    errors = kinetics_errors(pieces, reference, expected_frames)
    assert list(errors) == METRICS

    mfpt = cycle_mfpt(pieces, 3)[0]
    logs = []
    for i in range(3):
        for j in range(3):
            if i != j:
                ratio = min(mfpt[i, j] / reference.mfpt[i, j], 100)
                logs.append(math.log(max(ratio, 1 / 100)))
    check(errors["mfpt_error"], rms(logs), mean(logs))

    found = implied_timescales(pieces, 3, [1, 2, 5], 2)
    logs = [math.log(a / b) for a, b in zip(found.flat, reference.timescales.flat, strict=True)]
    check(errors["its_error"], rms(logs), mean(logs))

    logs = []
    counts = commit_counts(pieces, 3, reference.thresholds) / n_frames * expected_frames
    for n, rate in zip(counts.flat, reference.commit_rates.flat, strict=True):
        if rate * expected_frames >= 20:
            logs.append(math.log((n + 0.5) / (rate * expected_frames + 0.5)))
    check(errors["commit_error"], mean(map(abs, logs)), mean(logs))

    edges = reference.dwell_edges
    cdf, n_dwells = dwell_cdf(pieces, 3, edges)
    areas, shifts = [], []
    for state in range(3):
        area = shift = 0.0
        for g in range(len(edges) - 1):
            width = math.log(edges[g + 1] / edges[g])
            area += abs(cdf[state, g] - reference.dwell_cdf[state, g]) * width
            shift += (reference.dwell_cdf[state, g] - cdf[state, g]) * width
        areas.append(area)
        if n_dwells[state]:
            shifts.append(shift)
    check(errors["dwell_error"], mean(areas), mean(shifts))

    p, q = populations(pieces, 3), reference.populations
    jsd = sum(
        (a * math.log2(2 * a / (a + b)) if a else 0) / 2 + b * math.log2(2 * b / (a + b)) / 2
        for a, b in zip(p, q, strict=True)
    )
    check(errors["population_error"], jsd, math.nan)
    logs = [
        math.log((a * n_frames + 0.5) / (b * n_frames + 0.5)) for a, b in zip(p, q, strict=True)
    ]
    check(errors["free_energy_error"], rms(logs), math.nan)


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def rms(values):
    return math.sqrt(mean(value**2 for value in values))


def check(estimate, value, bias):
    np.testing.assert_allclose([estimate.value, estimate.bias], [value, bias], rtol=1e-9, atol=1e-9)


def test_dwell_bias_is_the_difference_of_the_mean_log_dwell(sample_chains, reference):
    chains = sample_chains(np.linalg.matrix_power(T3, 4), 50, 10_000)
    bias = kinetics_errors(chains, reference, 1e5)["dwell_error"].bias
    widths = np.diff(np.log(reference.dwell_edges))
    log_dwell = ((1 - dwell_cdf(chains, 3, reference.dwell_edges)[0][:, :-1]) @ widths).mean()
    log_truth = ((1 - reference.dwell_cdf[:, :-1]) @ widths).mean()
    assert bias == pytest.approx(log_dwell - log_truth)


# --- invariants ----------------------------------------------------------------------------------


def test_the_chains_of_the_reference_have_no_error(reference, long_chains):
    for name, error in kinetics_errors(long_chains, reference, 1e5).items():
        assert error.value == pytest.approx(0, abs=1e-9), name


def test_fresh_true_chains_have_small_errors_within_the_noise(sample_chains):
    chains = sample_chains(T3, 50, 20_000, seed=2)
    for name, error in kinetics_errors(chains, exact_reference(T3), 1e5).items():
        assert error.value < 0.12, name
        assert 0 < error.stderr < 0.06, name


def test_relabelling_the_states_changes_nothing(sample_chains, reference):
    chains = sample_chains(np.linalg.matrix_power(T3, 2), 10, 5000)
    before = kinetics_errors(chains, reference, 1e5)
    for permutation in ([1, 2, 0], [2, 1, 0]):
        renamed = np.array(permutation, np.uint8)[chains]
        after = kinetics_errors(renamed, relabelled(reference, permutation), 1e5)
        for name in METRICS:
            np.testing.assert_allclose(
                dataclasses.astuple(after[name]), dataclasses.astuple(before[name]), rtol=1e-6
            )


def test_relabelled_reference_is_that_of_relabelled_chains(long_chains, reference):
    permutation = [1, 2, 0]
    renamed = np.array(permutation, np.uint8)[long_chains]
    expected = reference_from_chains(renamed, 3, LAGS, 2, t2=T2)
    found = relabelled(reference, permutation)
    for field in dataclasses.fields(reference):
        np.testing.assert_allclose(
            getattr(found, field.name), getattr(expected, field.name), rtol=1e-9
        )


def test_reversing_time_changes_nothing_but_noise_for_a_reversible_chain(sample_chains, reference):
    chains = sample_chains(np.linalg.matrix_power(T3, 2), 40, 10_000)
    forward = kinetics_errors(chains, reference, 1e5)
    backward = kinetics_errors(chains[:, ::-1], reference, 1e5)
    for name in METRICS:
        assert abs(forward[name].value - backward[name].value) <= 1e-9 + 2 * forward[name].stderr
    for name in ("its_error", "dwell_error", "population_error", "free_energy_error"):
        assert forward[name].value == pytest.approx(backward[name].value, rel=1e-6)


def test_order_of_the_chains_changes_no_value(sample_chains, reference):
    chains = sample_chains(T3, 12, 3000, seed=5)
    one, other = (kinetics_errors(x, reference, 1e5) for x in (chains, chains[::-1]))
    for name in METRICS:
        assert one[name].value == pytest.approx(other[name].value)


def test_length_of_the_chains_does_not_move_the_commit_error_but_through_noise(long_chains):
    exact = exact_reference(T3)
    whole, half = (kinetics_errors(x, exact, 1e5) for x in (long_chains, long_chains[:100]))
    assert abs(whole["commit_error"].value - half["commit_error"].value) < 0.05


# --- what the metrics must see -------------------------------------------------------------------


def test_chain_that_is_twice_too_fast_shows_ln_2(sample_chains):
    fast = sample_chains(np.linalg.matrix_power(T3, 2), 100, 20_000)
    errors = kinetics_errors(fast, exact_reference(T3), 1e5)
    for name in ("mfpt_error", "its_error"):
        assert errors[name].bias == pytest.approx(-math.log(2), abs=0.06)
        assert errors[name].value == pytest.approx(math.log(2), abs=0.06)
    assert errors["commit_error"].bias > 0.2
    assert errors["dwell_error"].bias < -0.3
    assert errors["population_error"].value < 1e-3


def test_interleaving_reshape_is_no_stride(sample_chains):
    # A published bug: reshape(k, −1).T.flatten() puts far-apart frames side by side.
    k = 10
    long = sample_chains(T3, 100, 20_000, seed=3)
    reference = reference_from_chains(long[:, ::k], 3, [1, 3, 5], 2, t2=10.6)
    x = sample_chains(T3, 1, 100_000, seed=4)[0]
    right = kinetics_errors([x[::k]], reference, 2e4)
    wrong = kinetics_errors([x.reshape(k, -1).T.flatten()], reference, 2e4)
    assert right["its_error"].value < 0.15
    assert wrong["its_error"].value > 1
    assert wrong["its_error"].bias < -1
    assert wrong["mfpt_error"].value > 5 * right["mfpt_error"].value
    assert wrong["commit_error"].value > 5 * right["commit_error"].value
    assert wrong["population_error"].value < 0.01  # populations cannot see it


def test_iid_frames_are_far_off_in_all_but_populations(reference):
    rng = np.random.default_rng(0)
    iid = rng.choice(3, (8, 50_000), p=reference.populations).astype(np.uint8)
    errors = kinetics_errors(iid, reference, 1e5)
    for name in ("mfpt_error", "its_error", "commit_error", "dwell_error"):
        assert errors[name].value > 1, name
    assert errors["population_error"].value < 1e-4


def test_chain_that_never_leaves_a_state_gets_the_largest_mfpt_error(reference):
    errors = kinetics_errors([np.zeros(5000, np.uint8)], reference, 1e5)
    assert errors["mfpt_error"].value == pytest.approx(math.log(100))
    assert errors["mfpt_error"].bias == pytest.approx(math.log(100))  # too slow, not too fast
    widths = np.diff(np.log(reference.dwell_edges))
    everything = ((1 - reference.dwell_cdf[:, :-1]) @ widths).mean()
    assert errors["dwell_error"].value == pytest.approx(everything)
    assert math.isnan(errors["dwell_error"].bias)
    assert all(math.isfinite(error.value) for error in errors.values())


def test_jensen_shannon_is_one_bit_where_nothing_is_shared():
    chain = np.tile(np.array([0, 0, 1], np.uint8), 30)
    reference = reference_from_chains([chain], 4, [1], 1, t2=3.0)
    error = kinetics_errors([chain + np.uint8(2)], reference, 1000)["population_error"]
    assert error.value == pytest.approx(1)


def test_commit_error_is_unknown_where_too_few_events_are_expected(reference, long_chains):
    assert math.isnan(kinetics_errors(long_chains, reference, 10)["commit_error"].value)


# --- standard errors -----------------------------------------------------------------------------


def test_jackknife_standard_error_is_the_spread_of_repetitions(sample_chains):
    exact = exact_reference(T3)
    chains = sample_chains(np.linalg.matrix_power(T3, 2), 60 * 16, 3000, seed=6)
    runs = [kinetics_errors(part, exact, 1e5) for part in chains.reshape(60, 16, 3000)]
    for name in ("mfpt_error", "its_error", "commit_error", "dwell_error"):
        spread = np.std([run[name].value for run in runs], ddof=1)
        claimed = math.sqrt(np.mean([run[name].stderr ** 2 for run in runs]))
        assert claimed == pytest.approx(spread, rel=0.35), name


@pytest.mark.parametrize(("n_chains", "known"), [(3, False), (4, True), (100, True)])
def test_standard_error_is_known_from_four_chains_on(sample_chains, reference, n_chains, known):
    errors = kinetics_errors(sample_chains(T3, n_chains, 4000), reference, 1e5)
    assert all(math.isfinite(error.stderr) == known for error in errors.values())


def test_standard_error_is_unknown_where_one_chain_alone_reaches_the_lag(sample_chains, reference):
    chains = list(sample_chains(T3, 5, 4000))
    chains[:4] = [chain[:20] for chain in chains[:4]]
    errors = kinetics_errors(chains, reference, 1e5)
    assert math.isfinite(errors["its_error"].value)
    assert math.isnan(errors["its_error"].stderr)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("expected_frames", [0, -5.0, math.nan, math.inf])
def test_expected_frames_must_be_a_positive_number(reference, long_chains, expected_frames):
    with pytest.raises(ValueError, match=f"expected_frames is {expected_frames}"):
        kinetics_errors(long_chains, reference, expected_frames)


def test_chains_the_reference_cannot_judge_are_refused(reference):
    with pytest.raises(ValueError, match="chain 0 holds label 3"):
        kinetics_errors([np.array([0, 3], np.uint8)], reference, 1e5)
    with pytest.raises(ValueError, match="lag 30 frames is not shorter than any chain"):
        kinetics_errors([np.zeros(30, np.uint8)], reference, 1e5)


def test_estimate_is_of_unknown_error_unless_told():
    estimate = Estimate(0.5)
    assert math.isnan(estimate.stderr)
    assert math.isnan(estimate.bias)
