"""Old rows under new rules: what was measured stays, what follows from it is computed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.result import Result
from benchmark.score import SCORER_VERSION
from leaderboard.rescore import rescore
from leaderboard.validation import recomputed
from tests.leaderboard.synthetic import MakeResult, Tasks

PATH = Path("m/results.json")
ONE = {"left/a": 0.5}


@pytest.fixture
def old(make_result: MakeResult) -> Result:
    """Give a result of an earlier scorer."""
    made = make_result(ONE)
    provenance = {**made.provenance, "scorer_version": SCORER_VERSION - 1, "git_commit": "abc"}
    return made.model_copy(update={"provenance": provenance})


@pytest.fixture
def changed(tasks: Tasks) -> Tasks:
    """Give the tasks with a second version of one, whose scores end elsewhere."""
    task = tasks["left/a"]
    metrics = {
        name: scale.model_copy(update={"floor": 0.001, "perfect": 0.0005})
        for name, scale in task.card.metrics.items()
    }
    card = task.card.model_copy(update={"version": 2, "metrics": metrics})
    return {**tasks, "left/a": replace(task, card=card)}


def test_row_of_an_earlier_scorer_is_accepted_again(old: Result, changed: Tasks) -> None:
    with pytest.raises(InputError, match="scored by scorer version"):
        recomputed(old, changed, PATH)
    made = rescore(old, changed, PATH)
    assert recomputed(made, changed, PATH)["left/a"].score == pytest.approx(1 / 3, abs=0.01)
    assert {unit.version for unit in made.units} == {2}
    assert made.provenance["data"] == {"left/a": changed["left/a"].card.fingerprints}


def test_what_was_measured_and_by_whom_stays(old: Result, changed: Tasks) -> None:
    made = rescore(old, changed, PATH)
    for before, after in zip(old.units, made.units, strict=True):
        assert after == before.model_copy(update={"version": 2})
    assert made.provenance["git_commit"] == "abc"
    left = {"units", "tasks", "provenance"}
    assert made.model_dump(exclude=left) == old.model_dump(exclude=left)


def test_scoring_again_twice_changes_nothing(old: Result, changed: Tasks) -> None:
    once = rescore(old, changed, PATH)
    assert rescore(once, changed, PATH) == once


def without_data(result: Result) -> None:
    result.provenance["data"] = {}


def other_data(result: Result) -> None:
    data = result.provenance["data"]["left/a"]
    result.provenance["data"]["left/a"] = {**data, "train": "c" * 64}


def quick(result: Result) -> None:
    result.config.quick = True


def replica_missing(result: Result) -> None:
    del result.units[0]


def stray_unit(result: Result) -> None:
    result.units[0].task = "no/such"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_data, "left/a: made with other frozen data; run it again"),
        (other_data, "left/a: made with other frozen data; run it again"),
        (quick, "made with --quick"),
        (replica_missing, "1 of 3 training replicas are missing"),
        (stray_unit, "holds units of no/such, but no score of it"),
    ],
)
def test_row_that_age_does_not_explain_is_refused(
    old: Result, changed: Tasks, spoil: Callable[[Result], None], message: str
) -> None:
    spoil(old)
    with pytest.raises(InputError, match=message):
        rescore(old, changed, PATH)


def test_row_of_a_task_that_is_gone_is_refused(old: Result, changed: Tasks) -> None:
    del changed["left/a"]
    with pytest.raises(InputError, match="no such task; available: left/b, right/c"):
        rescore(old, changed, PATH)
