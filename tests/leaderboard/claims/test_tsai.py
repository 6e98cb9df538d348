"""What is said of the LSTM's row, and of measured traces, follows from planted errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leaderboard.board import make_board
from leaderboard.claims.against_floor import against
from leaderboard.claims.evidence import Trace, TraceError, Traces
from leaderboard.claims.tsai import BOLTZMANN, floor_claims, trace_claims
from tests.leaderboard.synthetic import FLOOR, TRIVIAL, MakeSubmission, Tasks, make_task

TIGHT = (0.98, 1.0, 1.0, 1.0, 1.02)


@pytest.fixture
def own() -> Tasks:
    return {task.id: task for task in (make_task("potentials/a"), make_task("riboswitch/b"))}


@pytest.mark.parametrize(("z", "verdict"), [(1.0, "holds"), (0.5, "does not hold")])
def test_row_of_the_model_is_judged_family_by_family(
    make_submission: MakeSubmission, tasks: Tasks, own: Tasks, z: float, verdict: str
):
    tasks |= own
    rows = [make_submission("lstm", dict.fromkeys(own, z), spread=0.05)]
    (ranking,) = make_board(rows, own).shown
    (claim,) = floor_claims(ranking, BOLTZMANN)
    assert [(part.of, part.verdict) for part in claim.answers[0].parts] == [
        ("potentials, free energies", verdict),
        ("riboswitch, free energies", verdict),
    ]


def test_unit_that_failed_counts_as_trivial(
    make_submission: MakeSubmission, tasks: Tasks, own: Tasks
):
    tasks |= own
    made = make_submission("lstm", dict.fromkeys(own, 1.0), spread=0.0)
    first, *others = made.result.units
    failed = first.model_copy(update={"status": "failed", "metrics": {}})
    result = made.result.model_copy(update={"units": [failed, *others]})
    (ranking,) = make_board([replace(made, result=result)], own).shown
    found = against(ranking.rows[0], ranking.cards, BOLTZMANN)
    errors = found[0].errors["free_energy_error"]
    assert errors.tolist() == pytest.approx([TRIVIAL, FLOOR, FLOOR])


def test_nothing_is_claimed_of_another_model(
    make_submission: MakeSubmission, tasks: Tasks, own: Tasks
):
    tasks |= own
    (ranking,) = make_board([make_submission("msm", dict.fromkeys(own, 1.0))], own).shown
    assert floor_claims(ranking, BOLTZMANN) == []


def trace(name: str, tells: bool, ratio: float) -> Trace:
    metrics = {
        metric: TraceError(
            floor=0.1, floor_stderr=0.0, tells=tells, errors=[ratio * 0.1 * x for x in TIGHT]
        )
        for metric in ("mfpt_error", "its_error", "free_energy_error")
    }
    return Trace(trace=name, frames=1000, labels=20, macrostates=2, slowest=10.0, metrics=metrics)


def test_trace_that_drifts_too_much_is_named_and_left_out(
    make_submission: MakeSubmission, tasks: Tasks, own: Tasks
):
    tasks |= own
    (ranking,) = make_board([make_submission("lstm", dict.fromkeys(own, 1.0))], own).shown
    measured = Traces(model="lstm", traces=[trace("steady", True, 1.0), trace("drift", False, 9.0)])
    (claim,) = trace_claims(ranking, measured)
    assert {part.verdict for part in claim.answers[0].parts} == {"holds"}
    assert "Left out, too short for that or drifting too much: `drift`." in claim.blocks[0].text
    assert trace_claims(ranking, None) == []
    assert trace_claims(ranking, measured.model_copy(update={"model": "gru"})) == []
