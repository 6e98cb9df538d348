from __future__ import annotations

import math

import pytest

from leaderboard.board import Ranking, make_board
from leaderboard.comparison import compare
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks


def ranking_of(tasks: Tasks, *submissions: Submission) -> Ranking:
    return make_board(submissions, tasks).rankings[0]


@pytest.mark.parametrize(("z", "better"), [(0.9, "other"), (0.1, "one"), (0.5, None)])
def test_better_model_follows_from_the_scores(
    tasks: Tasks, make_submission: MakeSubmission, z: float, better: str | None
) -> None:
    ranking = ranking_of(tasks, make_submission("a", 0.5), make_submission("b", z))
    rows = {row.name: row for row in ranking.rows}
    found = compare(rows["a"], rows["b"], ranking.cards)
    assert found.better == better
    assert found.difference.value == pytest.approx(z - 0.5, abs=0.01)
    assert found.difference.stderr == math.hypot(found.one.stderr, found.other.stderr) > 0


def test_comparison_the_other_way_round_changes_the_sign_alone(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    ranking = ranking_of(tasks, make_submission("a", 0.5), make_submission("b", 0.9))
    high, low = ranking.rows
    there, back = compare(high, low, ranking.cards), compare(low, high, ranking.cards)
    assert there.difference.value == -back.difference.value < 0
    assert there.difference.stderr == back.difference.stderr
    assert (there.better, back.better) == ("one", "other")


def test_only_tasks_that_both_have_run_are_averaged(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    whole = make_submission("a", {"left/a": 0.2, "left/b": 0.9, "right/c": 0.9})
    ranking = ranking_of(tasks, whole, make_submission("b", {"left/a": 0.2}))
    found = compare(*ranking.rows, ranking.cards)
    assert found.tasks == 1
    assert found.one == found.other
    assert found.better is None


def test_models_without_a_common_task_cannot_be_told_apart(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    ranking = ranking_of(
        tasks, make_submission("a", {"left/a": 0.9}), make_submission("b", {"left/b": 0.1})
    )
    found = compare(*ranking.rows, ranking.cards)
    assert found.tasks == 0
    assert found.better is None
    assert math.isnan(found.difference.value)
