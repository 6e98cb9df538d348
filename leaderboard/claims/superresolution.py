"""The claims about filling in hidden frames: tables over molecules, verdicts by rule.

Each kind of dynamics, a family and its thermostat if it has one, is a section of its own: an error
of one molecule at one gap means nothing beside that under another thermostat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from benchmark.result import TaskMetric
from leaderboard.board import Ranking
from leaderboard.claims.claim import (
    Block,
    Claim,
    Table,
    Text,
    Verdict,
    table,
    text,
)
from leaderboard.claims.compared import (
    BOTH_WAYS,
    ONE_WAY,
    Compared,
    Dynamics,
    compared_rows,
    dynamics_of,
    error_of,
)
from leaderboard.claims.deciding import verdict_line
from leaderboard.claims.evidence import Evidence
from leaderboard.claims.network_answers import network_answers
from leaderboard.claims.noise import CALM, REACHED, noise_claims
from leaderboard.claims.ratios import Ratio, at_gap, mean_at
from leaderboard.claims.vibrations import vibration_claims
from leaderboard.significance import LEVEL, holm, t_quantile
from leaderboard.tables import NO_VALUE, rms_percent

BEST_CLAIMED = "bi-lstm"

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

MARK = """
1e-4 Å counts as reached where the best of the paper's networks is below it on every molecule.
"""

TWINS = """
Error from one end over the error from both, geometric mean over molecules with its standard error,
and in brackets on how many molecules both ends are better. {sample} the ratio differs
from 1 at 5 % where it is off by {reach:.1f} of its standard errors.
"""

TWINS_RULE = """
Both ends count as better where the ratio differs from 1 and is above it, and as worse where it is
below: at 5 % for all networks and gaps together (Holm).
"""

RULE = f"""
Of the paper's networks, `{BEST_CLAIMED}` counts as beaten where another one has a smaller error \
{{by}}, at 5 % for all gaps together (Bonferroni).
"""

#: What the last two say of a sample of molecules, and of fewer.
WITH_MOLECULES = "With {number} molecules"
WITH_FEWER = "It is from those of the errors, and tells of these molecules only:"
BY_MOLECULES = "by Student's t over the ln ratios of the molecules"
BY_ERRORS = "by the standard errors of both, and so on these molecules only"

SEEDS = """
What a seed changes: standard deviation of the error over seeds, in per cent of the error, root mean
square over the molecules with several seeds.
"""

# A verdict, and the sentence that tells of it.
Told = tuple[Verdict, str]


def superresolution_claims(ranking: Ranking, evidence: Evidence) -> list[Claim]:
    """Decide the claims; nothing without a row of the paper's networks."""
    made = sorted({dynamics_of(card) for card in ranking.cards})
    return [
        *(claim for one in made for claim in _networks(ranking, one)),
        *noise_claims(ranking),
        *vibration_claims(ranking, evidence.segments),
    ]


def _networks(ranking: Ranking, made: Dynamics) -> list[Claim]:
    """Compare the networks under one kind of dynamics: one task a molecule and gap."""
    compared = compared_rows(ranking, made)
    if not compared.networks:
        return []
    marks, twins, best = _marks(compared), _twins(compared), _best(compared)
    verdicts = [[verdict for verdict, _ in told] for told in (twins, best, marks)]
    answers = list(network_answers(compared, *verdicts))
    blocks: list[Block] = [
        text("\n".join(f"- **{verdict_line(one)}**, {one.statement}" for one in answers)),
        text(CLAIM),
        _order(compared),
        _said(MARK, marks),
    ]
    if twins:
        blocks += [text(_twins_text(compared)), _twins_table(compared), _said(TWINS_RULE, twins)]
    if best:
        by = BY_MOLECULES if compared.sample else BY_ERRORS
        blocks.append(_said(RULE.format(by=by), best))
    if seeds := _seeds(compared):
        blocks += [text(SEEDS), table(seeds)]
    claim = Claim(
        id=ID if made.family == CALM else "-".join([ID, *filter(None, astuple(made))]),
        track=ranking.track.name,
        title=f"{TITLE}: under the thermostat {made.thermostat}" if made.thermostat else TITLE,
        source=SOURCE.strip("\n"),
        blocks=blocks,
        verdicts=[verdict for verdict, _ in (*marks, *twins, *best)],
        answers=answers,
    )
    return [claim]


def _said(rule: str, told: Sequence[Told]) -> Text:
    """Give a rule and what it decides, each sentence once."""
    return text("\n".join([rule, *dict.fromkeys(sentence for _, sentence in told)]))


def _order(compared: Compared) -> Table:
    """Tabulate all models, the best at the largest gap first."""
    rows, gaps, errors = [], compared.gaps, compared.errors
    for name in sorted(errors, key=lambda name: [mean_at(errors[name], gap) for gap in gaps[::-1]]):
        cells = {"model": f"`{name}`"}
        for gap in gaps:
            values = at_gap(errors[name], gap)
            shown = f"{1000 * mean_at(errors[name], gap):.3g} ({_below(values)} of {len(values)})"
            cells[f"k = {gap}"] = shown if values else NO_VALUE
        rows.append(cells)
    return table(rows)


def _below(values: Mapping[str, TaskMetric]) -> int:
    return sum(error.value < REACHED for error in values.values())


def _marks(compared: Compared) -> list[Told]:
    """Say for each gap whether the best network reaches what the paper says."""
    told = []
    for gap in compared.gaps:
        if best := compared.best(gap):
            values = at_gap(compared.errors[best], gap)
            below, all_of = _below(values), len(values)
            verdict = (
                "reached" if below == all_of else "reached on some" if below else "not reached"
            )
            mean = mean_at(compared.errors[best], gap)
            shares = [error.stderr / error.value for error in values.values()]
            data = Verdict(
                of=compared.of(gap, mark="1e-4 Å", best=best),
                verdict=verdict,
                value=mean,
                stderr=mean * math.hypot(*shares) / all_of,
            )
            shown = f"`{best}` is below it on {below} of {all_of} molecules"
            told.append((data, f"- **k = {gap}**: {verdict}; {shown}."))
    return told


def _pairs(compared: Compared) -> list[tuple[str, int, Ratio]]:
    """Give what coming from both ends brings each network at each gap."""
    return [
        (one, gap, ratio)
        for one, both in zip(ONE_WAY, BOTH_WAYS, strict=True)
        if one in compared.errors and both in compared.errors
        for gap in compared.gaps
        if (ratio := compared.ratio(one, both, gap))
    ]


def _twins_table(compared: Compared) -> Table:
    shown = {(one, gap): str(ratio) for one, gap, ratio in _pairs(compared)}
    rows = [
        {"network": f"`{name}`"}
        | {f"k = {gap}": shown.get((name, gap), NO_VALUE) for gap in compared.gaps}
        for name in ONE_WAY
        if any(one == name for one, _ in shown)
    ]
    return table(rows)


def _twins_text(compared: Compared) -> str:
    sample, freedom = WITH_FEWER, math.inf
    if compared.sample:
        sample = WITH_MOLECULES.format(number=compared.molecules)
        freedom = compared.molecules - 1
    return TWINS.format(sample=sample, reach=t_quantile(1 - LEVEL, freedom))


def _twins(compared: Compared) -> list[Told]:
    """Say of each network at each gap whether both ends are better; a sentence a gap."""
    pairs = _pairs(compared)
    sure = holm([ratio.p_value for _, _, ratio in pairs])
    found = [
        Verdict(
            of=compared.of(gap, network=one),
            verdict=("better" if ratio.value > 0 else "worse") if is_sure else "undecided",
            value=ratio.factor,
            stderr=ratio.factor * ratio.stderr,
        )
        for (one, gap, ratio), is_sure in zip(pairs, sure, strict=True)
    ]
    return [(one, _twins_sentence(one.of["gap"], found)) for one in found]


def _twins_sentence(gap: str, found: Sequence[Verdict]) -> str:
    words = []
    for verdict in ("better", "worse", "undecided"):
        those = [one for one in found if one.of["gap"] == gap and one.verdict == verdict]
        if those:
            words.append(f"{verdict}: " + ", ".join(f"`{one.of['network']}`" for one in those))
    return f"- **k = {gap}**: {'; '.join(words)}."


def _best(compared: Compared) -> list[Told]:
    """Say for each gap which of the paper's networks is the best, and whether it is the claimed."""
    told = []
    for gap in compared.gaps:
        there = [name for name in compared.networks if at_gap(compared.errors[name], gap)]
        best = compared.best(gap)
        if best is None or BEST_CLAIMED not in there or len(there) < 2:
            continue
        others = [name for name in there if name != BEST_CLAIMED]
        second = min(others, key=lambda name: mean_at(compared.errors[name], gap))
        pair = (BEST_CLAIMED, best) if best != BEST_CLAIMED else (second, BEST_CLAIMED)
        if ratio := compared.ratio(*pair, gap):
            of = compared.of(gap, model=BEST_CLAIMED, best=best)
            told.append(_beaten(of, ratio, LEVEL / len(compared.gaps)))
    return told


def _beaten(of: Mapping[str, str], ratio: Ratio, level: float) -> Told:
    """Say whether the claimed network is beaten by the best, as data and in a sentence."""
    sentence, verdict = f"`{of['best']}` has the smallest error", "best"
    if of["best"] != BEST_CLAIMED:
        verdict = "beaten" if ratio.p_value < level else "not clearly beaten"
        sentence += f"; `{BEST_CLAIMED}` is {verdict}: its error is {ratio} times as large"
    data = Verdict(
        of=dict(of), verdict=verdict, value=ratio.factor, stderr=ratio.factor * ratio.stderr
    )
    return data, f"- **k = {of['gap']}**: {sentence}."


def _seeds(compared: Compared) -> list[dict[str, str]]:
    """Tabulate the spread over seeds; only rows that have one."""
    shown = []
    for row in compared.rows:
        spreads: dict[int, list[float]] = {gap: [] for gap in compared.gaps}
        for task in compared.ran(row):
            metric = error_of(row, task)
            if math.isfinite(metric.seed_spread):
                spreads[compared.places[task][0]].append(metric.seed_spread / metric.value)
        if any(spreads.values()):
            cells = {f"k = {gap}": rms_percent(found) for gap, found in spreads.items()}
            shown.append({"model": f"`{row.name}`", **cells})
    return shown
