r"""The claim that networks which fill in frames are robust to noisy dynamics: what noise costs.

Of a molecule at a gap let E₀ be a model's error at constant energy (`md17-xtb`), E that under a
thermostat (`md17-xtb-nvt`), and u what the noise itself leaves unknown there: f of the card, but a
friction that all atoms share is a smooth force, and leaves nothing unknown. An error of the model's
own and what nobody can know add up as squares, so that

.. math:: L = \ln \frac{E}{\sqrt{E_0^2 + u^2}}

is what noise costs it beyond that: 0 for a model that it does not disturb.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Answer, Claim, Dots, Panel, Table, Verdict, table, text
from leaderboard.claims.deciding import Effect, Rule, decide, told
from leaderboard.ranking import Row
from leaderboard.significance import holm, p_value
from leaderboard.tables import NO_VALUE

CALM, NOISY = "md17-xtb", "md17-xtb-nvt"

ERROR = "mae"

#: Å, what the paper says its networks reach: the f of a card where no noise sets one.
REACHED = 1e-4

CLAIMED = "bi-lstm"

#: More than a factor of two lost to noise is not robust.
ROBUST = math.log(2)

RULE = Rule(above=False, holds=ROBUST, fails=ROBUST, log=True)

ID = "noise"
TITLE = "Networks that fill in frames are robust to noisy dynamics"

SOURCE = (
    "Winkler, Müller, Sauceda, arXiv:2201.01195: the method is robust to noise in the trajectory, "
    "and the Bi-LSTM is the best of the networks."
)

CLAIM = """
What a thermostat costs a model: its error over √(E₀² + u²), with E₀ its error on the same molecule
and gap at constant energy and u what the noise itself leaves unknown (under `global`, one smooth
friction for all atoms, nothing). Geometric mean over molecules and gaps with its standard error,
from those of the errors of each task; 1 is undisturbed. In brackets on how many tasks the model has
the smallest error of all models.
"""

REST = """
The error itself over f, averaged likewise, the best first. Where f is of kicks no model can be far
below 1; under `global` f is the 1e-4 Å that the paper reports.
"""

RULE_TEXT = """A model counts as robust under a thermostat where this is surely below 2, and as not
robust where it is surely above: at 5 %, for all its thermostats together (Holm). Otherwise it is
undecided. Of the claimed network, `{model}`:
"""


@dataclass(frozen=True)
class Cost:
    """What a thermostat costs a model, over tasks.

    Attributes
    ----------
    loss, stderr : float
        Mean of L, and its standard error.
    rest, rest_stderr : float
        Mean of ln(E/f), and its standard error.
    tasks : int
    best : int
        Tasks on which no row has a smaller error.
    """

    loss: float
    stderr: float
    rest: float
    rest_stderr: float
    tasks: int
    best: int

    @property
    def p_value(self) -> float:
        """The chance of a loss so far from `ROBUST` on either side if it were that."""
        return p_value(self.loss - ROBUST, self.stderr, math.inf)


# Model → thermostat → what it costs.
Costs = Mapping[str, Mapping[str, Cost]]

# Thermostat → card of a task under it, and of its twin at constant energy.
Pairs = Mapping[str, list[tuple[TaskCard, TaskCard]]]


def noise_claims(ranking: Ranking) -> list[Claim]:
    """Decide the claim; nothing without the claimed network in both families."""
    costs = noise_costs(ranking)
    if not costs:
        return []
    verdicts = {model: _verdicts(model, found) for model, found in costs.items()}
    sentences = [_sentence(verdict, costs) for verdict in verdicts[CLAIMED]]
    answer = Answer(
        code="W4",
        statement="the Bi-LSTM is robust to noisy dynamics",
        quantity="cost",
        parts=decide([_effect(name, cost) for name, cost in costs[CLAIMED].items()], RULE),
    )
    claim = Claim(
        id=ID,
        track=ranking.track.name,
        title=TITLE,
        source=SOURCE,
        blocks=[
            _figure(costs),
            text(CLAIM),
            _table(costs),
            text(REST),
            _rest_table(costs),
            text("\n".join([RULE_TEXT.format(model=CLAIMED), *sentences])),
            *told(answer, f"The same of `{CLAIMED}`, with intervals:", "thermostat"),
        ],
        verdicts=[verdict for found in verdicts.values() for verdict in found],
        answers=[answer],
    )
    return [claim]


def _effect(name: str, cost: Cost) -> Effect:
    return Effect(name, cost.loss, cost.stderr, math.inf, f"{cost.tasks} tasks")


def _figure(costs: Costs) -> Dots:
    """Draw a panel a thermostat and a line a model."""
    panels = []
    for name in sorted({name for found in costs.values() for name in found}):
        some = [found.get(name) for found in costs.values()]
        logs = [(one.loss, one.stderr) if one else None for one in some]
        panels.append(Panel.of_logarithms(name, logs))
    return Dots(
        name=ID,
        caption="What a thermostat costs each model, with standard errors: left of the first line "
        "it costs nothing, right of the second it is not robust.",
        axis="cost",
        log=True,
        marks=[1.0, math.exp(ROBUST)],
        labels=list(costs),
        bold=[CLAIMED],
        panels=panels,
    )


def noise_costs(ranking: Ranking) -> Costs:
    """Give what each thermostat costs each model, the one that loses least first.

    Nothing without the claimed network in both families.
    """
    pairs = _pairs(ranking)
    costs = {row.name: _costs(row, pairs, ranking) for row in ranking.rows if row.role == "model"}
    shown = {name: found for name, found in costs.items() if found}
    if CLAIMED not in shown:
        return {}

    def lost(name: str) -> float:
        return fmean(cost.loss for cost in shown[name].values())

    return {name: shown[name] for name in sorted(shown, key=lambda name: (lost(name), name))}


def _pairs(ranking: Ranking) -> Pairs:
    """Pair each task under a thermostat with the task of its molecule and gap without one."""
    calm = {_place(card): card for card in ranking.cards if card.family == CALM}
    pairs = defaultdict(list)
    for card in ranking.cards:
        if card.family == NOISY and _place(card) in calm:
            pairs[thermostat(card)].append((card, calm[_place(card)]))
    return dict(sorted(pairs.items()))


def _place(card: TaskCard) -> tuple[str, int]:
    return str(card.particulars["molecule"]), int(card.particulars["gap"])


def thermostat(card: TaskCard) -> str:
    """Give the thermostat of a task, the part of its id between molecule and gap; "" if none."""
    molecule, gap = _place(card)
    name, start = card.id.partition("/")[2], molecule.replace(" ", "-")
    if not name.startswith(start):
        return ""
    return name.removeprefix(start).removesuffix(f"-k{gap}").removeprefix("-")


def _costs(row: Row, pairs: Pairs, ranking: Ranking) -> dict[str, Cost]:
    """Give what each thermostat costs a model, over the tasks that it has run with their twins."""
    found = {}
    for name, cards in pairs.items():
        ran = [(noisy, calm) for noisy, calm in cards if {noisy.id, calm.id} <= set(row.tasks)]
        if not ran:
            continue
        losses = [
            _loss(_error(row, noisy), _error(row, calm), _unknown(noisy)) for noisy, calm in ran
        ]
        rests = [_rest(_error(row, noisy), _floor(noisy)) for noisy, _ in ran]
        best = sum(_error(row, noisy).value <= min(_errors(noisy, ranking)) for noisy, _ in ran)
        found[name] = Cost(
            loss=fmean(loss for loss, _ in losses),
            stderr=math.hypot(*(error for _, error in losses)) / len(losses),
            rest=fmean(rest for rest, _ in rests),
            rest_stderr=math.hypot(*(error for _, error in rests)) / len(rests),
            tasks=len(losses),
            best=best,
        )
    return found


def _loss(noisy: TaskMetric, calm: TaskMetric, unknown: float) -> tuple[float, float]:
    """Give L and its standard error, with those of both errors independent."""
    squares = calm.value**2 + unknown**2
    loss = math.log(noisy.value / math.sqrt(squares))
    return loss, math.hypot(noisy.stderr / noisy.value, calm.value * calm.stderr / squares)


def _rest(noisy: TaskMetric, floor: float) -> tuple[float, float]:
    """Give ln(E/f) and its standard error."""
    return math.log(noisy.value / floor), noisy.stderr / noisy.value


def _error(row: Row, card: TaskCard) -> TaskMetric:
    return row.submission.tasks[card.id].metrics[ERROR]


def _errors(card: TaskCard, ranking: Ranking) -> list[float]:
    return [
        _error(row, card).value
        for row in ranking.rows
        if row.role == "model" and card.id in row.tasks
    ]


def _floor(card: TaskCard) -> float:
    """Give f, which every scored metric has."""
    floor = card.metrics[ERROR].floor
    return math.nan if floor is None else floor


def _unknown(card: TaskCard) -> float:
    """Give what the noise leaves unknown, Å."""
    floor = _floor(card)
    return 0.0 if floor == REACHED else floor


def _table(costs: Costs) -> Table:
    return _by_thermostat(costs, lambda cost: f"{_factor(cost)} ({cost.best} of {cost.tasks})")


def _rest_table(costs: Costs) -> Table:
    def rest(name: str) -> float:
        return fmean(cost.rest for cost in costs[name].values())

    ordered = {name: costs[name] for name in sorted(costs, key=rest)}
    return _by_thermostat(ordered, lambda cost: _power(cost.rest, cost.rest_stderr))


def _by_thermostat(costs: Costs, shown: Callable[[Cost], str]) -> Table:
    thermostats = sorted({name for found in costs.values() for name in found})
    return table(
        [
            {"model": f"`{model}`"}
            | {name: shown(found[name]) if name in found else NO_VALUE for name in thermostats}
            for model, found in costs.items()
        ]
    )


def _factor(cost: Cost) -> str:
    return _power(cost.loss, cost.stderr)


def _power(log: float, stderr: float) -> str:
    factor = math.exp(log)
    return with_error(factor, factor * stderr)


def _verdicts(model: str, costs: Mapping[str, Cost]) -> list[Verdict]:
    """Decide for each thermostat whether a model is robust."""
    found = []
    sure = holm([cost.p_value for cost in costs.values()])
    for (name, cost), is_sure in zip(costs.items(), sure, strict=True):
        word = "robust" if cost.loss < ROBUST else "not robust"
        found.append(
            Verdict(
                of={"model": model, "thermostat": name},
                verdict=word if is_sure else "undecided",
                value=cost.loss,
                stderr=cost.stderr,
            )
        )
    return found


def _sentence(verdict: Verdict, costs: Costs) -> str:
    name = verdict.of["thermostat"]
    cost = costs[CLAIMED][name]
    others = [one[name] for model, one in costs.items() if model != CLAIMED and name in one]
    less = sum(other.loss < cost.loss for other in others)
    return (
        f"- **{name}**: {verdict.verdict}; its error is {_factor(cost)} times what it would be, "
        f"and {less} of {len(others)} other models lose less. It is the best on {cost.best} of "
        f"{cost.tasks} tasks."
    )
