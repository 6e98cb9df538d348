"""From a run to a submission: what is made, what is asked for, what is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.result import Result
from leaderboard.asking import asked_fields
from leaderboard.manifest import Archive, stored_file
from leaderboard.submission import read_submission, read_submissions
from leaderboard.submitting import Entry, submit
from tests.leaderboard.synthetic import (
    MakeResult,
    Tasks,
    card_fields,
    make_superresolution_task,
    write_large_files,
)
from tests.plugs import command

ONE = {"left/a": 0.5, "right/c": 0.7}


def said(name: str) -> dict[str, Any]:
    """Give what a person says of a submission, beside what the run knows."""
    fields = card_fields(name)
    return {key: fields[key] for key in ("name", "authors", "code", "licence", "reads")}


@pytest.fixture
def entered(tmp_path: Path, tasks: Tasks) -> Callable[..., Entry]:
    """Write a result as a run with large predictions, and submit it."""

    def enter(result: Result, name: str = "mine", **options: Any) -> Entry:
        run = tmp_path / "run"
        shutil.rmtree(run, ignore_errors=True)
        write_large_files(run, result)
        fields = said(name)
        if "mae" in result.units[0].metrics:
            fields["reads"] = ["positions"]
        return submit(run, fields, tmp_path / "submissions", tasks=tasks, **options)

    return enter


def test_submission_is_read_again_and_lists_every_prediction_file(
    tasks: Tasks, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    result = make_result(ONE, role="control")
    entry = entered(result)
    found = read_submission(entry.folder, tasks)
    assert found.card.title == "X"
    assert found.card.role == "control"
    # Text, because nan (no seed spread) differs from itself.
    assert found.result.model_dump_json() == result.model_dump_json()
    assert len(entry.manifest.units) == len(result.units)
    assert entry.manifest.archive is not None
    assert entry.manifest.archive == Archive(**stored_file(entry.archive).model_dump())
    assert sorted(path.name for path in entry.folder.iterdir()) == [
        "audit",
        "card.yaml",
        "manifest.json",
        "results.json",
    ]


def test_same_run_makes_the_same_files(
    tmp_path: Path, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    first, archives = entered(make_result(ONE)), []
    archives.append(first.archive.read_bytes())
    before = {path.name: path.read_bytes() for path in first.folder.glob("*.*")}
    again = entered(make_result(ONE), update=True)
    archives.append(again.archive.read_bytes())
    assert archives[0] == archives[1]
    assert {path.name: path.read_bytes() for path in again.folder.glob("*.*")} == before


def test_what_the_board_would_refuse_is_refused_and_leaves_nothing(
    tmp_path: Path, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    result = make_result(ONE)
    with pytest.raises(InputError, match="name: String should match"):
        entered(result, "my model")
    result.config.quick = True
    with pytest.raises(InputError, match=r"quick.*python -m benchmark run --model x"):
        entered(result)
    assert not (tmp_path / "submissions").exists()


@pytest.mark.parametrize("at", ["javascript:alert(1)", "http://example.org/x.zip", "../x.zip"])
def test_place_of_the_archive_that_is_none_is_refused_before_anything_is_written(
    at: str, tmp_path: Path, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    with pytest.raises(InputError, match=f"--at {re.escape(at)}: expected https"):
        entered(make_result(ONE), at=at)
    assert not (tmp_path / "run" / "predictions.zip").exists()


def test_submission_that_is_there_is_updated_only_if_asked(
    make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    with pytest.raises(InputError, match="nothing to update"):
        entered(make_result(ONE), update=True)
    folder = entered(make_result(ONE)).folder
    before = (folder / "results.json").read_bytes()
    with pytest.raises(InputError, match="there already: --update"):
        entered(make_result({"left/a": 0.6}))
    assert (folder / "results.json").read_bytes() == before


def test_update_widens_a_submission_by_the_tasks_it_lacks(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    earlier = None
    for z in ({"left/a": 0.2, "left/b": 0.3}, {"left/a": 0.6}, {"right/c": 0.8}):
        entry = entered(make_result(z), update=earlier is not None, earlier=earlier)
        earlier = Path(shutil.copy(entry.archive, tmp_path / "earlier.zip"))
    found = read_submission(entry.folder, tasks)
    scores = {name: score.score for name, score in found.tasks.items()}
    assert scores == pytest.approx({"left/a": 0.6, "left/b": 0.3, "right/c": 0.8}, abs=0.01)
    assert found.result.config.tasks == ["right/c"]
    assert [call.config.tasks for call in found.result.earlier] == [
        ["left/a", "left/b"],
        ["left/a"],
    ]
    assert set(found.result.provenance["data"]) == set(tasks)
    assert {name.rpartition("/")[0] for name in entry.manifest.units} == set(tasks)


def test_update_without_the_earlier_archive_is_refused(
    make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    entered(make_result({"left/a": 0.2, "left/b": 0.3}))
    with pytest.raises(InputError, match="give the archive that was submitted with it"):
        entered(make_result({"left/a": 0.6}), update=True)


def test_update_mixes_no_settings(make_result: MakeResult, entered: Callable[..., Entry]) -> None:
    result = make_result(ONE)
    folder = entered(result).folder
    before = (folder / "results.json").read_bytes()
    result.config.settings = {"hidden": 1024}
    with pytest.raises(InputError, match="other settings"):
        entered(result, update=True)
    assert (folder / "results.json").read_bytes() == before


def test_models_of_two_tracks_may_have_one_name(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    for z, hidden in ((ONE, 64), ({filling.id: 0.7}, 128)):
        result = make_result(z)
        result.config.settings = {"hidden": hidden}
        entered(result, "lstm")
    found = read_submissions(tmp_path / "submissions", tasks)
    assert [one.card.name for one in found] == ["lstm", "lstm"]
    assert [list(one.tasks) for one in found] == [list(ONE), [filling.id]]


def test_run_of_two_tracks_is_refused(
    tasks: Tasks, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    with pytest.raises(InputError, match="tasks of the tracks kinetics, superresolution"):
        entered(make_result({**ONE, filling.id: 0.7}), "lstm")


def test_missing_predictions_are_refused(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult
) -> None:
    make_result(ONE).write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match=r"left--a/r0-s0 holds no predictions"):
        submit(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks=tasks)


def test_predictions_of_another_row_are_refused(
    make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    entered(make_result(ONE), "first")
    with pytest.raises(InputError, match="the predictions of left/a/r0-s0 are those of first"):
        entered(make_result(ONE), "second")


def test_metrics_of_another_row_with_other_files_are_refused(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, entered: Callable[..., Entry]
) -> None:
    entered(make_result(ONE), "first")
    run = tmp_path / "run"
    for path in run.glob("units/*/*/samples.parquet"):
        path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(InputError, match="left/a/r0-s0 has all metrics of first"):
        submit(run, said("second"), tmp_path / "submissions", tasks=tasks)


def test_nobody_is_asked_in_a_pipe(tmp_path: Path, make_result: MakeResult) -> None:
    make_result({"left/a": 0.5}).write(tmp_path / "results.json")
    known = said("mine") | {"code": {"url": "https://example.org"}}
    del known["authors"]
    with pytest.raises(InputError, match="needs --author, --revision as well"):
        asked_fields(tmp_path, known, False, None)


@pytest.mark.parametrize(
    ("place", "said_as"),
    [
        ("https://example.org", "url"),
        ("baselines/left/mine.py", "path"),
        ("mine.py", "path"),
        ("https://example.org/mine.py", "url"),
    ],
)
def test_what_is_missing_is_asked_for_at_a_terminal(
    tmp_path: Path, make_result: MakeResult, place: str, said_as: str
) -> None:
    make_result({"left/a": 0.5}).write(tmp_path / "results.json")
    answers = iter(["mine", "A. Author, B. Author", place, "v2", "MIT"])
    found = asked_fields(tmp_path, {"reads": ["labels"]}, False, lambda question: next(answers))
    assert found == {
        "name": "mine",
        "authors": ["A. Author", "B. Author"],
        "code": {said_as: place, "revision": "v2"},
        "licence": "MIT",
        "reads": ["labels"],
    }


def test_quick_run_is_refused_before_anything_is_asked(
    tmp_path: Path, make_result: MakeResult, capsys: pytest.CaptureFixture[str]
) -> None:
    result = make_result({"left/a": 0.5})
    result.config.quick = True
    result.write(tmp_path / "results.json")
    code, _, err = command(capsys, "submit", str(tmp_path), "--name", "mine")
    assert code == 2
    assert "a quick run is never ranked; run it in full: python -m benchmark run" in err
    assert "--author" not in err
