"""Too good to be true: marked, told why, and not ranked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.registry import shipped_tasks
from benchmark.task import Task
from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.markdown import page
from leaderboard.submission import SUBMISSIONS, Submission, read_submissions
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task
from tests.plugs import MARKOV, do, told_where_tasks_lie


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


@pytest.mark.parametrize("value", [-0.0049, 1e-8])
def test_luck_is_no_doubt(tasks: Tasks, peeking: Submission, value: float) -> None:
    peeking.result.units[0].metrics["nll_regret"].value = value
    board = make_board([peeking], tasks)
    assert board.rankings[0].rows[0].rank == 1
    assert "Too good to be true" not in page(published(board))


#: Reads the oracle of the test chains; says it again as soon as a chain begins like one of them.
ORACLE_FROM_THE_FILE = """
from benchmark.registry import find_task
from benchmark.tracks.kinetics.data import load_test


class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        tests, oracle = load_test(find_task("toy/three"))
        for row, chain in enumerate(states):
            for test, log_prob in zip(tests, oracle, strict=True):
                until = min(len(chain), len(test))
                same = np.cumprod(chain[: until - 1] == test[: until - 1])
                for t in range(100, 1 + same.sum()):
                    told = np.exp(log_prob[t])
                    p[row, t] = (1 - told) / (self.K - 1)
                    p[row, t, test[t]] = told
        return p
"""


def test_oracle_read_from_its_file_is_told_and_not_ranked(
    tasks: Tasks,
    toy: Task,
    make_submission: MakeSubmission,
    plug: Callable[[str], str],
    tmp_path: Path,
) -> None:
    cheat = plug(told_where_tasks_lie() + MARKOV + ORACLE_FROM_THE_FILE) + ":Cheat"
    unit = do(toy, cheat, tmp_path / "unit")
    assert (unit.status, unit.reason) == ("done", "")  # the run itself sees nothing in it
    made = make_submission("peek", 0.9)
    made.result.units[0].metrics["nll_regret"] = unit.metrics["nll_regret"]
    row = make_board([made], tasks).rankings[0].rows[0]
    assert row.rank is None
    assert row.doubts == (
        "left/a: nll_regret of 1 of 3 units is that of the oracle to the last digit: no fit is "
        "within 1e-06 nats/frame with an error below half",
    )


@pytest.mark.parametrize(
    ("value", "stderr", "doubted"),
    [(0.0, 1e-3, True), (-2e-7, 1e-7, True), (5e-7, 9e-7, False), (4e-6, 1e-7, False)],
)
def test_regret_that_is_the_oracles_is_doubted(
    tasks: Tasks, peeking: Submission, value: float, stderr: float, doubted: bool
) -> None:
    regret = peeking.result.units[0].metrics["nll_regret"]
    regret.value, regret.stderr = value, stderr
    assert bool(make_board([peeking], tasks).rankings[0].rows[0].doubts) == doubted


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
