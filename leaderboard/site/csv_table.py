"""The board as a table for programs: one row per model, task and metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from benchmark.registry import track_named
from benchmark.result import Unit
from benchmark.task import TaskCard
from leaderboard.ranking import GROUPS
from leaderboard.submission import Submission

COLUMNS = [
    "model", "role", "task", "version", "metric", "unit", "counts", "value", "stderr", "bias",
    "replica_spread", "seed_spread", "z", "z_raw", "z_stderr", "missing", *GROUPS, "score",
    "score_stderr", "units", "failed", "parameters", "fit_seconds", "sampled_frames_per_second",
    "peak_memory_bytes",
]  # fmt: skip


def csv_text(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> str:
    """Write one row per model, task and metric; six digits, empty where there is no value.

    ``fit_seconds``, ``sampled_frames_per_second`` (medians), ``parameters`` and
    ``peak_memory_bytes`` (largest) are those of the task's done units.
    """
    rows = [
        row
        for submission in sorted(submissions, key=lambda submission: submission.card.name)
        for card in cards
        for row in _rows(submission, card)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return str(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _rows(submission: Submission, card: TaskCard) -> Iterable[dict[str, Any]]:
    task = submission.tasks.get(card.id)
    if task is None:
        return
    done = [unit for unit in submission.units(card.id) if unit.status == "done"]
    for name, metric in task.metrics.items():
        yield {
            "model": submission.card.name,
            "role": submission.card.role,
            "task": card.id,
            "version": card.version,
            "metric": name,
            "unit": track_named(card.track).metric(name).unit,
            **metric.model_dump(),
            **task.groups,
            "score": task.score,
            "score_stderr": task.stderr,
            "units": task.units,
            "failed": task.failed,
            **_task_costs(done),
        }


def _task_costs(done: Sequence[Unit]) -> dict[str, Any]:
    costs = [unit.cost for unit in done]
    return {
        "parameters": _largest(cost.parameters for cost in costs),
        "fit_seconds": _median(cost.fit_seconds for cost in costs),
        "sampled_frames_per_second": _median(cost.sampled_frames_per_second for cost in costs),
        "peak_memory_bytes": _largest(cost.peak_memory_bytes for cost in costs),
    }


def _largest(values: Iterable[int | None]) -> str:
    known = [value for value in values if value is not None]
    return str(max(known)) if known else ""  # text: pandas would make 1e+06 of a whole number


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return statistics.median(known) if known else math.nan
