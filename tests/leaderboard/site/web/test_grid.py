from __future__ import annotations

import csv
import math

import pytest

from leaderboard.site.web.grid import LEAST, Cell, Column, Grid, Line, measured


@pytest.fixture
def grid() -> Grid:
    return Grid(
        name="one",
        caption="50 % of all",
        columns=[Column("model", number=False), Column("score"), Column("secret", extra=True)],
        lines=[
            Line([Cell("=1+1"), measured(0.12345678, 0.012), Cell("7", 7.0)]),
            Line([Cell("lstm"), Cell("–"), Cell("not run")]),
        ],
        foot=[Line([Cell("trivial (E₀)"), Cell(""), Cell("")])],
    )


def test_csv_has_digits_errors_and_no_formula(grid: Grid) -> None:
    head, *lines = csv.reader(grid.csv.splitlines())
    assert head == ["model", "score", "score stderr", "secret"]
    assert lines[0] == ["'=1+1", "0.123457", "0.012", "7"]
    assert lines[1] == ["lstm", "–", "", "not run"]
    assert lines[2] == ["trivial (E₀)", "", "", ""]


def test_latex_has_the_columns_that_are_seen_at_first(grid: Grid) -> None:
    assert "model & score \\\\" in grid.latex
    assert "secret" not in grid.latex
    assert r"\caption{50 \% of all}" in grid.latex
    assert r"\label{tab:one}" in grid.latex
    assert "trivial (E$_{0}$) &" in grid.latex


def test_cell_without_a_number_is_sorted_below_all_numbers(grid: Grid) -> None:
    _, score, _ = grid.columns
    assert score.order(Cell("–")) == LEAST
    assert score.order(measured(-3.0)) == -3.0
    assert grid.columns[0].order(Cell("lstm")) == "lstm"
    assert math.isfinite(LEAST)
