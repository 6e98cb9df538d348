"""Claims that a model gets something as right as its training data allow: errors E against f.

f is the error of a fresh true chain as long as the training data, and that of a chain of a quarter
of the length is twice as large. So a model that learns all that is in its data stays near f.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.claims.claim import Answer, Claim, Dots, Panel, Table, table, text
from leaderboard.claims.deciding import TOGETHER, Effect, Rule, decide, told
from leaderboard.claims.replicas import Floats, jackknifed, replica_errors, root_mean_square
from leaderboard.ranking import Row
from leaderboard.tables import NO_VALUE

#: The error of a quarter of the data.
QUARTER = 2.0

RULE = Rule(above=False, holds=math.log(QUARTER), fails=math.log(QUARTER), log=True)

RULE_TEXT = """
E is the model's error, root mean square over its training replicas, and f that of fresh true data
as long as the training data; E/f is their geometric mean over tasks. The claim holds where E/f is
surely below 2, the error of a quarter of the data, and does not hold where it is surely above: by a
jackknife over the replicas, with the error of f, {together}.
"""


@dataclass(frozen=True)
class Measure:
    """A metric that has an f.

    Attributes
    ----------
    metric : str
    title : str
    power : float
        Of E/f, such that the data of a quarter give 2.
    kinetic : bool
        Whether it is asked for only where E₀/f is large enough to tell a good model from a bad
        one. The trivial model has the populations of the training data, and so E₀ = f there.
    """

    metric: str
    title: str
    power: float = 1.0
    kinetic: bool = False


@dataclass(frozen=True)
class Claimed:
    """A claim of this kind; a further one is a further record.

    Attributes
    ----------
    code, id, title, statement, source : str
    measures : tuple of Measure
    remark : str
        On the measures.
    """

    code: str
    id: str
    title: str
    statement: str
    source: str
    measures: tuple[Measure, ...]
    remark: str


@dataclass(frozen=True)
class Floor:
    """f of a metric on a task, and its standard error."""

    value: float
    stderr: float


@dataclass(frozen=True)
class Against:
    """A model's errors on one task.

    Attributes
    ----------
    name, family : str
    slowest : float
        Slowest relaxation time, frames.
    errors : mapping of metric to float64 array of shape (replicas,)
    floors : mapping of metric to Floor
        Of the same metrics.
    """

    name: str
    family: str
    slowest: float
    errors: Mapping[str, Floats]
    floors: Mapping[str, Floor]

    def ratio(self, measure: Measure) -> tuple[float, float]:
        """Give (E/f)^power and its standard error, over replicas and with that of f."""
        value, stderr, _ = _log_ratio([self], measure)
        return math.exp(value), math.exp(value) * stderr


def against(row: Row, cards: Sequence[TaskCard], claimed: Claimed) -> list[Against]:
    """Collect a row's errors on the tasks that it has run and that have an f."""
    found = []
    for card in cards:
        floors = {
            one.metric: Floor(scale.floor, scale.floor_stderr)
            for one in claimed.measures
            if (scale := card.metrics.get(one.metric))
            and scale.floor
            and (scale.counts or not one.kinetic)
        }
        if card.id in row.tasks and floors:
            slowest = float(card.particulars.get("slowest_frames", math.nan))
            errors = {name: replica_errors(row, card, name) for name in floors}
            found.append(Against(card.id, card.family, slowest, errors, floors))
    return found


def decided_claim(claimed: Claimed, found: Sequence[Against], track: str) -> list[Claim]:
    """Decide a claim from errors on tasks; nothing without any."""
    effects = _effects(claimed, found)
    if not effects:
        return []
    parts = decide(effects, RULE)
    answer = Answer(code=claimed.code, statement=claimed.statement, quantity="E/f", parts=parts)
    together = TOGETHER.format(number=len(parts))
    claim = Claim(
        id=claimed.id,
        track=track,
        title=claimed.title,
        source=claimed.source,
        blocks=[
            text(claimed.remark),
            *told(answer, RULE_TEXT.format(together=together), "where"),
            _figure(claimed, found),
            _table(claimed, found),
        ],
        answers=[answer],
    )
    return [claim]


def _effects(claimed: Claimed, found: Sequence[Against]) -> list[Effect]:
    """Give ln E/f of each family and measure."""
    effects = []
    for measure in claimed.measures:
        some = [one for one in found if measure.metric in one.errors]
        for family in dict.fromkeys(one.family for one in some):
            members = [one for one in some if one.family == family]
            replicas = min(len(one.errors[measure.metric]) for one in members)
            size = f"{len(members)} task{'s' * (len(members) > 1)} × {replicas} replicas"
            of = f"{family}, {measure.title}"
            effects.append(Effect(of, *_log_ratio(members, measure), size))
    return effects


def _log_ratio(some: Sequence[Against], measure: Measure) -> tuple[float, float, float]:
    """Give the mean of ln E/f over tasks, its standard error, and degrees of freedom."""
    floors = [one.floors[measure.metric] for one in some]

    def mean(errors: Sequence[Floats]) -> float:
        # An error below f/100 counts as f/100, as in the score.
        ratios = [
            max(root_mean_square(one) / floor.value, 0.01)
            for one, floor in zip(errors, floors, strict=True)
        ]
        return measure.power * math.fsum(map(math.log, ratios)) / len(ratios)

    value, stderr, freedom = jackknifed([one.errors[measure.metric] for one in some], mean)
    # Tasks of a family share their fresh chains, so that the errors of f add up.
    of_floor = math.fsum(floor.stderr / floor.value for floor in floors) / len(floors)
    error = math.hypot(stderr, measure.power * of_floor)
    # f is from many fresh chains: the degrees of freedom of a sum of variances are Welch's.
    return value, error, freedom * (error / stderr) ** 4 if stderr > 0 else math.inf


def _figure(claimed: Claimed, found: Sequence[Against]) -> Dots:
    panels = []
    for measure in claimed.measures:
        logs = [
            _log_ratio([one], measure)[:2] if measure.metric in one.errors else None
            for one in found
        ]
        panels.append(Panel.of_logarithms(measure.title, logs))
    return Dots(
        name=claimed.id,
        caption="E/f on every task, with standard errors: at the first line as good as fresh data "
        "of the training length, at the second as those of a quarter of it.",
        axis="E/f",
        log=True,
        marks=[1.0, QUARTER],
        labels=[one.name for one in found],
        panels=panels,
    )


def _table(claimed: Claimed, found: Sequence[Against]) -> Table:
    rows = []
    for one in found:
        cells = {
            measure.title: with_error(*one.ratio(measure))
            if measure.metric in one.errors
            else NO_VALUE
            for measure in claimed.measures
        }
        rows.append({"task": f"`{one.name}`", "t₂, frames": f"{one.slowest:,.0f}", **cells})
    return table(rows)
