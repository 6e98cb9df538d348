"""Tiny tasks and results made of nothing but scores, for the board."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.job import Key
from benchmark.registry import track_of
from benchmark.result import Cost, Result, Unit, UnitMetric
from benchmark.score import score_task
from benchmark.task import MetricScale, Split, Task
from benchmark.tracks.kinetics.card import Generation, KineticsCard
from benchmark.tracks.superresolution.card import Piece, SuperResolutionCard
from leaderboard.card import SubmissionCard, checked_card
from leaderboard.manifest import Manifest, StoredFile, unit_name
from leaderboard.submission import Submission

REPLICAS = 3
TRIVIAL, FLOOR = 1.0, 0.01  # so that an error of 10^(−2z) scores z

Tasks = dict[str, Task]
MakeResult = Callable[..., Result]
MakeSubmission = Callable[..., Submission]


def make_task(task_id: str, ranked: bool = True) -> Task:
    """Make a card of three counting metrics, one a group, and one that is only shown."""
    groups = {
        "nll_regret": "likelihood",
        "mfpt_error": "rates",
        "dwell_error": "paths",
        "free_energy_error": None,
    }
    card = KineticsCard(
        id=task_id,
        version=1,
        track="kinetics",
        title="a task",
        description="",
        ranked=ranked,
        frame_time=1.0,
        time_unit="frames",
        labels=2,
        observable=[0, 1],
        slowest=10.0,
        oracle="exact",
        generation=Generation(chains=8, frames=10**6, burn_in=10),
        splits={"train": Split(rows=REPLICAS, frames=300, sha256="a" * 64)},
        reference_sha256="b" * 64,
        metrics={
            name: MetricScale(
                group=group, trivial=TRIVIAL, trivial_stderr=0.0, floor=FLOOR, floor_stderr=0.0
            )
            for name, group in groups.items()
        },
        generator="none",
    )
    return Task(card, Path(f"/nowhere/{task_id}.yaml"))


def of_size(task: Task, test: int, generated: int) -> Task:
    """Give a task of another size: so many test frames, and frames to generate."""
    card = task.card.model_copy(
        update={
            "splits": {**task.card.splits, "test": Split(rows=1, frames=test, sha256="c" * 64)},
            "generation": Generation(chains=1, frames=generated, burn_in=10),
        }
    )
    return Task(card, task.path)


def make_superresolution_task(task_id: str, molecule: str = "water", gap: int = 10) -> Task:
    """Make a card of the other track: one counting metric, and one that is only shown."""
    card = SuperResolutionCard(
        id=task_id,
        version=1,
        track="superresolution",
        title="a task",
        description="",
        frame_time=0.5,
        time_unit="fs",
        oracle="exact",
        splits={
            "train": Split(rows=1, frames=300, sha256="a" * 64),
            "test": Split(rows=1, frames=10**6, sha256="c" * 64),
        },
        metrics={
            "mae": MetricScale(
                group="accuracy", trivial=TRIVIAL, trivial_stderr=0.0, floor=FLOOR, capped=False
            ),
            "rmse": MetricScale(group=None, trivial=TRIVIAL, trivial_stderr=0.0, floor=None),
        },
        generator="none",
        molecule=molecule,
        numbers=[8, 1, 1],
        masses=[16.0, 1.0, 1.0],
        bonds=[(0, 1), (0, 2)],
        gap=gap,
        pieces={name: [Piece(file="water.parquet")] for name in ("train", "test")},
    )
    return Task(card, Path(f"/nowhere/{task_id}.yaml"))


def make_units(task: Task, z: float, spread: float, likelihood: bool) -> list[Unit]:
    """Make done units whose errors score ``z``, with that relative spread between replicas."""
    error = TRIVIAL * (FLOOR / TRIVIAL) ** z
    names = [name for name in task.card.metrics if likelihood or name != "nll_regret"]
    unit_of = {metric.name: metric.unit for metric in track_of(task).metrics}
    units = []
    for replica in range(task.card.replicas):
        value = error * (1 + spread * (replica - (task.card.replicas - 1) / 2))
        metrics = {
            name: UnitMetric(value=value, stderr=0.1 * value, bias=0.0, unit=unit_of[name])
            for name in names
        }
        cost = Cost(parameters=7, fit_seconds=1.5 + replica)
        units.append(
            Unit(
                task=task.id,
                version=task.card.version,
                replica=replica,
                seed=0,
                status="done",
                metrics=metrics,
                cost=cost,
            )
        )
    return units


def card_fields(name: str, role: str = "model") -> dict[str, Any]:
    """Give what stands in the least card that is one."""
    return {
        "name": name,
        "title": name,
        "authors": ["N. N."],
        "description": "",
        "code": {"url": f"https://example.org/{name}", "revision": "v1"},
        "licence": "MIT",
        "reads": ["labels"],
        "trained_on": ["train"],
        "parameters": 7 if role else None,
        "role": role,
    }


def make_card(name: str, role: str = "model") -> SubmissionCard:
    """Make a card that says no more than it must."""
    return checked_card(card_fields(name, role))


def fingerprints(task: Task) -> dict[str, Any]:
    """Give what a result's provenance says of a task."""
    return task.card.fingerprints


def rescored(result: Result, tasks: Mapping[str, Task]) -> Result:
    """Bring the stored scores in line with the units."""
    scores = [
        score_task(tasks[stored.task], [u for u in result.units if u.task == stored.task])
        for stored in result.tasks
    ]
    return result.model_copy(update={"tasks": scores})


def large_files(name: str, result: Result) -> Manifest:
    """List predictions of every done unit that nobody has: the tasks are too large to audit."""
    units = {unit_name(unit) for unit in result.units if unit.status == "done"}
    listed = {
        unit: {
            "samples.parquet": StoredFile(
                bytes=100,
                sha256=hashlib.sha256(f"{name} {unit}".encode()).hexdigest(),
            )
        }
        for unit in sorted(units)
    }
    return Manifest(units=listed)


def write_large_files(run: Path, result: Result) -> None:
    """Write a result as a run folder, with predictions of tasks too large to be audited."""
    result.write(run / "results.json")
    for unit in result.units:
        key = Key(task=unit.task, replica=unit.replica, seed=unit.seed)
        key.folder(run).mkdir(parents=True, exist_ok=True)
        content = f"{key} {unit.metrics}".encode()
        name = "positions.parquet" if "mae" in unit.metrics else "samples.parquet"
        (key.folder(run) / name).write_bytes(content)
