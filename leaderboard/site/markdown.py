"""The board as a page of GitHub Markdown.

Nothing in it depends on the day, the machine or the order of files, so that a board that is up to
date is the same text everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leaderboard.markup import link, markdown
from leaderboard.published import (
    Published,
    PublishedFamily,
    PublishedMetric,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
)
from leaderboard.site.cells import error_cell, mark_cells, overall_cells, score_cells
from leaderboard.site.reading import how_to_read, optional_metrics, plurals
from leaderboard.tables import table, two_digits

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


def page(board: Published) -> str:
    """Write the page."""
    shown = board.shown
    if not shown:
        return EMPTY
    parts = [HEAD]
    for track in shown:
        parts += _standings(track)
    parts.append(how_to_read(shown))
    for track in shown:
        for family in track.families:
            parts += _family(family, track)
    parts.append("\n## Models\n")
    for track in shown:
        parts += [f"\n### {track.title}\n", _models(track.rows)]
    parts += _all_doubts(shown)
    parts += _all_troubles(shown)
    return "\n".join(part.strip("\n") + "\n" for part in [*parts, REPRODUCING])


def _standings(track: PublishedTrack) -> list[str]:
    """Write the ranks of one track, and show its figure."""
    rows = [{**overall_cells(row, track), "model": _link(row, track)} for row in track.rows]
    note = (
        "Controls are in italics. *fit*: median seconds of one fit, on the submitter's machine. "
        "*parameters*: smallest and largest over the tasks.\n"
    )
    figure = f"\n![score of every model on every task]({track.figure})\n"
    return [f"\n## {track.title}\n", table(rows, left=2), note, figure]


def _family(family: PublishedFamily, track: PublishedTrack) -> list[str]:
    """Write the tables of one family: scores, then each metric."""
    tasks = [task for task in track.tasks if task.id in family.tasks]
    parts = [f"\n## {family.name.capitalize()}\n", "### Scores\n"]
    parts.append(_score_table(family, track, tasks))
    for metric in track.metrics:
        having = [task for task in tasks if metric.name in task.metrics]
        if having:
            parts += [f"\n### {metric.title}\n", _metric_table(metric, track, having)]
    return parts


def _score_table(
    family: PublishedFamily, track: PublishedTrack, tasks: Sequence[PublishedTask]
) -> str:
    """Tabulate the scores of a family and of its tasks, and below them what they can tell."""
    rows = [
        {"model": _link(row, track), **score_cells(row, family.name, tasks)} for row in track.rows
    ]
    told = {"model": "*resolution*", "family": two_digits(family.standing.resolution)}
    told |= {task.name: two_digits(task.standing.resolution) for task in tasks}
    return table([*rows, told])


def _metric_table(
    metric: PublishedMetric, track: PublishedTrack, tasks: Sequence[PublishedTask]
) -> str:
    """Tabulate the errors of every model, and below them the marks of the score."""
    rows = [
        {
            "model": _link(row, track),
            **{task.name: error_cell(row, task, metric) for task in tasks},
        }
        for row in track.rows
    ]
    marks = [
        {"model": f"*{name}*", **cells} for name, cells in mark_cells(metric, track, tasks).items()
    ]
    return table([*rows, *marks])


def _models(rows: Sequence[PublishedRow]) -> str:
    """Say who is on the board."""
    lines = []
    for row in rows:
        card = row.card
        authors = ", ".join(author.name for author in card.authors)
        sentences = [f"{card.title}.", card.description, f"By {authors}."]
        sentences.append(f"Source: {card.citation}." if card.citation else "")
        text = markdown(" ".join(sentence for sentence in sentences if sentence))
        address = link(card.code.url)
        url = f" <{address}>" if address else ""
        lines.append(f"- **{row.name}** ({row.role}): {text}{url}")
    return "\n".join(lines)


def _all_doubts(shown: Sequence[PublishedTrack]) -> list[str]:
    """List what is too good to be true, under a heading; nothing if there is none."""
    lines = [
        f"- **{row.name}**: {markdown(doubt)}"
        for track in shown
        for row in track.rows
        for doubt in row.doubts
    ]
    return [DOUBTS, "\n".join(lines)] if lines else []


def _all_troubles(shown: Sequence[PublishedTrack]) -> list[str]:
    """List what failed, and what models do without, under a heading; nothing if there is none."""
    lines = [line for track in shown for line in _troubles(track)]
    if not lines:
        return []
    optional = optional_metrics(shown)
    missing = f" and missing {plurals(optional)}" if optional else ""
    return [f"\n## Failed units{missing}\n", "\n".join(lines)]


def _troubles(track: PublishedTrack) -> Iterator[str]:
    for row in track.rows:
        for one in row.troubles:
            units = f"{len(one.tasks)} unit" + ("s" if len(one.tasks) > 1 else "")
            tasks = ", ".join(dict.fromkeys(one.tasks))
            yield f"- **{row.name}**, {units} ({tasks}): {markdown(one.trouble)}"


def _link(row: PublishedRow, track: PublishedTrack) -> str:
    link = f"[{row.name}](submissions/{track.name}/{row.name})"
    return link if row.role == "model" else f"*{link}*"
