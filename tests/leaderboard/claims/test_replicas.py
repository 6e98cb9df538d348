"""Errors replica by replica, and the jackknife over replicas of all tasks at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leaderboard.board import make_board
from leaderboard.claims.replicas import jackknifed, replica_errors, root_mean_square
from tests.leaderboard.synthetic import FLOOR, MakeSubmission, Tasks


def mean_of_means(errors) -> float:
    return float(np.mean([one.mean() for one in errors]))


def test_jackknife_of_a_mean_is_its_usual_error_and_replicas_go_together():
    rng = np.random.default_rng(0)
    one, other = rng.random(5), rng.random(5)
    value, stderr, freedom = jackknifed([one, other], mean_of_means)
    both = (one + other) / 2
    assert value == pytest.approx(both.mean())
    assert stderr == pytest.approx(both.std(ddof=1) / math.sqrt(5))
    assert freedom == 4


def test_error_of_a_single_replica_is_not_known():
    value, stderr, _ = jackknifed([np.array([0.5])], mean_of_means)
    assert (value, stderr) == (0.5, math.inf)


def test_seeds_of_a_replica_are_one_error(make_submission: MakeSubmission, tasks: Tasks):
    made = make_submission("lstm", {"left/a": 1.0}, spread=0.0)
    (ranking,) = make_board([made], tasks).shown
    (row,) = ranking.rows
    first = row.submission.result.units[0]
    metrics = {**first.metrics, "mfpt_error": first.metrics["mfpt_error"].model_copy(
        update={"value": 7 * FLOOR})}  # fmt: skip
    row.submission.result.units.append(first.model_copy(update={"seed": 1, "metrics": metrics}))
    found = replica_errors(row, tasks["left/a"].card, "mfpt_error")
    assert found.tolist() == pytest.approx([5 * FLOOR, FLOOR, FLOOR])  # √((1 + 49) / 2)
    assert root_mean_square(found) == pytest.approx(3 * FLOOR)
