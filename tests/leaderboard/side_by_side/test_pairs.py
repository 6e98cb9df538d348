from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from benchmark.result import Result
from benchmark.uncertainty import with_error
from leaderboard.comparison import SCORE
from leaderboard.side_by_side.claim import claim
from leaderboard.side_by_side.entrants import entrants
from leaderboard.side_by_side.pairs import Pair, pairs
from leaderboard.submission import SUBMISSIONS
from tests.leaderboard.side_by_side.conftest import MakeRun
from tests.leaderboard.synthetic import MakeResult, Tasks


def compared(tasks: Tasks, board: Path, *names: str) -> list[Pair]:
    return pairs(entrants(names, tasks, board), tasks)


def quick(result: Result) -> Result:
    """Keep the first replica of a result, as a quick run has it."""
    result.config.quick, result.ranked = True, False
    result.units = [unit for unit in result.units if unit.replica == 0]
    return result


def test_lstm_and_transformer_are_compared_as_on_the_claims_page() -> None:
    page = (SUBMISSIONS.parent / "CLAIMS.md").read_text("utf-8")
    section = page.split("## A Transformer is no better than an LSTM")[1].split("\n## ")[0]
    section = section.split("\n**Z5")[0]  # what is compared, without what follows from it
    shown = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*$", section, re.MULTILINE)[2:]
    ]
    [pair] = compared(shipped_tasks(), SUBMISSIONS, "lstm", "transformer")
    names = {"one": "the LSTM is better", "other": "the Transformer is better"}
    found = [
        [
            cell.place,
            cell.group,
            str(cell.found.tasks),
            with_error(cell.found.one.value, cell.found.one.stderr),
            with_error(cell.found.other.value, cell.found.other.stderr),
            with_error(cell.found.difference.value, cell.found.difference.stderr),
            names[cell.better] if cell.better else "no difference",
        ]
        for cell in (*pair.cells["families"], *pair.cells["overall"])
    ]
    assert found == shown
    assert "It may be claimed that lstm scores higher than transformer" in claim(pair)


def test_every_task_group_and_family_has_its_difference(tasks: Tasks, board: Path) -> None:
    [pair] = compared(tasks, board, "poor", "good")
    groups = ["likelihood", "rates", "paths", SCORE]
    assert [(cell.place, cell.group) for cell in pair.cells["tasks"]] == [
        (task, group) for task in tasks for group in groups
    ]
    assert [cell.place for cell in pair.cells["families"] if cell.group == SCORE] == [
        "left",
        "right",
    ]
    assert pair.whole.found.difference.value == pytest.approx(0.6, abs=0.01)
    assert {
        cell.better
        for cell in (*pair.cells["overall"], *pair.cells["groups"], *pair.cells["tasks"])
    } == {"other"}


def test_equal_models_may_not_be_claimed_to_differ(tasks: Tasks, board: Path) -> None:
    [pair] = compared(tasks, board, "poor", "poor")
    assert pair.whole.better is None
    assert claim(pair).startswith("It may not be claimed that poor and poor differ")


def test_correction_holds_for_all_pairs_together(tasks: Tasks, board: Path) -> None:
    alone = compared(tasks, board, "poor", "poorer")[0]
    first, second = compared(tasks, board, "poor", "poorer", "good")
    assert first.whole.found == alone.whole.found
    told = [cell.better for cell in (*first.cells["tasks"], *second.cells["tasks"])]
    assert told.count("other") >= len(second.cells["tasks"])


def test_quick_run_is_compared_on_its_replica_alone_and_nothing_may_be_claimed(
    tasks: Tasks, board: Path, make_run: MakeRun, make_result: MakeResult
) -> None:
    run = make_run("mine-quick", quick(make_result({"left/a": 0.5, "right/c": 0.5})))
    [pair] = compared(tasks, board, "good", run)
    assert pair.replicas == (1, 1)
    assert [card.id for card in pair.cards] == ["left/a", "right/c"]
    assert {cell.better for cell in (*pair.cells["overall"], *pair.cells["tasks"])} == {None}
    text = claim(pair)
    assert text.startswith("Nothing may be claimed")
    assert "is a quick run" in text
    assert "only one training replica of left/a and 1 more is shared" in text


def test_run_of_fewer_replicas_is_compared_on_them_and_the_claim_says_so(
    tasks: Tasks, board: Path, make_run: MakeRun, make_result: MakeResult
) -> None:
    result = make_result({"left/a": 0.2}, spread=0.3)
    result.units = [unit for unit in result.units if unit.replica > 0]
    [pair] = compared(tasks, board, "good", make_run("mine", result))
    assert pair.replicas == (2, 2)
    assert pair.whole.found.difference.freedom == 1
    assert "for 2 of 3 training replicas" in claim(pair)
    assert "for the tasks that both have run, not for the board" in claim(pair)


def test_entrants_without_a_common_task_are_refused(
    tasks: Tasks, board: Path, make_run: MakeRun, make_result: MakeResult
) -> None:
    run = make_run("mine", make_result({"right/c": 0.2}))
    with pytest.raises(InputError, match="no common tasks that count: left-only has run left/a;"):
        compared(tasks, board, "left-only", run)


def test_entrants_without_a_common_replica_are_refused(
    tasks: Tasks, make_run: MakeRun, make_result: MakeResult, board: Path
) -> None:
    runs = []
    for replica in (0, 1):
        result = make_result({"left/a": 0.2})
        result.units = [unit for unit in result.units if unit.replica == replica]
        runs.append(make_run(f"only-{replica}", result))
    with pytest.raises(InputError, match="share no training replica of left/a"):
        compared(tasks, board, *runs)
