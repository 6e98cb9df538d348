"""Verdicts of planted effects, on either side of a threshold, between two, and unsure."""

from __future__ import annotations

import math

import pytest

from leaderboard.claims.claim import Answer, Decision, Part
from leaderboard.claims.deciding import (
    Effect,
    Rule,
    counted,
    decide,
    headline,
    merged,
    told,
    verdict_line,
)

ABOVE = Rule(above=True, holds=0.0, fails=0.0)
BELOW = Rule(above=False, holds=0.0, fails=0.0)
#: It holds above 0, and what is below 1 is too small to matter.
SMALL = Rule(above=True, holds=0.0, fails=1.0)


def effect(value: float, stderr: float = 0.1, freedom: float = 4.0) -> Effect:
    return Effect("here", value, stderr, freedom, "5 replicas")


def part(verdict: Decision) -> Part:
    return Part(of="", verdict=verdict, value=1.0, low=0.0, high=2.0, size="")


@pytest.mark.parametrize(
    ("value", "rule", "verdict"),
    [
        (1.0, ABOVE, "holds"),
        (-1.0, ABOVE, "does not hold"),
        (0.1, ABOVE, "undecided"),
        (1.0, BELOW, "does not hold"),
        (-1.0, BELOW, "holds"),
        (2.0, SMALL, "holds"),
        (0.5, SMALL, "in part"),
        (0.0, SMALL, "does not hold"),
        (1.1, SMALL, "holds"),
    ],
)
def test_verdict_follows_from_the_side_of_the_threshold(value: float, rule: Rule, verdict: str):
    (found,) = decide([effect(value)], rule)
    assert found.verdict == verdict


def test_what_is_sure_alone_is_not_beside_many_others():
    one = effect(0.3)  # 3 standard errors, p = 0.04 with 4 degrees of freedom
    assert decide([one], ABOVE)[0].verdict == "holds"
    assert decide([one] * 3, ABOVE)[0].verdict == "undecided"


@pytest.mark.parametrize("stderr", [math.inf, math.nan])
def test_nothing_is_decided_without_an_error(stderr: float):
    assert decide([effect(5.0, stderr, 1.0)], ABOVE)[0].verdict == "undecided"


def test_interval_is_students_and_of_the_factor_where_effects_are_logarithms():
    (plain,) = decide([effect(1.0)], ABOVE)
    assert (plain.low, plain.high) == pytest.approx((1 - 0.27764, 1 + 0.27764), abs=1e-4)
    (factor,) = decide([effect(1.0)], Rule(above=True, holds=0.0, fails=0.0, log=True))
    assert (factor.value, factor.low) == pytest.approx((math.e, math.exp(plain.low)))


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ([], "undecided"),
        (["holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["holds", "holds", "undecided"], "holds"),
        (["does not hold", "does not hold", "undecided"], "does not hold"),
        (["holds", "does not hold"], "in part"),
        (["in part"], "in part"),
    ],
)
def test_parts_come_to_what_the_decided_ones_agree_on(words: list[Decision], verdict: str):
    assert headline([part(word) for word in words]) == verdict


def test_answers_of_one_claim_are_merged_and_counted():
    one = Answer(code="W1", statement="so", quantity="ratio", parts=[part("holds")])
    other = Answer(code="W2", statement="and so", quantity="ratio", parts=[part("undecided")])
    more = Answer(code="W1", statement="so", quantity="ratio", parts=[part("does not hold")])
    found = merged([one, other, more])
    assert [(answer.code, counted(answer.parts)) for answer in found] == [
        ("W1", "1 holds, 1 does not hold"),
        ("W2", "1 undecided"),
    ]
    assert verdict_line(found[0]) == "W1: in part (1 holds, 1 does not hold)"


def test_rule_stands_before_the_table_of_its_verdicts():
    parts = decide([effect(1.0), effect(0.0, math.inf)], ABOVE)
    answer = Answer(code="Z9", statement="so", quantity="difference", parts=parts)
    words, table = told(answer, "\nAbove 0.\n", "where")
    assert words.text == "Above 0.\n\n**Z9: undecided (1 holds, 1 undecided)**"
    assert table.rows == [
        {
            "where": "here", "verdict": "holds", "difference": "1.00",
            "95 % interval": "0.72 … 1.28", "from": "5 replicas",
        },
        {
            "where": "here", "verdict": "undecided", "difference": "0.00",
            "95 % interval": "– … –", "from": "5 replicas",
        },
    ]  # fmt: skip
