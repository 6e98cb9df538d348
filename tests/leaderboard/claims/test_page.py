from __future__ import annotations

from benchmark.registry import tracks
from leaderboard.board import make_board
from leaderboard.claims.decided import SECTIONS
from leaderboard.publishing import published
from leaderboard.site.claims_page import HEAD, claims_page
from tests.leaderboard.synthetic import (
    MakeSubmission,
    Tasks,
    make_superresolution_task,
    make_task,
)


def test_every_section_is_of_a_track_that_there_is() -> None:
    assert set(SECTIONS) <= set(tracks())


def test_board_without_submissions_claims_nothing(tasks: Tasks) -> None:
    assert claims_page(published(make_board([], tasks))) == HEAD


def test_claims_stand_in_the_order_of_the_board(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    made = [make_superresolution_task("filling/water-k10"), make_task("alanine/phi20-1ps")]
    tasks |= {task.id: task for task in made}
    rows = [make_submission("lstm", {task.id: 0.5}) for task in made]
    page = claims_page(published(make_board(rows, tasks)))
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        "## The LSTM captures Boltzmann statistics",
        "## Partition and saving interval decide whether rare events are learned",
        "## A Bi-LSTM fills in hidden frames best, to 1e-4 Å",
    ]
    assert "\n\n\n" not in page


def test_overview_has_a_row_a_numbered_claim_and_says_how_many_parts_agree(
    tasks: Tasks, make_submission: MakeSubmission
) -> None:
    made = [make_task(f"potentials/{name}") for name in "ab"]
    tasks |= {task.id: task for task in made}
    rows = [make_submission("lstm", {task.id: 1.0 for task in made}, spread=0.05)]
    page = claims_page(published(make_board(rows, tasks)))
    head, _, *lines = [line for line in page.splitlines() if line.startswith("|")][:3]
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        "claim", "verdict", "what was claimed", "where it was decided",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == [
        "T1", "holds", "the LSTM captures Boltzmann statistics", "1 holds",
    ]  # fmt: skip
