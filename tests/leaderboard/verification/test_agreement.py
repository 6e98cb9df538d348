"""The rule by which two fits agree, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from benchmark.registry import track_named
from benchmark.result import Unit, UnitMetric
from leaderboard.verification.agreement import compared, spread

TRACK = track_named("kinetics")


def unit(
    value: float, stderr: float, replica: int = 0, seed: int = 0, name: str = "mfpt_error"
) -> Unit:
    """Make a done unit of one metric."""
    made = Unit(task="left/a", version=1, replica=replica, seed=seed, status="done")
    made.metrics = {name: UnitMetric(value=value, stderr=stderr)}
    return made


def test_spread_is_over_seeds_where_there_are_three() -> None:
    units = [unit(value, 0.1, seed=seed) for seed, value in enumerate((1.0, 2.0, 3.0))]
    units += [unit(9.0, 0.1, replica=replica) for replica in (1, 2)]
    assert spread("mfpt_error", units, shared_noise=False) == pytest.approx(1.0)


def test_spread_is_over_replicas_where_there_are_no_seeds() -> None:
    units = [unit(value, 0.1, replica=r) for r, value in enumerate((1.0, 3.0, 5.0))]
    assert spread("mfpt_error", units, shared_noise=False) == pytest.approx(2.0)


def test_regret_without_seeds_is_compared_within_its_error_alone() -> None:
    units = [unit(value, 0.1, r, name="nll_regret") for r, value in enumerate((1.0, 3.0, 5.0))]
    assert spread("nll_regret", units, shared_noise=True) == 0.0
    (found,) = compared(TRACK, units[0], unit(1.2, 0.05, name="nll_regret"), units)
    assert found.allowed == pytest.approx(3 * math.hypot(0.1, 0.05))
    assert found.agrees


def test_failed_units_have_no_part_in_the_spread() -> None:
    units = [unit(value, 0.1, replica=r) for r, value in enumerate((1.0, 3.0, 5.0, 99.0))]
    units[-1].status = "failed"
    assert spread("mfpt_error", units, shared_noise=False) == pytest.approx(2.0)


@pytest.mark.parametrize(("again", "agrees"), [(1.29, True), (1.31, False), (0.71, True)])
def test_values_within_three_deviations_agree(again: float, agrees: bool) -> None:
    one, other = unit(1.0, 0.06), unit(again, 0.08)
    (found,) = compared(TRACK, one, other, [one])
    assert found.allowed == pytest.approx(0.3)
    assert found.agrees == agrees


def test_metric_that_one_of_them_lacks_does_not_agree() -> None:
    one = unit(1.0, 0.1)
    (found,) = compared(TRACK, one, one.model_copy(update={"metrics": {}}), [one])
    assert not found.agrees


def test_equal_values_without_an_error_agree() -> None:
    one = unit(1.0, math.nan)
    (found,) = compared(TRACK, one, one, [one])
    assert found.agrees
