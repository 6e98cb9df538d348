from __future__ import annotations

import math

import pandas as pd
import pytest

from leaderboard.ranking import board_cards, ranking, task_scores
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_task


def by_name(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("name")


def test_overall_score_averages_over_tasks_then_families(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("one", {"left/a": 0.2, "left/b": 0.4, "right/c": 0.9}, spread=0.0)
    row = ranking([one], board_cards(tasks)).iloc[0]
    assert row["score"] == pytest.approx(((0.2 + 0.4) / 2 + 0.9) / 2)
    for group in ("likelihood", "rates", "paths"):
        assert row[group] == pytest.approx(row["score"])


def test_standard_error_propagates_like_a_plain_loop(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("one", 0.5, spread=0.3)
    a, b, c = (one.tasks[key].stderr for key in ("left/a", "left/b", "right/c"))
    left = math.sqrt(a**2 + b**2) / 2
    expected = math.sqrt(left**2 + c**2) / 2
    assert expected > 0
    assert ranking([one], board_cards(tasks))["stderr"].iloc[0] == pytest.approx(expected)


def test_task_left_out_counts_zero(tasks: Tasks, make_submission: MakeSubmission) -> None:
    one = make_submission("one", {"left/a": 0.8}, spread=0.0)
    row = ranking([one], board_cards(tasks)).iloc[0]
    assert row["score"] == pytest.approx(0.8 / 2 / 2)
    assert row["tasks"] == 1
    scores = task_scores([one], board_cards(tasks)).set_index("task")
    assert not scores.loc["right/c", "submitted"]
    assert scores.loc["right/c", "score"] == 0.0


def test_scores_apart_by_more_than_two_sigma_get_different_ranks(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    table = ranking([make_submission("low", 0.5), make_submission("high", 0.9)], board_cards(tasks))
    assert list(table["name"]) == ["high", "low"]
    assert list(table["rank"]) == [1, 2]


def test_scores_within_two_sigma_share_a_rank_and_the_next_one_skips(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    near = [make_submission("a", 0.900), make_submission("b", 0.899)]
    assert near[0].tasks["left/a"].stderr > 0.001
    table = by_name(ranking([*near, make_submission("c", 0.5)], board_cards(tasks)))
    assert table["rank"].to_dict() == {"a": 1, "b": 1, "c": 3}


def test_noisy_score_never_ranks_above_a_higher_one(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    best, second, noisy = (
        make_submission(name, z, spread=0.0)
        for name, z in (("best", 0.9), ("second", 0.8), ("noisy", 0.7))
    )
    for task in noisy.tasks.values():
        task.stderr = 0.3  # not surely below anybody
    table = by_name(ranking([best, second, noisy], board_cards(tasks)))
    assert table["rank"].to_dict() == {"best": 1, "second": 2, "noisy": 2}


def test_controls_have_no_rank_and_take_none(tasks: Tasks, make_submission: MakeSubmission) -> None:
    truth = make_submission("truth", 1.0, role="control")
    table = by_name(ranking([truth, make_submission("model", 0.5)], board_cards(tasks)))
    assert table["rank"].isna().to_dict() == {"truth": True, "model": False}
    assert table.loc["model", "rank"] == 1


def test_nothing_but_the_rank_depends_on_other_models(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one, other = make_submission("one", 0.5), make_submission("other", 0.9)
    cards = board_cards(tasks)
    alone = by_name(ranking([one], cards)).drop(columns="rank")
    together = by_name(ranking([other, one], cards)).drop(columns="rank")
    pd.testing.assert_frame_equal(alone, together.loc[["one"]])


def test_order_of_submissions_changes_nothing(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    submissions = [make_submission(name, 0.5) for name in ("b", "a", "c")]
    cards = board_cards(tasks)
    table = ranking(submissions, cards)
    assert list(table["name"]) == ["a", "b", "c"]
    pd.testing.assert_frame_equal(table, ranking(submissions[::-1], cards))


def test_missing_likelihood_is_counted_and_scores_zero(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    row = ranking([make_submission("m", 0.9, likelihood=False)], board_cards(tasks)).iloc[0]
    assert row["likelihood_missing"] == 1.0
    assert row["likelihood"] == 0.0
    assert row["score"] == pytest.approx(2 / 3 * 0.9, abs=0.01)


def test_costs_are_those_of_the_done_units(tasks: Tasks, make_submission: MakeSubmission) -> None:
    one = make_submission("one", 0.5)
    one.result.units[0].status = "failed"
    row = ranking([one], board_cards(tasks)).iloc[0]
    assert (row["failed"], row["units"]) == (1, 9)
    assert row["parameters_min"] == row["parameters_max"] == 7
    assert row["fit_seconds"] == 2.5


def test_unranked_and_uncalibrated_tasks_are_not_on_the_board(tasks: Tasks) -> None:
    unranked = make_task("other/unranked", ranked=False)
    bare = make_task("other/bare")
    bare = type(bare)(bare.card.model_copy(update={"metrics": {}}), bare.path)
    cards = board_cards({**tasks, unranked.id: unranked, bare.id: bare})
    assert [card.id for card in cards] == ["left/a", "left/b", "right/c"]


def test_no_submissions_give_an_empty_table(tasks: Tasks) -> None:
    assert ranking([], board_cards(tasks)).empty
