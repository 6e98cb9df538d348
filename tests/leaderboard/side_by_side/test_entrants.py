from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.quick import quick_file
from leaderboard.side_by_side.entrants import entrants
from leaderboard.side_by_side.pairs import pairs
from tests.leaderboard.side_by_side.conftest import MakeRun
from tests.leaderboard.synthetic import MakeResult, Tasks


def test_rows_are_found_by_name_and_by_track_and_name(board: Path, tasks: Tasks) -> None:
    found = entrants(["good", "kinetics/poor"], tasks, board)
    assert [one.name for one in found] == ["good", "kinetics/poor"]
    assert all(one.row and one.track == "kinetics" for one in found)
    assert found[0].tasks == list(tasks)


def test_run_is_found_by_its_folder_beside_a_row(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult
) -> None:
    run = make_run("mine", make_result({"left/a": 0.5}))
    found = entrants(["good", run], tasks, board)
    assert (found[1].row, found[1].tasks) == (False, ["left/a"])


@pytest.mark.parametrize(
    ("name", "advice"),
    [("goood", "did you mean good?"), ("kinetic/poor", "kinetics/poor?"), ("xyz", "available: ")],
)
def test_unknown_name_is_refused_with_the_nearest(
    board: Path, tasks: Tasks, name: str, advice: str
) -> None:
    with pytest.raises(InputError, match=f"'{name}'") as caught:
        entrants(["good", name], tasks, board)
    assert advice in str(caught.value)


def test_folder_without_a_result_is_refused(board: Path, tasks: Tasks, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no results\.json; finish the run"):
        entrants(["good", str(tmp_path)], tasks, board)


def test_run_of_another_task_version_is_refused_with_both(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult
) -> None:
    result = make_result({"left/a": 0.5})
    result.provenance["data"]["left/a"] = {**result.provenance["data"]["left/a"], "version": 7}
    with pytest.raises(InputError, match=r"version 7 of left/a.*version 1 now: run it again"):
        entrants([make_run("old", result), "good"], tasks, board)


def test_run_of_another_scorer_is_told_how_to_be_scored(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult
) -> None:
    result = make_result({"left/a": 0.5})
    result.provenance["scorer_version"] = 1
    with pytest.raises(InputError, match=r"scorer version 1.*benchmark score"):
        entrants([make_run("old", result), "good"], tasks, board)


def test_run_of_a_task_that_is_gone_is_refused(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult
) -> None:
    run = make_run("old", make_result({"left/a": 0.5}))
    del tasks["left/a"], tasks["left/b"]
    with pytest.raises(InputError, match="no task left/a any more"):
        entrants([run, run], tasks, board)


def test_models_of_two_tracks_have_no_common_tasks_and_two_of_one_name_are_told_apart() -> None:
    from benchmark.registry import shipped_tasks

    shipped = shipped_tasks()
    with pytest.raises(InputError, match="no common tasks: gru is of kinetics; ridge is of super"):
        entrants(["gru", "ridge"], shipped)
    with pytest.raises(InputError, match="say which: kinetics/lstm or superresolution/lstm"):
        entrants(["lstm", "lstm"], shipped)
    assert entrants(["lstm", "ridge"], shipped)[0].track == "superresolution"


@pytest.fixture
def kept(board: Path, make_result: MakeResult) -> Path:
    """Keep a quick run of the row "good"."""
    path = quick_file("kinetics", "good", board.parent / "quick")
    path.parent.mkdir(parents=True)
    make_result({"left/a": 0.2, "left/b": 0.2}, quick=True).write(path)
    return path


def test_quick_run_meets_the_quick_run_of_a_row(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult, kept: Path
) -> None:
    run = make_run("mine", make_result({"left/a": 0.5}, quick=True))
    found = entrants([run, "kinetics/good", "poor"], tasks, board)
    assert [(one.name, one.row) for one in found] == [
        (run, False),
        ("kinetics/good (quick)", False),
        ("poor", True),
    ]
    assert found[1].tasks == ["left/a", "left/b"]
    assert all("quick" in caveat for caveat in pairs(found[:2], tasks)[0].caveats[:2])


def test_full_run_meets_the_row_itself(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult, kept: Path
) -> None:
    found = entrants([make_run("mine", make_result({"left/a": 0.5})), "good"], tasks, board)
    assert found[1].row


@pytest.mark.parametrize("old", ["version", "tasks"])
def test_quick_run_of_an_earlier_version_or_of_other_tasks_is_passed_over(
    board: Path, tasks: Tasks, make_run: MakeRun, make_result: MakeResult, kept: Path, old: str
) -> None:
    run = make_run("mine", make_result({"right/c": 0.5}, quick=True))
    if old == "version":
        result = make_result({"right/c": 0.2}, quick=True)
        result.provenance["scorer_version"] = 1
        result.write(kept)
    assert entrants([run, "good"], tasks, board)[1].row
