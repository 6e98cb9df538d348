"""One fit of a run: what it is asked for, how it goes on, what it is called."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmark.result import Unit
from benchmark.task import Task


@dataclass(frozen=True)
class Job:
    """What a worker needs to know to do one unit."""

    task: Task
    replica: int
    seed: int
    model: str
    settings: dict[str, str]
    folder: Path
    device: str
    effort: float
    seconds: float
    trained_on: str = "train"
    source_sha256: str = ""  # of the model's code when the run began; empty: any will do

    @property
    def key(self) -> Key:
        """Which unit it is."""
        return Key(task=self.task.id, replica=self.replica, seed=self.seed)


class Phases:
    """Wall and CPU seconds of each phase of a unit, and the frames it has made.

    ``before`` is what of the wall seconds an earlier call has spent, on a fit that is taken up.
    """

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.before = 0.0
        self.cpu = 0.0
        self.frames = 0
        self._process = os.getpid()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add what the block takes to phase ``name``.

        A forked copy of the process that comes out of the block, and would do the rest of the unit
        a second time, ends there.
        """
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            if os.getpid() != self._process:
                os._exit(1)
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
            self.cpu += time.process_time() - cpu


class Key(BaseModel):
    """Which unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    """What a run tells whoever watches it. ``unit`` is set when the unit has ended.

    A ``remark`` stays on the screen, where a ``note`` of progress gives way to the next.
    """

    key: Key
    fraction: float = 0.0
    note: str = ""
    unit: Unit | None = None
    remark: str = ""
