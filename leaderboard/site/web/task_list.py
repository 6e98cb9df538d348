"""All tasks of a track in a table: what each asks, who leads, what it can tell."""

from __future__ import annotations

from leaderboard.published import PublishedTask, PublishedTrack
from leaderboard.site.web.addresses import model_page, task_page
from leaderboard.site.web.grid import Cell, Column, Grid, Line, measured
from leaderboard.tables import NO_VALUE, two_digits


def tasks_of(track: PublishedTrack) -> Grid:
    """Tabulate the tasks of a track."""
    return Grid(
        name=f"{track.name}-tasks",
        caption=f"Tasks: {track.title}",
        columns=[
            Column("task", number=False),
            Column("asks", number=False),
            Column("leader", number=False, about="the ranked model with the highest score"),
            Column("its score"),
            Column("resolution", about="the smallest difference of two models that it can tell"),
            Column("rows", about="models and controls that have run it"),
            Column("truth", number=False, about="whether the oracle is exact or empirical"),
            Column("replicas", about="independent training sets"),
        ],
        lines=[_line(task, track) for task in track.tasks],
    )


def _line(task: PublishedTask, track: PublishedTrack) -> Line:
    leader = next((row for row in track.rows if row.name == task.standing.leader), None)
    cell = leader and leader.tasks[task.id]
    return Line(
        [
            Cell(task.id, link=task_page(task)),
            Cell(task.title, look="words"),
            Cell(leader.name, link=model_page(track, leader)) if leader else Cell(NO_VALUE),
            measured(cell.score, cell.stderr) if cell else Cell(NO_VALUE),
            Cell(two_digits(task.standing.resolution), task.standing.resolution),
            Cell(str(rows := sum(task.id in row.tasks for row in track.rows)), rows),
            Cell(task.oracle),
            Cell(str(task.replicas), task.replicas),
        ],
        {"family": task.family},
    )
