"""The claims about filling in hidden frames: tables over molecules, verdicts by rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.result import TaskMetric
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Claim, Table, Text, Verdict, table, text
from leaderboard.claims.noise import NOISY, noise_claims
from leaderboard.ranking import Row
from leaderboard.significance import LEVEL, p_value
from leaderboard.tables import NO_VALUE, rms_percent

#: Å, what the paper says its networks reach.
REACHED = 1e-4

ERROR = "mae"

#: The paper's networks, from one end of a gap; each has a twin that comes from both.
ONE_WAY = ("rnn", "lstm", "node", "hnn")
BOTH_WAYS = tuple(f"bi-{name}" for name in ONE_WAY)
BEST_CLAIMED = "bi-lstm"

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
and in brackets on how many molecules both ends are better. With eight molecules the ratio differs
from 1 at 5 % where it is off by 2.4 of its standard errors.
"""

RULE = f"""
Of the paper's networks, `{BEST_CLAIMED}` counts as beaten where another one has a smaller error \
by Student's t over the ln ratios of the molecules, at 5 % for all gaps together (Bonferroni).
"""

SEEDS = """
What a seed changes: standard deviation of the error over seeds, in per cent of the error, root mean
square over the molecules with several seeds.
"""

# Model → (gap, molecule) → error in Å.
Errors = Mapping[str, Mapping[tuple[int, str], float]]


def superresolution_claims(ranking: Ranking) -> list[Claim]:
    """Decide the claims; nothing without a row of the paper's networks."""
    return [*_networks(ranking), *noise_claims(ranking)]


def _networks(ranking: Ranking) -> list[Claim]:
    """Compare the networks where the dynamics has no noise: one task a molecule and gap."""
    places = {card.id: _place(card) for card in ranking.cards if card.family != NOISY}
    rows = [row for row in ranking.rows if _ran(row, places)]
    rows.sort(key=lambda row: row.name)
    errors = {
        row.name: {places[task]: _metric(row, task).value for task in _ran(row, places)}
        for row in rows
    }
    if not set(errors) & {*ONE_WAY, *BOTH_WAYS}:
        return []
    gaps = sorted({gap for gap, _ in places.values()})
    blocks: list[Text | Table] = [text(CLAIM), _order(errors, gaps)]
    if twins := _twins(errors, gaps):
        blocks += [text(TWINS), table(twins)]
    best = _best(errors, gaps)
    if best:
        blocks.append(text("\n".join([RULE, *(sentence for _, sentence in best)])))
    if seeds := _seeds(rows, places, gaps):
        blocks += [text(SEEDS), table(seeds)]
    claim = Claim(
        id="hidden-frames",
        track=ranking.track.name,
        title="A Bi-LSTM fills in hidden frames best, to 1e-4 Å",
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
            below = sum(value < REACHED for value in values.values())
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
            ratios = _log_ratios(errors[one], errors[both], gap)
            cells[f"k = {gap}"] = _ratio(ratios)
        rows.append(cells)
    return rows


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return NO_VALUE
    value, error = math.exp(np.mean(ratios)), _error(ratios)
    better = sum(ratio > 0 for ratio in ratios)
    return f"{with_error(value, value * error)} ({better} of {len(ratios)})"


def _best(errors: Errors, gaps: Sequence[int]) -> list[tuple[Verdict, str]]:
    """Say for each gap which of the paper's networks is the best, and whether it is the claimed."""
    found = [name for name in (*ONE_WAY, *BOTH_WAYS) if name in errors]
    told = []
    for gap in gaps:
        there = [name for name in found if _at(errors[name], gap)]
        if BEST_CLAIMED in there and len(there) >= 2:
            best = min(there, key=lambda name: _mean(errors[name], gap))
            ratios = _log_ratios(errors[BEST_CLAIMED], errors[best], gap)
            told.append(_beaten(gap, best, ratios, LEVEL / len(gaps)))
    return told


def _beaten(gap: int, best: str, ratios: Sequence[float], level: float) -> tuple[Verdict, str]:
    """Say whether the claimed network is beaten by the best, as data and in a sentence."""
    value, error = math.exp(np.mean(ratios)), _error(ratios)
    sentence, verdict = f"`{best}` has the smallest error", "best"
    if best != BEST_CLAIMED:
        chance = p_value(float(np.mean(ratios)), error, len(ratios) - 1)
        verdict = "beaten" if chance < level else "not clearly beaten"
        sentence += f"; `{BEST_CLAIMED}` is {verdict}: its error is {_ratio(ratios)} times as large"
    data = Verdict(
        of={"model": BEST_CLAIMED, "gap": str(gap), "best": best},
        verdict=verdict,
        value=value,
        stderr=value * error,
    )
    return data, f"- **k = {gap}**: {sentence}."


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
