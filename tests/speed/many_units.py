"""Whether a run of many units costs more of each: ``python -m tests.speed.many_units [WAY …]``.

Units of a model that does next to nothing go through a dask cluster of two workers (the way
``dask``), and through shards one after the other (``shards``), which are then scored. Of each
number of units the table holds the processor time of a unit beyond those of the line before, of all
processes (so that neither starting nor other work on the machine counts), and the most memory that
the run's own process has taken, or the scheduler.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmark.registry import TASKS_VARIABLE
from benchmark.run.descendants import adopt_orphans
from benchmark.task import Task
from tests.conftest import make_toy
from tests.plugs import ROOT
from tests.run.cluster import Cluster
from tests.speed.chosen import chosen

#: The first line is what the second is compared with, and has no figure of its own.
UNITS = (10, 500, 5000)

#: A run has at most 1,000 seeds of a task, so that there are several; units of a shard.
TASKS, SHARE = 5, 500

MODEL = """
class Idle:
    def fit(self, train, validation, context):
        self.n_labels = train.n_labels

    def sample(self, prompt, n_frames, rng):
        return rng.integers(self.n_labels, size=(len(prompt), n_frames))
"""


class Spent(NamedTuple):
    """Processor seconds of all that was started, and the most memory of one process, in MiB."""

    seconds: float
    memory: float


def make_tasks(folder: Path) -> None:
    """Make a toy task under several names."""
    toy = make_toy(folder)
    for number in range(TASKS):
        card = toy.card.model_copy(update={"id": f"toy/t{number}"})
        task = Task(card, toy.path.with_name(f"t{number}.yaml"))
        shutil.copytree(toy.data, task.data)
        task.write()
    toy.path.unlink()


def ended() -> float:
    """Wait for all that was started, orphans too; give the processor seconds of these so far."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
    times = os.times()
    return times.children_user + times.children_system


def most_memory(process: int) -> float:
    """Give the most memory that a process has taken so far, in MiB; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def called(place: Path, *words: object) -> float:
    """Call ``python -m benchmark``; give the most memory of that process, in MiB.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    command = [sys.executable, "-m", "benchmark", *map(str, words)]
    with (place / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, most_memory(process.pid))
            time.sleep(0.2)
    if process.returncode:
        raise RuntimeError((place / "log.txt").read_text()[-2000:])
    return memory


def asked(units: int, out: str) -> tuple[object, ...]:
    """Give the words of a run of so many units."""
    words = ("--model", "idle.py", "--tasks", "toy/*", "--replicas", 1, "--device", "cpu")
    return (*words, "--seeds", units // TASKS, "--no-plots", "--out", out)


def by_dask(place: Path, units: int) -> Spent:
    """Do a run on a cluster of two workers."""
    before = ended()
    cluster = Cluster(place / f"cluster{units}", {})
    try:
        for _ in range(2):
            cluster.add_worker()
        words = asked(units, f"dask{units}")
        own = called(place, "run", *words, "--scheduler", cluster.file)
        memory = max(own, most_memory(cluster.scheduler.pid))
    finally:
        cluster.close()
    return Spent(ended() - before, memory)


def by_shards(place: Path, units: int) -> Spent:
    """Do the shards of a run, one after the other."""
    before, count, memory = ended(), -(-units // SHARE), 0.0
    for index in range(1, count + 1):
        words = asked(units, f"shards{units}")
        own = called(place, "run", *words, "--workers", 1, "--shard", f"{index}/{count}")
        memory = max(memory, own)
    return Spent(ended() - before, memory)


def scored(place: Path, units: int) -> Spent:
    """Score a run that shards have done."""
    before = ended()
    memory = called(place, "score", f"shards{units}")
    return Spent(ended() - before, memory)


#: Of each way, what is measured.
WAYS: dict[str, dict[str, Callable[[Path, int], Spent]]] = {
    "dask": {"dask, two workers": by_dask},
    "shards": {f"shards of {SHARE}": by_shards, "score": scored},
}


def compare(title: str, way: Callable[[int], Spent]) -> None:
    """Measure and print the lines of a way."""
    before, seconds = 0, 0.0
    for units in UNITS:
        spent = way(units)
        each = (spent.seconds - seconds) / (units - before)
        cell = f"{each:.4f}" if before else "–"
        print(f"| {title} | {units:,} | {cell} | {spent.memory:.0f} |", flush=True)
        before, seconds = units, spent.seconds


def main() -> None:
    """Measure and print."""
    names = chosen(WAYS)
    adopt_orphans()
    print("| what | units | processor seconds of a further unit | MiB at most |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # In another process, whose helpers end with it: all that this one starts is waited for.
        maker = multiprocessing.get_context("fork").Process(
            target=make_tasks, args=[place / "tasks"]
        )
        maker.start()
        maker.join()
        os.environ |= {TASKS_VARIABLE: str(place / "tasks"), "PYTHONPATH": str(ROOT)}
        (place / "idle.py").write_text(MODEL)
        for name in names:
            for title, way in WAYS[name].items():
                compare(title, partial(way, place))


if __name__ == "__main__":
    main()
