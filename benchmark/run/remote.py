"""What a worker of a dask cluster does of a run: one unit at a time, as the run itself would.

The worker is to the unit's process what the run's own process is elsewhere: it holds the frozen
data, hands out what a model may see, and kills what takes too long. What it is sent and what it
answers is text, numbers and bytes. If the run's folder is there too, the unit's files are written
into it; otherwise they travel back with the answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import benchmark
from benchmark.caches import writable_caches
from benchmark.errors import InputError
from benchmark.files import read_small, stamp
from benchmark.job import Event, Job, Key
from benchmark.model import ModelFacts
from benchmark.registry import all_tasks
from benchmark.result import Unit
from benchmark.run.folder import Fingerprints, finish_unit
from benchmark.run.local import UnitProcess, described, events
from benchmark.run.parcel import Parcel, packed
from benchmark.run.process import processes
from benchmark.run.provenance import run_on
from benchmark.task import Task

if TYPE_CHECKING:
    from distributed import Worker

#: Seconds between two reports of a unit's progress.
REPORTING = 1.0


@dataclass(frozen=True)
class Order:
    """What a worker is sent to do one unit; see `Job`.

    Attributes
    ----------
    task : str
    fingerprints : dict
        Of the task's frozen data.
    key : Key
    fields : dict
        What else a job holds, by name.
    run : str
        The run folder, where the client is.
    run_sha256 : str
        Of its ``run.json``: whoever finds the same there shares the folder.
    place : str
        The client's working directory.
    threads : int
        Of the unit.
    topic : str
        Under which progress is reported.
    """

    task: str
    fingerprints: Fingerprints
    key: dict[str, Any]
    fields: dict[str, Any]
    run: str
    run_sha256: str
    place: str
    threads: int
    topic: str


@dataclass(frozen=True)
class Answer:
    """How a unit has ended on a worker.

    Attributes
    ----------
    unit : dict
        Its record; empty if there is none.
    parcel : dict of str to bytes, optional
        Its files, where they have to travel.
    place : dict
        What it ran on, as provenance.
    fault : str
        Why the worker could not begin; empty if it did.
    """

    unit: dict[str, Any]
    parcel: Parcel | None
    place: dict[str, Any]
    fault: str = ""


def do_order(order: dict[str, Any]) -> dict[str, Any]:
    """Do one unit: the task that is submitted to the scheduler. Takes and gives plain records."""
    from distributed import Reschedule, get_worker

    worker, sent = get_worker(), Order(**order)
    wanted = _wanted(worker)
    try:
        context = _context(sent.threads, sent.fields["model"])
        task = _task(sent.task, sent.fingerprints)
    except InputError as error:
        return asdict(Answer({}, None, _place(), str(error)))
    key = Key(**sent.key)
    with _run_folder(sent, Path(worker.local_directory)) as (run, is_shared):
        job = Job(task=task, folder=key.folder(run), **sent.fields)
        with _without_main():
            process = UnitProcess(context, key, job, Path(sent.place))
        unit = _ended(process, wanted, _telling(worker, sent))
        if unit is None:
            # Of a task that nobody waits for this is heard by nobody.
            raise Reschedule
        finish_unit(unit, job.folder)
        parcel = None if is_shared else packed(job.folder)
        return asdict(Answer(unit.model_dump(mode="json"), parcel, _place()))


_starting = threading.Lock()


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module from processes started meanwhile, which would import it: dask's own."""
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _ended(
    process: UnitProcess, wanted: Callable[[], bool], tell: Callable[[Event], None]
) -> Unit | None:
    """Wait for a unit's end; None if it is not wanted any more, and has been stopped."""
    _under_way[id(process)] = wanted
    try:
        while wanted():
            for event in events([process]):
                if event.unit is not None:
                    return event.unit
                tell(event)
        return None
    finally:
        process.stop()
        del _under_way[id(process)]


#: Of each unit that this worker does: whether anybody still waits for it.
_under_way: dict[int, Callable[[], bool]] = {}


async def _without_leftovers() -> None:
    """Wait until units of a client that is gone have been stopped: the next may do them again."""
    while not all(wanted() for wanted in [*_under_way.values()]):
        await asyncio.sleep(0.1)


def _wanted(worker: Worker) -> Callable[[], bool]:
    """Give what says whether anybody still waits for this task, and the worker itself goes on.

    A client that is gone takes its tasks with it, and dask then only marks one that is under way.
    """
    from distributed.core import Status

    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        going_on = worker.status in (Status.running, Status.paused)
        return going_on and task is not None and task.state not in ("cancelled", "resumed")

    return wanted


def _telling(worker: Worker, sent: Order) -> Callable[[Event], None]:
    """Give what reports progress to the client, now and then, and every remark."""
    last = 0.0

    def tell(event: Event) -> None:
        nonlocal last
        now = time.monotonic()
        if event.remark or now - last > REPORTING:
            last = now
            said = {"fraction": event.fraction, "note": event.note, "remark": event.remark}
            worker.log_event(sent.topic, {"key": sent.key, **said})

    return tell


@contextmanager
def _run_folder(sent: Order, scratch: Path) -> Iterator[tuple[Path, bool]]:
    """Give the run's own folder if it is here too, else a temporary one; and which it is."""
    if _digest(Path(sent.run) / "run.json") == sent.run_sha256:
        yield Path(sent.run), True
        return
    # Below the folder of the worker, which dask removes when a worker has been killed.
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder:
        yield Path(folder), False


def _digest(path: Path) -> str:
    """Give the SHA-256 of a file, read only if it is another than before; empty without one."""
    try:
        return _digest_of(path, stamp(path))
    except OSError:
        return ""


@lru_cache(maxsize=8)
def _digest_of(path: Path, state: tuple[int, ...]) -> str:
    return hashlib.sha256(read_small(path)).hexdigest()


def _task(task_id: str, fingerprints: Fingerprints) -> Task:
    """Find a task, as it is where the run was begun.

    Raises
    ------
    InputError
        If there is none here, or its data are others.
    """
    task = _tasks().get(task_id)
    if task is None or task.card.fingerprints != fingerprints:
        _tasks.cache_clear()  # a worker may be older than the files
        task = _tasks().get(task_id)
    if task is None:
        raise InputError(f"there is no task {task_id} on this worker")
    if task.card.fingerprints != fingerprints:
        raise InputError(f"the task {task_id} on this worker has another card or other data")
    return task


@cache
def _tasks() -> dict[str, Task]:
    return all_tasks()


@cache
def _place() -> dict[str, Any]:
    return run_on()


_started_with: list[int] = []


def _context(threads: int, spec: str, track: str | None = None) -> Any:
    """Give the way to start processes; see `processes`.

    Raises
    ------
    InputError
        If this worker has started some of another number of threads, which they are born with.
    """
    if _started_with and _started_with != [threads]:
        raise InputError(
            f"units of this worker have {_started_with[0]} threads each, not {threads}: "
            "start the workers again"
        )
    if not _started_with:
        _started_with.append(threads)
        writable_caches()
        # A nanny starts its worker as a daemon, which might have no children; they end with it.
        multiprocessing.current_process().daemon = False
    return processes(threads, spec, track)


async def introduce(
    spec: str, settings: dict[str, str], track: str | None, device: str, threads: int, place: str
) -> dict[str, Any]:
    """Say what a model is on this worker, and what the worker is; or ``"fault"``, in a line."""

    def found() -> ModelFacts:
        return described(
            _context(threads, spec, track), spec, settings, track, device, place=Path(place)
        )

    await _without_leftovers()
    try:
        facts = await asyncio.to_thread(found)
    except InputError as error:
        return {"fault": str(error)}
    return {
        "facts": {**asdict(facts), "card": facts.card.model_dump()},
        "version": benchmark.__version__,
        "place": _place(),
    }
