"""The page of a model: who made it, where it stands on every task, and the units behind each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.published import (
    PublishedMetric,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
)
from leaderboard.site.cells import shown
from leaderboard.site.web.addresses import slug, task_page
from leaderboard.site.web.grid import Cell, Column, Grid, Line, measured
from leaderboard.tables import NO_VALUE, seconds, two_digits
from leaderboard.units import PublishedUnit, RowUnits


@dataclass(frozen=True)
class TaskUnits:
    """A task that a model has run: its units, and the command that runs them again."""

    task: PublishedTask
    units: Grid
    command: str


def places_of(row: PublishedRow, track: PublishedTrack) -> Grid:
    """Tabulate a row on every task of its track: place, score, groups, gap to the leader."""
    groups = track.groups if len(track.groups) > 1 else []
    return Grid(
        name=f"{track.name}--{row.name}",
        caption=f"{row.name} on every task",
        columns=[
            Column("task", number=False),
            Column("place", about="among the ranked models that have run it, by score"),
            Column("score", about=f"0 {track.ends[0]}, 1 {track.ends[1]}"),
            *[Column(group) for group in groups],
            Column("behind", about="the leader's score less this, paired by training replica"),
            Column("units"),
            Column("fit, s", about="median seconds of one fit"),
        ],
        lines=[_line(row, task, track, groups) for task in track.tasks],
    )


def units_of(row: PublishedRow, track: PublishedTrack, units: RowUnits) -> list[TaskUnits]:
    """Give the units of a row, task by task."""
    found = []
    for task in track.tasks:
        mine = [unit for unit in units.units if unit.task == task.id]
        if mine:
            metrics = [metric for metric in track.metrics if metric.name in task.metrics]
            grid = _unit_grid(row, task, mine, metrics)
            found.append(TaskUnits(task, grid, _command(task, mine, units)))
    return found


def _line(
    row: PublishedRow, task: PublishedTask, track: PublishedTrack, groups: Sequence[str]
) -> Line:
    name = Cell(task.id, link=task_page(task))
    cell = row.tasks.get(task.id)
    if cell is None:
        return Line([name, Cell("not run"), *[Cell(NO_VALUE) for _ in range(4 + len(groups))]])
    gap = task.standing.behind.get(row.name)
    behind = Cell("leads", 0.0) if row.name == task.standing.leader else Cell(NO_VALUE)
    return Line(
        [
            name,
            _place(row, task, track),
            measured(cell.score, cell.stderr),
            *[
                Cell(two_digits(cell.groups[group]), cell.groups[group])
                if group in cell.groups
                else Cell(NO_VALUE)
                for group in groups
            ],
            behind if gap is None else measured(gap.value, gap.stderr),
            Cell(
                f"{cell.units}" + (f", {cell.failed} failed" if cell.failed else ""),
                cell.units,
                link=f"#{slug(task.id)}",
            ),
            Cell(seconds(cell.fit_seconds), cell.fit_seconds),
        ]
    )


def _place(row: PublishedRow, task: PublishedTask, track: PublishedTrack) -> Cell:
    if row.rank is None:
        return Cell(NO_VALUE)
    ranked = [one for one in track.rows if one.rank is not None and task.id in one.tasks]
    place = 1 + sum(one.tasks[task.id].score > row.tasks[task.id].score for one in ranked)
    return Cell(f"{place} of {len(ranked)}", place)


def _unit_grid(
    row: PublishedRow,
    task: PublishedTask,
    units: Sequence[PublishedUnit],
    metrics: Sequence[PublishedMetric],
) -> Grid:
    hashed = any(unit.predictions for unit in units)
    return Grid(
        name=f"{row.name}--{slug(task.id)}",
        caption=f"Units of {row.name} on {task.id}",
        columns=[
            Column("replica, seed", number=False),
            Column("status", number=False),
            *[Column(metric.title) for metric in metrics],
            Column("fit, s"),
            Column("memory, MB"),
            Column("commit", number=False),
            *([Column("predictions, SHA-256", number=False)] if hashed else []),
        ],
        lines=[_unit_line(unit, metrics, hashed) for unit in units],
    )


def _unit_line(unit: PublishedUnit, metrics: Sequence[PublishedMetric], hashed: bool) -> Line:
    status = unit.status + (f": {unit.reason}" if unit.reason else "")
    memory = unit.cost.peak_memory_bytes
    files = [f"{name} {value[:12]}" for name, value in unit.predictions.items()]
    return Line(
        [
            Cell(f"{unit.replica}, {unit.seed}"),
            Cell(status, look="" if unit.status == "done" else "trouble"),
            *[_unit_error(unit, metric) for metric in metrics],
            Cell(seconds(unit.cost.fit_seconds), unit.cost.fit_seconds),
            Cell(NO_VALUE if memory is None else f"{memory / 1e6:,.0f}"),
            Cell(unit.commit[:10] or NO_VALUE),
            *([Cell(", ".join(files) or NO_VALUE)] if hashed else []),
        ]
    )


def _unit_error(unit: PublishedUnit, metric: PublishedMetric) -> Cell:
    found = unit.metrics.get(metric.name)
    if found is None:
        return Cell(NO_VALUE)
    factor = metric.factor
    return Cell(
        shown(metric, found.value, found.stderr), factor * found.value, factor * found.stderr
    )


def _command(task: PublishedTask, units: Sequence[PublishedUnit], made: RowUnits) -> str:
    """Give the command that makes the units of a task again, with every setting that it had."""
    words = ["python", "-m", "benchmark", "run", "--model", made.model, "--tasks", task.id]
    words += ["--replicas", str(1 + max(unit.replica for unit in units))]
    words += ["--seeds", str(1 + max(unit.seed for unit in units))]
    for name, value in made.settings.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    return shlex.join(words)
