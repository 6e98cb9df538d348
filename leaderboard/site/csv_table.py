"""The board as a table for programs: one row per model, task and metric."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from leaderboard.markup import csv_cell
from leaderboard.published import (
    Cell,
    Published,
    PublishedMetric,
    PublishedRow,
    PublishedTask,
    PublishedTrack,
)


def csv_text(board: Published) -> str:
    """Write one row per model, task and metric; six digits, empty where there is no value.

    ``fit_seconds``, ``sampled_frames_per_second`` (medians), ``parameters`` and
    ``peak_memory_bytes`` (largest) are those of the task's done units. There is a column for every
    group that counts on a task of the board.
    """
    rows = [(row, track) for track in board.tracks for row in track.rows]
    lines = [
        line
        for row, track in sorted(rows, key=lambda pair: pair[0].name)
        for task in track.tasks
        for line in _lines(row, task, track)
    ]
    frame = pd.DataFrame(lines, columns=_columns(board))
    return str(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _columns(board: Published) -> list[str]:
    groups = dict.fromkeys(group for track in board.tracks for group in track.groups)
    return [
        "model", "role", "task", "version", "metric", "unit", "counts", "value", "stderr", "bias",
        "replica_spread", "seed_spread", "z", "z_raw", "z_stderr", "missing", *groups, "score",
        "score_stderr", "units", "failed", "parameters", "fit_seconds",
        "sampled_frames_per_second", "peak_memory_bytes",
    ]  # fmt: skip


def _lines(
    row: PublishedRow, task: PublishedTask, track: PublishedTrack
) -> Iterable[dict[str, Any]]:
    cell = row.tasks.get(task.id)
    if cell is None:
        return
    for metric in track.metrics:
        if metric.name in cell.metrics:
            yield {
                "model": csv_cell(row.name),
                "role": row.role,
                "task": task.id,
                "version": task.version,
                **_measured(metric, cell),
                **_whole(cell),
            }


def _measured(metric: PublishedMetric, cell: Cell) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "unit": metric.unit,
        **cell.metrics[metric.name].model_dump(exclude={"measured"}),
    }


def _whole(cell: Cell) -> dict[str, Any]:
    return {
        **cell.groups,
        "score": cell.score,
        "score_stderr": cell.stderr,
        "units": cell.units,
        "failed": cell.failed,
        "parameters": _text(cell.parameters),
        "fit_seconds": cell.fit_seconds,
        "sampled_frames_per_second": cell.sampled_frames_per_second,
        "peak_memory_bytes": _text(cell.peak_memory_bytes),
    }


def _text(value: int | None) -> str:
    return "" if value is None else str(value)  # pandas would make 1e+06 of a whole number
