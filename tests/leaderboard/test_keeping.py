"""Units of older rows run again: those of the rule of all rows, and put in their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.auditing import audit_units
from leaderboard.keeping import Kept, as_asked, at_hand, lacking, replaced
from leaderboard.manifest import unit_name
from leaderboard.submission import Submission
from leaderboard.validation import recomputed
from tests.leaderboard.synthetic import (
    MakeResult,
    MakeSubmission,
    Tasks,
    of_size,
    write_large_files,
)

ONE = {"left/a": 0.5, "right/c": 0.7}


def test_row_lacks_the_units_of_the_rule_whose_files_are_not_at_hand(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    small = {key: of_size(task, 1000, 1000) for key, task in tasks.items()}
    made = make_submission("m", ONE)
    wanted = audit_units(made.result, small)
    assert len(wanted) == 6
    assert [unit_name(unit) for unit in lacking(made.result, (), small)] == wanted
    others = [wanted[0], *wanted[2:]]
    assert [unit_name(unit) for unit in lacking(made.result, wanted[1:2], small)] == others
    assert lacking(made.result, (), tasks) == []


def test_run_widens_a_row_by_its_tasks_and_brings_their_files(
    make_result: MakeResult,
    make_submission: MakeSubmission,
    write_submission: Callable[[Submission], Path],
    tmp_path: Path,
) -> None:
    folder = write_submission(make_submission("m", {"left/a": 0.5}))
    new, run = make_result({"right/c": 0.7}), tmp_path / "run"
    run.mkdir()
    new.config.settings = {**new.config.settings, "lag": 1}  # a setting gained since
    new.write(run / "results.json")
    write_large_files(run, new)
    found = at_hand(folder, run)
    assert [task.task for task in found.result.tasks] == ["left/a", "right/c"]
    assert {unit_name(unit) for unit in new.units} <= found.manifest.units.keys()
    assert {unit_name(unit) for unit in new.units} <= found.units
    assert found.result.config.settings == make_result(ONE).config.settings
    new.config.quick = True
    new.write(run / "results.json")
    with pytest.raises(InputError, match="a quick run is never ranked"):
        at_hand(folder, run)


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
