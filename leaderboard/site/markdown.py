"""The board as a page of GitHub Markdown.

Nothing in it depends on the day, the machine or the order of files, so that a board that is up to
date is the same text everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.result import Unit
from benchmark.task import TaskCard
from benchmark.track import Metric, Track
from benchmark.uncertainty import with_error
from leaderboard.board import Board, Ranking
from leaderboard.comparison import resolution
from leaderboard.ranking import Row
from leaderboard.scores import overall
from leaderboard.site.reading import MISSING, how_to_read, optional_metrics, plurals
from leaderboard.tables import NO_VALUE, one_line, seconds, span, table, two_digits

EMPTY = """# Leaderboard

No submissions yet. Run a model with `python -m benchmark run --model NAME`; CONTRIBUTING.md says
how to submit it.
"""

HEAD = """# Leaderboard

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand. The same
numbers, and more, are in [leaderboard.csv](leaderboard.csv). [CLAIMS.md](CLAIMS.md) says which
claims of the papers behind this benchmark they confirm.
"""

DOUBTS = """
## Too good to be true

Better than the best there can be: not ranked until somebody has looked at it.
"""

REPRODUCING = """
## How to reproduce it

```
python -m benchmark run --model NAME
python -m benchmark leaderboard
```

The first command fits, samples and scores a model on every task and prints its scores; the second
writes this page again from the submissions. Scores are computed anew from the metrics of each
unit whenever the page is written; stored ones are only compared with them.
"""


def page(board: Board) -> str:
    """Write the page."""
    shown = board.shown
    if not shown:
        return EMPTY
    parts = [HEAD]
    for ranking in shown:
        parts += _standings(ranking)
    parts.append(how_to_read(shown))
    for ranking in shown:
        for family, cards in ranking.families.items():
            parts += _family(family, ranking, cards)
    parts.append("\n## Models\n")
    for ranking in shown:
        parts += [f"\n### {ranking.track.title}\n", _models(ranking.rows)]
    parts += _all_doubts(shown)
    parts += _all_troubles(shown)
    return "\n".join(part.strip("\n") + "\n" for part in [*parts, REPRODUCING])


def _standings(ranking: Ranking) -> list[str]:
    """Write the ranks of one track, and show its figure."""
    rows = [_overall_cells(row, ranking) for row in ranking.rows]
    note = (
        "Controls are in italics. *fit*: median seconds of one fit, on the submitter's machine. "
        "*parameters*: smallest and largest over the tasks.\n"
    )
    figure = f"\n![score of every model on every task]({ranking.figure})\n"
    return [f"\n## {ranking.track.title}\n", table(rows, left=2), note, figure]


def _overall_cells(row: Row, ranking: Ranking) -> dict[str, str]:
    groups = {group: two_digits(row.overall.groups[group]) for group in ranking.groups}
    for group, share in row.missing.items():
        if share > 0:
            groups[group] += f" {MISSING}"
    costs = row.costs
    return {
        "rank": NO_VALUE if row.rank is None else str(row.rank),
        "model": _link(row, ranking.track),
        "score": with_error(row.overall.value, row.overall.stderr),
        **groups,
        "tasks run": str(len(row.tasks)),
        "parameters": span(costs.fewest_parameters, costs.most_parameters),
        "fit, s": seconds(costs.fit_seconds),
        "failed units": f"{costs.failed} of {costs.units}",
    }


def _family(family: str, ranking: Ranking, cards: Sequence[TaskCard]) -> list[str]:
    """Write the tables of one family: scores, then each metric."""
    parts = [f"\n## {family.capitalize()}\n", "### Scores\n", _score_table(ranking, cards)]
    for metric in ranking.track.metrics:
        having = [card for card in cards if metric.name in card.metrics]
        if having:
            parts += [f"\n### {metric.title}\n", _metric_table(metric, ranking, having)]
    return parts


def _score_table(ranking: Ranking, cards: Sequence[TaskCard]) -> str:
    """Tabulate the scores of a family and of its tasks, and below them what they can tell."""
    rows = []
    for row in ranking.rows:
        whole = overall(row.scores, cards)
        cells = {"family": with_error(whole.value, whole.stderr)}
        for card in cards:
            task = row.submission.tasks.get(card.id)
            cells[card.name] = "not run" if task is None else with_error(task.score, task.stderr)
        rows.append({"model": _link(row, ranking.track), **cells})
    told = {"model": "*resolution*", "family": two_digits(_resolution(ranking, cards))}
    told |= {card.name: two_digits(_resolution(ranking, [card])) for card in cards}
    return table([*rows, told])


def _resolution(ranking: Ranking, cards: Sequence[TaskCard]) -> float:
    """Give the smallest difference of two models that have run the tasks that these can tell."""
    wanted = {card.id for card in cards}
    models = [row for row in ranking.rows if row.role == "model" and wanted <= set(row.tasks)]
    return resolution([row.scores for row in models], cards)


def _metric_table(metric: Metric, ranking: Ranking, cards: Sequence[TaskCard]) -> str:
    """Tabulate the errors of every model, and below them the marks of the score."""
    rows = []
    for row in ranking.rows:
        cells = {card.name: _error_cell(row, card, metric) for card in cards}
        rows.append({"model": _link(row, ranking.track), **cells})
    trivial, floor = {"model": "*trivial (E₀)*"}, {"model": f"*{ranking.track.floor}*"}
    perfect = {"model": "*perfect (p)*"}
    for card in cards:
        scale = card.metrics[metric.name]
        trivial[card.name] = _shown(metric, scale.trivial, scale.trivial_stderr)
        floor[card.name] = NO_VALUE
        if scale.floor is not None:
            floor[card.name] = _shown(metric, scale.floor, scale.floor_stderr)
        perfect[card.name] = NO_VALUE
        if scale.perfect is not None:
            perfect[card.name] = _shown(metric, scale.perfect, scale.perfect_stderr)
    measured = any(card.metrics[metric.name].perfect is not None for card in cards)
    return table([*rows, trivial, floor, *([perfect] if measured else [])])


def _error_cell(row: Row, card: TaskCard, metric: Metric) -> str:
    task = row.submission.tasks.get(card.id)
    if task is None:
        return "not run"
    if not any(metric.name in unit.metrics for unit in row.submission.units(card.id)):
        return NO_VALUE  # its value in the score is E₀: showing it would look like a measurement
    found = task.metrics[metric.name]
    text = _shown(metric, found.value, found.stderr)
    return text if found.counts else f"[{text}]"


def _shown(metric: Metric, value: float, stderr: float) -> str:
    """Write a value of a metric in the unit of its title."""
    return with_error(metric.factor * value, metric.factor * stderr)


def _models(rows: Sequence[Row]) -> str:
    """Say who is on the board."""
    lines = []
    for row in rows:
        card = row.submission.card
        authors = ", ".join(author.name for author in card.authors)
        sentences = [f"**{card.name}** ({card.role}): {card.title}.", card.description]
        sentences += [f"By {authors}.", f"Source: {card.citation}." if card.citation else ""]
        text = one_line(" ".join(sentence for sentence in sentences if sentence))
        lines.append(f"- {text}" + (f" <{card.code.url}>" if card.code.url else ""))
    return "\n".join(lines)


def _all_doubts(shown: Sequence[Ranking]) -> list[str]:
    """List what is too good to be true, under a heading; nothing if there is none."""
    lines = [
        f"- **{row.name}**: {one_line(doubt)}"
        for ranking in shown
        for row in ranking.rows
        for doubt in row.doubts
    ]
    return [DOUBTS, "\n".join(lines)] if lines else []


def _all_troubles(shown: Sequence[Ranking]) -> list[str]:
    """List what failed, and what models do without, under a heading; nothing if there is none."""
    lines = [line for ranking in shown for line in _troubles(ranking)]
    if not lines:
        return []
    optional = optional_metrics(shown)
    missing = f" and missing {plurals(optional)}" if optional else ""
    return [f"\n## Failed units{missing}\n", "\n".join(lines)]


def _troubles(ranking: Ranking) -> Iterator[str]:
    optional = optional_metrics([ranking])
    for row in ranking.rows:
        found: dict[str, list[str]] = {}  # trouble → the task of each unit that has it
        for card in ranking.cards:
            mine = [metric for metric in optional if metric.name in card.metrics]
            for unit in row.submission.units(card.id):
                for trouble in _troubles_of(unit, mine):
                    found.setdefault(trouble, []).append(card.id)
        for trouble, where in sorted(found.items()):
            units = f"{len(where)} unit" + ("s" if len(where) > 1 else "")
            tasks = ", ".join(dict.fromkeys(where))
            yield f"- **{row.name}**, {units} ({tasks}): {trouble}"


def _troubles_of(unit: Unit, optional: Sequence[Metric]) -> Iterator[str]:
    if unit.status != "done":
        yield one_line(f"{unit.status}: {unit.reason}")
        return
    for metric in optional:
        if metric.name not in unit.metrics:
            reason = unit.reason or f"the model has no {metric.method}"
            yield one_line(f"no {metric.group}: {reason}")


def _link(row: Row, track: Track) -> str:
    link = f"[{row.name}](submissions/{track.name}/{row.name})"
    return link if row.role == "model" else f"*{link}*"
