"""What a unit costs beside its model once a run is under way, and what a second worker brings.

Run with ``pytest tests/speed --benchmark-enable``; nothing is asserted. The extra info holds, in
processor seconds of all processes, what each further unit takes: ``unit_seconds`` in all, and
``overhead_seconds`` without the model's own calls and the scoring. ``two_workers`` is how often
faster two of them are in wall time, on units that keep a core busy for a second; on a machine with
other work it says how busy that is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.result import read_result
from tests.plugs import MARKOV, ROOT

BUSY = """
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        end = time.process_time() + 1.0
        while time.process_time() < end:
            pass
"""

#: As many units as a task has replicas; then many more, by seeds.
FEW, MANY = 1, 9


def run(model: str, folder: Path, units: int, workers: int) -> tuple[float, float, float]:
    """Give processor seconds of a run, those of its model's own calls, and wall seconds."""
    arguments = ["--tasks", "potentials/linear3", "--replicas", "1", "--seeds", str(units)]
    arguments += ["--workers", str(workers), "--out", str(folder), "--no-plots", "--fresh"]
    before, begin = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "benchmark", "run", "--model", model, *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    wall, after = time.perf_counter() - begin, os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    own = sum(unit.cost.cpu_seconds for unit in read_result(folder / "results.json").units)
    return spent, own, wall


def scoring(folder: Path) -> float:
    """Give the processor seconds of scoring a run once more."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "benchmark", "score", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system


@pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="a measurement")
def test_unit_after_the_first(benchmark, tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    first = run("iid", few, FEW, 1)
    last = benchmark.pedantic(run, args=("iid", many, MANY, 1), rounds=1)
    each = (last[0] - first[0]) / (MANY - FEW)
    own = (last[1] - first[1]) / (MANY - FEW)
    scored = (scoring(many) - scoring(few)) / (MANY - FEW)
    benchmark.extra_info["unit_seconds"] = each
    benchmark.extra_info["overhead_seconds"] = each - own - scored


@pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="a measurement")
def test_two_workers(benchmark, tmp_path):
    plug = tmp_path / "busy.py"
    plug.write_text(MARKOV + "\n\nclass Busy(Markov):" + BUSY)
    model = f"{plug}:Busy"
    one = run(model, tmp_path / "one", MANY, 1)
    two = benchmark.pedantic(run, args=(model, tmp_path / "two", MANY, 2), rounds=1)
    benchmark.extra_info["two_workers"] = one[2] / two[2]
