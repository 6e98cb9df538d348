"""What is published of a board: one file, from which every page can be written again."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark.errors import InputError
from leaderboard.board import Board, make_board
from leaderboard.comparison import compare, resolution
from leaderboard.markup import plain
from leaderboard.published import DIGITS, Published, board_schema, read_board, rounded
from leaderboard.publishing import published
from leaderboard.site.claims_page import claims_page
from leaderboard.site.csv_table import csv_text
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from leaderboard.verification.record import Rescored, Verification
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task
from tests.leaderboard.test_markup import LIVE

SHIPPED = Path(__file__).parents[2] / "leaderboard" / "board.json"


@pytest.fixture
def board(tasks: Tasks, make_submission: MakeSubmission) -> Board:
    """Two tracks; models with and without likelihood, a control, a failed unit, a partial row."""
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    rows = [
        make_submission("lstm", 0.9),
        make_submission("transformer", 0.7, spread=0.4),
        make_submission("replay", 0.8, likelihood=False),
        make_submission("part", {"left/a": 0.6}),
        make_submission("iid", 0.0, role="control"),
        make_submission("ridge", {filling.id: 1.4}),
    ]
    unit = rows[0].result.units[0]
    unit.status, unit.reason = "failed", "out of memory"
    return make_board(rows, tasks)


def test_file_says_what_the_object_says(board: Board, tmp_path: Path) -> None:
    one = published(board)
    path = tmp_path / "board.json"
    path.write_text(one.text, "utf-8")
    assert read_board(path).text == one.text
    assert read_board(path).fingerprint == one.fingerprint


def test_pages_of_the_file_are_those_of_the_object(board: Board, tmp_path: Path) -> None:
    one = published(board)
    (tmp_path / "board.json").write_text(one.text, "utf-8")
    other = read_board(tmp_path / "board.json")
    for write in (page, csv_text, claims_page):
        assert write(one) == write(other)
    for first, second in zip(one.shown, other.shown, strict=True):
        assert scores_svg(first) == scores_svg(second)


def test_same_board_is_the_same_bytes(tasks: Tasks, make_submission: MakeSubmission) -> None:
    rows = [make_submission("a", 0.5), make_submission("b", 0.7)]
    texts = {published(make_board(some, tasks)).text for some in (rows, rows[::-1])}
    assert len(texts) == 1


def test_what_does_not_exist_is_null(board: Board) -> None:
    fields = json.loads(published(board).text)
    scale = fields["tracks"][1]["tasks"][0]["metrics"]["rmse"]
    assert scale["floor"] is None
    assert "NaN" not in published(board).text
    assert math.isnan(Published.model_validate(fields).tracks[1].tasks[0].metrics["rmse"].floor)


def test_numbers_have_twelve_digits_and_zero_no_sign() -> None:
    assert rounded({"a": [1 / 3, -1e-300 * 1e-300], "b": 7}) == {"a": [0.333333333333, 0.0], "b": 7}
    assert math.copysign(1, rounded(-0.0)) == 1
    assert DIGITS == 12


def test_standing_names_the_leader_and_the_paired_gap_of_everybody(board: Board) -> None:
    ranking = board.rankings[0]
    track = published(board).tracks[0]
    rows = {row.name: row for row in ranking.rows}
    standing = track.standing
    assert standing.leader == "lstm"
    assert set(standing.behind) == {"transformer", "replay"}  # have run every task
    found = compare(rows["transformer"], rows["lstm"], ranking.cards).difference
    gap = standing.behind["transformer"]
    assert gap.value == pytest.approx(found.value, rel=1e-11)
    assert gap.stderr == pytest.approx(found.stderr, rel=1e-11)
    assert gap.low < gap.value < gap.high
    task = track.tasks[0]
    assert task.id == "left/a"
    assert set(task.standing.behind) == {"transformer", "replay", "part"}


def test_resolution_is_that_of_the_models_that_have_run_the_tasks(board: Board) -> None:
    ranking = board.rankings[0]
    whole = [row.scores for row in ranking.rows if row.role == "model" and len(row.tasks) == 3]
    expected = resolution(whole, ranking.cards)
    assert published(board).tracks[0].standing.resolution == pytest.approx(expected, rel=1e-11)


def test_nobody_leads_where_no_ranked_model_is(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = published(make_board([make_submission("iid", 0.0, role="control")], tasks))
    assert one.tracks[0].standing.leader is None
    assert one.tracks[0].standing.behind == {}
    assert math.isnan(one.tracks[0].standing.resolution)


def test_troubles_and_costs_of_a_row_are_in_it(board: Board) -> None:
    rows = {row.name: row for row in published(board).tracks[0].rows}
    (failed,) = rows["lstm"].troubles
    assert (failed.trouble, failed.tasks) == ("failed: out of memory", ["left/a"])
    (missing,) = rows["replay"].troubles
    assert missing.trouble == "no likelihood: the model has no predict"
    assert len(missing.tasks) == 9
    assert rows["lstm"].costs.failed == 1
    assert rows["lstm"].verification == "self-reported"
    assert not rows["replay"].tasks["left/a"].metrics["nll_regret"].measured


def test_verdicts_are_data(board: Board) -> None:
    claims = {claim.id: claim for claim in published(board).claims}
    verdicts = claims["attention"].verdicts
    assert verdicts[-1].of == {"family": "all families", "group": "score"}
    assert verdicts[-1].value == pytest.approx(-0.2, abs=0.1)
    assert f"**{verdicts[-1].verdict}**" in claims_page(published(board))


@pytest.mark.parametrize("words", LIVE)
def test_nothing_unseen_enters_the_file(
    tasks: Tasks, make_submission: MakeSubmission, words: str
) -> None:
    one = make_submission("m", 0.5)
    one.result.units[0].status, one.result.units[0].reason = "failed", words
    text = published(make_board([one], tasks)).text
    for char in "\u202e\u2066\u200b\u200d\ufeff\x00\x1b\x07\u2028\u2029\x85\u00ad":
        assert char not in text
    (row,) = Published.model_validate_json(text).tracks[0].rows
    assert row.troubles[0].trouble == plain(f"failed: {words}")


def test_badge_says_how_far_and_how_a_row_was_verified(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("m", 0.5)
    found = Verification(
        results_sha256="a" * 64,
        commit="b" * 40,
        scorer_version=2,
        rescored=Rescored(source="audit", units=["left/a/r0-s0"], of=9),
    )
    board = make_board([replace(one, verification=found), make_submission("n", 0.4)], tasks)
    rows = {row.name: row for row in published(board).tracks[0].rows}
    assert rows["m"].verification == found.level == "re-scored"
    assert rows["m"].verified == found.said
    assert (rows["n"].verification, rows["n"].verified) == ("self-reported", "")


def test_unknown_key_is_refused(board: Board) -> None:
    fields = json.loads(published(board).text)
    fields["tracks"][0]["rows"][0]["score"] = 1.0
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Published.model_validate(fields)


def test_missing_file_and_other_schema_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no board at .*; write it with python -m benchmark"):
        read_board(tmp_path / "board.json")
    (tmp_path / "board.json").write_text('{"schema_version": 2}')
    with pytest.raises(InputError, match="is not a board: schema_version"):
        read_board(tmp_path / "board.json")


def test_schema_names_every_field_of_a_row() -> None:
    schema = json.loads(board_schema())
    assert schema["title"] == "Published"
    row = schema["$defs"]["PublishedRow"]
    assert {"verification", "rank", "overall", "tasks", "costs"} <= set(row["properties"])
    assert row["additionalProperties"] is False


def test_shipped_board_can_be_read_and_is_small() -> None:
    board = read_board(SHIPPED)
    cells = sum(len(row.tasks) for track in board.tracks for row in track.rows)
    assert SHIPPED.stat().st_size < 3500 * cells  # of some fifteen metrics each
    assert board.text == SHIPPED.read_text("utf-8")
