"""Whether a factor makes the slow process harder: planted differences, paired over replicas."""

from __future__ import annotations

import pytest

from leaderboard.board import make_board
from leaderboard.claims.claim import Claim
from leaderboard.claims.factors import Contrast, Factor, factor_claims
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_task

MORE, LESS = "doublewell/d3", "doublewell/d0"

FACTOR = Factor(
    "Z0", "factor", "A factor", "it is so", "", (Contrast("d3 − d0", (MORE,), (LESS,)),)
)


@pytest.fixture
def own(tasks: Tasks) -> Tasks:
    made = {name: make_task(name) for name in (LESS, MORE)}
    tasks |= made  # which the submissions are made of
    return made


def claimed(rows: list, own: Tasks, factor: Factor = FACTOR) -> list[Claim]:
    (ranking,) = make_board(rows, own).shown
    return factor_claims(ranking, factor)


@pytest.mark.parametrize(
    ("more", "less", "spread", "verdict"),
    [
        (0.2, 0.6, 0.05, "holds"),  # errors of 0.40 and 0.06
        (0.6, 0.2, 0.05, "does not hold"),
        (0.6, 0.6, 0.05, "does not hold"),  # no difference, surely none of 0.1
        (0.2, 0.21, 0.9, "undecided"),
    ],
)
def test_verdict_is_that_of_the_planted_difference(
    make_submission: MakeSubmission, own: Tasks, more: float, less: float, spread: float,
    verdict: str,
):  # fmt: skip
    rows = [make_submission("lstm", {MORE: more, LESS: less}, spread=spread)]
    if verdict == "undecided":  # one task's replicas the other way round
        units = rows[0].result.units
        units[0].metrics["mfpt_error"], units[2].metrics["mfpt_error"] = (
            units[2].metrics["mfpt_error"], units[0].metrics["mfpt_error"],
        )  # fmt: skip
    (claim,) = claimed(rows, own)
    (part,) = claim.answers[0].parts
    assert part.verdict == verdict
    assert part.of == "lstm, d3 − d0"
    assert part.value == pytest.approx(10 ** (-2 * more) - 10 ** (-2 * less), rel=0.3, abs=0.02)


def test_difference_that_is_there_and_small_holds_in_part(
    make_submission: MakeSubmission, own: Tasks
):
    rows = [make_submission("hmm", {MORE: 0.6, LESS: 0.9}, spread=0.01)]  # 0.063 − 0.016
    (claim,) = claimed(rows, own)
    assert claim.answers[0].parts[0].verdict == "in part"


def test_models_that_have_not_run_both_ends_and_controls_are_left_out(
    make_submission: MakeSubmission, own: Tasks
):
    rows = [
        make_submission("lstm", {MORE: 0.2, LESS: 0.6}),
        make_submission("msm", {MORE: 0.2}),
        make_submission("truth", {MORE: 1.0, LESS: 1.0}, role="control"),
    ]
    (claim,) = claimed(rows, own)
    assert [part.of for part in claim.answers[0].parts] == ["lstm, d3 − d0"]
    assert claim.blocks[0].text.endswith("\n- d3 − d0: 1 holds")
    errors = claim.blocks[-1].rows
    assert [row["model"] for row in errors] == ["`lstm`", "`msm`"]
    assert errors[1]["d0"] == "–"
    assert claimed(rows[1:], own) == []


def test_several_tasks_count_by_their_mean(make_submission: MakeSubmission, tasks: Tasks):
    names = (LESS, MORE, "doublewell/d1")
    made = {name: make_task(name) for name in names}
    tasks |= made
    contrast = Contrast("both", (MORE, "doublewell/d1"), (LESS,))
    factor = Factor("Z0", "factor", "A factor", "it is so", "", (contrast,))
    errors = {LESS: 0.5, MORE: 0.0, "doublewell/d1": 0.25}  # 0.1, 1 and 0.316
    (claim,) = claimed([make_submission("lstm", errors, spread=0.0)], made, factor)
    assert claim.answers[0].parts[0].value == pytest.approx((1 + 10**-0.5) / 2 - 0.1)
