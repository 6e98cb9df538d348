"""An engine that has units done by the workers of a dask cluster (dask.distributed).

A unit is one task of the scheduler. If its worker is killed, the scheduler gives it to another;
if the client goes away, its tasks end, and the same command goes on from what is done. Workers need
this package and the tasks, not the run's folder; see `benchmark.run.remote`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

import benchmark
from benchmark.errors import InputError, named
from benchmark.files import read_small
from benchmark.job import Event, Job, Key
from benchmark.model import ModelFacts
from benchmark.result import Unit
from benchmark.run.describing import facts_from
from benchmark.run.folder import blank_unit, finish_unit
from benchmark.run.parcel import unpack
from benchmark.run.remote import Answer, Order, do_order, introduce

if TYPE_CHECKING:
    from distributed import Client, Future

#: Units that the scheduler holds at a time, so that neither it nor the client grows with a run.
AHEAD = 500

#: Seconds that a scheduler gets to answer.
PATIENCE = 30.0

LOST = (
    "the connection to the scheduler is lost; what is done stays, the same command goes on with it "
    "when there is a scheduler again"
)


def _address_in(path: str) -> str:
    """Read the address from the file that a scheduler writes."""
    wrong = "there is no such file"
    if Path(path).is_file():
        try:
            return str(json.loads(read_small(Path(path)))["address"])
        except (OSError, ValueError, LookupError, TypeError):
            wrong = "it has none"
    raise InputError(
        f"--scheduler {path}: expected an address such as tcp://HOST:8786, or the file of "
        f"`dask scheduler --scheduler-file`; {wrong}"
    )


@contextmanager
def connected(
    scheduler: str, threads: int, resources: Mapping[str, float], say: Callable[[str], None]
) -> Iterator[Cluster]:
    """Connect with a scheduler, wait for its first worker, and leave it as it was.

    Parameters
    ----------
    scheduler : str
        Its address, such as ``tcp://node1:8786``, or the file that it has written.
    threads : int
        Of each unit.
    resources : mapping of str to float
        What each unit takes of what workers declare.
    say : callable (text)
        Told when there is something to wait for.

    Raises
    ------
    InputError
        If dask is not installed, no scheduler answers, or the connection with it is lost.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "--scheduler needs dask: python -m pip install 'stridebench[cluster]'"
        ) from error
    # What dask logs of a connection that breaks is pages long; what matters is said in a line.
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    address = scheduler if "://" in scheduler else _address_in(scheduler)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False, name="stridebench")
    except (OSError, ValueError) as error:  # no answer in time is an OSError, too
        raise InputError(
            f"no scheduler answers at {scheduler} ({named(error)}); start one: dask scheduler"
        ) from error
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            say(f"waiting for a worker of {scheduler}")
        client.wait_for_workers(1)
        yield Cluster(client, threads, dict(resources))
    except Exception as error:
        if client.status == "running":
            raise
        raise InputError(LOST) from error  # whatever came of it
    finally:
        with suppress(Exception):  # a scheduler that is gone
            client.close(timeout=2)


class Cluster:
    """An engine (see `benchmark.run.engine`) of a dask cluster."""

    def __init__(self, client: Client, threads: int, resources: dict[str, float]) -> None:
        self._client = client
        self._resources = resources
        self.threads = threads
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        self.workers = sum(worker["nthreads"] for worker in workers)
        self.places: list[dict[str, Any]] = []

    def described(
        self, spec: str, settings: dict[str, str], track: str | None, device: str
    ) -> ModelFacts:
        """Say what ``--model``, ``--set`` and ``--device`` name, by each worker there is.

        Raises
        ------
        InputError
            If a worker has no such model, setting or device, two disagree, or all are gone.
        """
        asked = spec, settings, track, device, self.threads, str(Path.cwd())
        answers = self._client.run(introduce, *asked, workers=self._able(), on_error="return")
        found: dict[str, ModelFacts] = {}
        for worker, answer in sorted(answers.items()):
            if not isinstance(answer, OSError):  # it is gone, as workers come and go
                found[worker] = _facts(worker, answer)
                self._note(answer["place"])
        if not found:
            raise InputError("all workers are gone before a unit was done: start them again")
        first, *others = found
        for other in others:
            _require_equal(found, first, other)
        if found[first].device.startswith("cuda"):
            self._resources.setdefault("GPU", 1.0)
            self._able()
        return found[first]

    def _note(self, place: dict[str, Any]) -> None:
        if place not in self.places:
            self.places.append(place)

    def _able(self) -> list[str]:
        """Give the workers that declare what a unit takes.

        Raises
        ------
        InputError
            If there are none: the scheduler would wait for one for ever.
        """
        workers = self._client.scheduler_info(n_workers=-1)["workers"].items()
        wanted = self._resources.items()
        able = [
            address
            for address, worker in workers
            if all(worker["resources"].get(name, 0) >= amount for name, amount in wanted)
        ]
        if not able:
            text = " ".join(f"{name}={amount:g}" for name, amount in wanted)
            raise InputError(
                f"a unit takes {text}, and none of {len(workers)} workers declares so much: start "
                f"them with --resources '{text}', or say less with --resources"
            )
        return able

    def do(self, jobs: Sequence[Job]) -> Generator[Event]:
        """Have units done; give what they tell, and an event with its record for each.

        Raises
        ------
        InputError
            If the scheduler is gone, or what came back cannot be written.
        """
        if not jobs:
            return
        told: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        topic = f"stridebench-{secrets.token_hex(8)}"
        orders = _Orders(jobs[0].folder.parents[2], self.threads, topic)
        self._client.subscribe_topic(topic, lambda event: told.put(("progress", event[1])))
        todo = deque(jobs)
        going: dict[Any, tuple[Job, Future]] = {}
        try:
            while todo or going:
                while todo and len(going) < AHEAD:
                    job = todo.popleft()
                    future = self._submit(orders.of(job))
                    going[future.key] = job, future
                    future.add_done_callback(lambda one: told.put(("end", one.key)))
                kind, what = self._next(told)
                if kind == "progress":
                    told_of = {name: what[name] for name in ("fraction", "note", "remark")}
                    yield Event(Key(**what["key"]), **told_of)
                elif kind == "end" and what in going:
                    job, future = going.pop(what)
                    unit = self._taken(job, future)
                    yield Event(job.key, 1.0, unit.status, unit)
        finally:
            with suppress(Exception):  # a scheduler that is gone has no tasks left
                self._client.cancel([future for _, future in going.values()])
                self._client.unsubscribe_topic(topic)

    def _submit(self, order: Order) -> Future:
        resources = {name: amount for name, amount in self._resources.items() if amount}
        return self._client.submit(
            do_order,
            asdict(order),
            # Of each first word of a key, scheduler and workers keep statistics for ever.
            key=("stridebench", order.topic, str(Key(**order.key))),
            pure=False,
            resources=resources or None,
        )

    def _next(self, told: SimpleQueue[tuple[str, Any]]) -> tuple[str, Any]:
        """Wait for what is told next, a second at most."""
        self._require_connection()
        try:
            return told.get(timeout=1.0)
        except Empty:
            return "", None

    def _require_connection(self) -> None:
        """See that the scheduler is there: it gives up what it was to do for a client it loses.

        Raises
        ------
        InputError
            If it is not.
        """
        if self._client.status != "running":
            raise InputError(LOST)

    def _taken(self, job: Job, future: Future) -> Unit:
        """Take a unit's record, and its files if they have travelled; write what is not written."""
        try:
            answer = Answer(**future.result())
        except Exception as error:
            self._require_connection()
            return self._without_record(job, _why(error))
        finally:
            future.release()
        if answer.fault:
            return self._without_record(job, answer.fault)
        self._note(answer.place)
        try:
            unit = Unit.model_validate(answer.unit)
        except ValidationError:
            return self._without_record(job, "its worker sent what is no record of a unit")
        if answer.parcel is not None:
            unpack(answer.parcel, job.folder)
        return unit

    def _without_record(self, job: Job, why: str) -> Unit:
        unit = blank_unit(job.key, job.task, "failed", why)
        finish_unit(unit, job.folder)
        return unit


def _facts(worker: str, answer: Any) -> ModelFacts:
    """Give what a worker has said of the model.

    Raises
    ------
    InputError
        If it has not, or runs another version of this package; names it.
    """
    if isinstance(answer, BaseException):
        raise InputError(f"worker {worker}: {named(answer)}; install stridebench there")
    if answer.get("fault"):
        raise InputError(f"worker {worker}: {answer['fault']} (a model's file must lie there, too)")
    if answer["version"] != benchmark.__version__:
        raise InputError(
            f"worker {worker} has version {answer['version']} of stridebench, and not "
            f"{benchmark.__version__}: install the same"
        )
    return facts_from(answer["facts"])


def _require_equal(found: Mapping[str, ModelFacts], first: str, other: str) -> None:
    one, two = found[first], found[other]
    what = "device" if one.device != two.device else "code of the model"
    if (one.source_sha256, one.device) != (two.source_sha256, two.device):
        raise InputError(f"workers {first} and {other} differ in the {what}: one run needs one")


class _Orders:
    """Makes what is sent to workers of the jobs of one run."""

    def __init__(self, run: Path, threads: int, topic: str) -> None:
        content = (run / "run.json").read_bytes()
        self._common: dict[str, Any] = {
            "run": str(run),
            "run_sha256": hashlib.sha256(content).hexdigest(),
            "place": str(Path.cwd()),
            "threads": threads,
            "topic": topic,
        }

    def of(self, job: Job) -> Order:
        """Give the order for a job: all of it but where its task and its folder lie."""
        fields = {field.name: getattr(job, field.name) for field in dataclass_fields(job)}
        del fields["task"], fields["folder"]
        return Order(
            task=job.task.id,
            fingerprints=job.task.card.fingerprints,
            key=job.key.model_dump(),
            fields=fields,
            **self._common,
        )


def _why(error: Exception) -> str:
    """Say in a line why a task has no answer."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return "the workers that did it died, each time: killed, or out of memory?"
    return f"its worker could not do it: {named(error)}"
