"""The scores of a run, from its prediction files alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.files import explained
from benchmark.job import Event, Key
from benchmark.registry import find_task
from benchmark.result import Result, Unit
from benchmark.run.folder import blank_unit, read_run, read_unit, require_same_data
from benchmark.run.provenance import scored_with
from benchmark.score import score_task, score_unit
from benchmark.task import Task


def score_run(folder: Path, watch: Callable[[Event], None] = lambda event: None) -> Result:
    """Score a run from its files, and write ``results.json``.

    Raises
    ------
    InputError
        As `scores_of` does, or if the file cannot be written.
    """
    result = scores_of(folder, watch)
    write_result(folder, result)
    return result


def write_result(folder: Path, result: Result) -> None:
    """Write ``results.json`` into a run folder.

    Raises
    ------
    InputError
        If that cannot be done.
    """
    with explained(folder / "results.json") as path:
        result.write(path)


def scores_of(folder: Path, watch: Callable[[Event], None] = lambda event: None) -> Result:
    """Score a run from its files, and write nothing.

    This is what both ``run`` and ``score`` call, so that they cannot differ.

    Raises
    ------
    InputError
        If the folder is no run, a task of it is unknown, or frozen data are damaged.
    """
    run = read_run(folder)
    tasks = {task_id: find_task(task_id) for task_id in dict.fromkeys(u.task for u in run.units)}
    require_same_data(folder, run, {task.id: task.card.fingerprints for task in tasks.values()})
    units = []
    for key in run.units:
        units.append(_scored(key, tasks[key.task], key.folder(folder)))
        watch(Event(key, 1.0, "scored", units[-1]))
    results = [
        score_task(task, [unit for unit in units if unit.task == task.id])
        for task in tasks.values()
    ]
    complete = all(
        len({unit.replica for unit in units if unit.task == task.id}) == task.card.replicas
        for task in tasks.values()
    )
    return Result(
        model=run.model,
        config=run.config,
        ranked=complete and not run.config.quick and all(u.status != "skipped" for u in units),
        provenance={**run.provenance, **scored_with(list(tasks.values()))},
        earlier=run.earlier,
        units=units,
        tasks=results,
    )


def _scored(key: Key, task: Task, folder: Path) -> Unit:
    unit = read_unit(folder, task)
    if unit is None:
        there = os.path.lexists(folder / "unit.json")
        why = "its unit.json is damaged, or of another unit or version" if there else "not run yet"
        return blank_unit(key, task, "skipped", why)
    if unit.status == "done":
        try:
            unit.metrics, fault = score_unit(task, folder)
            unit.reason = unit.reason or fault
        except ModelError as error:
            unit.status, unit.reason = "failed", str(error)
    return unit
