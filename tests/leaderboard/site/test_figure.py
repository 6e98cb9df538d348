from __future__ import annotations

import re

import pytest

from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.figure import scores_svg
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task


def test_figure_has_no_mark_for_a_task_that_was_not_run(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one, all_three = (
        scores_svg(
            published(make_board([make_submission("m", dict.fromkeys(ran, 0.5))], tasks)).shown[0]
        ).count("<use ")
        for ran in (["left/a"], tasks)
    )
    # A task has a mark for the score and one for each of its three groups.
    assert all_three - one == 2 * (1 + 3)


def test_figures_of_the_tracks_differ(tasks: Tasks, make_submission: MakeSubmission) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    rows = [make_submission("msm", {"left/a": 0.5}), make_submission("ridge", {filling.id: 1.4})]
    figures = [scores_svg(ranking) for ranking in published(make_board(rows, tasks)).shown]
    assert figures[0] != figures[1]
    assert all(figure.startswith("<?xml") for figure in figures)


@pytest.mark.parametrize("number", [1, 3])
def test_figure_has_a_panel_a_task_and_one_for_all(
    tasks: Tasks, make_submission: MakeSubmission, number: int
) -> None:
    some = dict(list(tasks.items())[:number])
    (ranking,) = published(make_board([make_submission("m", dict.fromkeys(some, 0.5))], some)).shown
    svg = scores_svg(ranking)
    titles = re.findall(r"<!-- ([a-z/]+) -->", svg)
    assert [title for title in titles if title == "overall" or "/" in title] == ["overall", *some]


def test_same_board_is_the_same_figure(tasks: Tasks, make_submission: MakeSubmission) -> None:
    (ranking,) = published(make_board([make_submission("m", 0.5)], tasks)).shown
    svg = scores_svg(ranking)
    assert svg == scores_svg(ranking)
    assert not any(line.endswith(" ") for line in svg.splitlines())
