"""Whether an error is near that of fresh data: planted E/f of a known size and spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboard.claims.against_floor import Against, Floor, decided_claim
from leaderboard.claims.tsai import BOLTZMANN, TIMESCALES

ONE = TIMESCALES.measures[0].metric
TIGHT = (0.98, 1.0, 1.0, 1.0, 1.02)
WIDE = (0.2, 0.5, 1.0, 1.2, 1.8)


def on(ratio: float, spread: tuple[float, ...] = TIGHT, name: str = "a", share: float = 0.0):
    """Give a task on which E/f is some ratio, over replicas that spread about it."""
    errors = ratio * 0.1 * np.array(spread)
    return Against(name, "family", 10.0, {ONE: errors}, {ONE: Floor(0.1, share * 0.1)})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([on(1.0)], "holds"),
        ([on(5.0)], "does not hold"),
        ([on(1.9, WIDE)], "undecided"),
        ([on(1.0, share=2.0)], "undecided"),  # f itself is not known
        ([on(1.0), on(8.0, name="b")], "does not hold"),  # their geometric mean is √8
    ],
)
def test_verdict_is_that_of_the_planted_ratio(found: list[Against], verdict: str):
    (claim,) = decided_claim(TIMESCALES, found, "kinetics")
    (part,) = claim.answers[0].parts
    assert part.verdict == verdict
    assert part.of == "family, implied timescales"


def test_ratio_and_its_interval_are_those_of_a_jackknife():
    (claim,) = decided_claim(TIMESCALES, [on(1.0, WIDE)], "kinetics")
    (part,) = claim.answers[0].parts
    errors = np.array(WIDE)
    left_out = [math.log(math.sqrt(np.mean(np.delete(errors, i) ** 2))) for i in range(5)]
    stderr = math.sqrt(4 * np.var(left_out))
    assert part.value == pytest.approx(math.sqrt(np.mean(errors**2)))
    assert part.high == pytest.approx(part.value * math.exp(2.7764 * stderr), rel=1e-4)
    assert part.size == "1 task × 5 replicas"


def test_populations_count_by_the_root_of_a_divergence():
    metric = BOLTZMANN.measures[1].metric
    found = Against("a", "family", 10.0, {metric: np.full(5, 0.4)}, {metric: Floor(0.1, 0.0)})
    (claim,) = decided_claim(BOLTZMANN, [found], "kinetics")
    assert claim.answers[0].parts[0].value == pytest.approx(2.0)


def test_nothing_is_claimed_of_nothing():
    assert decided_claim(TIMESCALES, [], "kinetics") == []
