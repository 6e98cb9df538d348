"""The claim that vibrations too fast for the kept frames are filled in as if nothing were missing.

The vibrational density of states of a reconstruction is compared with that of the truth, and the
same is done with other true segments in its place (`python -m tasks.md17.vibrations`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from leaderboard.board import Ranking
from leaderboard.claims.claim import Answer, Claim, Dots, Panel, Table, table, text
from leaderboard.claims.compared import Compared, Dynamics, compared_rows, dynamics_of
from leaderboard.claims.deciding import TOGETHER, Effect, Rule, decide, told
from leaderboard.claims.evidence import Vibrations, holds_for
from leaderboard.claims.ratios import SAMPLE
from leaderboard.significance import sample_mean
from leaderboard.tables import NO_VALUE

ID = "vibrations"

CLAIMED = "bi-lstm"

#: cm⁻¹: stretches of bonds to hydrogen begin here.
FAST = 2000.0

SPEED_OF_LIGHT = 2.99792458e-5  # cm/fs

#: Below 1, a reconstruction is nearer to the truth than truth itself is.
RULE = Rule(above=False, holds=0.0, fails=0.0, log=True)

SOURCE = (
    "Winkler, Müller, Sauceda, arXiv:2201.01195: full cycles of vibrations that the kept frames do "
    "not show are filled in, indistinguishable from the true ones."
)

CLAIM = f"""
Kept frames k steps h apart show wavenumbers up to 1/(2khc). Where that is below {FAST:,.0f} cm⁻¹, \
the stretches of bonds to hydrogen are unseen. W₁ is the distance of the reconstruction's \
vibrational density of states from the true one; *power* is |ln| of the ratio of what is above \
{FAST:,.0f} cm⁻¹. Both are divided by what they are when other true segments of the molecule, as \
many and as long, stand in the place of the reconstruction: geometric mean over molecules. The \
claim holds where that is surely below 1, and does not hold where it is surely above: by Student's \
t over the molecules where there are {SAMPLE} or more, else by the standard errors, {{together}}. \
In 2.5 ps modes hardly exchange energy, so that true segments differ by much: this is the least \
that can be asked. A model that reads velocities too, or forces as well, is told of twice or three \
times these wavenumbers: up to 2,500 cm⁻¹ at k = 40, which still hides the stretches (from 2,900 \
cm⁻¹ on), and at k = 20 beyond them.
"""


@dataclass(frozen=True)
class Measure:
    """What is compared: a metric of a row, and what true segments have of it."""

    metric: str
    title: str

    def of_truth(self, found: Vibrations) -> tuple[float, float]:
        """Give the mean over sets of true segments, and its standard error."""
        values = found.distance if self.metric == "vdos_w1" else np.abs(found.high).tolist()
        mean, stderr, _ = sample_mean(values)
        return mean, stderr


MEASURES = (Measure("vdos_w1", "W₁"), Measure("vdos_high", "power"))

# Task id → its card, and what true segments differ by.
Truths = Mapping[str, tuple[TaskCard, Vibrations]]


def vibration_claims(ranking: Ranking, segments: Mapping[str, Vibrations]) -> list[Claim]:
    """Decide the claim; nothing without the claimed network or evidence."""
    truths = {
        card.id: (card, segments[card.id])
        for card in ranking.cards
        if card.id in segments and holds_for(segments[card.id], card) and _unseen(card)
    }
    made = sorted({dynamics_of(card) for card, _ in truths.values()})
    compared = [compared_rows(ranking, one) for one in made]
    effects = [
        effect
        for one in compared
        for gap in _gaps(one, truths)
        for measure in MEASURES
        if (effect := _effect(CLAIMED, one, gap, measure, truths))
    ]
    if not effects:
        return []
    parts = decide(effects, RULE)
    answer = Answer(
        code="W5",
        statement="unseen fast vibrations are filled in, indistinguishable from true ones",
        quantity="over true segments",
        parts=parts,
    )
    together = TOGETHER.format(number=len(parts))
    claim = Claim(
        id=ID,
        track=ranking.track.name,
        title="Unseen fast vibrations are filled in, indistinguishable from true ones",
        source=SOURCE,
        blocks=[
            *told(answer, CLAIM.format(together=together), "where"),
            _figure(compared, truths),
            text("What true segments differ by themselves, smallest and largest of the molecules:"),
            _yardsticks(compared, truths),
            text("Every model over that, geometric mean over molecules:"),
            _table(compared, truths),
        ],
        answers=[answer],
    )
    return [claim]


def nyquist(card: TaskCard) -> float:
    """Give the highest wavenumber, cm⁻¹, that the kept frames of a task show."""
    return 1 / (2 * int(card.particulars["gap"]) * card.frame_time * SPEED_OF_LIGHT)


def _unseen(card: TaskCard) -> bool:
    return nyquist(card) < FAST


def _ratios(
    model: str, compared: Compared, gap: int, measure: Measure, truths: Truths
) -> list[tuple[float, float]]:
    """Give ln of a model's value over that of true segments, and its standard error, by task."""
    row = next((one for one in compared.rows if one.name == model), None)
    found = []
    for task in compared.ran(row) if row else []:
        if task in truths and compared.places[task][0] == gap:
            metric = row.submission.tasks[task].metrics.get(measure.metric) if row else None
            if metric is not None and metric.value > 0:
                found.append(_ratio(metric, *measure.of_truth(truths[task][1])))
    return found


def _ratio(metric: TaskMetric, truth: float, stderr: float) -> tuple[float, float]:
    known = 0.0 if math.isnan(metric.stderr) else metric.stderr
    error = math.hypot(known / metric.value, stderr / truth)
    return math.log(metric.value / truth), error


def _effect(
    model: str, compared: Compared, gap: int, measure: Measure, truths: Truths
) -> Effect | None:
    found = _ratios(model, compared, gap, measure, truths)
    if not found:
        return None
    n = len(found)
    mean, stderr, freedom = sample_mean([value for value, _ in found])
    if not compared.sample:
        stderr, freedom = math.hypot(*(error for _, error in found)) / n, math.inf
    where = f"{_named(compared.made)}, k = {gap}, {measure.title}"
    return Effect(where, mean, stderr, freedom, f"{n} molecules")


def _named(made: Dynamics) -> str:
    return made.thermostat or "constant energy"


def _gaps(compared: Compared, truths: Truths) -> list[int]:
    """Give the gaps beyond which something is unseen."""
    return sorted({gap for task, (gap, _) in compared.places.items() if task in truths})


def _models(compared: Sequence[Compared]) -> list[str]:
    return sorted({row.name for one in compared for row in one.rows if row.role == "model"})


def _figure(compared: Sequence[Compared], truths: Truths) -> Dots:
    """Draw W₁ alone, a panel a kind of dynamics and gap."""
    models, panels = _models(compared), []
    for one in compared:
        for gap in _gaps(one, truths):
            effects = [_effect(model, one, gap, MEASURES[0], truths) for model in models]
            logs = [(x.value, x.stderr) if x else None for x in effects]
            panels.append(Panel.of_logarithms(f"{_named(one.made)}, k = {gap}", logs))
    return Dots(
        name=ID,
        caption="W₁ of reconstructions from the truth over that between true segments, with "
        "standard errors: left of the line it cannot tell one from the other.",
        axis="over true segments",
        log=True,
        marks=[1.0],
        labels=models,
        bold=[CLAIMED],
        panels=panels,
    )


def _yardsticks(compared: Sequence[Compared], truths: Truths) -> Table:
    rows = []
    for one in compared:
        found = [truths[task][1] for task in one.places if task in truths]
        distances, powers = ([measure.of_truth(x)[0] for x in found] for measure in MEASURES)
        rows.append(
            {
                "dynamics": _named(one.made),
                "W₁, cm⁻¹": f"{min(distances):.0f} … {max(distances):.0f}",
                "power, abs. ln": f"{min(powers):.2f} … {max(powers):.2f}",
            }
        )
    return table(rows)


def _table(compared: Sequence[Compared], truths: Truths) -> Table:
    rows = []
    for model in _models(compared):
        cells = {"model": f"`{model}`"}
        for one in compared:
            for gap in _gaps(one, truths):
                for measure in MEASURES:
                    effect = _effect(model, one, gap, measure, truths)
                    heading = f"{_named(one.made)}, k = {gap}, {measure.title}"
                    cells[heading] = f"{math.exp(effect.value):.2g}" if effect else NO_VALUE
        rows.append(cells)
    return table(rows)
