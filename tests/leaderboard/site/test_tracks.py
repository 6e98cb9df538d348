"""Two tracks on one page: each with its own table, ranks and figure."""

from __future__ import annotations

import pytest

from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.markdown import page
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task, make_task


@pytest.fixture
def tasks() -> Tasks:
    made = [make_task("left/a"), make_superresolution_task("md17-xtb/water-k10")]
    return {task.id: task for task in made}


@pytest.fixture
def rows(make_submission: MakeSubmission):
    filling = {"md17-xtb/water-k10": 1.4}
    return [make_submission("msm", {"left/a": 0.5}), make_submission("ridge", filling)]


def test_score_above_one_is_shown_where_f_is_a_mark_and_no_limit(rows, tasks: Tasks):
    filled = page(published(make_board(rows, tasks))).split("\n## Super-resolution\n")[1]
    line = next(line for line in filled.splitlines() if "[ridge]" in line)
    assert line.split("|")[3].strip().startswith("1.4")


def test_page_has_a_table_and_a_figure_a_track(rows, tasks: Tasks):
    text = page(published(make_board(rows, tasks)))
    kinetics, filled = text.split("\n## Super-resolution\n")
    assert "[msm]" in kinetics
    assert "(leaderboard.svg)" in kinetics
    assert "[ridge]" not in kinetics
    overall = filled.split("## How to read it")[0]
    assert "[ridge]" in overall
    assert "(superresolution.svg)" in overall
    assert "[msm]" not in overall
    assert "accuracy" in overall
    assert "likelihood" not in overall


def test_each_track_names_its_own_ends(rows, tasks: Tasks):
    text = page(published(make_board(rows, tasks)))
    left, filled = text.split("## Left")[1].split("## Md17-xtb")
    assert "*data-limited (f)*" in left
    assert "claimed" not in left
    assert "*claimed (f)*" in filled
    assert "data-limited" not in filled


def test_track_without_a_submission_is_left_out(rows, tasks: Tasks):
    text = page(published(make_board(rows[:1], tasks)))
    assert "## Super-resolution" not in text
