"""What a run does with the processes that run a model: asks what it is, has units done, checks it.

The process that starts them reads the frozen data and scores; it never imports a model.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cached_property
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmark.errors import InputError
from benchmark.job import Event, Job, Key
from benchmark.machine import cores
from benchmark.model import ModelFacts
from benchmark.registry import track_of
from benchmark.result import Unit
from benchmark.run.describing import describe, facts_from
from benchmark.run.folder import blank_unit, finish_unit
from benchmark.run.process import ModelProcess, ProcessEndedError, processes
from benchmark.run.provenance import run_on
from benchmark.run.worker import serve
from benchmark.task import Task

#: A model's file is imported, and the model built once, within so many seconds.
DESCRIBING_SECONDS = 300.0


class Local:
    """An engine (see `benchmark.run.engine`) of this machine: some units at a time.

    A fresh process for every unit keeps a crash or a leak of memory to that unit, and a model
    from remembering in one unit what it was shown in another.

    Parameters
    ----------
    workers : int
        Units at a time; 0: as many as there are cores for their threads, or one on a GPU.
    threads : int
        Of each unit.
    """

    def __init__(self, workers: int, threads: int) -> None:
        self.workers, self.threads = workers or max(1, cores() // threads), threads
        self._is_asked = workers > 0

    def described(
        self, spec: str, settings: dict[str, str], track: str | None, device: str
    ) -> ModelFacts:
        """Say what ``--model``, ``--set`` and ``--device`` name; see `described`."""
        context = processes(self.threads, spec, track)
        facts = described(context, spec, settings, track, device)
        if facts.device.startswith("cuda") and not self._is_asked:
            self.workers = 1  # units share processor cores well, and a GPU badly
        return facts

    @cached_property
    def places(self) -> list[dict[str, Any]]:
        """What units run on: this machine."""
        return [run_on()]

    def do(self, jobs: Sequence[Job]) -> Generator[Event]:
        """Do units; give what they tell, and an event with its record for each."""
        context = processes(self.threads, jobs[0].model if jobs else "")
        todo, busy = deque(jobs), list[UnitProcess]()
        try:
            while todo or busy:
                while todo and len(busy) < self.workers:
                    busy.append(UnitProcess(context, todo[0].key, todo.popleft()))
                for event in events(busy):
                    if event.unit is not None:
                        [job] = [one.job for one in busy if one.key == event.key]
                        finish_unit(event.unit, job.folder)
                    yield event
                busy = [process for process in busy if not process.ended]
        finally:
            for process in busy:
                process.stop()


def described(
    context: Any,
    spec: str,
    settings: dict[str, str],
    track: str | None,
    device: str,
    seconds: float = DESCRIBING_SECONDS,
    place: Path | None = None,
) -> ModelFacts:
    """Say what ``--model``, ``--set`` and ``--device`` name, from a process of its own.

    Parameters
    ----------
    context : multiprocessing context
        See `benchmark.run.process.processes`.
    spec, settings, track, device
        As the command line has them.
    seconds : float
        After which it is given up.
    place : Path, optional
        The working directory of whoever asks, if it is not this process's own.

    Raises
    ------
    InputError
        If there is no such model, setting or device, or the model cannot be built in time.
    """
    process = ModelProcess(context, describe, spec, settings, track, device, place)
    try:
        for kind, content in process.listen(seconds):
            if kind == "fault":
                raise InputError(content)
            return facts_from(content)
    except ProcessEndedError as error:
        raise InputError(f"{spec} cannot be loaded and built: {error}") from None
    finally:
        process.stop()
    raise AssertionError("unreachable: a process that says nothing has ended")


def events(busy: Sequence[UnitProcess]) -> Iterator[Event]:
    """Wait for the next messages, deaths and passed deadlines."""
    patience = min(process.deadline for process in busy) - time.monotonic()
    handles = [handle for process in busy for handle in process.process.handles]
    ready = set(wait(handles, timeout=max(0.0, min(patience, 1.0))))
    for process in busy:
        if ready.intersection(process.process.handles):
            yield from process.receive()
        if not process.ended and time.monotonic() > process.deadline:
            yield process.time_out()


class UnitProcess:
    """A child process that does one unit; ``place``: see `described`."""

    def __init__(self, context: Any, key: Key, job: Job, place: Path | None = None) -> None:
        self.key, self.job = key, job
        self.ended = False
        self.deadline = time.monotonic() + job.seconds
        # The model asks for what it may see, and is not told where the rest lies.
        nowhere = replace(job, task=Task(job.task.card, Path()))
        self.process = ModelProcess(context, serve, nowhere, place)

    def receive(self) -> Iterator[Event]:
        """Take what it says; if it will say nothing more, that is the end of the unit."""
        messages, why = self.process.read()
        for kind, *content in messages:
            if kind == "ask":
                self._show(*content)
            elif kind == "progress":
                yield Event(self.key, *content)
            elif kind == "remark":
                yield Event(self.key, remark=content[0])
            else:
                yield self._end(self._unit(content))
                return
        if why:
            yield self._end(blank_unit(self.key, self.job.task, "failed", why))

    def _unit(self, content: list[Any]) -> Unit:
        try:
            return Unit.model_validate(content[0])
        except (ValidationError, IndexError):
            why = "the model's process said what is no message on its line to the run"
            return blank_unit(self.key, self.job.task, "failed", why)

    def _show(self, *what: str) -> None:
        """Hand out what a model has asked for."""
        try:
            answer = "shown", track_of(self.job.task).work.hand_out(self.job, *what)
        except (InputError, ValueError) as error:
            answer = "fault", str(error)
        self.process.answer(answer)

    def time_out(self) -> Event:
        """Kill the process: its unit has run out of time."""
        reason = f"stopped after {self.job.seconds:g} s (--timeout)"
        return self._end(blank_unit(self.key, self.job.task, "timeout", reason))

    def stop(self) -> None:
        """Kill the process and what it has started."""
        self.process.stop()

    def _end(self, unit: Unit) -> Event:
        self.stop()
        self.ended = True
        return Event(self.key, 1.0, unit.status, unit)


def asking(job: Job) -> Callable[..., Any]:
    """Give what stands for the line where a model runs in this very process.

    As through the line, everything is a copy, which the model may write to.
    """
    work = track_of(job.task).work
    return lambda *what: deepcopy(work.hand_out(job, *what))
