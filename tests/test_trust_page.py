"""The table of ``docs/trust.md`` and the tests of ``tests/run/test_trust.py`` are the same list."""

from __future__ import annotations

import re

from tests.plugs import ROOT

#: What a test's name begins with, and what the table says then of a run and its score.
OUTCOMES = {
    "test_impossible_": "impossible",
    "test_refused_": "refused",
    "test_caught_when_scored_": "caught when scored",
    "test_run_and_score_do_not_notice_": "not noticed",
}


def rows() -> dict[str, list[str]]:
    """Read the table: the cells of each row, by the name of its test."""
    lines = (ROOT / "docs" / "trust.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[-1].strip("`"): row for row in cells if row[-1].startswith("`test_")}


def planted() -> list[str]:
    text = (ROOT / "tests" / "run" / "test_trust.py").read_text()
    return re.findall(r"^def (test_\w+)", text, flags=re.MULTILINE)


def test_every_planted_cheat_is_in_the_table_and_every_row_has_its_test():
    assert sorted(rows()) == sorted(planted())


def test_table_says_of_each_cheat_what_its_test_proves():
    for name, row in rows().items():
        (said,) = {said for prefix, said in OUTCOMES.items() if name.startswith(prefix)}
        assert row[1].startswith(said), name


def test_what_is_not_noticed_says_what_else_would():
    for name, (_, _, otherwise, _) in rows().items():
        assert otherwise or not name.startswith("test_run_and_score_do_not_notice_"), name
