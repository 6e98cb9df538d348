"""Intervals hold what they say, by simulation: replicas whose tasks and metrics go together.

Measured: of 68 % intervals 64 to 68 % hold the truth, of 95 % intervals 94 to 96 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from benchmark.result import Unit, UnitMetric
from benchmark.score import score_task
from benchmark.task import Task
from leaderboard.scores import Score, overall, overall_difference
from leaderboard.significance import t_quantile
from tests.leaderboard.synthetic import make_task

#: Three families, as on the board: twelve tasks, of which each sees the same trajectories, and
#: some of their own.
FAMILIES = {"alanine": 12, "potentials": 4, "riboswitch": 2}
REPLICAS = 5

#: ln of a replica's error: what tasks of a family share, what metrics of a task share, and the
#: rest; the errors of the committed rows scatter by 30 to 50 % over replicas.
SHARED, OF_TASK, OWN = 0.3, 0.2, 0.2

#: Where on the scale the errors lie.
MIDDLE = 0.7

#: Draws, whose mean is the truth.
REPEATS = 600


def tasks() -> dict[str, Task]:
    made = {}
    for family, number in FAMILIES.items():
        for place in range(number):
            task = make_task(f"{family}/{place}")
            card = task.card
            train = card.splits["train"].model_copy(update={"rows": REPLICAS})
            splits = {**card.splits, "train": train}
            task = Task(card.model_copy(update={"splits": splits}), task.path)
            made[task.id] = task
    return made


TASKS = tasks()
CARDS = [task.card for task in TASKS.values()]
WHAT = {
    "one task": [card for card in CARDS if card.id == "riboswitch/0"],
    "one family": [card for card in CARDS if card.family == "alanine"],
    "overall": CARDS,
}


def scores(rng: np.random.Generator, shared: dict[str, np.ndarray], z: float) -> dict[str, Score]:
    """Draw the scores of one model on five replicas, which a second model may share."""
    found = {}
    for name, task in TASKS.items():
        own = OF_TASK * rng.standard_normal(REPLICAS)
        units = []
        for replica in range(REPLICAS):
            metrics = {}
            for metric, scale in task.card.metrics.items():
                noise = shared[task.card.family][replica] + own[replica]
                noise += OWN * rng.standard_normal()
                error = scale.trivial * (scale.floor / scale.trivial) ** z * math.exp(noise)
                metrics[metric] = UnitMetric(value=error, stderr=0.1 * error)
            units.append(
                Unit(task=name, version=1, replica=replica, seed=0, status="done", metrics=metrics)
            )
        result = score_task(task, units)
        found[name] = Score(
            result.score, result.stderr, result.groups, tuple(result.without), REPLICAS - 1
        )
    return found


def draws() -> Iterator[tuple[dict[str, Score], dict[str, Score]]]:
    """Draw two models on the same replicas, again and again."""
    rng = np.random.default_rng(20260103)
    for _ in range(REPEATS):
        shared = {family: SHARED * rng.standard_normal(REPLICAS) for family in FAMILIES}
        yield scores(rng, shared, MIDDLE), scores(rng, shared, MIDDLE + 0.1)


@pytest.fixture(scope="module")
def drawn() -> list[tuple[dict[str, Score], dict[str, Score]]]:
    return list(draws())


def coverage(found: list[Score], level: float) -> float:
    """Give the share of intervals that hold the mean of all draws."""
    truth = np.mean([one.value for one in found])
    held = [abs(one.value - truth) <= t_quantile(level, one.freedom) * one.stderr for one in found]
    return float(np.mean(held))


@pytest.mark.slow
@pytest.mark.parametrize("what", list(WHAT))
def test_intervals_of_scores_hold_the_truth_as_often_as_they_say(drawn, what: str) -> None:
    found = [overall(one, WHAT[what]) for one, _ in drawn]
    assert 0.60 <= coverage(found, 0.68) <= 0.76
    assert coverage(found, 0.95) >= 0.90


@pytest.mark.slow
@pytest.mark.parametrize("what", list(WHAT))
def test_intervals_of_paired_differences_hold_the_truth_as_often(drawn, what: str) -> None:
    found = [overall_difference(one, other, WHAT[what]) for one, other in drawn]
    assert 0.60 <= coverage(found, 0.68) <= 0.76
    assert coverage(found, 0.95) >= 0.90


@pytest.mark.slow
def test_paired_differences_are_sharper_than_two_scores_apart(drawn) -> None:
    """What replicas do to both models alike falls out."""
    for cards in WHAT.values():
        paired = [overall_difference(one, other, cards).stderr for one, other in drawn]
        apart = [
            math.hypot(overall(one, cards).stderr, overall(other, cards).stderr)
            for one, other in drawn
        ]
        assert np.mean(paired) < 0.8 * np.mean(apart)
