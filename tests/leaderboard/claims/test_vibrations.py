"""Whether filled-in vibrations are told from true ones, by planted distances of spectra."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.task import Task
from leaderboard.board import make_board
from leaderboard.claims.claim import Claim
from leaderboard.claims.evidence import Vibrations
from leaderboard.claims.vibrations import nyquist, vibration_claims
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission, Tasks, make_superresolution_task

MOLECULES = ("water", "ammonia", "methane")
TRUE = [80.0, 100.0, 120.0]  # cm⁻¹
HIGH = [0.1, -0.2, 0.3]  # |ln|, mean 0.2


def made(gap: int, family: str = "md17-xtb", molecules: tuple[str, ...] = MOLECULES) -> list[Task]:
    return [make_superresolution_task(f"{family}/{one}-k{gap}", one, gap) for one in molecules]


def segments(tasks: list[Task]) -> dict[str, Vibrations]:
    return {
        task.id: Vibrations(
            task=task.id,
            version=1,
            data=task.card.hashes,
            segments=3,
            distance=TRUE,
            high=HIGH,
        )
        for task in tasks
    }


def with_spectra(submission: Submission, distances: list[float], high: list[float]) -> Submission:
    """Give the tasks of a submission W₁ and |ln| of the power, each with a tenth of it as error."""
    changed = {}
    for (name, task), distance, power in zip(
        submission.tasks.items(), distances, high, strict=True
    ):
        planted = {
            metric: task.metrics["mae"].model_copy(update={"value": x, "stderr": 0.1 * x})
            for metric, x in (("vdos_w1", distance), ("vdos_high", power))
        }
        changed[name] = task.model_copy(update={"metrics": {**task.metrics, **planted}})
    return replace(submission, tasks=changed)


def claims(make: MakeSubmission, tasks: Tasks, some: list[Task], *planted) -> list[Claim]:
    own = {task.id: task for task in some}
    tasks |= own
    rows = [with_spectra(make("bi-lstm", dict.fromkeys(own, 1.0)), *planted)]
    return vibration_claims(make_board(rows, own).shown[0], segments(some))


def test_kept_frames_show_wavenumbers_up_to_half_their_rate():
    (task,) = made(20, molecules=("water",))  # 10 fs
    assert nyquist(task.card) == pytest.approx(1667.8, abs=0.1)


@pytest.mark.parametrize(
    ("distances", "high", "verdicts"),
    [
        ([20.0, 22.0, 18.0], [0.02, 0.02, 0.021], ["holds", "holds"]),
        ([300.0, 310.0, 290.0], [0.02, 0.02, 0.021], ["does not hold", "holds"]),
        ([20.0, 22.0, 18.0], [2.0, 2.1, 1.9], ["holds", "does not hold"]),
        ([50.0, 110.0, 180.0], [0.1, 0.2, 0.5], ["undecided", "undecided"]),
    ],
)
def test_verdict_is_that_of_the_planted_distances(
    make_submission: MakeSubmission, tasks: Tasks, distances, high, verdicts
):
    (claim,) = claims(make_submission, tasks, made(20), distances, high)
    parts = claim.answers[0].parts
    assert [part.verdict for part in parts] == verdicts
    assert [part.of for part in parts] == [
        "constant energy, k = 20, W₁", "constant energy, k = 20, power",
    ]  # fmt: skip
    expected = (distances[0] * distances[1] * distances[2]) ** (1 / 3) / 100
    assert parts[0].value == pytest.approx(expected)


def test_two_molecules_are_judged_by_their_own_errors(
    make_submission: MakeSubmission, tasks: Tasks
):
    """Equal ratios would be a certainty to Student's t; true segments are not so well known."""
    some = made(20, molecules=MOLECULES[:2])
    (claim,) = claims(make_submission, tasks, some, [90.0, 90.0], [0.02, 0.02])
    assert [part.verdict for part in claim.answers[0].parts] == ["undecided", "holds"]
    assert claim.answers[0].parts[0].size == "2 molecules"


def test_gap_that_hides_no_vibration_is_not_asked(make_submission: MakeSubmission, tasks: Tasks):
    assert claims(make_submission, tasks, made(10), [20.0] * 3, [0.02] * 3) == []


def test_nothing_is_said_without_the_network_or_of_other_data(
    make_submission: MakeSubmission, tasks: Tasks
):
    some = made(20)
    own = {task.id: task for task in some}
    tasks |= own
    ridge = with_spectra(make_submission("ridge", dict.fromkeys(own, 1.0)), [20.0] * 3, [0.02] * 3)
    assert vibration_claims(make_board([ridge], own).shown[0], segments(some)) == []
    lstm = with_spectra(make_submission("bi-lstm", dict.fromkeys(own, 1.0)), [20.0] * 3, [0.02] * 3)
    (ranking,) = make_board([lstm], own).shown
    changed = {name: one.model_copy(update={"version": 2}) for name, one in segments(some).items()}
    assert vibration_claims(ranking, changed) == []
    assert vibration_claims(ranking, {}) == []


def test_what_true_segments_differ_by_is_said(make_submission: MakeSubmission, tasks: Tasks):
    (claim,) = claims(make_submission, tasks, made(20), [20.0, 22.0, 18.0], [0.02, 0.02, 0.021])
    told = [block.rows for block in claim.blocks if block.kind == "table"]
    assert told[1] == [
        {"dynamics": "constant energy", "W₁, cm⁻¹": "100 … 100", "power, abs. ln": "0.20 … 0.20"}
    ]
    assert told[2][0]["constant energy, k = 20, W₁"] == "0.2"
