"""Doing the units of a run that are not done, by an engine: here, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmark.job import Event, Job, Key
from benchmark.run.engine import Engine
from benchmark.run.folder import RunFile, read_run, read_unit
from benchmark.run.local import Local
from benchmark.run.sharing import add_call, ran_on
from benchmark.store.predictions import damaged
from benchmark.task import Task

#: Share of the default training budget with --quick.
QUICK_EFFORT = 0.2


def execute(
    keys: Sequence[Key],
    tasks: dict[str, Task],
    run: RunFile,
    folder: Path,
    watch: Callable[[Event], None],
    engine: Engine | None = None,
) -> None:
    """Do every unit that is not done; by default here, as many at a time as the run says.

    Raises
    ------
    InputError
        If the run folder cannot be written to, or the engine fails.
    """
    engine = engine or Local(run.config.workers, run.config.threads)
    todo: list[Job] = []
    for key in keys:
        unit = read_unit(key.folder(folder), tasks[key.task])
        done = unit is not None and unit.status == "done"
        lost = damaged(key.folder(folder)) if done else ""
        if lost:
            watch(Event(key, remark=f"{lost} is damaged, and the unit is done again"))
        if done and not lost:
            watch(Event(key, 1.0, "already done", unit))
        else:
            todo.append(job_of(key, tasks[key.task], run, folder))
    known = 1  # place, which run.json has
    with closing(engine.do(todo)) as events:
        for event in events:
            known = _note_places(engine.places, known, run, folder)
            watch(event)


def _note_places(places: Sequence[dict[str, Any]], known: int, run: RunFile, folder: Path) -> int:
    """Write down what else units have run on; give how many places are known then."""
    for number in range(known, len(places)):
        add_call(folder, read_run(folder), ran_on(run, places[number]), f"{number:08d}")
    return len(places)


def job_of(key: Key, task: Task, run: RunFile, folder: Path) -> Job:
    """Give what a unit of a run is: its data, its model, its folder."""
    return Job(
        task=task,
        replica=key.replica,
        seed=key.seed,
        model=run.spec,
        settings=run.given,
        folder=key.folder(folder),
        device=run.config.device,
        effort=QUICK_EFFORT if run.config.quick else 1.0,
        seconds=run.config.timeout,
        trained_on=run.model.trained_on,
        source_sha256=run.source_sha256,
    )
