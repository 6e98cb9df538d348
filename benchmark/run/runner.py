"""Doing the units of a run, each in a process of its own, and scoring the run."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from benchmark.errors import ModelError
from benchmark.result import Result, Unit
from benchmark.run.folder import (
    Key,
    RunFile,
    blank_unit,
    explained,
    finish_unit,
    read_run,
    read_unit,
)
from benchmark.run.provenance import scored_with
from benchmark.run.worker import Job, serve
from benchmark.task import Task, find_task

#: Share of the default training budget with --quick.
QUICK_EFFORT = 0.2


@dataclass(frozen=True)
class Event:
    """What a run tells whoever watches it. ``unit`` is set when the unit has ended."""

    key: Key
    fraction: float = 0.0
    note: str = ""
    unit: Unit | None = None


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
        if unit is not None and unit.status == "done":
            watch(Event(key, 1.0, "already done", unit))
        else:
            todo.append(key)
    context = _processes(run.config.threads)
    busy: list[_UnitProcess] = []
    try:
        while todo or busy:
            while todo and len(busy) < run.config.workers:
                key = todo.popleft()
                job = job_of(key, tasks[key.task], run, folder)
                busy.append(_UnitProcess(context, key, job))
            for event in _events(busy):
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
    )


def _processes(threads: int) -> Any:
    """Give the way to start processes: forked from one that has imported what is slow to import."""
    # Read when they load by all that would start threads of its own: torch, BLAS, numba.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
    # A killed process leaves semaphores behind, which Python cleans up with a warning.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.run.worker", "torch", "datasets", "numba"])
    return context


def _events(busy: Sequence[_UnitProcess]) -> Iterator[Event]:
    """Wait for the next messages, deaths and passed deadlines."""
    by_connection = {process.connection: process for process in busy}
    patience = min(process.deadline for process in busy) - time.monotonic()
    ready = wait(list(by_connection), timeout=max(0.0, min(patience, 1.0)))
    for connection, process in by_connection.items():
        if connection in ready:
            yield process.receive()
        elif time.monotonic() > process.deadline:
            yield process.time_out()


class _UnitProcess:
    """A child process that does one unit."""

    def __init__(self, context: Any, key: Key, job: Job) -> None:
        self.key, self.job = key, job
        self.ended = False
        self.deadline = time.monotonic() + job.seconds
        self.connection, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=serve, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()

    def receive(self) -> Event:
        """Take one message; if there is none because the process died, say so."""
        try:
            kind, *content = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            return self._end(
                blank_unit(
                    self.key,
                    self.job.task,
                    "failed",
                    f"the model's process died (exit code {code}; -9 is often lack of memory)",
                )
            )
        return Event(self.key, *content) if kind == "progress" else self._end(content[0])

    def time_out(self) -> Event:
        """Kill the process: its unit has run out of time."""
        reason = f"stopped after {self.job.seconds:g} s (--timeout)"
        return self._end(blank_unit(self.key, self.job.task, "timeout", reason))

    def stop(self) -> None:
        """Kill the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def _end(self, unit: Unit) -> Event:
        self.stop()
        self.ended = True
        return Event(self.key, 1.0, unit.status, unit)


def score_run(folder: Path, watch: Callable[[Event], None] = lambda event: None) -> Result:
    """Score a run from its files, and write ``results.json``.

    This is what both ``run`` and ``score`` call, so that they cannot differ.

    Raises
    ------
    InputError
        If the folder is no run, a task of it is unknown, or frozen data are damaged.
    """
    from benchmark.score import score_task

    run = read_run(folder)
    tasks = {task_id: find_task(task_id) for task_id in dict.fromkeys(u.task for u in run.units)}
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
    result = Result(
        model=run.model,
        config=run.config,
        ranked=complete and not run.config.quick and all(u.status != "skipped" for u in units),
        provenance={**run.provenance, **scored_with(list(tasks.values()))},
        earlier=run.earlier,
        units=units,
        tasks=results,
    )
    with explained(folder / "results.json") as path:
        result.write(path)
    return result


def _scored(key: Key, task: Task, folder: Path) -> Unit:
    from benchmark.score import score_unit

    unit = read_unit(folder, task)
    if unit is None:
        return blank_unit(key, task, "skipped", "not run yet")
    if unit.status == "done":
        try:
            unit.metrics, fault = score_unit(task, folder)
            unit.reason = unit.reason or fault
        except ModelError as error:
            unit.status, unit.reason = "failed", str(error)
    return unit
