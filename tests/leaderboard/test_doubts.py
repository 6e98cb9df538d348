"""Too good to be true: marked, told why, and not ranked."""

from __future__ import annotations

import pytest

from benchmark.registry import shipped_tasks
from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.markdown import page
from leaderboard.submission import SUBMISSIONS, Submission, read_submissions
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task


@pytest.fixture
def peeking(make_submission: MakeSubmission) -> Submission:
    """Make a submission of which one unit predicts better than the oracle."""
    made = make_submission("peek", 0.9)
    regret = made.result.units[0].metrics["nll_regret"]
    regret.value, regret.stderr = -0.0051, 0.001
    return made


def test_regret_far_below_the_oracle_is_told_and_not_ranked(
    tasks: Tasks, make_submission: MakeSubmission, peeking: Submission
) -> None:
    board = make_board([peeking, make_submission("honest", 0.5)], tasks)
    rows = {row.name: row for row in board.rankings[0].rows}
    assert {name: row.rank for name, row in rows.items()} == {"peek": None, "honest": 1}
    (doubt,) = rows["peek"].doubts
    assert doubt == (
        "left/a: nll_regret of 1 of 3 units is below 0 nats/frame by more than 5 standard errors "
        "(-0.0051 at best)"
    )
    text = page(published(board))
    assert f"- **peek**: {doubt}" in text.split("## Too good to be true")[1]


@pytest.mark.parametrize("value", [-0.0049, 0.0])
def test_luck_is_no_doubt(tasks: Tasks, peeking: Submission, value: float) -> None:
    peeking.result.units[0].metrics["nll_regret"].value = value
    board = make_board([peeking], tasks)
    assert board.rankings[0].rows[0].rank == 1
    assert "Too good to be true" not in page(published(board))


@pytest.mark.parametrize(("value", "doubted"), [(1e-9, True), (2.4e-7, True), (3e-7, False)])
def test_positions_closer_than_their_rounding_are_doubted(
    tasks: Tasks, make_submission: MakeSubmission, value: float, doubted: bool
) -> None:
    task = make_superresolution_task("md17-xtb/water-k10")
    tasks[task.id] = task
    made = make_submission("m", {task.id: 0.5})
    error = made.result.units[0].metrics["mae"]
    error.value, error.stderr = value, 1e-10
    row = make_board([made], {task.id: task}).rankings[0].rows[0]
    assert bool(row.doubts) == doubted
    assert (row.rank is None) == doubted


def test_nothing_on_the_committed_board_is_doubted() -> None:
    tasks = shipped_tasks()
    board = make_board(read_submissions(SUBMISSIONS, tasks), tasks)
    assert [row.doubts for ranking in board.rankings for row in ranking.rows if row.doubts] == []
