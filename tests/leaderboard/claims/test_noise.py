"""What noise costs is told from planted errors; E = 10^(−2z) Å, and f is set."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from benchmark.registry import shipped_tasks
from benchmark.result import TaskMetric
from benchmark.task import Task
from leaderboard.board import Ranking, make_board
from leaderboard.claims.noise import NOISY as NOISY_FAMILY
from leaderboard.claims.noise import _unknown, noise_claims, noise_costs, thermostat
from leaderboard.publishing import published
from leaderboard.site.claim_figures import claim_svg
from leaderboard.site.claims_page import claims_page
from leaderboard.site.web.figures import claim_figure
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task

CALM = {(one, gap): f"md17-xtb/{one}-k{gap}" for one in ("water", "ammonia") for gap in (10, 20)}
NOISY = {
    (name, one, gap): f"md17-xtb-nvt/{one}-{name}-k{gap}"
    for name in ("global", "langevin-10")
    for one, gap in CALM
}
#: Å. Linear-Gaussian noise leaves this unknown under the kicks; the other thermostat is no noise,
#: and its f a mark that counts for nothing.
FLOOR = {"global": 1e-4, "langevin-10": 3e-3}


@pytest.fixture
def tasks() -> Tasks:
    made = [make_superresolution_task(name, one, gap) for (one, gap), name in CALM.items()]
    for (name, one, gap), task_id in NOISY.items():
        made.append(with_floor(make_superresolution_task(task_id, one, gap), FLOOR[name]))
    return {task.id: task for task in made}


def with_floor(task: Task, floor: float) -> Task:
    mae = task.card.metrics["mae"].model_copy(update={"floor": floor})
    return replace(task, card=task.card.model_copy(update={"metrics": {"mae": mae}}))


def with_errors(
    submission: Submission, calm: float, noisy: dict[str, float], share: float = 0.05
) -> Submission:
    """Give a submission errors in Å, each with that share for a standard error."""
    planted = dict.fromkeys(CALM.values(), calm)
    planted |= {task: noisy[name] for (name, _, _), task in NOISY.items() if name in noisy}
    changed = {}
    for task, value in planted.items():
        update = {"value": value, "stderr": share * value}
        metric: TaskMetric = submission.tasks[task].metrics["mae"].model_copy(update=update)
        changed[task] = submission.tasks[task].model_copy(update={"metrics": {"mae": metric}})
    return replace(submission, tasks=changed)


def model(make: MakeSubmission, name: str, calm: float, noisy: dict[str, float], **options: float):
    scores = dict.fromkeys([*CALM.values(), *NOISY.values()], 1.0)
    return with_errors(make(name, scores), calm, noisy, **options)


def board_of(rows: list[Submission], tasks: Tasks) -> Ranking:
    (ranking,) = (one for one in make_board(rows, tasks).rankings if one.track.name[0] == "s")
    return ranking


def page_of(rows: list[Submission], tasks: Tasks) -> str:
    return claims_page(published(make_board(rows, tasks)))


def test_error_of_its_own_and_noise_add_up_as_squares(make_submission: MakeSubmission, tasks):
    undisturbed = {"global": 4e-3, "langevin-10": 5e-3}  # 3, 4, 5
    rows = [model(make_submission, "bi-lstm", 4e-3, undisturbed)]
    costs = noise_costs(board_of(rows, tasks))["bi-lstm"]
    assert [cost.loss for cost in costs.values()] == pytest.approx([0, 0], abs=1e-12)
    # ∂L/∂ln E₀ is E₀²/(E₀² + f²); four tasks.
    expected = 0.05 * math.hypot(1, 16 / 25) / 2
    assert costs["langevin-10"].stderr == pytest.approx(expected)
    assert costs["global"].tasks == 4


def test_error_over_floor_is_that_of_the_planted(make_submission: MakeSubmission, tasks):
    rows = [
        model(make_submission, "bi-lstm", 1e-2, {"global": 2e-3, "langevin-10": 6e-3}),
        model(make_submission, "ridge", 2e-2, {"global": 4e-4, "langevin-10": 3.3e-3}),
    ]
    costs = noise_costs(board_of(rows, tasks))["bi-lstm"]
    assert [math.exp(cost.rest) for cost in costs.values()] == pytest.approx([20, 2])
    assert costs["global"].rest_stderr == pytest.approx(0.05 / 2)
    page = page_of(rows, tasks).split("The error itself over f")[1]
    table = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in row] for row in table[2:4]] == [
        ["`ridge`", "4.00(10)", "1.10(3)"],
        ["`bi-lstm`", "20.0(5)", "2.00(5)"],
    ]


def test_verdicts_follow_the_rule_and_are_corrected(make_submission: MakeSubmission, tasks):
    rows = [
        model(make_submission, "bi-lstm", 1e-2, {"global": 5e-2, "langevin-10": 1.1e-2}),
        model(make_submission, "ridge", 1e-2, {"global": 1e-2, "langevin-10": 2e-2}),
    ]
    page = page_of(rows, tasks)
    assert "## Networks that fill in frames are robust to noisy dynamics" in page
    assert "- **global**: not robust; its error is 5.00(18) times what it would be" in page
    assert "and 1 of 1 other models lose less. It is the best on 0 of 4 tasks." in page
    assert "- **langevin-10**: robust; its error is 1.05(4) times" in page
    assert "and 0 of 1 other models lose less. It is the best on 4 of 4 tasks." in page
    assert "| `ridge`" in page
    assert "![What a thermostat costs each model, with standard errors: " in page
    assert "(noise.svg)" in page
    (claim,) = noise_claims(board_of(rows, tasks))
    told = {(one.of["model"], one.of["thermostat"]): one.verdict for one in claim.verdicts}
    assert told == {
        ("bi-lstm", "global"): "not robust",
        ("bi-lstm", "langevin-10"): "robust",
        ("ridge", "global"): "robust",
        ("ridge", "langevin-10"): "undecided",
    }
    (answer,) = claim.answers
    assert answer.code == "W4"
    assert [(part.of, part.verdict) for part in answer.parts] == [
        ("global", "does not hold"),
        ("langevin-10", "holds"),
    ]


def test_loss_near_a_factor_of_two_is_undecided(make_submission: MakeSubmission, tasks):
    rows = [model(make_submission, "bi-lstm", 1e-2, {"global": 1.9e-2, "langevin-10": 2.2e-2})]
    page = page_of(rows, tasks)
    assert "- **global**: undecided" in page
    assert "- **langevin-10**: undecided" in page


def test_nothing_is_said_without_the_claimed_network_or_its_twin_tasks(
    make_submission: MakeSubmission, tasks
):
    ridge = model(make_submission, "ridge", 1e-2, {"global": 1e-2, "langevin-10": 2e-2})
    assert noise_costs(board_of([ridge], tasks)) == {}
    lstm = model(make_submission, "bi-lstm", 1e-2, {"global": 1e-2, "langevin-10": 2e-2})
    noise_alone = {key: task for key, task in tasks.items() if key in NOISY.values()}
    assert noise_costs(board_of([lstm], noise_alone)) == {}
    assert "robust" not in page_of([lstm], noise_alone)
    calm_alone = {key: task for key, task in tasks.items() if key in CALM.values()}
    assert "robust" not in page_of([lstm], calm_alone)


def test_family_under_thermostats_changes_nothing_in_the_other_claims(
    make_submission: MakeSubmission, tasks
):
    rows = [
        model(make_submission, "bi-lstm", 1e-2, {"global": 9e-1, "langevin-10": 9e-1}),
        model(make_submission, "lstm", 2e-2, {"global": 1e-5, "langevin-10": 1e-5}),
    ]
    calm_alone = {key: task for key, task in tasks.items() if key in CALM.values()}
    both, one = (
        [part.strip("\n") for part in page.split("\n## ")[1:]]
        for page in (page_of(rows, tasks), page_of(rows, calm_alone))
    )
    assert both[: len(one)] == one
    assert any(part.startswith("Networks") for part in both[len(one) :])


def test_what_noise_leaves_unknown_is_f_under_kicks_and_nothing_else():
    for name, task in shipped_tasks().items():
        if task.card.family == NOISY_FAMILY:
            f = task.card.metrics["mae"].floor
            assert _unknown(task.card) == (0 if thermostat(task.card) == "global" else f), name


def test_thermostat_is_the_part_of_a_name_between_molecule_and_gap():
    made = make_superresolution_task("md17-xtb-nvt/salicylic-acid-langevin-0.1-k10",
                                     "salicylic acid")  # fmt: skip
    assert thermostat(made.card) == "langevin-0.1"


@pytest.mark.parametrize("name", ["md17-xtb/salicylic-acid-k10", "md17-xtb/another-k10"])
def test_names_of_molecule_and_gap_alone_or_of_neither_have_no_thermostat(name: str):
    assert thermostat(make_superresolution_task(name, "salicylic acid").card) == ""


def test_figure_is_the_same_text_for_the_same_rows(make_submission: MakeSubmission, tasks):
    rows = [
        model(make_submission, "bi-lstm", 1e-2, {"global": 5e-2, "langevin-10": 1e-2}),
        model(make_submission, "ridge", 1e-2, {"global": 1e-2, "langevin-10": 2e-2}),
    ]
    assert list(noise_costs(board_of(rows, tasks))) == ["ridge", "bi-lstm"]
    (claim,) = noise_claims(board_of(rows, tasks))
    (figure,) = claim.figures
    drawn = claim_svg(figure)
    assert drawn == claim_svg(figure)
    assert drawn.startswith("<?xml")
    shown = claim_figure(figure)  # of the site: text stays text
    assert shown == claim_figure(figure)
    assert {">bi-lstm</text>", ">langevin-10</text>"} <= {*re.findall(r">[^<>]*</text>", shown.svg)}
