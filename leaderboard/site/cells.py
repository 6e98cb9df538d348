"""The cells of the board's tables: the same text on every page and in every format."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.uncertainty import with_error
from leaderboard.published import (
    PublishedMetric,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
    Value,
)
from leaderboard.site.reading import MISSING
from leaderboard.tables import NO_VALUE, seconds, span, two_digits

NOT_RUN = "not run"


def overall_cells(row: PublishedRow, track: PublishedTrack) -> dict[str, str]:
    """Give the cells of a row in the ranks of its track."""
    costs = row.costs
    return {
        "rank": NO_VALUE if row.rank is None else str(row.rank),
        "model": row.name,
        "score": with_error(row.overall.value, row.overall.stderr),
        **{group: group_cell(row, row.overall, group) for group in track.groups},
        "tasks run": str(len(row.tasks)),
        "parameters": span(costs.fewest_parameters, costs.most_parameters),
        "fit, s": seconds(costs.fit_seconds),
        "failed units": f"{costs.failed} of {costs.units}",
    }


def group_cell(row: PublishedRow, value: Value, group: str) -> str:
    """Give the score of a group, with a mark where units lack what it measures."""
    mark = f" {MISSING}" if row.missing.get(group, 0) > 0 else ""
    return two_digits(value.groups[group]) + mark


def score_cells(row: PublishedRow, family: str, tasks: Sequence[PublishedTask]) -> dict[str, str]:
    """Give the scores of a row on a family and its tasks."""
    whole = row.families[family]
    return {
        "family": with_error(whole.value, whole.stderr),
        **{task.name: score_cell(row, task) for task in tasks},
    }


def score_cell(row: PublishedRow, task: PublishedTask) -> str:
    """Give the score of a row on a task."""
    cell = row.tasks.get(task.id)
    return NOT_RUN if cell is None else with_error(cell.score, cell.stderr)


def error_cell(row: PublishedRow, task: PublishedTask, metric: PublishedMetric) -> str:
    """Give a metric of a row on a task in the unit of its title; in brackets where only shown."""
    cell = row.tasks.get(task.id)
    if cell is None:
        return NOT_RUN
    found = cell.metrics[metric.name]
    if not found.measured:
        return NO_VALUE  # its value in the score is E₀: showing it would look like a measurement
    text = shown(metric, found.value, found.stderr)
    return text if found.counts else f"[{text}]"


def mark_cells(
    metric: PublishedMetric, track: PublishedTrack, tasks: Sequence[PublishedTask]
) -> dict[str, dict[str, str]]:
    """Give the marks of a metric's score by what they are called: a cell a task."""
    marks: dict[str, dict[str, str]] = {"trivial (E₀)": {}, track.floor: {}, "perfect (p)": {}}
    for task in tasks:
        scale = task.metrics[metric.name]
        for cells, value, stderr in zip(
            marks.values(),
            (scale.trivial, scale.floor, scale.perfect),
            (scale.trivial_stderr, scale.floor_stderr, scale.perfect_stderr),
            strict=True,
        ):
            cells[task.name] = shown(metric, value, stderr)
    if all(cell == NO_VALUE for cell in marks["perfect (p)"].values()):
        del marks["perfect (p)"]
    return marks


def shown(metric: PublishedMetric, value: float, stderr: float) -> str:
    """Write a value of a metric in the unit of its title."""
    return with_error(metric.factor * value, metric.factor * stderr)
