"""The claims about filling in hidden frames: tables over molecules, verdicts by rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.noise import NOISY, noise_claims
from leaderboard.ranking import Row
from leaderboard.significance import LEVEL, p_value
from leaderboard.tables import NO_VALUE, rms_percent, table

#: Å, what the paper says its networks reach.
REACHED = 1e-4

ERROR = "mae"

#: The paper's networks, from one end of a gap; each has a twin that comes from both.
ONE_WAY = ("rnn", "lstm", "node", "hnn")
BOTH_WAYS = tuple(f"bi-{name}" for name in ONE_WAY)
BEST_CLAIMED = "bi-lstm"

CLAIM = """
## A Bi-LSTM fills in hidden frames best, to 1e-4 Å

*Winkler, Müller, Sauceda, arXiv:2201.01195: networks that come from both ends of a gap are better
than those that come from one, the Bi-LSTM is the best of them, and accuracies up to 1e-4 Å are
reached.*

Geometric mean over molecules of the mean absolute error of the scored frames, in mÅ, by the number
of frames k of which one is kept, and in brackets on how many molecules it is below 1e-4 Å (0.1 mÅ).
"""

TWINS = """
Error from one end over the error from both, geometric mean over molecules with its standard error,
and in brackets on how many molecules both ends are better. With eight molecules the ratio differs
from 1 at 5 % where it is off by 2.4 of its standard errors.
"""

SEEDS = """
What a seed changes: standard deviation of the error over seeds, in per cent of the error, root mean
square over the molecules with several seeds.
"""

# Model → (gap, molecule) → error in Å.
Errors = Mapping[str, Mapping[tuple[int, str], float]]


def superresolution_claims(ranking: Ranking) -> list[str]:
    """Write the sections; nothing without a row of the paper's networks."""
    return [*_networks(ranking), *noise_claims(ranking)]


def _networks(ranking: Ranking) -> list[str]:
    """Compare the networks where the dynamics has no noise: one task a molecule and gap."""
    places = {card.id: _place(card) for card in ranking.cards if card.family != NOISY}
    rows = [row for row in ranking.rows if places.keys() & set(row.tasks)]
    rows.sort(key=lambda row: row.name)
    errors = {
        row.name: {places[task]: _metric(row, task).value for task in _ran(row, places)}
        for row in rows
    }
    if not set(errors) & {*ONE_WAY, *BOTH_WAYS}:
        return []
    gaps = sorted({gap for gap, _ in places.values()})
    parts = [CLAIM, _order(errors, gaps)]
    if twins := _twins(errors, gaps):
        parts += [TWINS, twins]
    if best := _best(errors, gaps):
        parts.append(best)
    if seeds := _seeds(rows, places, gaps):
        parts += [SEEDS, seeds]
    return parts


def _place(card: TaskCard) -> tuple[int, str]:
    """Give gap and molecule of a task."""
    return int(card.particulars["gap"]), str(card.particulars["molecule"])


def _ran(row: Row, places: Mapping[str, tuple[int, str]]) -> list[str]:
    return [task for task in row.tasks if task in places]


def _metric(row: Row, task: str) -> TaskMetric:
    return row.submission.tasks[task].metrics[ERROR]


def _order(errors: Errors, gaps: Sequence[int]) -> str:
    """Tabulate all models, the best at the largest gap first."""
    rows = []
    for name in sorted(errors, key=lambda name: [_mean(errors[name], gap) for gap in gaps[::-1]]):
        cells = {"model": f"`{name}`"}
        for gap in gaps:
            values = _at(errors[name], gap)
            below = sum(value < REACHED for value in values.values())
            shown = f"{1000 * _mean(errors[name], gap):.3g} ({below} of {len(values)})"
            cells[f"k = {gap}"] = shown if values else NO_VALUE
        rows.append(cells)
    return table(rows)


def _twins(errors: Errors, gaps: Sequence[int]) -> str:
    rows = []
    for one, both in zip(ONE_WAY, BOTH_WAYS, strict=True):
        if one not in errors or both not in errors:
            continue
        cells = {"network": f"`{one}`"}
        for gap in gaps:
            ratios = _log_ratios(errors[one], errors[both], gap)
            cells[f"k = {gap}"] = _ratio(ratios)
        rows.append(cells)
    return table(rows) if rows else ""


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return NO_VALUE
    value, error = math.exp(np.mean(ratios)), _error(ratios)
    better = sum(ratio > 0 for ratio in ratios)
    return f"{with_error(value, value * error)} ({better} of {len(ratios)})"


def _best(errors: Errors, gaps: Sequence[int]) -> str:
    """Say for each gap which of the paper's networks is the best, and whether it is the claimed."""
    lines = [
        f"Of the paper's networks, `{BEST_CLAIMED}` counts as beaten where another one has a "
        "smaller error by Student's t over the ln ratios of the molecules, at 5 % for all gaps "
        "together (Bonferroni).\n"
    ]
    found = [name for name in (*ONE_WAY, *BOTH_WAYS) if name in errors]
    for gap in gaps:
        there = [name for name in found if _at(errors[name], gap)]
        if BEST_CLAIMED not in there or len(there) < 2:
            continue
        best = min(there, key=lambda name: _mean(errors[name], gap))
        text = f"`{best}` has the smallest error"
        if best != BEST_CLAIMED:
            ratios = _log_ratios(errors[BEST_CLAIMED], errors[best], gap)
            chance = p_value(float(np.mean(ratios)), _error(ratios), len(ratios) - 1)
            clear = chance < LEVEL / len(gaps)
            text += f"; `{BEST_CLAIMED}` is {'' if clear else 'not clearly '}beaten: its error is "
            text += f"{_ratio(ratios)} times as large"
        lines.append(f"- **k = {gap}**: {text}.")
    return "\n".join(lines) + "\n" if len(lines) > 1 else ""


def _seeds(rows: Sequence[Row], places: Mapping[str, tuple[int, str]], gaps: Sequence[int]) -> str:
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
    return table(shown) if shown else ""


def _at(errors: Mapping[tuple[int, str], float], gap: int) -> dict[str, float]:
    return {molecule: value for (k, molecule), value in errors.items() if k == gap}


def _mean(errors: Mapping[tuple[int, str], float], gap: int) -> float:
    values = list(_at(errors, gap).values())
    return math.exp(np.mean(np.log(values))) if values else math.inf


def _log_ratios(
    upper: Mapping[tuple[int, str], float], lower: Mapping[tuple[int, str], float], gap: int
) -> list[float]:
    """Give ln(upper/lower) of the molecules that both have."""
    above, below = _at(upper, gap), _at(lower, gap)
    return [math.log(above[name] / below[name]) for name in sorted(above.keys() & below.keys())]


def _error(ratios: Sequence[float]) -> float:
    """Give the standard error of the mean; unknown, and so infinite, of a single molecule."""
    if len(ratios) < 2:
        return math.inf
    return float(np.std(ratios, ddof=1) / math.sqrt(len(ratios)))
