"""Ratios of planted errors: their mean, their standard error by either rule, and their chance."""

from __future__ import annotations

import math

import pytest

from benchmark.result import TaskMetric
from leaderboard.claims.ratios import mean_at, ratio_at
from leaderboard.significance import p_value


def errors(**values: float) -> dict[tuple[int, str], TaskMetric]:
    """Give errors at k = 10, each known to a tenth."""
    return {
        (10, name): TaskMetric.model_construct(value=value, stderr=0.1 * value)
        for name, value in values.items()
    }


def test_mean_is_geometric_and_infinite_of_nothing():
    assert mean_at(errors(a=1.0, b=100.0), 10) == pytest.approx(10.0)
    assert mean_at(errors(a=1.0), 20) == math.inf


def test_molecules_that_both_have_count_and_their_spread_is_the_error_of_a_sample():
    upper, lower = errors(a=math.e, b=math.e**3, c=5.0), errors(a=1.0, b=1.0, d=2.0)
    ratio = ratio_at(upper, lower, 10, sample=True)
    assert ratio is not None
    assert (ratio.value, ratio.stderr) == pytest.approx((2.0, 1.0))  # 1 and 3
    assert (ratio.freedom, ratio.better, ratio.molecules) == (1, 2, 2)
    assert ratio.p_value == pytest.approx(p_value(2.0, 1.0, 1))
    assert ratio.factor == pytest.approx(math.e**2)


def test_errors_own_standard_errors_count_where_molecules_are_no_sample():
    ratio = ratio_at(errors(a=2.0, b=8.0), errors(a=1.0, b=1.0), 10, sample=False)
    assert ratio is not None
    assert ratio.stderr == pytest.approx(0.1)  # √(4 · 0.1²) / 2
    assert ratio.freedom == math.inf
    assert str(ratio) == "4.0(4) (2 of 2)"


def test_spread_of_a_single_molecule_is_unknown():
    ratio = ratio_at(errors(a=2.0), errors(a=1.0), 10, sample=True)
    assert ratio is not None
    assert ratio.p_value == 1.0


def test_models_without_a_molecule_in_common_are_not_compared():
    assert ratio_at(errors(a=2.0), errors(b=1.0), 10, sample=True) is None
    assert ratio_at(errors(a=2.0), errors(a=1.0), 20, sample=False) is None
