"""Claims that a factor decides whether rare events are learned: paired over training replicas."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Answer, Claim, Dots, Panel, Part, Table, table, text
from leaderboard.claims.deciding import TOGETHER, Effect, Rule, counted, decide, verdict_line
from leaderboard.claims.replicas import Floats, replica_errors
from leaderboard.ranking import Row
from leaderboard.significance import LEVEL, sample_mean, t_quantile
from leaderboard.tables import NO_VALUE

RATE = "mfpt_error"

#: The networks of which the papers speak.
CLAIMED = ("lstm", "transformer")

#: ln. The data themselves leave an error of 0.2 of a passage time; a difference of half of that
#: is none that anybody would see.
SMALL = 0.1

RULE = Rule(above=True, holds=0.0, fails=SMALL)

RULE_TEXT = """
The error of the mean first passage times, rms ln(m̂/m), of a model on the tasks on the left less
that on the tasks on the right, replica by replica. The claim holds for a model where the difference
is surely above 0, does not hold where it is surely below {small}, and holds in part where both are
true: by Student's t over {replicas} training replicas, {together}. A value's 95 % interval reaches
{reach:.1f} standard errors to either side.
"""


@dataclass(frozen=True)
class Contrast:
    """Tasks on which an error should be larger than on others.

    Attributes
    ----------
    title : str
    more, less : tuple of str
        Tasks of whose errors the mean is taken.
    """

    title: str
    more: tuple[str, ...]
    less: tuple[str, ...]

    @property
    def tasks(self) -> set[str]:
        """All its tasks."""
        return {*self.more, *self.less}


@dataclass(frozen=True)
class Factor:
    """A claim of this kind; a further one is a further record."""

    code: str
    id: str
    title: str
    statement: str
    source: str
    contrasts: tuple[Contrast, ...]


# Model and title of a contrast → its difference.
Differences = Mapping[tuple[str, str], Effect]


def factor_claims(ranking: Ranking, factor: Factor) -> list[Claim]:
    """Decide a claim for each model that has run the tasks; nothing without any."""
    rows = [row for row in ranking.rows if row.role == "model"]
    found = {
        (row.name, contrast.title): _difference(row, contrast, ranking)
        for row in sorted(rows, key=lambda row: row.name)
        for contrast in factor.contrasts
        if contrast.tasks <= set(row.tasks)
    }
    if not found:
        return []
    parts = dict(zip(found, decide(list(found.values()), RULE), strict=True))
    answer = Answer(
        code=factor.code,
        statement=factor.statement,
        quantity="difference of rms ln(m̂/m)",
        parts=list(parts.values()),
    )
    claim = Claim(
        id=factor.id,
        track=ranking.track.name,
        title=factor.title,
        source=factor.source,
        blocks=[
            text(f"{_rule(found)}\n\n**{verdict_line(answer)}**\n\n{_by_contrast(factor, parts)}"),
            _figure(factor, found),
            _differences(factor, found, parts),
            text("Errors behind the differences, rms over the replicas with its standard error:"),
            _errors(factor, rows, ranking),
        ],
        answers=[answer],
    )
    return [claim]


def _difference(row: Row, contrast: Contrast, ranking: Ranking) -> Effect:
    """Give the mean difference of a model's errors over replicas."""
    cards = {card.id: card for card in ranking.cards}

    def mean(tasks: Sequence[str]) -> Floats:
        return np.mean([replica_errors(row, cards[task], RATE) for task in tasks], axis=0)

    differences = (mean(contrast.more) - mean(contrast.less)).tolist()
    of, size = f"{row.name}, {contrast.title}", f"{len(differences)} replicas"
    return Effect(of, *sample_mean(differences), size)


def _by_contrast(factor: Factor, parts: Mapping[tuple[str, str], Part]) -> str:
    """Say of each contrast how many models it holds for."""
    lines = []
    for contrast in factor.contrasts:
        some = [part for (_, title), part in parts.items() if title == contrast.title]
        if some:
            lines.append(f"- {contrast.title}: {counted(some)}")
    return "\n".join(lines)


def _rule(found: Differences) -> str:
    freedom = min(one.freedom for one in found.values())
    return RULE_TEXT.format(
        small=SMALL,
        replicas=f"{freedom + 1:.0f}",
        together=TOGETHER.format(number=len(found)),
        reach=t_quantile(1 - LEVEL, freedom),
    ).strip()


def _models(found: Differences) -> list[str]:
    return list(dict.fromkeys(model for model, _ in found))


def _shown(factor: Factor, found: Differences) -> list[Contrast]:
    """Give the contrasts that somebody has run."""
    titles = {title for _, title in found}
    return [one for one in factor.contrasts if one.title in titles]


def _figure(factor: Factor, found: Differences) -> Dots:
    models, panels = _models(found), []
    for contrast in _shown(factor, found):
        some = [found.get((model, contrast.title)) for model in models]
        reach = [t_quantile(1 - LEVEL, one.freedom) * one.stderr if one else 0.0 for one in some]
        values = [one.value if one else math.nan for one in some]
        panels.append(
            Panel(
                title=contrast.title,
                values=values,
                low=[value - half for value, half in zip(values, reach, strict=True)],
                high=[value + half for value, half in zip(values, reach, strict=True)],
            )
        )
    return Dots(
        name=factor.id,
        caption="The differences with their 95 % intervals: right of the line the error is larger "
        "where the claim says so.",
        axis="difference of rms ln(m̂/m)",
        marks=[0.0],
        labels=models,
        bold=list(CLAIMED),
        panels=panels,
    )


def _differences(
    factor: Factor, found: Differences, parts: Mapping[tuple[str, str], Part]
) -> Table:
    rows = []
    for model in _models(found):
        cells = {"model": f"`{model}`"}
        for contrast in _shown(factor, found):
            key = model, contrast.title
            cells[contrast.title] = NO_VALUE
            if key in found:
                number = with_error(found[key].value, found[key].stderr)
                cells[contrast.title] = f"{number} {parts[key].verdict}"
        rows.append(cells)
    return table(rows)


def _errors(factor: Factor, rows: Sequence[Row], ranking: Ranking) -> Table:
    """Tabulate the errors themselves, the model with the smallest mean first."""
    tasks = [one.id for one in ranking.cards if any(one.id in c.tasks for c in factor.contrasts)]
    some = [row for row in rows if {*tasks} & {*row.tasks}]

    def error(row: Row, task: str) -> float:
        return row.submission.tasks[task].metrics[RATE].value

    def mean(row: Row) -> float:
        return statistics.fmean(error(row, task) for task in tasks if task in row.tasks)

    lines = []
    for row in sorted(some, key=mean):
        cells = {"model": f"`{row.name}`"}
        for task in tasks:
            found = row.submission.tasks[task].metrics[RATE] if task in row.tasks else None
            cells[task.partition("/")[2]] = (
                with_error(found.value, found.stderr) if found else NO_VALUE
            )
        lines.append(cells)
    return table(lines)
