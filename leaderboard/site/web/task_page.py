"""The page of a task: what it asks, how everybody did, and what differences it can tell."""

from __future__ import annotations

import math

from benchmark.uncertainty import with_error
from leaderboard.published import (
    Gap,
    PublishedMetric,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
    Scale,
)
from leaderboard.site.cells import error_cell, shown
from leaderboard.site.web.addresses import model_page, slug
from leaderboard.site.web.grid import Cell, Column, Grid, Line, measured
from leaderboard.tables import NO_VALUE, two_digits


def rows_of(task: PublishedTask, track: PublishedTrack) -> Grid:
    """Tabulate every row on a task, the best first: score, groups, gap to the leader, metrics."""
    metrics = [metric for metric in track.metrics if metric.name in task.metrics]
    rows = sorted(
        (row for row in track.rows if task.id in row.tasks),
        key=lambda row: (-row.tasks[task.id].score, row.name),
    )
    return Grid(
        name=slug(task.id),
        caption=f"Every model on {task.id}",
        columns=[
            Column("model", number=False),
            Column("score", about=f"0 {track.ends[0]}, 1 {track.ends[1]}"),
            *[Column(group) for group in task.counting if len(task.counting) > 1],
            Column("behind", about="the leader's score less this, paired by training replica"),
            *[Column(metric.title) for metric in metrics],
        ],
        lines=[_line(row, task, track, metrics) for row in rows],
        foot=[
            *_marks(task, track, metrics),
        ],
    )


def scale_of(task: PublishedTask, track: PublishedTrack) -> Grid:
    """Tabulate the marks of a task's metrics: what E₀, f and p are, and which metrics count."""
    metrics = [metric for metric in track.metrics if metric.name in task.metrics]
    return Grid(
        name=f"{slug(task.id)}-marks",
        caption=f"The marks of the score of {task.id}",
        columns=[
            Column("metric", number=False),
            Column("E₀", about=f"error of what scores 0: {track.ends[0]}"),
            Column("f", about=f"error of what scores 1: {track.ends[1]}"),
            Column("p", about="error of the perfect model, beyond which nothing can be told"),
            Column("E₀/f", about="a metric counts from 3 on"),
            Column("group", number=False),
        ],
        lines=[_scale_line(metric, task.metrics[metric.name]) for metric in metrics],
    )


def leading(task: PublishedTask, track: PublishedTrack) -> list[str]:
    """Say who leads and by how much, and what the task can tell, in sentences."""
    standing = task.standing
    if standing.leader is None:
        return ["No ranked model has run it yet."]
    leader = next(row for row in track.rows if row.name == standing.leader)
    cell = leader.tasks[task.id]
    said = [f"{leader.name} leads with {with_error(cell.score, cell.stderr)}."]
    behind = sorted(standing.behind.items(), key=lambda pair: pair[1].value)
    if behind:
        name, gap = behind[0]
        said.append(
            f"It is {with_error(gap.value, gap.stderr)} above {name}{_interval(gap)}: "
            f"{'more' if gap.p_value < 0.05 else 'no more'} than chance would make, by this "
            "difference alone."
        )
    even = [name for name, gap in behind if gap.p_value >= 0.05]
    if len(even) > 1:
        said.append(f"Not told apart from it here: {', '.join(even)}.")
    if math.isfinite(standing.resolution):
        said.append(
            f"The smallest difference that this task can tell is {two_digits(standing.resolution)}."
        )
    return said


def _interval(gap: Gap) -> str:
    if not math.isfinite(gap.low):
        return ""
    return f" (95 % interval {gap.low:.3f} … {gap.high:.3f})"


def _line(
    row: PublishedRow, task: PublishedTask, track: PublishedTrack, metrics: list[PublishedMetric]
) -> Line:
    cell = row.tasks[task.id]
    groups = [Cell(two_digits(cell.groups[group]), cell.groups[group]) for group in task.counting]
    cells = [
        Cell(
            row.name,
            link=f"{model_page(track, row)}#{slug(task.id)}",
            look="control" if row.role == "control" else "",
        ),
        measured(cell.score, cell.stderr),
        *(groups if len(groups) > 1 else []),
        _behind(row, task),
        *[_error(row, task, metric) for metric in metrics],
    ]
    return Line(cells, {"role": row.role})


def _behind(row: PublishedRow, task: PublishedTask) -> Cell:
    if row.name == task.standing.leader:
        return Cell("leads", 0.0)
    gap = task.standing.behind.get(row.name)
    return Cell(NO_VALUE) if gap is None else measured(gap.value, gap.stderr)


def _error(row: PublishedRow, task: PublishedTask, metric: PublishedMetric) -> Cell:
    found = row.tasks[task.id].metrics[metric.name]
    text = error_cell(row, task, metric)
    if not found.measured:
        return Cell(text)
    return Cell(text, metric.factor * found.value, metric.factor * found.stderr)


def _marks(
    task: PublishedTask, track: PublishedTrack, metrics: list[PublishedMetric]
) -> list[Line]:
    """Give the marks below the metrics; what has no score has none there."""
    lead = 2 + (len(task.counting) if len(task.counting) > 1 else 0)
    marks = {
        "trivial (E₀)": ("trivial", "trivial_stderr"),
        track.floor: ("floor", "floor_stderr"),
        "perfect (p)": ("perfect", "perfect_stderr"),
    }
    return [
        Line(
            [
                Cell(name),
                *[Cell("") for _ in range(lead)],
                *[_mark(metric, task.metrics[metric.name], value, stderr) for metric in metrics],
            ]
        )
        for name, (value, stderr) in marks.items()
    ]


def _mark(metric: PublishedMetric, scale: Scale, value: str, stderr: str) -> Cell:
    number, error = getattr(scale, value), getattr(scale, stderr)
    return Cell(shown(metric, number, error), metric.factor * number, metric.factor * error)


def _ratio(value: float) -> str:
    if not math.isfinite(value):
        return NO_VALUE
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _scale_line(metric: PublishedMetric, scale: Scale) -> Line:
    group = scale.group or "shown only"
    return Line(
        [
            Cell(metric.title),
            _mark(metric, scale, "trivial", "trivial_stderr"),
            _mark(metric, scale, "floor", "floor_stderr"),
            _mark(metric, scale, "perfect", "perfect_stderr"),
            Cell(_ratio(scale.ratio), scale.ratio),
            Cell(group if scale.counts or scale.group is None else f"{group}, does not count"),
        ]
    )
