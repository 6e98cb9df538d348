from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from benchmark.uncertainty import jackknife_standard_error
from leaderboard.board import Ranking, make_board
from leaderboard.comparison import compare, resolution
from leaderboard.significance import t_quantile
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks


def ranking_of(tasks: Tasks, *submissions: Submission) -> Ranking:
    return make_board(submissions, tasks).rankings[0]


@pytest.mark.parametrize(("z", "better"), [(0.9, "other"), (0.1, "one"), (0.5, None)])
def test_better_model_follows_from_the_scores(
    tasks: Tasks, make_submission: MakeSubmission, z: float, better: str | None
) -> None:
    ranking = ranking_of(tasks, make_submission("a", 0.5), make_submission("b", z))
    rows = {row.name: row for row in ranking.rows}
    found = compare(rows["a"], rows["b"], ranking.cards)
    assert found.better == better
    assert found.difference.value == pytest.approx(z - 0.5, abs=0.01)
    # Both are equally lucky with each replica: of the difference nothing is uncertain.
    assert found.difference.stderr < 1e-9 < found.one.stderr


def test_difference_is_jackknifed_replica_by_replica(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    one, other = make_submission("a", 0.5), make_submission("b", 0.6, spread=0.5)
    ranking = ranking_of(tasks, one, other)
    rows = {row.name: row for row in ranking.rows}
    right = [card for card in ranking.cards if card.id == "right/c"]
    found = compare(rows["a"], rows["b"], right)
    first, second = (
        [np.mean(list(left.values())) for left in made.tasks["right/c"].without]
        for made in (one, other)
    )
    expected = jackknife_standard_error(np.subtract(second, first))
    assert expected > 0
    assert found.difference.stderr == pytest.approx(expected)
    assert found.difference.freedom == 2


def test_group_is_compared_alone(tasks: Tasks, make_submission: MakeSubmission) -> None:
    ranking = ranking_of(
        tasks, make_submission("a", 0.5), make_submission("b", 0.9, likelihood=False)
    )
    rows = {row.name: row for row in ranking.rows}
    likelihood, rates = (
        compare(rows["a"], rows["b"], ranking.cards, group) for group in ("likelihood", "rates")
    )
    assert (likelihood.better, rates.better) == ("one", "other")
    assert likelihood.one.value == pytest.approx(0.5, abs=0.01)
    assert likelihood.other.value == 0


def test_resolution_is_what_a_typical_pair_can_tell(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    spreads = {"a": 0.1, "b": -0.1, "c": 0.5}
    ranking = ranking_of(
        tasks, *(make_submission(name, 0.5, spread=spread) for name, spread in spreads.items())
    )
    right = [card for card in ranking.cards if card.id == "right/c"]
    widths = sorted(
        t_quantile(0.95, 2) * compare(one, other, right).difference.stderr
        for one, other in combinations(ranking.rows, 2)
    )
    found = resolution([row.scores for row in ranking.rows], right)
    assert found == pytest.approx(widths[1])
    assert math.isnan(resolution([ranking.rows[0].scores], right))


def test_comparison_the_other_way_round_changes_the_sign_alone(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    ranking = ranking_of(tasks, make_submission("a", 0.5), make_submission("b", 0.9))
    high, low = ranking.rows
    there, back = compare(high, low, ranking.cards), compare(low, high, ranking.cards)
    assert there.difference.value == -back.difference.value < 0
    assert there.difference.stderr == back.difference.stderr
    assert (there.better, back.better) == ("one", "other")


def test_only_tasks_that_both_have_run_are_averaged(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    whole = make_submission("a", {"left/a": 0.2, "left/b": 0.9, "right/c": 0.9})
    ranking = ranking_of(tasks, whole, make_submission("b", {"left/a": 0.2}))
    found = compare(*ranking.rows, ranking.cards)
    assert found.tasks == 1
    assert found.one == found.other
    assert found.better is None


def test_models_without_a_common_task_cannot_be_told_apart(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    ranking = ranking_of(
        tasks, make_submission("a", {"left/a": 0.9}), make_submission("b", {"left/b": 0.1})
    )
    found = compare(*ranking.rows, ranking.cards)
    assert found.tasks == 0
    assert found.better is None
    assert math.isnan(found.difference.value)
