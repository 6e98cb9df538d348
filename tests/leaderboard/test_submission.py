from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from benchmark.errors import InputError
from leaderboard.submission import Submission, read_submission, read_submissions
from tests.leaderboard.synthetic import (
    MakeSubmission,
    Tasks,
    card_fields,
    make_superresolution_task,
    rescored,
)

WriteSubmission = Callable[[Submission], Path]
ONE = {"left/a": 0.5, "right/c": 0.7}


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
    made = [make_submission(name, {"left/a": z}) for name, z in (("b", 0.5), ("a", 0.6))]
    folders = [write_submission(one) for one in made]
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


def test_submission_in_the_folder_of_another_track_is_refused(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: WriteSubmission
) -> None:
    filling = make_superresolution_task("md17-xtb/water-k10")
    tasks[filling.id] = filling
    astray = write_submission(make_submission("lstm", {filling.id: 0.7}))
    with pytest.raises(InputError, match=r"of the track superresolution, but in .*kinetics"):
        read_submission(astray, tasks)
