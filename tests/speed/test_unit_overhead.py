"""What a unit costs beside its model once a run is under way, and what a second worker brings.

Run with ``pytest tests/speed --benchmark-enable``; nothing is asserted. The extra info holds, in
processor seconds of all processes, what each further unit takes: ``unit_seconds`` in all, and
``overhead_seconds`` without the model's own calls and the scoring. ``two_workers`` is how often
faster two of them are in wall time, on units that keep a core busy for a second; on a machine with
other work it says how busy that is.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from benchmark.result import read_result
from tests.plugs import MARKOV, python

BUSY = """
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        end = time.process_time() + 1.0
        while time.process_time() < end:
            pass
"""

#: Units of the runs that are compared.
FEW, MANY = 1, 9

#: Units that two workers share: an even number, and enough that starting them hardly counts.
SHARED = 20


#: Runs a command and prints the processor seconds of all that it has started, orphans too.
SPENT = """
import os
import subprocess
import sys

from benchmark.run.descendants import adopt_orphans

adopt_orphans()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
times = os.times()
print(times.children_user + times.children_system)
"""


def spent(*command: object) -> float:
    """Give the processor seconds of ``python -m benchmark``."""
    done = python("-c", SPENT, sys.executable, "-m", "benchmark", *map(str, command))
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def run(model: str, folder: Path, units: int, workers: int = 1) -> tuple[float, float, float]:
    """Give processor seconds of a run, those of its model's own calls, and wall seconds."""
    begin = time.perf_counter()
    seconds = spent(
        *("run", "--model", model, "--tasks", "potentials/linear3", "--replicas", 1),
        *("--seeds", units, "--workers", workers, "--out", folder, "--no-plots", "--fresh"),
    )
    wall = time.perf_counter() - begin
    own = sum(unit.cost.cpu_seconds for unit in read_result(folder / "results.json").units)
    return seconds, own, wall


@pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="a measurement")
def test_unit_after_the_first(benchmark, tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    first = run("iid", few, FEW)
    last = benchmark.pedantic(run, args=("iid", many, MANY), rounds=1)
    each = (last[0] - first[0]) / (MANY - FEW)
    own = (last[1] - first[1]) / (MANY - FEW)
    scored = (spent("score", many) - spent("score", few)) / (MANY - FEW)
    benchmark.extra_info["unit_seconds"] = each
    benchmark.extra_info["overhead_seconds"] = each - own - scored


@pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="a measurement")
def test_two_workers(benchmark, tmp_path):
    plug = tmp_path / "busy.py"
    plug.write_text(MARKOV + "\n\nclass Busy(Markov):" + BUSY)
    model = f"{plug}:Busy"
    one = run(model, tmp_path / "one", SHARED)
    two = benchmark.pedantic(run, args=(model, tmp_path / "two", SHARED, 2), rounds=1)
    benchmark.extra_info["two_workers"] = one[2] / two[2]
