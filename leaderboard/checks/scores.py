"""The scores of a result: what the scorer of today makes of its units' metrics, and no other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from benchmark.result import TaskResult
from benchmark.score import score_task
from benchmark.untrusted import shown
from leaderboard.checks.entry import Entry

#: Stored and recomputed scores may differ by the rounding of another processor, not by more.
RELATIVE_TOLERANCE = 1e-9


def score_faults(entry: Entry) -> Iterator[str]:
    """Score each task again from the units' metrics, and compare."""
    entry.scores = {}
    for stored in entry.result.tasks:
        score = score_task(entry.tasks[stored.task], entry.units(stored.task))
        yield from (f"{stored.task}: {fault}" for fault in _faults(stored, score))
        entry.scores[stored.task] = score


def _faults(stored: TaskResult, score: TaskResult) -> Iterator[str]:
    difference = _difference(stored.model_dump(), score.model_dump())
    if difference:
        yield (
            f"the stored scores do not follow from the units: {difference}; "
            "score the run again (python -m benchmark score RUN)"
        )


def _difference(stored: Any, computed: Any, where: str = "") -> str:
    """Name the first field in which two nested values differ; empty if there is none."""
    if isinstance(stored, dict) and isinstance(computed, dict):
        for key in dict.fromkeys([*computed, *stored]):
            name = f"{where}.{shown(str(key))}" if where else shown(str(key))
            if key not in stored or key not in computed:
                return f"{name} is {'missing' if key not in stored else 'unknown'}"
            difference = _difference(stored[key], computed[key], name)
            if difference:
                return difference
        return ""
    if isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        return _difference(dict(enumerate(stored)), dict(enumerate(computed)), where)
    if isinstance(stored, float) and isinstance(computed, float):
        both_unknown = math.isnan(stored) and math.isnan(computed)
        close = math.isclose(
            stored, computed, rel_tol=RELATIVE_TOLERANCE, abs_tol=RELATIVE_TOLERANCE
        )
        return "" if both_unknown or close else f"{where} is {stored:.6g}, not {computed:.6g}"
    if stored == computed:
        return ""
    return f"{where} is {shown(repr(stored))}, not {shown(repr(computed))}"
