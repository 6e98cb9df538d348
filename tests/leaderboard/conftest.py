"""A small board in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark.result import Result, RunConfig, RunModel
from benchmark.score import SCORER_VERSION, score_task
from leaderboard.card import write_card
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import (
    REPLICAS,
    MakeResult,
    MakeSubmission,
    Tasks,
    fingerprints,
    large_files,
    make_card,
    make_task,
    make_units,
)

ALL = ("left/a", "left/b", "right/c")


@pytest.fixture
def tasks() -> Tasks:
    """Two families: one of two tasks and one of a single task."""
    made = [make_task(task_id) for task_id in ALL]
    return {task.id: task for task in made}


@pytest.fixture
def make_result(tasks: Tasks) -> MakeResult:
    """Make a valid result that scores the given z on each task."""

    def make(
        z: Mapping[str, float],
        spread: float = 0.1,
        likelihood: bool = True,
        role: str = "model",
        quick: bool = False,
    ) -> Result:
        units = {key: make_units(tasks[key], z[key], spread, likelihood) for key in z}
        return Result(
            model=RunModel(name="x", title="X", description="A model.", role=role),
            config=RunConfig(
                replicas=REPLICAS,
                seeds=1,
                quick=quick,
                device="cpu",
                workers=1,
                timeout=3600.0,
                tasks=list(z),
            ),
            ranked=not quick,
            provenance={
                "scorer_version": SCORER_VERSION,
                "data": {key: fingerprints(tasks[key]) for key in z},
            },
            units=[unit for mine in units.values() for unit in mine],
            tasks=[score_task(tasks[key], mine) for key, mine in units.items()],
        )

    return make


@pytest.fixture
def make_submission(make_result: MakeResult) -> MakeSubmission:
    """Make a submission in memory that scores ``z`` on every task, or as a mapping says."""

    def make(name: str, z: float | Mapping[str, float], role: str = "model", **options: Any) -> Any:
        wanted = z if isinstance(z, Mapping) else dict.fromkeys(ALL, z)
        result = make_result(wanted, role=role, **options)
        card = make_card(name, role)
        return Submission(card, result, {task.task: task for task in result.tasks})

    return make


@pytest.fixture
def write_submission(tmp_path: Path) -> Callable[[Submission], Path]:
    """Write a submission of the first track under ``tmp_path/board/submissions``."""

    def write(submission: Submission) -> Path:
        folder = tmp_path / "board" / "submissions" / "kinetics" / submission.card.name
        folder.mkdir(parents=True)
        write_card(submission.card, folder / "card.yaml")
        submission.result.write(folder / "results.json")
        large_files(submission.card.name, submission.result).write(folder / "manifest.json")
        return folder

    return write
