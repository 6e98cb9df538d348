"""What is said of an embedding follows from planted correlations and permutations."""

from __future__ import annotations

import pytest

from benchmark.task import Task
from leaderboard.board import Ranking, make_board
from leaderboard.claims.claim import Points
from leaderboard.claims.connectivity import connectivity_claims
from leaderboard.claims.evidence import Connectivity, Embeddings
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_task

NAME = "doublewell/d1"


def found(task: Task, commute: list[float], p_value: float = 0.0001) -> Connectivity:
    return Connectivity(
        task=task.id,
        version=1,
        data=task.card.hashes,
        labels=4,
        commute=commute,
        rate=[0.4] * len(commute),
        across=[0.6] * len(commute),
        p_value=p_value,
        permutations=9999,
        plane=[(0.0, 1.0), (1.0, 0.0), (0.5, 0.5), (0.1, 0.2)],
        macrostates=[0, 0, 1, 1],
    )


@pytest.fixture
def task() -> Task:
    return make_task(NAME)


@pytest.fixture
def ranking(task: Task, tasks: Tasks, make_submission: MakeSubmission) -> Ranking:
    tasks |= {NAME: task}
    return make_board([make_submission("lstm", {NAME: 1.0})], {NAME: task}).shown[0]


@pytest.mark.parametrize(
    ("commute", "p_value", "verdict"),
    [
        ([0.8, 0.79, 0.82, 0.8, 0.81], 0.0001, "holds"),
        ([0.1, 0.12, 0.09, 0.1, 0.11], 0.0001, "does not hold"),
        ([0.8, 0.79, 0.82, 0.8, 0.81], 0.2, "does not hold"),  # chance does as much
        ([0.3, 0.8, 0.2, 0.6, 0.7], 0.0001, "undecided"),
        ([0.9], 0.0001, "undecided"),  # one replica has no error
    ],
)
def test_verdict_needs_both_a_relation_and_a_strong_one(
    ranking: Ranking, task: Task, commute: list[float], p_value: float, verdict: str
):
    known = Embeddings(model="lstm", tasks=[found(task, commute, p_value)])
    (claim,) = connectivity_claims(ranking, known)
    (part,) = claim.answers[0].parts
    assert part.verdict == verdict
    assert part.size == f"6 pairs × {len(commute)} replicas"
    (figure,) = claim.figures
    assert isinstance(figure, Points)
    assert figure.panels[0].groups == [0, 0, 1, 1]


def test_nothing_is_said_of_tasks_that_have_changed_or_are_not_on_the_board(
    ranking: Ranking, task: Task
):
    known = found(task, [0.8] * 5)
    changed = known.model_copy(update={"data": {**known.data, "train": "f" * 64}})
    newer = known.model_copy(update={"version": 2})
    elsewhere = known.model_copy(update={"task": "doublewell/d2"})
    for one in (changed, newer, elsewhere):
        assert connectivity_claims(ranking, Embeddings(model="lstm", tasks=[one])) == []
    assert connectivity_claims(ranking, None) == []
