"""Seconds to rank, publish and write the site of sixty rows on all tasks; nothing is asserted.

Run with ``pytest tests/speed --benchmark-enable``. Half of the rows are of each track; figures of
tasks before any model, which change with their data alone, are left out. The extra info holds
``processor_seconds``, which other programs on the machine do not lengthen, and ``megabytes``, of
the largest page.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmark.registry import shipped_tasks, track_of
from benchmark.result import Cost, Result, RunConfig, RunModel, Unit, UnitMetric
from benchmark.score import SCORER_VERSION, score_task
from benchmark.task import Task
from leaderboard.board import board_cards, make_board
from leaderboard.publishing import published
from leaderboard.site.web.build import build_site
from leaderboard.submission import Submission
from leaderboard.units import row_units
from tests.leaderboard.synthetic import make_card

ROWS = 60


def units_of(task: Task, z: float, rng: np.random.Generator) -> list[Unit]:
    """Make units whose errors score about ``z``."""
    track = track_of(task)
    units = []
    for replica in range(task.card.replicas):
        metrics = {}
        for name, scale in task.card.metrics.items():
            ratio = scale.trivial / scale.floor if scale.floor and scale.trivial else 1.0
            value = scale.trivial * ratio ** -(z + 0.02 * rng.normal())
            metrics[name] = UnitMetric(
                value=value, stderr=0.05 * value, unit=track.metric(name).unit
            )
        units.append(
            Unit(
                task=task.id, version=task.card.version, replica=replica, seed=0, status="done",
                metrics=metrics, cost=Cost(parameters=1000, fit_seconds=10 * rng.random()),
            )
        )  # fmt: skip
    return units


def submission(name: str, tasks: list[Task], rng: np.random.Generator) -> Submission:
    z = rng.random()
    units = {task.id: units_of(task, z, rng) for task in tasks}
    scores = {task.id: score_task(task, units[task.id]) for task in tasks}
    result = Result(
        model=RunModel(name=name),
        config=RunConfig(
            replicas=5, seeds=1, quick=False, device="cpu", workers=1, timeout=3600.0,
            tasks=list(units),
        ),
        ranked=True,
        provenance={"scorer_version": SCORER_VERSION},
        units=[unit for mine in units.values() for unit in mine],
        tasks=list(scores.values()),
    )  # fmt: skip
    return Submission(make_card(name), result, scores)


def write(folder: Path, rows: list[Submission], tasks: dict[str, Task]) -> None:
    ranked = make_board(rows, tasks)
    units = {
        (ranking.track.name, row.name): row_units(row.submission)
        for ranking in ranked.rankings
        for row in ranking.rows
    }
    build_site(folder, published(ranked), units)


def test_site_of_sixty_rows(benchmark, tmp_path):
    tasks = shipped_tasks()
    rng = np.random.default_rng(0)
    cards = board_cards(tasks)
    tracks = sorted({card.track for card in cards})
    rows = []
    for number in range(ROWS if benchmark.enabled else len(tracks)):
        track = tracks[number % len(tracks)]
        mine = [tasks[card.id] for card in cards if card.track == track]
        rows.append(submission(f"model{number}", mine, rng))
    begin = time.process_time()
    benchmark.pedantic(write, (tmp_path / "site", rows, tasks), rounds=1)
    benchmark.extra_info["processor_seconds"] = time.process_time() - begin
    largest = max(path.stat().st_size for path in (tmp_path / "site").rglob("*.html"))
    benchmark.extra_info["megabytes"] = largest / 1e6
    assert largest < 2e6, "a page of more than two megabytes"
