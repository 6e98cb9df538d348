"""Whether an error is near that of fresh data: planted E/f of a known size and spread."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from leaderboard.board import make_board
from leaderboard.claims.against_floor import (
    BOLTZMANN,
    TIMESCALES,
    Against,
    Floor,
    against,
    decided_claim,
    floor_claims,
    trace_claims,
)
from leaderboard.claims.evidence import Trace, TraceError, Traces
from tests.leaderboard.synthetic import FLOOR, TRIVIAL, MakeSubmission, Tasks, make_task

ONE = TIMESCALES.measures[0].metric
TIGHT = (0.98, 1.0, 1.0, 1.0, 1.02)
WIDE = (0.2, 0.5, 1.0, 1.2, 1.8)


def on(ratio: float, spread: tuple[float, ...] = TIGHT, name: str = "a", share: float = 0.0):
    """Give a task on which E/f is some ratio, over replicas that spread about it."""
    errors = ratio * 0.1 * np.array(spread)
    return Against(name, "family", 10.0, {ONE: errors}, {ONE: Floor(0.1, share * 0.1)})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([on(1.0)], "holds"),
        ([on(5.0)], "does not hold"),
        ([on(1.9, WIDE)], "undecided"),
        ([on(1.0, share=2.0)], "undecided"),  # f itself is not known
        ([on(1.0), on(8.0, name="b")], "does not hold"),  # their geometric mean is √8
    ],
)
def test_verdict_is_that_of_the_planted_ratio(found: list[Against], verdict: str):
    (claim,) = decided_claim(TIMESCALES, found, "kinetics")
    (part,) = claim.answers[0].parts
    assert part.verdict == verdict
    assert part.of == "family, implied timescales"


def test_ratio_and_its_interval_are_those_of_a_jackknife():
    (claim,) = decided_claim(TIMESCALES, [on(1.0, WIDE)], "kinetics")
    (part,) = claim.answers[0].parts
    errors = np.array(WIDE)
    left_out = [math.log(math.sqrt(np.mean(np.delete(errors, i) ** 2))) for i in range(5)]
    stderr = math.sqrt(4 * np.var(left_out))
    assert part.value == pytest.approx(math.sqrt(np.mean(errors**2)))
    assert part.high == pytest.approx(part.value * math.exp(2.7764 * stderr), rel=1e-4)
    assert part.size == "1 task × 5 replicas"


def test_populations_count_by_the_root_of_a_divergence():
    metric = BOLTZMANN.measures[1].metric
    found = Against("a", "family", 10.0, {metric: np.full(5, 0.4)}, {metric: Floor(0.1, 0.0)})
    (claim,) = decided_claim(BOLTZMANN, [found], "kinetics")
    assert claim.answers[0].parts[0].value == pytest.approx(2.0)


def test_nothing_is_claimed_of_nothing():
    assert decided_claim(TIMESCALES, [], "kinetics") == []


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
