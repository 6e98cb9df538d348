"""What the committed rows of the shipped super-resolution models must show."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmark.registry import shipped_tasks
from leaderboard.board import make_board
from leaderboard.claims.superresolution import BOTH_WAYS, ONE_WAY, REACHED
from leaderboard.submission import SUBMISSIONS, read_submissions

INTERPOLATORS = ("linear", "cubic-spline", "hermite3", "hermite5")
ENOUGH = 6  # of eight molecules

#: The networks of the paper, and the pairs of one from one end and its twin from both.
NETWORKS = (*ONE_WAY, *BOTH_WAYS)
TWINS = list(zip(ONE_WAY, BOTH_WAYS, strict=True))

# Model → (molecule, k) → mean absolute error in Å.
Errors = dict[str, dict[tuple[str, int], float]]


@pytest.fixture(scope="module")
def errors() -> Errors:
    tasks = shipped_tasks()
    shown = make_board(read_submissions(SUBMISSIONS, tasks), tasks).shown
    (ranking,) = (one for one in shown if one.track.name == "superresolution")
    where = {card.id: (card.molecule, card.gap) for card in ranking.cards}
    return {
        row.name: {
            where[name]: task.metrics["mae"].value for name, task in row.submission.tasks.items()
        }
        for row in ranking.rows
    }


def better(errors: Errors, one: str, other: str, gap: int) -> int:
    """Count the molecules on which ``one`` has the smaller error; both must have run."""
    both = [key for key in errors[one].keys() & errors[other].keys() if key[1] == gap]
    assert len(both) == 8
    return sum(errors[one][key] < errors[other][key] for key in both)


@pytest.mark.parametrize("gap", [10, 20])
def test_more_derivatives_interpolate_better(errors: Errors, gap: int) -> None:
    for less, more in pairwise(INTERPOLATORS):
        assert better(errors, more, less, gap) == 8


@pytest.mark.parametrize("gap", [10, 20, 40])
def test_ridge_is_better_than_every_interpolator(errors: Errors, gap: int) -> None:
    for name in INTERPOLATORS:
        assert better(errors, "ridge", name, gap) == 8


def test_a_linear_model_reaches_what_the_paper_claims_for_networks(errors: Errors) -> None:
    assert all(error < REACHED for (_, gap), error in errors["ridge"].items() if gap == 10)


def test_bi_lstm_is_better_than_the_cubic_hermite_polynomial(errors: Errors) -> None:
    assert better(errors, "bi-lstm", "hermite3", 10) >= ENOUGH


@pytest.mark.parametrize("gap", [10, 20, 40])
@pytest.mark.parametrize(("one", "both"), TWINS)
def test_both_ends_are_better_than_one(errors: Errors, one: str, both: str, gap: int) -> None:
    assert better(errors, both, one, gap) == 8


@pytest.mark.parametrize("gap", [10, 20, 40])
def test_force_matching_is_the_best_of_all_networks(errors: Errors, gap: int) -> None:
    for name in NETWORKS:
        assert better(errors, "force-matching", name, gap) == 8


@pytest.mark.parametrize("gap", [20, 40])
def test_force_matching_is_better_than_ridge_with_the_same_inputs(errors: Errors, gap: int) -> None:
    assert better(errors, "force-matching", "ridge", gap) >= ENOUGH
