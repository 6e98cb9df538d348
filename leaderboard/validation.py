"""What can be checked of a result without its predictions: that it is whole, and adds up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.result import Result, TaskResult
from benchmark.score import SCORER_VERSION, score_task
from benchmark.task import Task

#: Stored and recomputed scores may differ by the rounding of another processor, not by more.
RELATIVE_TOLERANCE = 1e-9


def recomputed(result: Result, tasks: Mapping[str, Task], path: Path) -> dict[str, TaskResult]:
    """Check a result and score its tasks again from its units' metrics.

    Parameters
    ----------
    result : Result
    tasks : mapping of task id to Task
        The tasks as they are now.
    path : Path
        Where the result lies, for messages.

    Raises
    ------
    InputError
        If the run was quick, is incomplete, or was scored on other tasks, task versions, data or by
        another scorer; or the stored scores do not follow from the units' metrics.
    """
    for fault in _run_faults(result):
        raise InputError(f"{path}: {fault}")
    scores = {}
    for stored in result.tasks:
        for fault in _task_faults(stored, result, tasks):
            raise InputError(f"{path}: {stored.task}: {fault}")
        units = [unit for unit in result.units if unit.task == stored.task]
        score = score_task(tasks[stored.task], units)
        for fault in _score_faults(stored, score):
            raise InputError(f"{path}: {stored.task}: {fault}")
        scores[stored.task] = score
    # Last, because it only sums up what the checks above name.
    if not result.ranked:
        raise InputError(f"{path}: the run says that it is not ranked; run it in full")
    return scores


def _run_faults(result: Result) -> Iterator[str]:
    if result.config.quick:
        yield "made with --quick, which is never ranked; run it in full"
    scorer = result.provenance.get("scorer_version")
    if scorer != SCORER_VERSION:
        yield (
            f"scored by scorer version {scorer}, the current one is {SCORER_VERSION}; "
            "score the run again (python -m benchmark score RUN)"
        )
    if not result.tasks:
        yield "holds no task"
    repeated = [task for task, n in Counter(task.task for task in result.tasks).items() if n > 1]
    if repeated:
        yield f"holds {repeated[0]} more than once"
    stray = {unit.task for unit in result.units} - {task.task for task in result.tasks}
    if stray:
        yield f"holds units of {min(stray)}, but no score of it"


def _task_faults(stored: TaskResult, result: Result, tasks: Mapping[str, Task]) -> Iterator[str]:
    if stored.task not in tasks:
        yield f"no such task; available: {', '.join(tasks)}"
        return
    card = tasks[stored.task].card
    units = [unit for unit in result.units if unit.task == card.id]
    versions = {stored.version, *(unit.version for unit in units)} - {card.version}
    if versions:
        yield f"version {min(versions)} of the task, the current one is {card.version}"
    data = result.provenance.get("data")
    if not isinstance(data, dict) or data.get(card.id) != card.fingerprints:
        yield "not made with the frozen data of this task (their fingerprints differ)"
    counted = Counter((unit.replica, unit.seed) for unit in units)
    repeated = [key for key, n in counted.items() if n > 1]
    if repeated:
        yield "holds replica {}, seed {} more than once".format(*repeated[0])
    missing = set(range(card.replicas)) - {unit.replica for unit in units}
    if missing:
        yield f"incomplete: {len(missing)} of {card.replicas} training replicas are missing"
    beyond = {unit.replica for unit in units} - set(range(card.replicas))
    if beyond:
        yield f"holds replica {max(beyond)}, but there are only {card.replicas}"
    skipped = sum(unit.status == "skipped" for unit in units)
    if skipped:
        yield f"incomplete: {skipped} of {len(units)} units were not run"


def _score_faults(stored: TaskResult, score: TaskResult) -> Iterator[str]:
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
            name = f"{where}.{key}" if where else str(key)
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
    return "" if stored == computed else f"{where} is {stored!r}, not {computed!r}"
