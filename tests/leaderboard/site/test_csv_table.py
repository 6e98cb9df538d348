from __future__ import annotations

import csv
import io

import pytest

from leaderboard.board import Board, make_board
from leaderboard.publishing import published
from leaderboard.site.csv_table import csv_text
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task


def read(board: Board) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(published(board)))))


def test_csv_has_a_row_per_model_task_and_metric_with_values(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    submissions = [
        make_submission("lstm", 0.9),
        make_submission("replay", 0.8, likelihood=False),
        make_submission("iid", 0.0, role="control"),
    ]
    rows = read(make_board(submissions, tasks))
    assert len(rows) == 3 * 3 * 4
    row = next(r for r in rows if (r["model"], r["metric"]) == ("lstm", "mfpt_error"))
    assert float(row["z"]) == pytest.approx(0.9, abs=0.01)
    assert row["unit"] == "ln"
    assert row["parameters"] == "7"
    assert row["seed_spread"] == ""
    assert row["counts"] == "True"


def test_rows_are_sorted_by_model_not_by_rank(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    board = make_board([make_submission("b", 0.9), make_submission("a", 0.1)], tasks)
    assert [row.name for row in board.shown[0].rows] == ["b", "a"]
    assert list(dict.fromkeys(row["model"] for row in read(board))) == ["a", "b"]


def test_groups_of_all_tracks_are_columns_whoever_has_run_them(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    board = make_board([make_submission("m", 0.5)], {**tasks, filling.id: filling})
    columns = list(read(board)[0])
    first = columns.index("likelihood")
    assert columns[first : first + 4] == ["likelihood", "rates", "paths", "accuracy"]
    assert read(board)[0]["accuracy"] == ""


def test_board_without_submissions_is_a_head_alone(tasks: Tasks) -> None:
    text = csv_text(published(make_board([], tasks)))
    assert text.count("\n") == 1
    assert text.startswith("model,role,task,version,metric,unit,")
