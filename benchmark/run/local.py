"""Processes of this machine that run a model's code: started, listened to, handed data, stopped.

The process that starts them reads the frozen data and scores; it never imports a model.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from benchmark.errors import InputError
from benchmark.job import Event, Job, Key
from benchmark.model import ModelFacts
from benchmark.registry import track_of
from benchmark.result import Unit
from benchmark.run.describing import describe
from benchmark.run.folder import blank_unit
from benchmark.run.worker import serve


def processes(threads: int) -> Any:
    """Give the way to start processes: forked from one that has imported what is slow to import."""
    # Read when they load by all that would start threads of its own: torch, BLAS, numba.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)
    # A killed process leaves semaphores behind, which Python cleans up with a warning.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmark.run.preloaded"])
    return context


def described(
    context: Any, spec: str, settings: dict[str, str], track: str | None, device: str
) -> ModelFacts:
    """Say what ``--model``, ``--set`` and ``--device`` name, from a process of its own.

    Raises
    ------
    InputError
        If there is no such model, setting or device, or the model cannot be built.
    """
    ours, theirs = context.Pipe()
    process = context.Process(
        target=describe, args=(theirs, spec, settings, track, device), daemon=True
    )
    process.start()
    theirs.close()
    try:
        kind, content = ours.recv()
    except (EOFError, OSError):
        process.join()
        raise InputError(f"{spec}: its process died (exit code {process.exitcode})") from None
    finally:
        ours.close()
    process.join()
    if kind == "fault":
        raise InputError(content)
    facts: ModelFacts = content
    return facts


def events(busy: Sequence[UnitProcess]) -> Iterator[Event]:
    """Wait for the next messages, deaths and passed deadlines."""
    by_connection = {process.connection: process for process in busy}
    patience = min(process.deadline for process in busy) - time.monotonic()
    ready = wait(list(by_connection), timeout=max(0.0, min(patience, 1.0)))
    for connection, process in by_connection.items():
        if connection in ready:
            if event := process.receive():
                yield event
        elif time.monotonic() > process.deadline:
            yield process.time_out()


class UnitProcess:
    """A child process that does one unit."""

    def __init__(self, context: Any, key: Key, job: Job) -> None:
        self.key, self.job = key, job
        self.ended = False
        self.deadline = time.monotonic() + job.seconds
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, job), daemon=True)
        self.process.start()
        theirs.close()

    def receive(self) -> Event | None:
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
        if kind == "ask":
            self._show(*content)
            return None
        return Event(self.key, *content) if kind == "progress" else self._end(content[0])

    def _show(self, *what: str) -> None:
        """Hand out what a model has asked for."""
        try:
            answer = "shown", track_of(self.job.task).work.hand_out(self.job, *what)
        except (InputError, ValueError) as error:
            answer = "fault", str(error)
        # A pipe holds little: a process that does not read must not keep all others waiting.
        threading.Thread(target=_send, args=(self.connection, answer), daemon=True).start()

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


def _send(connection: Connection, message: Any) -> None:
    with suppress(OSError):  # the process is gone, which its own end tells
        connection.send(message)


def asking(job: Job) -> Callable[..., Any]:
    """Give what stands for the pipe where a model runs in this very process."""
    work = track_of(job.task).work
    return lambda *what: work.hand_out(job, *what)
