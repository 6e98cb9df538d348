"""What ``cite`` prints: BibTeX, a table in LaTeX, a line of text, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from benchmark.errors import InputError
from benchmark.uncertainty import with_error
from leaderboard.citation.choice import Choice, Part
from leaderboard.citation.references import entries, keys
from leaderboard.citation.software import AUTHORS, DOI, KEY, TITLE, software_entry
from leaderboard.markup import plain
from leaderboard.published import PublishedRow
from leaderboard.site.badge import place
from leaderboard.site.latex import latex_table
from leaderboard.tables import NO_VALUE


def bibtex(choice: Choice) -> str:
    """Write the entries of the benchmark, the sources of the tasks and the papers of the models."""
    return "\n\n".join([software_entry(choice.fingerprint, choice.day), *entries(_sources(choice))])


def latex(choice: Choice) -> str:
    """Write a table a track, with the rules of booktabs.

    Raises
    ------
    InputError
        If none of the tasks is on the board.
    """
    shown = [part for part in choice.parts if part.tasks]
    if not shown:
        raise InputError(f"no score of {choice.cards[0].id} to tabulate: it is not on the board")
    tables = [
        latex_table(
            _by_task(part) if choice.by_task else _by_model(part),
            caption=_caption(choice, part),
            label=f"tab:{KEY}-{part.track.name}",
        ).strip()
        for part in shown
    ]
    return "\n\n".join(tables)


def text(choice: Choice) -> str:
    """Write a line: version, board and day, and the scores of the rows that were asked for."""
    scores = [
        f"{row.name} {with_error(row.overall.value, row.overall.stderr)} "
        f"({part.track.name}, {place(part.track, row)})"
        for part in choice.parts
        for row in part.rows
    ]
    doi = f", doi:{DOI}" if DOI else ""
    return plain(
        f"{AUTHORS}, {TITLE}, version {choice.board.benchmark_version}{doi}, scorer "
        f"{choice.board.scorer_version}, board {choice.fingerprint} seen on "
        f"{choice.day.isoformat()}: {', '.join(scores)}."
    )


def json_text(choice: Choice) -> str:
    """Write all of it as JSON."""
    fields = {
        "benchmark": {"title": TITLE, "version": choice.board.benchmark_version, "doi": DOI},
        "scorer_version": choice.board.scorer_version,
        "board": choice.board.fingerprint,
        "date": choice.day.isoformat(),
        "text": text(choice),
        "bibtex": bibtex(choice),
        "keys": [KEY, *keys(_sources(choice))],
        "tasks": {
            card.id: {"version": card.version, "keys": keys(card.citations)}
            for card in choice.cards
        },
        "tracks": {part.track.name: _fields(part) for part in choice.parts},
    }
    return json.dumps(fields, indent=1, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Choice], str]] = {
    "bibtex": bibtex,
    "latex": latex,
    "text": text,
    "json": json_text,
}


def _sources(choice: Choice) -> list[str]:
    """Give what is cited: no paper of a model where tasks alone were asked for."""
    tasks = [words for card in choice.cards for words in card.citations]
    if choice.by_task and not choice.by_model:
        return tasks
    return [*tasks, *(row.card.citation for part in choice.parts for row in part.rows)]


def _by_model(part: Part) -> list[dict[str, str]]:
    """Tabulate rank, score and families, a line a model."""
    return [
        {
            "model": row.name,
            "rank": NO_VALUE if row.rank is None else str(row.rank),
            "score": with_error(row.overall.value, row.overall.stderr),
            **{
                family.name: with_error(found.value, found.stderr)
                for family in part.track.families
                if (found := row.families.get(family.name))
            },
        }
        for row in part.rows
    ]


def _by_task(part: Part) -> list[dict[str, str]]:
    """Tabulate the score of each model, a line a task."""
    return [
        {"task": task.id, **{row.name: _score(row, task.id) for row in part.rows}}
        for task in part.tasks
    ]


def _score(row: PublishedRow, task: str) -> str:
    found = row.tasks.get(task)
    return NO_VALUE if found is None else with_error(found.score, found.stderr)


def _caption(choice: Choice, part: Part) -> str:
    return (
        f"Scores of {part.track.title.lower()} models, {part.track.scale}, with standard errors "
        f"in the last digits; stridebench {choice.board.benchmark_version}, scorer "
        f"{choice.board.scorer_version}, board {choice.fingerprint} of {choice.day.isoformat()}."
    )


def _fields(part: Part) -> dict[str, Any]:
    return {
        "rows": {
            row.name: {
                "rank": row.rank,
                "verification": row.verification,
                "looked_at": row.share,
                "score": row.overall.value,
                "stderr": row.overall.stderr,
                "keys": keys([row.card.citation]),
                "tasks": {
                    task.id: {"score": found.score, "stderr": found.stderr}
                    for task in part.tasks
                    if (found := row.tasks.get(task.id))
                },
            }
            for row in part.rows
        },
    }
