"""Verdicts on filling gaps follow from planted errors: TRIVIAL 10^(−2z) Å, so 1e-4 at z = 2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leaderboard.board import make_board
from leaderboard.publishing import published
from leaderboard.site.claims_page import claims_page
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task

MOLECULES = ("water", "ammonia", "methane")
GAPS = (10, 20)
IDS = {(gap, one): f"md17-xtb/{one}-k{gap}" for gap in GAPS for one in MOLECULES}


@pytest.fixture
def tasks() -> Tasks:
    made = [make_superresolution_task(name, one, gap) for (gap, one), name in IDS.items()]
    return {task.id: task for task in made}


def row(page: str, first: str) -> list[str]:
    """Give the cells of the last row that begins so."""
    rows = [line for line in page.splitlines() if line.startswith(f"| {first} ")]
    return [cell.strip() for cell in rows[-1].split("|")[1:-1]]


def scores(at_10: float, at_20: float) -> dict[str, float]:
    return {name: at_10 if gap == 10 else at_20 for (gap, _), name in IDS.items()}


def with_seeds(submission: Submission, shares: dict[str, float]) -> Submission:
    """Give errors of tasks a spread over seeds, as a share of the error."""
    changed = dict(submission.tasks)
    for name, share in shares.items():
        mae = changed[name].metrics["mae"]
        mae = mae.model_copy(update={"seed_spread": share * mae.value})
        changed[name] = changed[name].model_copy(update={"metrics": {"mae": mae}})
    return replace(submission, tasks=changed)


def test_table_gives_the_geometric_mean_and_who_is_below_the_mark(
    make_submission: MakeSubmission, tasks: Tasks
):
    uneven = scores(1.5, 1.0) | {IDS[10, "water"]: 2.1, IDS[10, "ammonia"]: 0.9}
    page = claims_page(published(make_board([make_submission("bi-lstm", uneven)], tasks)))
    # 10^-3 is the geometric mean of 10^-4.2, 10^-1.8 and 10^-3.
    assert row(page, "`bi-lstm`") == ["`bi-lstm`", "1 (1 of 3)", "10 (0 of 3)"]


def test_twins_are_compared_molecule_by_molecule(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("hnn", scores(1.0, 1.0)),
        make_submission(
            "bi-hnn", scores(1.5, 0.9) | {IDS[10, "water"]: 1.4, IDS[20, "water"]: 0.8}
        ),
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert row(page, "`hnn`") == ["`hnn`", "8.6(13) (3 of 3)", "0.54(8) (0 of 3)"]


def test_claimed_network_can_be_beaten(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("bi-lstm", scores(1.5, 1.0)),
        make_submission("bi-hnn", scores(1.0, 1.5)),
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert "**k = 10**: `bi-lstm` has the smallest error." in page
    assert "**k = 20**: `bi-hnn` has the smallest error; `bi-lstm` is beaten" in page


def test_spread_over_seeds_is_told_of_those_that_have_it(
    make_submission: MakeSubmission, tasks: Tasks
):
    several = with_seeds(
        make_submission("bi-hnn", scores(1.0, 1.5)),
        {IDS[10, "water"]: 0.03, IDS[10, "ammonia"]: 0.04},
    )
    page = claims_page(
        published(make_board([several, make_submission("bi-lstm", scores(1.5, 1.0))], tasks))
    )
    told = page[page.index("What a seed changes") :]
    assert row(told, "`bi-hnn`") == ["`bi-hnn`", "3.5", "–"]  # √((3² + 4²) / 2)
    assert "bi-lstm" not in told


def test_nothing_is_said_without_the_networks(make_submission: MakeSubmission, tasks: Tasks):
    page = claims_page(published(make_board([make_submission("ridge", scores(1.0, 1.0))], tasks)))
    assert "##" not in page
