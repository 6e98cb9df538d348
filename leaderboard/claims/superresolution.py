"""The claims about filling in hidden frames: tables over molecules, verdicts by rule.

Each kind of dynamics, a family and its thermostat if it has one, is a section of its own: an error
of one molecule at one gap means nothing beside that under another thermostat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Claim, Table, Text, Verdict, table, text
from leaderboard.claims.noise import CALM, noise_claims, thermostat
from leaderboard.ranking import Row
from leaderboard.significance import LEVEL, p_value, t_quantile
from leaderboard.tables import NO_VALUE, rms_percent

#: Å, what the paper says its networks reach.
REACHED = 1e-4

ERROR = "mae"

#: The paper's networks, from one end of a gap; each has a twin that comes from both.
ONE_WAY = ("rnn", "lstm", "node", "hnn")
BOTH_WAYS = tuple(f"bi-{name}" for name in ONE_WAY)
BEST_CLAIMED = "bi-lstm"

#: Molecules that are a sample of molecules. Of fewer, what counts is how well errors are known.
SAMPLE = 3

ID, TITLE = "hidden-frames", "A Bi-LSTM fills in hidden frames best, to 1e-4 Å"

SOURCE = """
Winkler, Müller, Sauceda, arXiv:2201.01195: networks that come from both ends of a gap are better
than those that come from one, the Bi-LSTM is the best of them, and accuracies up to 1e-4 Å are
reached.
"""

CLAIM = """
Geometric mean over molecules of the mean absolute error of the scored frames, in mÅ, by the number
of frames k of which one is kept, and in brackets on how many molecules it is below 1e-4 Å (0.1 mÅ).
"""

TWINS = """
Error from one end over the error from both, geometric mean over molecules with its standard error,
and in brackets on how many molecules both ends are better. {sample} the ratio differs
from 1 at 5 % where it is off by {reach:.1f} of its standard errors.
"""

RULE = f"""
Of the paper's networks, `{BEST_CLAIMED}` counts as beaten where another one has a smaller error \
{{by}}, at 5 % for all gaps together (Bonferroni).
"""

#: What the two say of a sample of molecules, and of fewer.
WITH_MOLECULES = "With {number} molecules"
WITH_FEWER = "It is from those of the errors, and tells of these molecules only:"
BY_MOLECULES = "by Student's t over the ln ratios of the molecules"
BY_ERRORS = "by the standard errors of both, and so on these molecules only"

SEEDS = """
What a seed changes: standard deviation of the error over seeds, in per cent of the error, root mean
square over the molecules with several seeds.
"""

# Model → (gap, molecule) → error in Å.
Errors = Mapping[str, Mapping[tuple[int, str], TaskMetric]]


@dataclass(frozen=True, order=True)
class Dynamics:
    """How the frames were made.

    Attributes
    ----------
    family : str
    thermostat : str
        Empty at constant energy.
    """

    family: str
    thermostat: str


@dataclass(frozen=True)
class Ratio:
    """ln of the ratio of two models' errors, mean over molecules.

    Attributes
    ----------
    value, stderr : float
    freedom : float
        Degrees of freedom of the standard error.
    better, molecules : int
        Molecules with a ratio above 1, and all of them.
    """

    value: float
    stderr: float
    freedom: float
    better: int
    molecules: int

    def __str__(self) -> str:
        """Give the ratio with its error, and on how many molecules it is above 1."""
        ratio = math.exp(self.value)
        return f"{with_error(ratio, ratio * self.stderr)} ({self.better} of {self.molecules})"


def superresolution_claims(ranking: Ranking) -> list[Claim]:
    """Decide the claims; nothing without a row of the paper's networks."""
    made = sorted({_dynamics(card) for card in ranking.cards})
    return [*(claim for one in made for claim in _networks(ranking, one)), *noise_claims(ranking)]


def _dynamics(card: TaskCard) -> Dynamics:
    return Dynamics(card.family, thermostat(card))


def _networks(ranking: Ranking, made: Dynamics) -> list[Claim]:
    """Compare the networks under one kind of dynamics: one task a molecule and gap."""
    places = {card.id: _place(card) for card in ranking.cards if _dynamics(card) == made}
    rows = [row for row in ranking.rows if _ran(row, places)]
    rows.sort(key=lambda row: row.name)
    errors = {
        row.name: {places[task]: _metric(row, task) for task in _ran(row, places)} for row in rows
    }
    if not set(errors) & {*ONE_WAY, *BOTH_WAYS}:
        return []
    gaps = sorted({gap for gap, _ in places.values()})
    blocks: list[Text | Table] = [text(CLAIM), _order(errors, gaps)]
    molecules = len({molecule for _, molecule in places.values()})
    if twins := _twins(errors, gaps):
        blocks += [text(_twins_text(molecules)), table(twins)]
    best = _best(errors, gaps, made)
    if best:
        rule = RULE.format(by=BY_MOLECULES if molecules >= SAMPLE else BY_ERRORS)
        blocks.append(text("\n".join([rule, *(sentence for _, sentence in best)])))
    if seeds := _seeds(rows, places, gaps):
        blocks += [text(SEEDS), table(seeds)]
    claim = Claim(
        id=ID if made.family == CALM else "-".join([ID, *filter(None, astuple(made))]),
        track=ranking.track.name,
        title=f"{TITLE}: under the thermostat {made.thermostat}" if made.thermostat else TITLE,
        source=SOURCE.strip("\n"),
        blocks=blocks,
        verdicts=[verdict for verdict, _ in best],
    )
    return [claim]


def _place(card: TaskCard) -> tuple[int, str]:
    """Give gap and molecule of a task."""
    return int(card.particulars["gap"]), str(card.particulars["molecule"])


def _ran(row: Row, places: Mapping[str, tuple[int, str]]) -> list[str]:
    return [task for task in row.tasks if task in places]


def _metric(row: Row, task: str) -> TaskMetric:
    return row.submission.tasks[task].metrics[ERROR]


def _order(errors: Errors, gaps: Sequence[int]) -> Table:
    """Tabulate all models, the best at the largest gap first."""
    rows = []
    for name in sorted(errors, key=lambda name: [_mean(errors[name], gap) for gap in gaps[::-1]]):
        cells = {"model": f"`{name}`"}
        for gap in gaps:
            values = _at(errors[name], gap)
            below = sum(error.value < REACHED for error in values.values())
            shown = f"{1000 * _mean(errors[name], gap):.3g} ({below} of {len(values)})"
            cells[f"k = {gap}"] = shown if values else NO_VALUE
        rows.append(cells)
    return table(rows)


def _twins(errors: Errors, gaps: Sequence[int]) -> list[dict[str, str]]:
    rows = []
    for one, both in zip(ONE_WAY, BOTH_WAYS, strict=True):
        if one not in errors or both not in errors:
            continue
        cells = {"network": f"`{one}`"}
        for gap in gaps:
            ratio = _ratio(errors[one], errors[both], gap)
            cells[f"k = {gap}"] = str(ratio) if ratio else NO_VALUE
        rows.append(cells)
    return rows


def _twins_text(molecules: int) -> str:
    sample, freedom = WITH_FEWER, math.inf
    if molecules >= SAMPLE:
        sample, freedom = WITH_MOLECULES.format(number=molecules), molecules - 1
    return TWINS.format(sample=sample, reach=t_quantile(1 - LEVEL, freedom))


def _best(errors: Errors, gaps: Sequence[int], made: Dynamics) -> list[tuple[Verdict, str]]:
    """Say for each gap which of the paper's networks is the best, and whether it is the claimed."""
    found = [name for name in (*ONE_WAY, *BOTH_WAYS) if name in errors]
    of = {"thermostat": made.thermostat} if made.thermostat else {}
    told = []
    for gap in gaps:
        there = [name for name in found if _at(errors[name], gap)]
        if BEST_CLAIMED in there and len(there) >= 2:
            best = min(there, key=lambda name: _mean(errors[name], gap))
            if ratio := _ratio(errors[BEST_CLAIMED], errors[best], gap):
                told.append(_beaten(of | {"gap": str(gap)}, best, ratio, LEVEL / len(gaps)))
    return told


def _beaten(of: Mapping[str, str], best: str, ratio: Ratio, level: float) -> tuple[Verdict, str]:
    """Say whether the claimed network is beaten by the best, as data and in a sentence."""
    sentence, verdict = f"`{best}` has the smallest error", "best"
    if best != BEST_CLAIMED:
        chance = p_value(ratio.value, ratio.stderr, ratio.freedom)
        verdict = "beaten" if chance < level else "not clearly beaten"
        sentence += f"; `{BEST_CLAIMED}` is {verdict}: its error is {ratio} times as large"
    value = math.exp(ratio.value)
    data = Verdict(
        of={"model": BEST_CLAIMED, **of, "best": best},
        verdict=verdict,
        value=value,
        stderr=value * ratio.stderr,
    )
    return data, f"- **k = {of['gap']}**: {sentence}."


def _seeds(
    rows: Sequence[Row], places: Mapping[str, tuple[int, str]], gaps: Sequence[int]
) -> list[dict[str, str]]:
    """Tabulate the spread over seeds; only rows that have one."""
    shown = []
    for row in rows:
        spreads: dict[int, list[float]] = {gap: [] for gap in gaps}
        for task in _ran(row, places):
            metric = _metric(row, task)
            if math.isfinite(metric.seed_spread):
                spreads[places[task][0]].append(metric.seed_spread / metric.value)
        if any(spreads.values()):
            cells = {f"k = {gap}": rms_percent(found) for gap, found in spreads.items()}
            shown.append({"model": f"`{row.name}`", **cells})
    return shown


def _at(errors: Mapping[tuple[int, str], TaskMetric], gap: int) -> dict[str, TaskMetric]:
    return {molecule: error for (k, molecule), error in errors.items() if k == gap}


def _mean(errors: Mapping[tuple[int, str], TaskMetric], gap: int) -> float:
    values = [error.value for error in _at(errors, gap).values()]
    return math.exp(np.mean(np.log(values))) if values else math.inf


def _ratio(
    upper: Mapping[tuple[int, str], TaskMetric],
    lower: Mapping[tuple[int, str], TaskMetric],
    gap: int,
) -> Ratio | None:
    """Give the mean of ln(upper/lower) over the molecules that both have; None if there is none.

    Its standard error is that over molecules if these are a `SAMPLE`, and else from those of the
    errors, as if they were independent.
    """
    above, below = _at(upper, gap), _at(lower, gap)
    pairs = [(above[name], below[name]) for name in sorted(above.keys() & below.keys())]
    if not pairs:
        return None
    ratios = [math.log(one.value / other.value) for one, other in pairs]
    if len(pairs) >= SAMPLE:
        stderr, freedom = float(np.std(ratios, ddof=1) / math.sqrt(len(pairs))), len(pairs) - 1.0
    else:
        shares = [each.stderr / each.value for pair in pairs for each in pair]
        stderr, freedom = math.hypot(*shares) / len(pairs), math.inf
    better = sum(ratio > 0 for ratio in ratios)
    return Ratio(float(np.mean(ratios)), stderr, freedom, better, len(pairs))
