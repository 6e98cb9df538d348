from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboard.significance import holm, p_value, t_quantile


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.706), (4, 2.776), (10, 2.228), (math.inf, 1.960)]
)
def test_quantiles_are_those_of_tables(freedom: float, expected: float) -> None:
    assert t_quantile(0.95, freedom) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("freedom", [1, 4, 7.3, math.inf])
def test_p_value_at_a_quantile_is_what_is_left(freedom: float) -> None:
    reach = t_quantile(0.9, freedom)
    assert p_value(reach * 0.2, 0.2, freedom) == pytest.approx(0.1)
    assert p_value(-reach * 0.2, 0.2, freedom) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("value", "stderr", "expected"),
    [(math.nan, 1.0, 1.0), (1.0, math.nan, 1.0), (0.0, 0.0, 1.0), (1e-16, 1e-18, 1.0),
     (0.5, 0.0, 0.0)],
)  # fmt: skip
def test_unknown_and_equal_are_no_difference(value: float, stderr: float, expected: float) -> None:
    assert p_value(value, stderr, 4) == expected


def test_correction_stops_at_the_first_that_fails() -> None:
    assert holm([0.012, 0.9, 0.013, 0.03]) == [True, False, True, False]
    assert holm([]) == []


def test_false_findings_among_many_are_as_rare_as_one_alone_would_be() -> None:
    rng = np.random.default_rng(0)
    wrong = np.mean([any(holm(rng.random(72).tolist())) for _ in range(4_000)])
    assert wrong == pytest.approx(0.05, abs=0.015)
