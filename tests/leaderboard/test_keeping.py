"""Units of older rows run again: those of the rule of all rows, and put in their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.auditing import audit_units
from leaderboard.keeping import Kept, as_asked, lacking, replaced
from leaderboard.manifest import member, unit_name
from leaderboard.submission import Submission
from leaderboard.validation import recomputed
from tests.leaderboard.synthetic import MakeResult, MakeSubmission, Tasks, of_size

ONE = {"left/a": 0.5, "right/c": 0.7}


def test_row_lacks_the_units_of_the_rule_whose_files_are_not_in_its_audit(
    tasks: Tasks, make_submission: MakeSubmission, write_submission: Callable[[Submission], Path]
) -> None:
    small = {key: of_size(task, 1000, 1000) for key, task in tasks.items()}
    made = make_submission("m", ONE)
    folder = write_submission(made)
    wanted = audit_units(made.result, small)
    assert len(wanted) == 6
    assert [unit_name(unit) for unit in lacking(folder, small)] == wanted
    (folder / "audit").mkdir()
    (folder / "audit" / member(wanted[1], "samples.parquet")).touch()
    assert [unit_name(unit) for unit in lacking(folder, small)] == [wanted[0], *wanted[2:]]
    assert lacking(folder, tasks) == []


def test_what_a_run_gives_replaces_the_unit_and_the_row_adds_up(
    tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    again = result.units[1].model_copy(deep=True)
    again.metrics["mfpt_error"].value *= 1.1
    made = replaced(result, [Kept(Path("run"), make_result({"left/a": 0.5}), again)], tasks)
    assert made.units[1] == again
    assert [unit_name(unit) for unit in made.units] == [unit_name(unit) for unit in result.units]
    scores = recomputed(made, tasks, Path("m/results.json"))
    assert scores["left/a"].score != result.tasks[0].score
    assert scores["right/c"].score == result.tasks[1].score
    assert len(made.earlier) == len(result.earlier) + 1


def test_setting_that_a_model_has_gained_is_not_of_the_row(make_result: MakeResult) -> None:
    row, found = make_result(ONE), make_result(ONE)
    row.config.settings = {"hidden": 64}
    found.config.settings = {"hidden": 64, "lag": 1}
    assert as_asked(found, row).config.settings == {"hidden": 64}
    found.config.settings = {"hidden": 32, "lag": 1}
    with pytest.raises(InputError, match="the setting hidden is 32 now, and 64 in the row"):
        as_asked(found, row)
