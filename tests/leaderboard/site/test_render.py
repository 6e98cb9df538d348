from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.result import Unit
from leaderboard.ranking import board_cards
from leaderboard.site.figure import scores_svg
from leaderboard.site.markdown import page
from leaderboard.site.render import render
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks

WriteSubmission = Callable[[Submission], Path]


@pytest.fixture
def board(
    tmp_path: Path, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> Path:
    """Make a board's folder with a model, one without likelihood, and a control."""
    write_submission(make_submission("lstm", 0.9))
    write_submission(make_submission("replay", 0.8, likelihood=False))
    write_submission(make_submission("iid", 0.0, role="control"))
    return tmp_path / "board"


def names(paths: list[Path]) -> set[str]:
    return {path.name for path in paths}


def test_first_rendering_writes_all_files_and_the_second_none(board: Path, tasks: Tasks) -> None:
    texts = {"README.md", "CLAIMS.md", "leaderboard.csv"}
    every = texts | {"leaderboard.svg", "results.schema.json"}
    assert names(render(write=False, board=board, tasks=tasks)) == every
    assert not (board / "README.md").exists()
    assert names(render(write=True, board=board, tasks=tasks)) == every
    assert render(write=False, board=board, tasks=tasks) == []
    assert render(write=True, board=board, tasks=tasks) == []


def test_changed_page_is_stale_and_gets_rewritten(board: Path, tasks: Tasks) -> None:
    render(write=True, board=board, tasks=tasks)
    path = board / "README.md"
    good = path.read_text("utf-8")
    path.write_text(good.replace("lstm", "mine"), encoding="utf-8")
    assert render(write=False, board=board, tasks=tasks) == [path]
    assert render(write=True, board=board, tasks=tasks) == [path]
    assert path.read_text("utf-8") == good


def test_figure_of_another_matplotlib_is_not_stale_but_a_missing_one_is(
    board: Path, tasks: Tasks
) -> None:
    render(write=True, board=board, tasks=tasks)
    figure = board / "leaderboard.svg"
    figure.write_text("<svg/>")
    assert render(write=False, board=board, tasks=tasks) == []
    figure.unlink()
    assert render(write=False, board=board, tasks=tasks) == [figure]


def test_figure_has_no_mark_for_a_task_that_was_not_run(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    cards = board_cards(tasks)
    one, all_three = (
        scores_svg([make_submission("m", dict.fromkeys(ran, 0.5))], cards).count("<use ")
        for ran in (["left/a"], tasks)
    )
    # A task has a mark for the score and one for each of its three groups.
    assert all_three - one == 2 * (1 + 3)


def test_new_submission_makes_the_board_stale(
    board: Path,
    tasks: Tasks,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
) -> None:
    render(write=True, board=board, tasks=tasks)
    write_submission(make_submission("new", 0.4))
    stale = render(write=False, board=board, tasks=tasks)
    assert names(stale) == {"README.md", "leaderboard.csv"}


def test_board_without_submissions_says_so(tmp_path: Path, tasks: Tasks) -> None:
    written = render(write=True, board=tmp_path, tasks=tasks)
    assert names(written) == {"README.md", "CLAIMS.md", "leaderboard.csv"}
    assert "No submissions yet" in (tmp_path / "README.md").read_text("utf-8")
    assert len((tmp_path / "leaderboard.csv").read_text().splitlines()) == 1


def test_page_shows_ranks_marks_and_both_ends(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    submissions = [
        make_submission("iid", 0.0, role="control"),
        make_submission("replay", 0.8, likelihood=False),
        make_submission("lstm", 0.9),
    ]
    text = page(submissions, board_cards(tasks), {"kinetics": "f.svg"})
    overall = [line for line in text.splitlines() if line.startswith("|")][2:5]
    assert [line.split("|")[1].strip() for line in overall] == ["1", "2", "–"]
    assert "†" in overall[1]
    assert "†" not in overall[0]
    assert "*[iid](submissions/kinetics/iid)*" in overall[2]
    assert "data-limited (f)" in text
    assert (
        "- **replay**, 9 units (left/a, left/b, right/c): no likelihood: the model has no predict"
        in text
    )
    # Regret is shown in mnats: E₀ = 1 nat.
    assert "| *trivial (E₀)*" in text
    assert " 1e+03 |" in text


def test_error_without_a_measurement_is_a_dash_not_the_trivial_value(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    text = page(
        [make_submission("m", 0.8, likelihood=False)], board_cards(tasks), {"kinetics": "f.svg"}
    )
    regret = text.split("regret, mnats/frame")[1].splitlines()
    row = next(line for line in regret if line.startswith("| [m]"))
    assert [cell.strip() for cell in row.split("|")[2:4]] == ["–", "–"]


def test_reasons_cannot_break_the_page(tasks: Tasks, make_submission: MakeSubmission) -> None:
    one = make_submission("m", 0.8)
    broken: Unit = one.result.units[0]
    broken.status, broken.reason = "failed", "a | b\n## <script>"
    text = page([one], board_cards(tasks), {"kinetics": "f.svg"})
    assert "- **m**, 1 unit (left/a): failed: a \\| b ## &lt;script>" in text


def test_csv_has_a_row_per_model_task_and_metric_with_values(board: Path, tasks: Tasks) -> None:
    render(write=True, board=board, tasks=tasks)
    rows = list(csv.DictReader(io.StringIO((board / "leaderboard.csv").read_text("utf-8"))))
    assert len(rows) == 3 * 3 * 4
    row = next(r for r in rows if (r["model"], r["metric"]) == ("lstm", "mfpt_error"))
    assert float(row["z"]) == pytest.approx(0.9, abs=0.01)
    assert row["parameters"] == "7"
    assert row["seed_spread"] == ""
    assert row["counts"] == "True"


def test_board_that_cannot_be_written_is_an_input_error(board: Path, tasks: Tasks) -> None:
    (board / "README.md").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*README\.md"):
        render(write=True, board=board, tasks=tasks)


def test_committed_board_is_up_to_date() -> None:
    assert render(write=False) == []
