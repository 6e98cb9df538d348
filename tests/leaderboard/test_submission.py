from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.errors import InputError
from leaderboard.submission import Submission, add, read_submission, read_submissions
from tests.leaderboard.synthetic import (
    MakeResult,
    MakeSubmission,
    Tasks,
    card_fields,
    make_superresolution_task,
    rescored,
)

WriteSubmission = Callable[[Submission], Path]
ONE = {"left/a": 0.5, "right/c": 0.7}


def said(name: str) -> dict[str, Any]:
    """Give what a person says of a submission, beside what the run knows."""
    fields = card_fields(name)
    return {key: fields[key] for key in ("name", "authors", "code", "licence", "reads")}


CARD = yaml.safe_dump(card_fields("m"))


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
        (CARD + "colour: red\n", "colour: Extra inputs"),
        (CARD.replace("- N. N.", "  []"), "authors: List should have at least"),
        (CARD.replace("name: m", "name: ../m"), "name: String should match"),
        ("name: [\n", "not YAML"),
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


def test_result_that_does_not_add_up_is_refused_with_its_file(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    made = make_submission("m", ONE)
    made.result.tasks[0].score = 0.99
    with pytest.raises(InputError, match=r"m/results\.json: left/a: the stored scores do not"):
        read_submission(write_submission(made), tasks)


def test_failed_unit_is_accepted_and_counts_as_trivial(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    made = make_submission("m", ONE)
    failed = {"status": "failed", "reason": "out of memory", "metrics": {}}
    made.result.units[0] = made.result.units[0].model_copy(update=failed)
    spoilt = Submission(made.card, rescored(made.result, tasks), {})
    found = read_submission(write_submission(spoilt), tasks)
    assert found.tasks["left/a"].failed == 1
    assert found.tasks["left/a"].score < made.tasks["left/a"].score


def test_add_makes_a_submission_that_is_read_again(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE, role="control")
    result.write(tmp_path / "run" / "results.json")
    folder = add(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks)
    found = read_submission(folder, tasks)
    assert found.card.title == "X"
    assert found.card.role == "control"
    # Text, because nan (no seed spread) differs from itself.
    assert found.result.model_dump_json() == result.model_dump_json()


def test_add_refuses_what_the_board_would_refuse(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="name: String should match"):
        add(tmp_path / "run", said("my model"), tmp_path / "submissions", tasks)
    result.config.quick = True
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="made with --quick"):
        add(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks)
    assert not (tmp_path / "submissions").exists()


def test_add_widens_a_submission_by_the_tasks_it_lacks(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult
) -> None:
    for z in ({"left/a": 0.2, "left/b": 0.3}, {"left/a": 0.6}, {"right/c": 0.8}):
        make_result(z).write(tmp_path / "run" / "results.json")
        folder = add(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks)
    found = read_submission(folder, tasks)
    scores = {name: score.score for name, score in found.tasks.items()}
    assert scores == pytest.approx({"left/a": 0.6, "left/b": 0.3, "right/c": 0.8}, abs=0.01)
    assert found.result.config.tasks == ["right/c"]
    assert [call.config.tasks for call in found.result.earlier] == [
        ["left/a", "left/b"],
        ["left/a"],
    ]
    assert set(found.result.provenance["data"]) == set(tasks)


def test_add_mixes_no_settings(tmp_path: Path, tasks: Tasks, make_result: MakeResult) -> None:
    result = make_result(ONE)
    result.write(tmp_path / "run" / "results.json")
    folder = add(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks)
    before = (folder / "results.json").read_bytes()
    result.config.settings = {"hidden": 1024}
    result.write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="other settings"):
        add(tmp_path / "run", said("mine"), tmp_path / "submissions", tasks)
    assert (folder / "results.json").read_bytes() == before


def test_models_of_two_tracks_may_have_one_name(
    tmp_path: Path, tasks: Tasks, make_result: MakeResult
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    for z, hidden in ((ONE, 64), ({filling.id: 0.7}, 128)):
        result = make_result(z)
        result.config.settings = {"hidden": hidden}
        result.write(tmp_path / "run" / "results.json")
        add(tmp_path / "run", said("lstm"), tmp_path / "submissions", tasks)
    found = read_submissions(tmp_path / "submissions", tasks)
    assert [one.card.name for one in found] == ["lstm", "lstm"]
    assert [list(one.tasks) for one in found] == [list(ONE), [filling.id]]


def test_one_submission_is_of_one_track_and_lies_in_its_folder(
    tmp_path: Path,
    tasks: Tasks,
    make_result: MakeResult,
    make_submission: MakeSubmission,
    write_submission: WriteSubmission,
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    make_result({**ONE, filling.id: 0.7}).write(tmp_path / "run" / "results.json")
    with pytest.raises(InputError, match="tasks of the tracks kinetics, superresolution"):
        add(tmp_path / "run", said("lstm"), tmp_path / "submissions", tasks)
    astray = write_submission(make_submission("lstm", {filling.id: 0.7}))
    with pytest.raises(InputError, match=r"of the track superresolution, but in .*kinetics"):
        read_submission(astray, tasks)
