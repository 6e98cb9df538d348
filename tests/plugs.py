"""Models written out as text, one of them honest, and the two ways to run one here and now."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmark import cli
from benchmark.job import Job
from benchmark.registry import TASKS_VARIABLE
from benchmark.result import TaskResult, Unit
from benchmark.run.local import asking
from benchmark.run.worker import do_unit
from benchmark.score import score_task, score_unit
from benchmark.task import Task

ROOT = Path(__file__).parents[1]

#: An honest model: the label before decides. Cheats are written as subclasses of it.
MARKOV = """
import os
import time

import numpy as np


class Markov:
    def __init__(self, prior: float = 0.5):
        self.prior = prior

    def fit(self, train, validation, context):
        K = self.K = train.n_labels
        self.counts = np.full((K, K), self.prior)
        for chain in train.chains:
            np.add.at(self.counts, (chain[:-1], chain[1:]), 1)
        self.T = self.counts / self.counts.sum(1, keepdims=True)

    def predict(self, states):
        p = np.empty((*states.shape, self.K), np.float32)
        p[:, 0] = 1 / self.K
        p[:, 1:] = self.T[states[:, :-1]]
        return p

    def sample(self, prompt, n_frames, rng):
        ends = self.T.cumsum(1)[:, :-1]
        out = np.empty((len(prompt), n_frames), np.uint8)
        state = prompt[:, -1]
        for frame, u in enumerate(rng.random((n_frames, len(prompt), 1))):
            state = out[:, frame] = (u > ends[state]).sum(1)
        return out
"""

#: The same with ``save`` and ``load``.
SAVED = (
    MARKOV
    + """
    def save(self, folder):
        np.save(folder / "counts.npy", self.counts)

    def load(self, folder):
        counts = np.load(folder / "counts.npy")
        self.K, self.counts, self.T = len(counts), counts, counts / counts.sum(1, keepdims=True)
"""
)


def do(
    task: Task, model: str, folder: Path, replica: int = 0, seed: int = 0, **settings: str
) -> Unit:
    """Fit, sample, predict, audit and score one unit in this process."""
    job = Job(task, replica, seed, model, settings, folder, "cpu", 1.0, 60.0)
    unit = do_unit(job, asking(job), lambda fraction, note: None)
    if unit.status == "done":
        unit.metrics, fault = score_unit(task, folder)
        unit.reason = unit.reason or fault
    return unit


def scored(task: Task, model: str, folder: Path) -> TaskResult:
    """Score a model on the first replica of a task."""
    return score_task(task, [do(task, model, folder)])


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Call ``benchmark`` in this process; give exit code, output and error output."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    output = capsys.readouterr()
    return int(stopped.value.code or 0), output.out, output.err


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository root and wait for it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


@contextmanager
def tasks_in(root: Path) -> Iterator[None]:
    """Let tasks in ``root`` be found, here and in child processes, for longer than one test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIDEBENCH_TASKS", str(root))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        yield


def one_line(error: str) -> bool:
    """Whether an error output is a single line that begins with ``error:``, and no traceback."""
    return error.startswith("error: ") and error.count("\n") == 1


def told_where_tasks_lie() -> str:
    """Give what a plug begins with that knows where data lie: a model's process is not told."""
    return f"import os\n\nos.environ[{TASKS_VARIABLE!r}] = {os.environ[TASKS_VARIABLE]!r}\n"
