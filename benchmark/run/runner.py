"""Doing the units of a run, each in a process of its own, and scoring the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.job import Event, Job, Key
from benchmark.run.folder import RunFile, finish_unit, read_unit
from benchmark.run.local import UnitProcess, events
from benchmark.run.process import processes
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
) -> None:
    """Do every unit that is not done, some at a time, each in a process of its own.

    A fresh process for every unit keeps a crash or a leak of memory to that unit, and a model
    from remembering in one unit what it was shown in another.

    Raises
    ------
    InputError
        If the run folder cannot be written to.
    """
    todo: deque[Key] = deque()
    for key in keys:
        unit = read_unit(key.folder(folder), tasks[key.task])
        done = unit is not None and unit.status == "done"
        lost = damaged(key.folder(folder)) if done else ""
        if lost:
            watch(Event(key, remark=f"{lost} is damaged, and the unit is done again"))
        if done and not lost:
            watch(Event(key, 1.0, "already done", unit))
        else:
            todo.append(key)
    context = processes(run.config.threads, run.spec)
    busy: list[UnitProcess] = []
    try:
        while todo or busy:
            while todo and len(busy) < run.config.workers:
                key = todo.popleft()
                job = job_of(key, tasks[key.task], run, folder)
                busy.append(UnitProcess(context, key, job))
            for event in events(busy):
                if event.unit is not None:
                    finish_unit(event.unit, event.key.folder(folder))
                watch(event)
            busy = [process for process in busy if not process.ended]
    finally:
        for process in busy:
            process.stop()


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
