"""Verdicts on the papers' claims: each follows from planted scores, and can be overturned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leaderboard.board import make_board
from leaderboard.claims.kinetics import INTERVALS, PARTITIONS
from leaderboard.publishing import published
from leaderboard.site.claims_page import claims_page
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_task

ALANINE = [f"alanine/{partition}-{interval}" for partition in PARTITIONS for interval in INTERVALS]


@pytest.fixture
def tasks() -> Tasks:
    made = [make_task(task_id) for task_id in ("potentials/a", *ALANINE)]
    return {task.id: task for task in made}


def verdict_of(page: str, model: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"- **{model}**"))


def test_lost_and_kept_follow_from_the_errors(make_submission: MakeSubmission, tasks: Tasks):
    # An error of 10^(−2z): 1.0 at z = 0, which is beyond a factor of two, and 0.01 at z = 1.
    scores = dict.fromkeys(ALANINE, 1.0) | {"alanine/fine100-0.1ps": 0.0}
    page = claims_page(published(make_board([make_submission("lstm", scores, spread=0.05)], tasks)))
    verdict = verdict_of(page, "lstm")
    lost, kept = verdict.split("; ")
    assert lost.endswith("lost: `fine100-0.1ps`")
    assert kept.count("`") == 2 * (len(ALANINE) - 1)
    row = next(line for line in page.splitlines() if line.startswith("| `fine100`"))
    assert [cell.strip() for cell in row.split("|")[2:4]] == ["lstm", "1.00(3)"]


def test_noisy_error_near_a_factor_of_two_is_unclear(make_submission: MakeSubmission, tasks: Tasks):
    scores = dict.fromkeys(ALANINE, 0.08)  # an error of 0.69
    page = claims_page(published(make_board([make_submission("gru", scores, spread=0.5)], tasks)))
    assert "unclear" in verdict_of(page, "gru")
    assert "lost:" not in verdict_of(page, "gru")


@pytest.mark.parametrize(
    ("lstm", "transformer", "verdict"),
    [
        (0.9, 0.5, "the LSTM is better"),
        (0.5, 0.9, "the Transformer is better"),
        (0.7, 0.7, "no difference"),
    ],
)
def test_verdict_on_the_transformer_follows_from_the_scores(
    make_submission: MakeSubmission, tasks: Tasks, lstm: float, transformer: float, verdict: str
):
    rows = [
        make_submission("lstm", dict.fromkeys(tasks, lstm)),
        make_submission("transformer", dict.fromkeys(tasks, transformer)),
    ]
    assert f"Over all families: **{verdict}**." in claims_page(published(make_board(rows, tasks)))


def test_only_tasks_that_both_have_run_are_compared(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("lstm", dict.fromkeys(tasks, 0.7)),
        make_submission("transformer", {"potentials/a": 0.7}),
    ]
    page = claims_page(published(make_board(rows, tasks)))
    assert "Over all families: **no difference**." in page
    assert "| alanine  " not in page


def test_nothing_is_compared_without_a_common_task(make_submission: MakeSubmission, tasks: Tasks):
    rows = [
        make_submission("lstm", {ALANINE[0]: 0.7}),
        make_submission("transformer", {"potentials/a": 0.7}),
    ]
    assert "Transformer" not in claims_page(published(make_board(rows, tasks)))


def test_direction_stands_beside_an_error_that_has_one(
    make_submission: MakeSubmission, tasks: Tasks
):
    gru = make_submission("gru", dict.fromkeys(ALANINE, 0.0), spread=0.0)
    for name, share in (("phi20-0.1ps", -0.6), ("phi20-1ps", 0.6), ("phi20-10ps", 0.4)):
        error = gru.tasks[f"alanine/{name}"].metrics["mfpt_error"]
        error.bias = share * error.value
    page = claims_page(published(make_board([gru], tasks)))
    row = next(line for line in page.splitlines() if line.startswith("| `phi20`"))
    assert [cell.strip() for cell in row.split("|")[3:6]] == ["1 fast", "1 slow", "1"]


def test_controls_make_no_claim_about_the_slow_process(
    make_submission: MakeSubmission, tasks: Tasks
):
    truth = make_submission("truth", dict.fromkeys(ALANINE, 1.0), role="control")
    assert "##" not in claims_page(published(make_board([truth], tasks)))


def test_spread_over_seeds_is_shown_beside_that_over_replicas(
    make_submission: MakeSubmission, tasks: Tasks
):
    lstm = make_submission("lstm", {"potentials/a": 0.4, ALANINE[0]: 0.4}, spread=0.1)
    task = lstm.tasks["potentials/a"]
    metrics = {
        name: task.metrics[name].model_copy(
            update={"seed_spread": share * task.metrics[name].value}
        )
        for name, share in (("nll_regret", 0.02), ("mfpt_error", 0.03))
    }
    task = task.model_copy(update={"metrics": {**task.metrics, **metrics}})
    page = claims_page(
        published(make_board([replace(lstm, tasks={**lstm.tasks, task.task: task})], tasks))
    )
    told = page[page.index("What a seed changes") :]
    head, _, row = [line.split("|")[1:-1] for line in told.splitlines() if line.startswith("|")]
    # The errors of the three replicas are 0.9, 1.0 and 1.1 of their mean.
    assert dict(zip(map(str.strip, head), map(str.strip, row), strict=True)) == {
        "task": "`potentials/a`", "model": "lstm",
        "likelihood": "2.0 / 10.0", "rates": "3.0 / 10.0",
    }  # fmt: skip


def test_nothing_is_said_of_seeds_where_each_replica_has_one(
    make_submission: MakeSubmission, tasks: Tasks
):
    page = claims_page(
        published(make_board([make_submission("lstm", {ALANINE[0]: 0.4}, spread=0.1)], tasks))
    )
    assert "What a seed changes" not in page


def test_nothing_is_claimed_without_rows(make_submission: MakeSubmission, tasks: Tasks):
    page = claims_page(
        published(make_board([make_submission("msm", {"potentials/a": 0.4})], tasks))
    )
    assert "##" not in page


@pytest.mark.parametrize(
    ("lstm", "transformer", "spread", "verdict"),
    [
        (0.9, 0.5, 0.1, "holds"),
        (0.5, 0.9, 0.1, "does not hold"),
        (0.7, 0.7, 0.1, "holds"),  # no better, surely
        (0.7, 0.72, 0.01, "in part"),  # better, surely by less than matters
    ],
)
def test_no_better_is_told_from_not_known_to_be_better(
    make_submission: MakeSubmission, tasks: Tasks, lstm: float, transformer: float, spread: float,
    verdict: str,
):  # fmt: skip
    rows = [
        make_submission("lstm", dict.fromkeys(tasks, lstm), spread=spread),
        make_submission("transformer", dict.fromkeys(tasks, transformer), spread=spread / 2),
    ]
    claims = {one.id: one for one in published(make_board(rows, tasks)).claims}
    (answer,) = claims["attention"].answers
    assert answer.code == "Z5"
    assert [part.of for part in answer.parts] == ["alanine", "potentials", "all families"]
    assert {part.verdict for part in answer.parts} == {verdict}
