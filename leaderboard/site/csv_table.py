"""The board as a table for programs: one row per model, task and metric."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from benchmark.result import Unit
from benchmark.task import TaskCard
from benchmark.track import Track
from leaderboard.board import Board
from leaderboard.ranking import Row


def csv_text(board: Board) -> str:
    """Write one row per model, task and metric; six digits, empty where there is no value.

    ``fit_seconds``, ``sampled_frames_per_second`` (medians), ``parameters`` and
    ``peak_memory_bytes`` (largest) are those of the task's done units. There is a column for every
    group that counts on a task of the board.
    """
    rows = [(row, ranking) for ranking in board.rankings for row in ranking.rows]
    lines = [
        line
        for row, ranking in sorted(rows, key=lambda pair: pair[0].name)
        for card in ranking.cards
        for line in _lines(row, card, ranking.track)
    ]
    frame = pd.DataFrame(lines, columns=_columns(board))
    return str(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _columns(board: Board) -> list[str]:
    groups = dict.fromkeys(group for ranking in board.rankings for group in ranking.groups)
    return [
        "model", "role", "task", "version", "metric", "unit", "counts", "value", "stderr", "bias",
        "replica_spread", "seed_spread", "z", "z_raw", "z_stderr", "missing", *groups, "score",
        "score_stderr", "units", "failed", "parameters", "fit_seconds",
        "sampled_frames_per_second", "peak_memory_bytes",
    ]  # fmt: skip


def _lines(row: Row, card: TaskCard, track: Track) -> Iterable[dict[str, Any]]:
    task = row.submission.tasks.get(card.id)
    if task is None:
        return
    done = [unit for unit in row.submission.units(card.id) if unit.status == "done"]
    for name, metric in task.metrics.items():
        yield {
            "model": row.name,
            "role": row.role,
            "task": card.id,
            "version": card.version,
            "metric": name,
            "unit": track.metric(name).unit,
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
