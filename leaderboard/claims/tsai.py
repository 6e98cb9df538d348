"""The claims of Tsai, Kuo and Tiwary that errors E against f decide: what an LSTM has learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leaderboard.board import Ranking
from leaderboard.claims.against_floor import (
    Against,
    Claimed,
    Floor,
    Measure,
    against,
    decided_claim,
)
from leaderboard.claims.claim import Claim
from leaderboard.claims.evidence import Trace, Traces

MODEL = "lstm"

#: The family of tasks that stand for such traces.
SYNTHETIC = "riboswitch"

#: Of a trace whose pieces differ too much for it, no model can be right.
STEADY = "mfpt_error"

TSAI = "Tsai, Kuo, Tiwary, arXiv:2004.12360"

BOLTZMANN = Claimed(
    code="T1",
    id="boltzmann",
    title="The LSTM captures Boltzmann statistics",
    statement="the LSTM captures Boltzmann statistics",
    source=f"{TSAI}: the generated trajectories have the populations of the true ones.",
    measures=(
        Measure("free_energy_error", "free energies"),
        # A divergence of near distributions is a square of their difference.
        Measure("population_error", "populations", power=0.5),
    ),
    remark="Free energies of the macrostates, rms in kT; populations, Jensen–Shannon divergence: "
    "the root of E/f, as it grows with the square of a difference.",
)

TIMESCALES = Claimed(
    code="T2",
    id="timescales",
    title="The LSTM has the kinetics over a large spectrum of timescales",
    statement="the LSTM has the kinetics over a large spectrum of timescales",
    source=f"{TSAI}: kinetics are reproduced over many orders of magnitude of time, as the "
    "curve of committed transitions shows.",
    measures=(
        Measure("its_error", "implied timescales", kinetic=True),
        Measure("commit_error", "committed jumps", kinetic=True),
    ),
    remark="Implied timescales of all resolved processes at all lags, rms ln(t̂/t); the curve of "
    "committed jumps at all thresholds, mean |ln(N̂/N)|.",
)


MEASURED = Claimed(
    code="T4",
    id="traces",
    title="The LSTM learns a measured riboswitch trace",
    statement="the LSTM learns a measured riboswitch trace",
    source=f"{TSAI}: the network learns a trace of force spectroscopy, of a riboswitch.",
    measures=(*BOLTZMANN.measures, *TIMESCALES.measures),
    remark="Public traces at 10 kHz, each cut into training replicas and held-out data; f is what "
    "other pieces of the same trace, as long as a replica, are off from the held-out data, so that "
    "it holds the drift of the instrument. A trace counts where passage times have E₀/f ≥ 3. How "
    "to get and import them, and their statistics beside those of the synthetic tasks, is in "
    "`tasks/riboswitch/README.md`.",
)


def floor_claims(ranking: Ranking, claimed: Claimed) -> list[Claim]:
    """Decide a claim from the row of its model; nothing without one."""
    row = next((row for row in ranking.rows if row.name == MODEL), None)
    found = [] if row is None else against(row, ranking.cards, claimed)
    return decided_claim(claimed, found, ranking.track.name)


def trace_claims(ranking: Ranking, traces: Traces | None) -> list[Claim]:
    """Decide the claim about measured traces, beside synthetic ones that the model has run."""
    known = {row.name: row.tasks for row in ranking.rows}
    if traces is None or not any(
        task.startswith(f"{SYNTHETIC}/") for task in known.get(traces.model, [])
    ):
        return []
    found = [_on_trace(one) for one in traces.traces if one.metrics[STEADY].tells]
    left_out = [f"`{one.trace}`" for one in traces.traces if not one.metrics[STEADY].tells]
    remark = MEASURED.remark
    if left_out:
        remark += f" Left out, too short for that or drifting too much: {', '.join(left_out)}."
    return decided_claim(replace(MEASURED, remark=remark), found, ranking.track.name)


def _on_trace(trace: Trace) -> Against:
    known = {
        one.metric: trace.metrics[one.metric]
        for one in MEASURED.measures
        if one.metric in trace.metrics and (trace.metrics[one.metric].tells or not one.kinetic)
    }
    return Against(
        name=trace.trace,
        family="measured traces",
        slowest=trace.slowest,
        errors={name: np.array(one.errors) for name, one in known.items()},
        floors={name: Floor(one.floor, one.floor_stderr) for name, one in known.items()},
    )
