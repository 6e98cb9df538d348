from __future__ import annotations

import pytest
import scipy

from leaderboard.board import board_cards, make_board
from tests.leaderboard.synthetic import (
    MakeSubmission,
    Tasks,
    make_superresolution_task,
    make_task,
)
from tests.test_import_time import HEAVY, imported

SCIPY_SUBPACKAGES = {f"scipy.{name}" for name in scipy.__all__ if name.islower()}

FILLING = "md17-xtb/water-k10"


@pytest.fixture
def both(tasks: Tasks) -> Tasks:
    """Tasks of two tracks."""
    tasks[FILLING] = make_superresolution_task(FILLING)
    return tasks


def test_unranked_and_uncalibrated_tasks_are_not_on_the_board(tasks: Tasks) -> None:
    unranked = make_task("other/unranked", ranked=False)
    bare = make_task("other/bare")
    bare = type(bare)(bare.card.model_copy(update={"metrics": {}}), bare.path)
    cards = board_cards({**tasks, unranked.id: unranked, bare.id: bare})
    assert [card.id for card in cards] == ["left/a", "left/b", "right/c"]


def test_no_submissions_give_an_empty_table(tasks: Tasks) -> None:
    board = make_board([], tasks)
    assert [ranking.rows for ranking in board.rankings] == [()]
    assert board.shown == ()


def test_models_of_different_tracks_are_not_ranked_together(
    both: Tasks, make_submission: MakeSubmission
) -> None:
    rows = [make_submission("msm", {"left/a": 0.5}), make_submission("ridge", {FILLING: 1.4})]
    board = make_board(rows, both)
    assert [ranking.track.name for ranking in board.shown] == ["kinetics", "superresolution"]
    assert [[(row.name, row.rank) for row in one.rows] for one in board.shown] == [
        [("msm", 1)],
        [("ridge", 1)],
    ]


def test_score_above_one_is_kept_where_f_is_a_mark_and_no_limit(
    both: Tasks, make_submission: MakeSubmission
) -> None:
    (ranking,) = make_board([make_submission("ridge", {FILLING: 1.4})], both).shown
    assert ranking.rows[0].overall.value == pytest.approx(1.4, abs=0.01)


def test_track_without_a_submission_has_tasks_but_is_not_shown(
    both: Tasks, make_submission: MakeSubmission
) -> None:
    board = make_board([make_submission("msm", {"left/a": 0.5})], both)
    assert [ranking.track.name for ranking in board.rankings] == ["kinetics", "superresolution"]
    assert [ranking.track.name for ranking in board.shown] == ["kinetics"]


def test_submission_of_tasks_off_the_board_has_no_row(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("m", {"left/a": 0.5})
    others = {name: task for name, task in tasks.items() if name != "left/a"}
    assert make_board([one], others).shown == ()


def test_groups_and_metrics_are_those_of_the_tasks_in_the_order_of_the_track(both: Tasks) -> None:
    kinetics, filling = make_board([], both).rankings
    assert kinetics.groups == ["likelihood", "rates", "paths"]  # populations count nowhere
    assert [metric.name for metric in kinetics.metrics] == [
        "nll_regret", "mfpt_error", "dwell_error", "free_energy_error",
    ]  # fmt: skip
    assert list(kinetics.families) == ["left", "right"]
    assert filling.groups == ["accuracy"]
    assert [metric.name for metric in filling.metrics] == ["mae", "rmse"]


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        (
            "from leaderboard.board import make_board; "
            "from leaderboard.submission import SUBMISSIONS, read_submissions; "
            "from benchmark.registry import shipped_tasks; "
            "make_board(read_submissions(SUBMISSIONS, shipped_tasks()), shipped_tasks())",
            set(),
        ),
        (
            "from leaderboard.site.render import render; render(write=False)",
            {"pandas", "pyarrow"},  # the first takes the other along
        ),
    ],
    ids=["ranking", "rendering"],
)
def test_stored_errors_are_scored_without_what_measures_them(
    statement: str, most: set[str]
) -> None:
    loaded = imported(statement, depth=2)
    heavy = {name.partition(".")[0] for name in loaded} & set(HEAVY)
    # Of scipy nothing but the functions behind Student's t, for ranks.
    assert heavy - {"scipy"} <= most
    assert SCIPY_SUBPACKAGES & loaded <= {"scipy.special"}
