"""How to read the page: said of the tracks that are on it, and of no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmark.task import Task
from leaderboard.board import make_board
from leaderboard.published import Published
from leaderboard.publishing import published
from leaderboard.site.reading import WIDTH, how_to_read
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task, make_task

KINETICS, FILLING = make_task("left/a"), make_superresolution_task("md17-xtb/water-k10")


@pytest.fixture
def make(make_submission: MakeSubmission, tasks: Tasks) -> Callable[..., Published]:
    """Make a board of given tasks, each with a submission."""

    def made(*shown: Task) -> Published:
        tasks.update({task.id: task for task in shown})
        rows = [make_submission("m", {task.id: 0.5}) for task in shown]
        return published(make_board(rows, {task.id: task for task in shown}))

    return made


def flat(text: str) -> str:
    return " ".join(text.split())


def test_board_of_one_track_says_nothing_of_another(make) -> None:
    kinetics, filling = (flat(how_to_read(make(one).shown)) for one in (KINETICS, FILLING))
    assert "independent frames drawn from the training populations" in kinetics
    assert "(likelihood, rates, paths)" in kinetics
    assert "for likelihoods the noise of the test set is in it too." in kinetics
    assert "† some or all units have no likelihood" in kinetics.replace("*", "")
    assert "interpolation" not in kinetics
    assert "linear interpolation" in filling
    assert "blocks of the test segments" in filling
    assert "likelihood" not in filling
    assert "groups, each the mean of its metrics" in filling


def test_first_track_is_explained_first(make) -> None:
    text = flat(how_to_read(make(FILLING, KINETICS).shown))
    score = text.split("**Task, family")[0]
    assert score.startswith("## How to read it - **Score**: 0 is what independent frames")
    assert score.index("Each metric becomes z = ln(E₀/E)") < score.index("In super-resolution")


def test_no_line_is_too_long_and_no_formula_begins_after_a_break(make) -> None:
    lines = how_to_read(make(KINETICS, FILLING).shown).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any("z = ln(E₀/E)" in line for line in lines)
