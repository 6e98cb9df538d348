"""Two tracks on one page: each with its own table, ranks and figure."""

from __future__ import annotations

import pytest

from leaderboard.ranking import board_cards, by_track, ranking
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task, make_task

FIGURES = {"kinetics": "k.svg", "superresolution": "s.svg"}


@pytest.fixture
def tasks() -> Tasks:
    made = [make_task("left/a"), make_superresolution_task("md17-xtb/water-k10")]
    return {task.id: task for task in made}


@pytest.fixture
def rows(make_submission: MakeSubmission):
    filling = {"md17-xtb/water-k10": 1.4}
    return [make_submission("msm", {"left/a": 0.5}), make_submission("ridge", filling)]


def test_models_of_different_tracks_are_not_ranked_together(rows, tasks: Tasks):
    found = by_track(rows, board_cards(tasks))
    assert list(found) == ["kinetics", "superresolution"]
    for name, (members, cards) in zip(("msm", "ridge"), found.values(), strict=True):
        assert [one.card.name for one in members] == [name]
        assert ranking(members, cards)["rank"].tolist() == [1]


def test_score_above_one_is_shown_where_f_is_a_mark_and_no_limit(rows, tasks: Tasks):
    members, cards = by_track(rows, board_cards(tasks))["superresolution"]
    assert ranking(members, cards)["score"].item() == pytest.approx(1.4, abs=0.01)


def test_page_has_a_table_and_a_figure_a_track(rows, tasks: Tasks):
    text = page(rows, board_cards(tasks), FIGURES)
    kinetics, filled = text.split("\n## Super-resolution\n")
    assert "[msm]" in kinetics
    assert "k.svg" in kinetics
    assert "[ridge]" not in kinetics
    overall = filled.split("## How to read it")[0]
    assert "[ridge]" in overall
    assert "s.svg" in overall
    assert "[msm]" not in overall
    assert "accuracy" in overall
    assert "likelihood" not in overall


def test_figures_of_the_tracks_differ(rows, tasks: Tasks):
    found = by_track(rows, board_cards(tasks))
    figures = [scores_svg(*found[track]) for track in FIGURES]
    assert figures[0] != figures[1]
    assert all(figure.startswith("<?xml") for figure in figures)


def test_track_without_a_submission_is_left_out(rows, tasks: Tasks):
    text = page(rows[:1], board_cards(tasks), FIGURES)
    assert "## Super-resolution" not in text
