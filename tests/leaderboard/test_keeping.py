"""Units of older rows run again: chosen by the hash of their list, and put in their place."""

from __future__ import annotations

from pathlib import Path

from leaderboard.keeping import Kept, order, replaced
from leaderboard.manifest import by_hash, list_hash, unit_name
from leaderboard.validation import recomputed
from tests.leaderboard.synthetic import MakeResult, Tasks

ONE = {"left/a": 0.5, "right/c": 0.7}


def test_order_is_by_the_hash_of_the_list_of_units(make_result: MakeResult) -> None:
    result = make_result(ONE)
    names = [unit_name(unit) for unit in result.units]
    assert [unit_name(unit) for unit in order(result)] == by_hash(list_hash(result), names)
    other = make_result({"left/a": 0.1, "right/c": 0.2})  # metrics have no part in it
    assert list_hash(other) == list_hash(result)
    assert list_hash(make_result({"left/a": 0.5})) != list_hash(result)


def test_failed_units_and_tasks_left_out_are_not_run(make_result: MakeResult) -> None:
    result = make_result(ONE)
    result.units[0].status = "failed"
    assert [unit.task for unit in order(result, ["right/c"])] == ["left/a", "left/a"]


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
