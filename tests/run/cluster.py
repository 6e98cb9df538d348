"""A dask cluster of this machine, each part a process that can be killed; and what a run left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.run.waiting import alive, eventually

#: In the environment of all that a test starts, so that what is left of it can be found.
MARK = "STRIDEBENCH_TEST"


class Cluster:
    """A scheduler and its workers, started in ``folder``.

    Parameters
    ----------
    folder : Path
        Empty; holds the scheduler's file and the workers' own folders.
    environment : mapping
        What they need to find the package and the tasks.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.environment = {**os.environ, **environment, MARK: str(folder)}
        self.scheduler = self._start(
            *("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
            *("--scheduler-file", str(self.file)),
        )
        assert eventually(self.file.exists, 60)
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker of one unit at a time; without a nanny, unless options say so."""
        place = self.folder / f"worker{len(self.workers)}"
        place.mkdir()
        nanny = () if "--nanny" in options else ("--no-nanny",)
        worker = self._start(
            *("dask_worker", "--scheduler-file", str(self.file), "--host", "127.0.0.1"),
            *("--nthreads", "1", "--no-dashboard", "--local-directory", str(place)),
            # One that never reaches a scheduler, which may have been killed, ends, as the docs say.
            *("--death-timeout", "60", *nanny, *options),
        )
        self.workers.append(worker)
        return worker

    def _start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *options],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        """Give what its parts have said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            kill(process)
        for number in marked(self.folder):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def kill(process: subprocess.Popen[Any]) -> None:
    """Kill a process as nothing can resist, and wait for its end."""
    process.kill()
    process.wait()


def marked(folder: Path) -> list[int]:
    """Give the processes that were started, by whatever way, by those of a folder's cluster."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0") and alive(int(entry.name)):
                    found.append(int(entry.name))
    return found


def answers(run: Path) -> dict[str, bytes]:
    """Read the prediction files of a run."""
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*.parquet")}


def files(run: Path) -> set[str]:
    """Name the files and folders of a run, but ``calls/``, which says on what else it ran."""
    found = {str(path.relative_to(run)) for path in run.rglob("*")}
    return {name for name in found if name.partition("/")[0] != "calls"}


def scores(run: Path) -> dict[str, Any]:
    """Read ``results.json`` without what may differ: cost, provenance, number of workers."""
    found: dict[str, Any] = json.loads((run / "results.json").read_text())
    del found["provenance"], found["earlier"], found["config"]["workers"]
    for unit in found["units"]:
        del unit["cost"]
    return found
