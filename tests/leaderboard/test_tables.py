from __future__ import annotations

import math

import pytest

from leaderboard.tables import rms_percent, seconds, span, table, two_digits


def test_cells_stay_the_text_they_are() -> None:
    text = table([{"model": "a", "error": "1e+03"}, {"model": "b", "error": "0.10"}])
    assert [line.split("|")[2].strip() for line in text.splitlines()[2:]] == ["1e+03", "0.10"]


def test_text_is_on_the_left_and_numbers_on_the_right() -> None:
    rule = table([{"rank": "1", "model": "a", "score": "0.5"}], left=2).splitlines()[1]
    assert [cell.strip("-") for cell in rule.strip("|").split("|")] == [":", ":", ":"]
    assert [cell.startswith(":") for cell in rule.strip("|").split("|")] == [True, True, False]


def test_root_mean_square_is_in_per_cent() -> None:
    assert rms_percent([0.3, -0.4]) == "35.4"
    assert rms_percent([]) == "–"


@pytest.mark.parametrize(
    ("value", "text"), [(0.126, "0.13"), (-0.004, "0.00"), (-0.5, "-0.50"), (math.nan, "–")]
)
def test_two_digits_have_no_minus_zero(value: float, text: str) -> None:
    assert two_digits(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(7, 7, "7"), (12, 34_820, "12 – 34,820"), (math.nan, math.nan, "–")],
)
def test_span_of_one_value_is_written_once(low: float, high: float, text: str) -> None:
    assert span(low, high) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(123.4, "123"), (10, "10"), (9.87, "9.9"), (0.001, "0.001"), (math.inf, "–")],
)
def test_seconds_below_ten_have_two_digits(value: float, text: str) -> None:
    assert seconds(value) == text
