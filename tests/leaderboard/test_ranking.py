from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.uncertainty import jackknife_standard_error
from leaderboard.board import make_board
from leaderboard.ranking import Row, ranked, separated
from leaderboard.scores import Score, overall
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks


def rank(tasks: Tasks, *submissions: Submission) -> dict[str, Row]:
    """Rank submissions of one track; by name, in the order of the board."""
    (ranking,) = make_board(submissions, tasks).rankings
    return {row.name: row for row in ranking.rows}


def test_overall_score_averages_over_tasks_then_families(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("one", {"left/a": 0.2, "left/b": 0.4, "right/c": 0.9}, spread=0.0)
    score = rank(tasks, one)["one"].overall
    assert score.value == pytest.approx(((0.2 + 0.4) / 2 + 0.9) / 2)
    assert list(score.groups) == ["likelihood", "rates", "paths"]
    for value in score.groups.values():
        assert value == pytest.approx(score.value)


def test_error_is_a_jackknife_over_replicas_by_family(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    """Replica r is left out of both tasks of a family at once; families are independent."""
    one = make_submission("one", 0.5, spread=0.3)
    without = {
        key: np.array([np.mean(list(left.values())) for left in one.tasks[key].without])
        for key in one.tasks
    }
    left = jackknife_standard_error((without["left/a"] + without["left/b"]) / 2)
    right = jackknife_standard_error(without["right/c"])
    assert left == pytest.approx(one.tasks["left/a"].stderr)  # two equal tasks are no news
    found = rank(tasks, one)["one"].overall
    assert found.stderr == pytest.approx(math.hypot(left, right) / 2)
    variances = left**2, right**2
    assert found.freedom == pytest.approx(sum(variances) ** 2 / sum(v**2 / 2 for v in variances))


def test_errors_without_replicas_propagate_like_a_plain_loop(tasks: Tasks) -> None:
    errors = {"left/a": 0.3, "left/b": 0.4, "right/c": 0.1}
    scores = {key: Score(0.5, error, {}) for key, error in errors.items()}
    found = overall(scores, [task.card for task in tasks.values()])
    assert found.stderr == pytest.approx(math.hypot(math.hypot(0.3, 0.4) / 2, 0.1) / 2)
    assert found.freedom == math.inf


def test_group_is_averaged_over_the_tasks_that_have_it(tasks: Tasks) -> None:
    scores = {
        "left/a": Score(0.2, 0.0, {"rates": 0.2}),
        "left/b": Score(0.4, 0.0, {"rates": 0.4, "paths": 0.4}),
        "right/c": Score(0.9, 0.0, {"paths": 0.8}),
    }
    groups = overall(scores, [task.card for task in tasks.values()]).groups
    assert groups == pytest.approx({"rates": 0.3, "paths": 0.6})


def test_score_over_no_task_is_unknown() -> None:
    score = overall({}, [])
    assert math.isnan(score.value)
    assert math.isnan(score.stderr)
    assert score.groups == {}


def test_task_left_out_counts_zero(tasks: Tasks, make_submission: MakeSubmission) -> None:
    row = rank(tasks, make_submission("one", {"left/a": 0.8}, spread=0.0))["one"]
    assert row.overall.value == pytest.approx(0.8 / 2 / 2)
    assert row.tasks == ["left/a"]
    assert row.scores["right/c"] == Score(0.0, 0.0, dict.fromkeys(row.overall.groups, 0.0))


def test_scores_that_paired_differences_separate_get_different_ranks(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    rows = rank(tasks, make_submission("low", 0.5), make_submission("high", 0.9))
    assert {name: row.rank for name, row in rows.items()} == {"high": 1, "low": 2}
    assert list(rows) == ["high", "low"]


def test_scores_that_differences_do_not_separate_share_a_rank_and_the_next_one_skips(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    near = [make_submission("a", 0.900), make_submission("b", 0.899, spread=-0.1)]
    rows = rank(tasks, *near, make_submission("c", 0.5))
    assert {name: row.rank for name, row in rows.items()} == {"a": 1, "b": 1, "c": 3}


def test_common_noise_of_the_replicas_does_not_hide_a_difference(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    """Two models that are equally unlucky with each replica are told apart by what is left."""
    near = [make_submission(name, z, spread=0.5) for name, z in (("a", 0.90), ("b", 0.89))]
    assert near[0].tasks["left/a"].stderr > 0.01
    rows = rank(tasks, *near)
    assert {name: row.rank for name, row in rows.items()} == {"a": 1, "b": 2}


def test_noisy_score_never_ranks_above_a_higher_one(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    best, second, noisy = (
        make_submission(name, z, spread=spread)
        for name, z, spread in (("best", 0.9, 0.0), ("second", 0.8, 0.0), ("noisy", 0.7, 0.9))
    )
    cards = [task.card for task in tasks.values()]
    scores = {name: row.scores for name, row in rank(tasks, best, second, noisy).items()}
    assert separated(scores, cards) == {("best", "second")}
    rows = rank(tasks, best, second, noisy)
    assert {name: row.rank for name, row in rows.items()} == {"best": 1, "second": 2, "noisy": 2}


def test_controls_have_no_rank_and_take_none(tasks: Tasks, make_submission: MakeSubmission) -> None:
    truth = make_submission("truth", 1.0, role="control")
    rows = rank(tasks, truth, make_submission("model", 0.5))
    assert {name: row.rank for name, row in rows.items()} == {"truth": None, "model": 1}


def test_nothing_but_the_rank_depends_on_other_models(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one, other = make_submission("one", 0.5), make_submission("other", 0.9)
    alone, together = rank(tasks, one)["one"], rank(tasks, other, one)["one"]
    assert (alone.rank, together.rank) == (1, 2)
    assert alone.overall == together.overall
    assert alone.scores == together.scores
    assert alone.costs == together.costs
    assert alone.missing == together.missing


def test_order_of_submissions_changes_nothing(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    submissions = [make_submission(name, 0.5) for name in ("b", "a", "c")]
    rows = rank(tasks, *submissions)
    assert list(rows) == ["a", "b", "c"]
    assert list(rank(tasks, *submissions[::-1]).values()) == list(rows.values())


def test_missing_likelihood_is_counted_and_scores_zero(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    row = rank(tasks, make_submission("m", 0.9, likelihood=False))["m"]
    assert row.missing == {"likelihood": 1.0}
    assert row.overall.groups["likelihood"] == 0.0
    assert row.overall.value == pytest.approx(2 / 3 * 0.9, abs=0.01)


def test_only_units_without_a_likelihood_are_counted_as_missing(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one = make_submission("m", 0.9)
    assert rank(tasks, one)["m"].missing == {"likelihood": 0.0}
    del one.result.units[0].metrics["nll_regret"]
    del one.result.units[1].metrics["mfpt_error"]
    one.result.units[2].status = "failed"
    assert rank(tasks, one)["m"].missing == {"likelihood": pytest.approx(2 / 9)}


def test_costs_are_those_of_the_done_units(tasks: Tasks, make_submission: MakeSubmission) -> None:
    one = make_submission("one", 0.5)
    one.result.units[0].status = "failed"
    costs = rank(tasks, one)["one"].costs
    assert (costs.failed, costs.units) == (1, 9)
    assert costs.fewest_parameters == costs.most_parameters == 7
    assert costs.fit_seconds == 2.5


def test_nothing_to_rank_gives_no_rows() -> None:
    assert ranked([], []) == ()
