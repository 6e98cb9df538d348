"""A run: the plan of its units, the processes that do them, the folder they end in.

A run folder holds ``run.json`` (what was asked), ``units/<task>/r<replica>-s<seed>/`` with the
prediction files and ``unit.json`` (written last: a unit without it is not done), and
``results.json``. Running again does what is missing; failures are tried again.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError, ModelError
from benchmark.files import write_text
from benchmark.loading import LoadedModel
from benchmark.provenance import provenance
from benchmark.result import Result, RunConfig, RunModel, Status, Unit
from benchmark.task import Task, find_task
from benchmark.worker import SCRATCH, Job, serve

#: Share of the default training budget with --quick.
QUICK_EFFORT = 0.2


class RunFile(BaseModel):
    """``run.json``: what a run folder was made for. Runs of another model do not mix with it.

    ``spec`` and ``given`` are what ``--model`` and ``--set`` said; ``config`` is the union of
    what was asked of this folder so far.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: RunModel
    spec: str
    given: dict[str, str]
    source_sha256: str
    config: RunConfig


@dataclass(frozen=True)
class Key:
    """Which unit."""

    task: str
    replica: int
    seed: int

    def folder(self, run: Path) -> Path:
        """Where the unit's files lie."""
        return run / "units" / self.task.replace("/", "--") / f"r{self.replica}-s{self.seed}"

    def __str__(self) -> str:
        return f"{self.task} r{self.replica}-s{self.seed}"


@dataclass(frozen=True)
class Event:
    """What a run tells whoever watches it. ``unit`` is set when the unit has ended."""

    key: Key
    fraction: float = 0.0
    note: str = ""
    unit: Unit | None = None


def plan(tasks: Sequence[Task], replicas: int, seeds: int, quick: bool) -> list[Key]:
    """List the units of a run: every replica with seed 0, replica 0 with the other seeds too.

    A task with fewer replicas than asked for gives all it has.
    """
    keys = []
    for task in tasks:
        wanted = 1 if quick else min(replicas, task.card.replicas)
        keys += [Key(task.id, replica, 0) for replica in range(wanted)]
        keys += [Key(task.id, 0, seed) for seed in range(1, 1 if quick else seeds)]
    return keys


def open_run(folder: Path, wanted: RunFile, fresh: bool) -> RunFile:
    """Make the run folder, or widen the one there by what is asked now.

    Returns
    -------
    RunFile
        With the tasks, replicas and seeds of all requests so far.

    Raises
    ------
    InputError
        If the folder holds a run of another model, code or settings, or is not a run folder.
    """
    if fresh and (folder / "run.json").exists():
        shutil.rmtree(folder)
    if (folder / "run.json").exists():
        found = read_run(folder)
        _require_same(folder, found, wanted)
        old, new = found.config, wanted.config
        config = new.model_copy(
            update={
                "tasks": sorted({*old.tasks, *new.tasks}),
                "replicas": max(old.replicas, new.replicas),
                "seeds": max(old.seeds, new.seeds),
            }
        )
        wanted = wanted.model_copy(update={"config": config})
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty and is not a run; take another --out")
    _write(folder / "run.json", wanted.model_dump_json(indent=1) + "\n")
    return wanted


def _require_same(folder: Path, found: RunFile, wanted: RunFile) -> None:
    differences = {
        "model": (found.spec, wanted.spec),
        "settings": (found.config.settings, wanted.config.settings),
        "--quick": (found.config.quick, wanted.config.quick),
        "version of the model's file": (found.source_sha256, wanted.source_sha256),
    }
    names = [name for name, (one, other) in differences.items() if one != other]
    if names:
        raise InputError(
            f"{folder} holds a run with another {', another '.join(names)}; "
            "take another --out, or --fresh to throw that run away"
        )


def read_run(folder: Path) -> RunFile:
    """Read ``run.json``.

    Raises
    ------
    InputError
        If the folder is not a run.
    """
    try:
        return RunFile.model_validate_json((folder / "run.json").read_bytes())
    except OSError as error:
        raise InputError(f"{folder} is not a run: it has no run.json") from error
    except ValidationError as error:
        raise InputError(f"{folder / 'run.json'} is damaged; start over with --fresh") from error


def execute(
    keys: Sequence[Key],
    tasks: dict[str, Task],
    run: RunFile,
    folder: Path,
    watch: Callable[[Event], None],
) -> None:
    """Do every unit that is not done, some at a time, each in a process of its own.

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
    workers, timeout = run.config.workers, run.config.timeout
    pool = [_Worker(workers) for _ in range(min(workers, len(todo)))]
    try:
        while todo or any(worker.key for worker in pool):
            for worker in pool:
                if worker.key is None and todo:
                    key = todo.popleft()
                    worker.start(key, _job(key, tasks[key.task], run, folder), timeout)
            for event in _events(pool):
                if event.unit is not None:
                    _finish(event.unit, event.key.folder(folder))
                watch(event)
    finally:
        for worker in pool:
            worker.stop()


def _job(key: Key, task: Task, run: RunFile, folder: Path) -> Job:
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


def _finish(unit: Unit, folder: Path) -> None:
    _write(folder / "unit.json", unit.model_dump_json(indent=1) + "\n")
    if unit.status == "done":
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}; what is done stays, run again to go on"
        ) from error


def _events(pool: Sequence[_Worker]) -> Iterator[Event]:
    """Wait for the next messages, deaths and passed deadlines of the busy workers."""
    busy = {worker.connection: worker for worker in pool if worker.key is not None}
    patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
    ready = wait(list(busy), timeout=max(0.0, min(patience, 1.0)))
    for connection in ready:
        yield busy[connection].receive()  # type: ignore[index]
    for connection, worker in busy.items():
        if connection not in ready and time.monotonic() > worker.deadline:
            yield worker.time_out()


class _Worker:
    """A child process that does one unit after another; replaced when it dies or is killed."""

    def __init__(self, workers: int) -> None:
        self.threads = max(1, (os.cpu_count() or 1) // workers)
        self.process: Any = None
        self.connection: Connection = None  # type: ignore[assignment]
        self.key: Key | None = None
        self.task: Task | None = None
        self.deadline = float("inf")
        self.timeout = float("inf")

    def start(self, key: Key, job: Job, timeout: float) -> None:
        """Send a job, starting the process if there is none."""
        if self.process is None or not self.process.is_alive():
            self._spawn()
        self.key, self.task, self.timeout = key, job.task, timeout
        self.deadline = time.monotonic() + timeout
        self.connection.send(job)

    def receive(self) -> Event:
        """Take one message; if there is none because the process died, say so."""
        assert self.key is not None
        assert self.task is not None
        try:
            kind, *content = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            reason = f"the model's process died (exit code {code}; -9 is often lack of memory)"
            return self._end(_blank(self.key, self.task, "failed", reason))
        if kind == "progress":
            return Event(self.key, *content)
        return self._end(content[0])

    def time_out(self) -> Event:
        """Kill the process: its unit has run out of time."""
        self.stop()
        assert self.key is not None
        assert self.task is not None
        reason = f"stopped after {self.timeout:g} s (--timeout)"
        return self._end(_blank(self.key, self.task, "timeout", reason))

    def stop(self) -> None:
        """End the process: asked if it is idle, killed if it is busy."""
        if self.process is None:
            return
        if self.key is None:
            with suppress(OSError):
                self.connection.send(None)
            self.process.join(timeout=10)
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.process = None

    def _spawn(self) -> None:
        # Read by BLAS and OpenMP when they load, before torch or numba could be told.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(self.threads)
        # A killed worker leaves semaphores behind, which Python cleans up with a warning.
        os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self.threads), daemon=True)
        self.process.start()
        theirs.close()

    def _end(self, unit: Unit) -> Event:
        assert self.key is not None
        key, self.key = self.key, None
        return Event(key, 1.0, unit.status, unit)


def read_unit(folder: Path, task: Task) -> Unit | None:
    """Read a unit's record; None if it is missing, half written, or of another task version."""
    try:
        unit = Unit.model_validate_json((folder / "unit.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return unit if unit.version == task.card.version else None


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
    tasks = {task_id: find_task(task_id) for task_id in run.config.tasks}
    units, results = [], []
    for task in tasks.values():
        mine = []
        for key in plan([task], run.config.replicas, run.config.seeds, run.config.quick):
            mine.append(_scored(key, task, key.folder(folder)))
            watch(Event(key, 1.0, "scored", mine[-1]))
        results.append(score_task(task, mine))
        units += mine
    complete = all(
        len({unit.replica for unit in units if unit.task == task.id}) == task.card.replicas
        for task in tasks.values()
    )
    result = Result(
        model=run.model,
        config=run.config,
        ranked=complete and not run.config.quick and all(u.status != "skipped" for u in units),
        provenance=provenance(list(tasks.values())),
        units=units,
        tasks=results,
    )
    path = folder / "results.json"
    try:
        result.write(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}; free space, then score"
        ) from error
    return result


def _scored(key: Key, task: Task, folder: Path) -> Unit:
    from benchmark.score import score_unit

    unit = read_unit(folder, task)
    if unit is None:
        return _blank(key, task, "skipped", "not run yet")
    if unit.status == "done":
        try:
            unit.metrics = score_unit(task, folder)
        except ModelError as error:
            unit.status, unit.reason = "failed", str(error)
    return unit


def _blank(key: Key, task: Task, status: Status, reason: str) -> Unit:
    return Unit(
        task=task.id,
        version=task.card.version,
        replica=key.replica,
        seed=key.seed,
        status=status,
        reason=reason,
    )


def run_model(loaded: LoadedModel) -> RunModel:
    """Describe a loaded model in a result."""
    return RunModel(name=loaded.name, **loaded.card.model_dump())
