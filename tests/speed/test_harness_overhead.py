"""What the harness adds to a model's own fit, sample and predict; nothing is asserted.

Run with ``pytest tests/speed --benchmark-enable``. The extra info holds ``own_seconds`` (the three
calls on the same arrays), ``harness_seconds`` and ``overhead_share`` = 1 − own/harness. The audit,
which predicts three chains a second time, is part of the harness.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from benchmark.job import Job
from benchmark.loading import load_model
from benchmark.model import FitContext
from benchmark.registry import find_task
from benchmark.run.local import asking
from benchmark.run.worker import do_unit
from benchmark.task import Task
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.data import load_chains, load_test

ROUNDS = 5


def own(task: Task, model: str, arrays: dict, scratch: Path) -> None:
    """Fit, sample and predict without a harness."""
    card = task.card
    built = load_model(model, {}).build()
    context = FitContext(task=card.id, scratch=scratch)
    built.fit(
        StateTrajectories((arrays["train"],), card.labels),
        StateTrajectories((arrays["validation"],), card.labels),
        context,
    )
    n_frames = card.generation.burn_in + card.generation.frames
    built.sample(arrays["prompt"], n_frames, np.random.default_rng(0))
    if hasattr(built, "predict"):
        built.predict(arrays["test"])


@pytest.mark.parametrize("model", ["iid", "replay", "msm"])
def test_unit(benchmark, tmp_path, model):
    task = find_task("potentials/linear3")
    arrays = {
        "train": load_chains(task, "train")[0],
        "validation": load_chains(task, "validation")[0],
        "test": load_test(task)[0],
        "prompt": np.stack(load_chains(task, "prompt")),
    }
    own(task, model, arrays, tmp_path)  # imports and compiles

    def unit() -> None:
        job = Job(task, 0, 0, model, {}, tmp_path / str(time.monotonic_ns()), "cpu", 1.0, 600.0)
        done = do_unit(job, asking(job), lambda fraction, note: None)
        assert done.status == "done", done.reason

    benchmark.pedantic(unit, rounds=ROUNDS, warmup_rounds=1)
    if benchmark.stats is not None:  # None with --benchmark-disable
        seconds = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            own(task, model, arrays, tmp_path)
            seconds.append(time.perf_counter() - begin)
        harness = benchmark.stats.stats.min
        benchmark.extra_info["own_seconds"] = min(seconds)
        benchmark.extra_info["harness_seconds"] = harness
        benchmark.extra_info["overhead_share"] = 1 - min(seconds) / harness
