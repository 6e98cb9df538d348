from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.result import Result
from leaderboard import submission as module
from leaderboard.submission import Submission, add, read_submission, read_submissions
from tests.leaderboard.synthetic import (
    MakeResult,
    MakeSubmission,
    Tasks,
    make_superresolution_task,
    rescored,
)

WriteSubmission = Callable[[Submission], Path]
ONE = {"left/a": 0.5, "right/c": 0.7}


def test_valid_submission_is_read_with_recomputed_scores(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    made = make_submission("m", ONE)
    found = read_submission(write_submission(made), tasks)
    assert found.card == made.card
    assert {key: task.score for key, task in found.tasks.items()} == {
        key: task.score for key, task in made.tasks.items()
    }


def test_submissions_are_sorted_by_name(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    folders = [write_submission(make_submission(name, ONE)) for name in ("b", "a")]
    found = read_submissions(folders[0].parents[1], tasks)
    assert [submission.card.name for submission in found] == ["a", "b"]


def test_no_folder_means_no_submissions(tmp_path: Path, tasks: Tasks) -> None:
    assert read_submissions(tmp_path / "none", tasks) == []


def test_name_unlike_the_folder_is_refused(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    folder = write_submission(make_submission("m", ONE))
    other = folder.rename(folder.parent / "other")
    with pytest.raises(InputError, match="name is 'm', but the folder 'other'"):
        read_submission(other, tasks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: m\ntitle: t\nauthors: [a]\ndescription: d\ncolour: red\n", "colour: Extra inputs"),
        ("name: m\ntitle: t\nauthors: []\ndescription: d\n", "authors: List should have at least"),
        ("name: ../m\ntitle: t\nauthors: [a]\ndescription: d\n", "name: String should match"),
        ("name: [\n", "not a YAML card"),
        ("", "card: Input should be"),
    ],
)
def test_bad_card_is_refused_with_its_field(
    text: str,
    message: str,
    tasks: Tasks,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
) -> None:
    folder = write_submission(make_submission("m", ONE))
    (folder / "card.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_submission(folder, tasks)


@pytest.mark.parametrize("name", ["card.yaml", "results.json"])
def test_missing_file_is_refused(
    name: str, tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    folder = write_submission(make_submission("m", ONE))
    (folder / name).unlink()
    with pytest.raises(InputError, match="No such file"):
        read_submission(folder, tasks)


def quick(result: Result) -> None:
    result.config.quick = True


def unranked(result: Result) -> None:
    result.ranked = False


def other_scorer(result: Result) -> None:
    result.provenance["scorer_version"] = 0


def empty(result: Result) -> None:
    result.tasks = []


def twice(result: Result) -> None:
    result.tasks.append(result.tasks[0])


def stray_unit(result: Result) -> None:
    result.units[0].task = "left/b"


def unknown_task(result: Result) -> None:
    result.tasks[0].task = "left/zz"
    for unit in result.units[:3]:
        unit.task = "left/zz"


def other_version(result: Result) -> None:
    result.units[1].version = 2


def other_data(result: Result) -> None:
    result.provenance["data"]["left/a"]["train"] = "c" * 64


def no_data(result: Result) -> None:
    result.provenance["data"] = None


def replica_missing(result: Result) -> None:
    del result.units[0]


def replica_beyond(result: Result) -> None:
    extra = result.units[0].model_copy(update={"replica": 9})
    result.units.append(extra)


def unit_twice(result: Result) -> None:
    result.units.append(result.units[0])


def unit_skipped(result: Result) -> None:
    result.units[0].status = "skipped"


def score_raised(result: Result) -> None:
    result.tasks[0].score = 0.99


def metric_of_a_unit_improved(result: Result) -> None:
    result.units[0].metrics["mfpt_error"].value = 1e-5


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (quick, "made with --quick"),
        (unranked, "says that it is not ranked"),
        (other_scorer, "scored by scorer version 0, the current one is"),
        (empty, "holds no task"),
        (twice, "holds left/a more than once"),
        (stray_unit, "holds units of left/b, but no score of it"),
        (unknown_task, "left/zz: no such task; available: left/a, left/b, right/c"),
        (other_version, "left/a: version 2 of the task, the current one is 1"),
        (other_data, "left/a: not made with the frozen data"),
        (no_data, "left/a: not made with the frozen data"),
        (replica_missing, "left/a: incomplete: 1 of 3 training replicas are missing"),
        (replica_beyond, "left/a: holds replica 9, but there are only 3"),
        (unit_twice, "left/a: holds replica 0, seed 0 more than once"),
        (unit_skipped, "left/a: incomplete: 1 of 3 units were not run"),
        (score_raised, r"left/a: the stored scores .*: score is 0\.99, not 0\.499"),
        (metric_of_a_unit_improved, "left/a: the stored scores do not follow from the units"),
    ],
)
def test_spoilt_result_is_refused_in_one_line(
    spoil: Callable[[Result], Any],
    message: str,
    tasks: Tasks,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
) -> None:
    made = make_submission("m", ONE)
    spoil(made.result)
    with pytest.raises(InputError, match=message) as caught:
        read_submission(write_submission(made), tasks)
    assert "\n" not in str(caught.value)
    assert "results.json" in str(caught.value)


def test_failed_unit_is_accepted_and_counts_as_trivial(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    made = make_submission("m", ONE)
    made.result.units[0].status = "failed"
    spoilt = Submission(made.card, rescored(made.result, tasks), {})
    found = read_submission(write_submission(spoilt), tasks)
    assert found.tasks["left/a"].failed == 1
    assert found.tasks["left/a"].score < made.tasks["left/a"].score


def test_add_makes_a_submission_that_is_read_again(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    result = make_result(ONE, role="control")
    result.write(tmp_path / "run" / "results.json")
    folder = add(tmp_path / "run", "mine", ["A. Author"], tmp_path / "submissions")
    found = read_submission(folder, tasks)
    assert found.card.title == "X"
    assert found.card.role == "control"
    # Text, because nan (no seed spread) differs from itself.
    assert found.result.model_dump_json() == result.model_dump_json()


def test_add_refuses_what_the_board_would_refuse(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    result = make_result(ONE)
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="name: String should match"):
        add(tmp_path / "run", "my model", ["A. Author"], tmp_path / "submissions")
    quick(result)
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="made with --quick"):
        add(tmp_path / "run", "mine", ["A. Author"], tmp_path / "submissions")
    assert not (tmp_path / "submissions").exists()


def test_add_widens_a_submission_by_the_tasks_it_lacks(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    for z in ({"left/a": 0.2, "left/b": 0.3}, {"left/a": 0.6}, {"right/c": 0.8}):
        make_result(z).write(tmp_path / "run" / "results.json")
        folder = add(tmp_path / "run", "mine", ["A. Author"], tmp_path / "submissions")
    found = read_submission(folder, tasks)
    scores = {name: score.score for name, score in found.tasks.items()}
    assert scores == pytest.approx({"left/a": 0.6, "left/b": 0.3, "right/c": 0.8}, abs=0.01)
    assert found.result.config.tasks == ["right/c"]
    assert [call.config.tasks for call in found.result.earlier] == [
        ["left/a", "left/b"],
        ["left/a"],
    ]
    assert set(found.result.provenance["data"]) == set(tasks)


def test_add_mixes_no_settings(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    result = make_result(ONE)
    result.write(tmp_path / "run" / "results.json")
    folder = add(tmp_path / "run", "mine", ["A. Author"], tmp_path / "submissions")
    before = (folder / "results.json").read_bytes()
    result.config.settings = {"hidden": 1024}
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="other settings"):
        add(tmp_path / "run", "mine", ["A. Author"], tmp_path / "submissions")
    assert (folder / "results.json").read_bytes() == before


def test_models_of_two_tracks_may_have_one_name(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    for z, hidden in ((ONE, 64), ({filling.id: 0.7}, 128)):
        result = make_result(z)
        result.config.settings = {"hidden": hidden}
        result.write(tmp_path / "run" / "results.json")
        add(tmp_path / "run", "lstm", ["A. Author"], tmp_path / "submissions")
    found = read_submissions(tmp_path / "submissions", tasks)
    assert [one.card.name for one in found] == ["lstm", "lstm"]
    assert [list(one.tasks) for one in found] == [list(ONE), [filling.id]]


def test_one_submission_is_of_one_track_and_lies_in_its_folder(
    tmp_path: Path,
    tasks: Tasks,
    make_result: MakeResult,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    monkeypatch.setattr(module, "shipped_tasks", lambda: tasks)
    make_result({**ONE, filling.id: 0.7}).write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="tasks of the tracks kinetics, superresolution"):
        add(tmp_path / "run", "lstm", ["A. Author"], tmp_path / "submissions")
    astray = write_submission(make_submission("lstm", {filling.id: 0.7}))
    with pytest.raises(InputError, match=r"of the track superresolution, but in .*kinetics"):
        read_submission(astray, tasks)
