"""Likelihood regret and the standard errors of correlated means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from benchmark.tracks.kinetics.metrics.likelihood import MIXING, nll_regret
from benchmark.uncertainty import block_standard_error, jackknife_standard_error

HALF = np.log(np.full((3, 1000), 0.5))


def mean_claimed(make, n=60):
    """Root mean square of the claimed standard error over repetitions of the data."""
    rng = np.random.default_rng(0)
    return math.sqrt(np.mean([block_standard_error(make(rng)) ** 2 for _ in range(n)]))


@pytest.mark.parametrize("n_chains", [1, 7, 200])
def test_block_error_of_white_noise_is_sigma_over_root_n_or_a_little_more(n_chains):
    frames = 60_000 // n_chains
    claimed = mean_claimed(lambda rng: rng.normal(3.0, 2.0, (n_chains, frames)))
    truth = 2.0 / math.sqrt(n_chains * frames)
    assert 0.97 < claimed / truth < 1.15


@pytest.mark.parametrize("n_chains", [1, 8])
def test_block_error_of_ar1_is_the_known_error_of_its_mean(n_chains):
    phi, frames = 0.99, 240_000 // n_chains  # correlation time 100 frames

    def make(rng):
        noise = rng.normal(size=(n_chains, frames))
        start = phi * rng.normal(size=(n_chains, 1)) / math.sqrt(1 - phi**2)
        return lfilter([1], [1, -phi], noise, axis=1, zi=start)[0]

    n = frames
    variance = 1 / (1 - phi**2)  # of one frame; the mean's variance is exact at finite n:
    bracket = (1 + phi) / (1 - phi) - 2 * phi * (1 - phi**n) / (n * (1 - phi) ** 2)
    truth = math.sqrt(variance * bracket / n / n_chains)
    naive = math.sqrt(variance / n / n_chains)
    claimed = mean_claimed(make)
    assert 0.93 < claimed / truth < 1.15
    assert claimed > 10 * naive


def test_block_error_is_the_largest_of_the_block_numbers_tried():
    x = np.cumsum(np.random.default_rng(0).normal(size=(1, 50_000)), axis=1)
    single = [block_standard_error(x, (n,)) for n in (128, 64, 32)]
    assert block_standard_error(x) == max(single)


def test_blocks_do_not_reach_across_chains():
    # Constant chains: only the spread between chains is left.
    x = np.repeat(np.arange(10.0)[:, None], 999, axis=1)
    expected = np.repeat(np.arange(10.0), 13)
    assert block_standard_error(x, (128,)) == pytest.approx(
        expected.std(ddof=1) / math.sqrt(expected.size)
    )


def test_many_chains_are_one_block_each():
    x = np.random.default_rng(0).normal(size=(300, 5))
    assert block_standard_error(x) == pytest.approx(x.mean(axis=1).std(ddof=1) / math.sqrt(300))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((1, 1)), r"shape \(1, 1\)"),
        (np.array([[0, np.nan, np.inf]]), "2 values that are not finite"),
    ],
)
def test_block_error_refuses_what_has_no_error(x, message):
    with pytest.raises(ValueError, match=message):
        block_standard_error(x)


@pytest.mark.parametrize("n_blocks", [(), (1, 2)])
def test_block_error_needs_two_blocks(n_blocks):
    with pytest.raises(ValueError, match="n_blocks is"):
        block_standard_error(np.zeros((2, 10)), n_blocks)


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).normal(size=20)
    left_out = (x.sum() - x) / 19
    assert jackknife_standard_error(left_out) == pytest.approx(x.std(ddof=1) / math.sqrt(20))


def test_jackknife_of_an_unknown_value_is_unknown():
    assert math.isnan(jackknife_standard_error(np.array([1, np.nan, 2])))


def test_jackknife_needs_two_groups():
    with pytest.raises(ValueError, match="two groups; got 1"):
        jackknife_standard_error(np.array([1.0]))


# --- regret --------------------------------------------------------------------------------------


def test_regret_of_a_wrong_coin_is_its_relative_entropy():
    rng = np.random.default_rng(0)
    p, q = 0.7, 0.5
    heads = rng.random((4, 50_000)) < p
    oracle = np.where(heads, math.log(p), math.log(1 - p))
    regret = nll_regret(np.full(heads.shape, math.log(q)), oracle, n_labels=2)
    exact = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert abs(regret.value - exact) < 4 * regret.stderr
    spread = math.sqrt(p * (1 - p)) * abs(math.log(p / (1 - p)))
    assert regret.stderr == pytest.approx(spread / math.sqrt(heads[:, 256:].size), rel=0.3)
    assert math.isnan(regret.bias)


def test_oracle_itself_has_no_regret_beyond_the_mixing():
    regret = nll_regret(HALF, HALF, n_labels=2)
    assert regret.value == pytest.approx(0, abs=1e-12)  # the mixing leaves a half alone
    assert regret.stderr == pytest.approx(0, abs=1e-12)
    sure = np.zeros((1, 300))
    assert nll_regret(sure, sure, n_labels=4).value == pytest.approx(0.75 * MIXING, rel=1e-4)


def test_impossible_event_costs_a_finite_price():
    model = HALF.copy()
    model[1, 500] = -np.inf
    regret = nll_regret(model, HALF, n_labels=2)
    price = math.log(0.5) - math.log(MIXING / 2)
    assert regret.value == pytest.approx(price / (3 * 744))


def test_skipped_frames_do_not_count_whatever_they_hold():
    model = HALF.copy()
    model[:, :256] = np.nan
    model[:, 256:] -= 0.1
    assert nll_regret(model, HALF, n_labels=2).value == pytest.approx(0.1, abs=1e-5)
    with pytest.raises(ValueError, match="log_prob is nan in chain 0 at frame 255"):
        nll_regret(model, HALF, n_labels=2, skip=255)


def test_float32_and_float64_agree():
    model = HALF - 0.01
    double = nll_regret(model, HALF, 2).value
    assert nll_regret(model.astype(np.float32), HALF, 2).value == pytest.approx(double, abs=1e-7)


def with_value(value):
    x = HALF.copy()
    x[2, 300] = value
    return x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((HALF, HALF[:2], 2), r"shape \(3, 1000\) and oracle_log_prob \(2, 1000\)"),
        ((HALF[0], HALF[0], 2), r"shape \(1000,\)"),
        ((HALF, HALF, 0), "n_labels is 0"),
        ((HALF, HALF, 2, 1000), "skip is 1000; it must lie in 0 … 999"),
        ((HALF, HALF, 2, -1), "skip is -1"),
        ((with_value(np.nan), HALF, 2), "log_prob is nan in chain 2 at frame 300"),
        ((with_value(0.5), HALF, 2), "log_prob is 0.5 in chain 2 at frame 300"),
        ((HALF, with_value(np.nan), 2), "oracle_log_prob is nan in chain 2 at frame 300"),
        ((HALF, with_value(-np.inf), 2), "oracle_log_prob is -inf in chain 2 at frame 300"),
    ],
)
def test_bad_log_probabilities_are_refused_with_the_place(arguments, message):
    with pytest.raises(ValueError, match=message):
        nll_regret(*arguments)
