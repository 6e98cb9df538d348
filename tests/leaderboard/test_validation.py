"""What is refused of a result: each fault in one line that names file and task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.result import Result
from leaderboard.checks.scores import RELATIVE_TOLERANCE
from leaderboard.validation import recomputed
from tests.leaderboard.synthetic import MakeResult, Tasks, rescored

ONE = {"left/a": 0.5, "right/c": 0.7}
PATH = Path("m/results.json")


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
    spoil: Callable[[Result], Any], message: str, tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    spoil(result)
    with pytest.raises(InputError, match=message) as caught:
        recomputed(result, tasks, PATH)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{PATH}: ")


def test_sound_result_gets_the_scores_that_it_says(tasks: Tasks, make_result: MakeResult) -> None:
    result = make_result(ONE)
    scores = recomputed(result, tasks, PATH)
    assert list(scores) == list(ONE)
    assert [score.score for score in scores.values()] == [one.score for one in result.tasks]


def test_failed_unit_is_accepted_and_counts_as_trivial(
    tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    before = recomputed(result, tasks, PATH)["left/a"]
    failed = {"status": "failed", "reason": "out of memory", "metrics": {}}
    result.units[0] = result.units[0].model_copy(update=failed)
    after = recomputed(rescored(result, tasks), tasks, PATH)["left/a"]
    assert after.failed == 1
    assert after.score < before.score


@pytest.mark.parametrize(("relative", "refused"), [(0.1, False), (10, True)])
def test_rounding_of_another_processor_is_no_fault(
    relative: float, refused: bool, tasks: Tasks, make_result: MakeResult
) -> None:
    result = make_result(ONE)
    result.tasks[0].metrics["mfpt_error"].value *= 1 + relative * RELATIVE_TOLERANCE
    # Where the error itself is small, the absolute tolerance would hide a relative one.
    result.tasks[0].metrics["mfpt_error"].bias += relative * RELATIVE_TOLERANCE
    if refused:
        with pytest.raises(InputError, match="do not follow from the units"):
            recomputed(result, tasks, PATH)
    else:
        recomputed(result, tasks, PATH)


def test_field_that_is_missing_or_unknown_is_named(tasks: Tasks, make_result: MakeResult) -> None:
    result = make_result(ONE)
    spread = result.tasks[0].metrics.pop("dwell_error")
    with pytest.raises(InputError, match=r"metrics\.dwell_error is missing"):
        recomputed(result, tasks, PATH)
    result.tasks[0].metrics |= {"dwell_error": spread, "my_error": spread}
    with pytest.raises(InputError, match=r"metrics\.my_error is unknown"):
        recomputed(result, tasks, PATH)
