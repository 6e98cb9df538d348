from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import InputError
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
    texts = {"README.md", "CLAIMS.md", "leaderboard.csv", "board.json"}
    figures = {"leaderboard.svg", "boltzmann.svg"}
    every = texts | figures | {"results.schema.json", "board.schema.json"}
    assert names(render(write=False, folder=board, tasks=tasks)) == every
    assert not (board / "README.md").exists()
    assert names(render(write=True, folder=board, tasks=tasks)) == every
    assert render(write=False, folder=board, tasks=tasks) == []
    assert render(write=True, folder=board, tasks=tasks) == []


def test_changed_page_is_stale_and_gets_rewritten(board: Path, tasks: Tasks) -> None:
    render(write=True, folder=board, tasks=tasks)
    path = board / "README.md"
    good = path.read_text("utf-8")
    path.write_text(good.replace("lstm", "mine"), encoding="utf-8")
    assert render(write=False, folder=board, tasks=tasks) == [path]
    assert render(write=True, folder=board, tasks=tasks) == [path]
    assert path.read_text("utf-8") == good


def test_figure_of_another_matplotlib_is_not_stale_but_a_missing_one_is(
    board: Path, tasks: Tasks
) -> None:
    render(write=True, folder=board, tasks=tasks)
    figure = board / "leaderboard.svg"
    figure.write_text("<svg/>")
    assert render(write=False, folder=board, tasks=tasks) == []
    figure.unlink()
    assert render(write=False, folder=board, tasks=tasks) == [figure]


def test_new_submission_makes_the_board_stale(
    board: Path,
    tasks: Tasks,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
) -> None:
    render(write=True, folder=board, tasks=tasks)
    write_submission(make_submission("new", 0.4))
    stale = render(write=False, folder=board, tasks=tasks)
    assert names(stale) == {"README.md", "leaderboard.csv", "board.json"}


def test_board_without_submissions_says_so(tmp_path: Path, tasks: Tasks) -> None:
    written = render(write=True, folder=tmp_path, tasks=tasks)
    texts = {"README.md", "CLAIMS.md", "leaderboard.csv", "board.json"}
    assert names(written) == texts | {"board.schema.json"}
    assert "No submissions yet" in (tmp_path / "README.md").read_text("utf-8")
    assert len((tmp_path / "leaderboard.csv").read_text().splitlines()) == 1


def test_board_that_cannot_be_written_is_an_input_error(board: Path, tasks: Tasks) -> None:
    (board / "README.md").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*README\.md"):
        render(write=True, folder=board, tasks=tasks)


def test_committed_board_is_up_to_date() -> None:
    assert render(write=False) == []
