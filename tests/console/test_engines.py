"""Options that say where a run is done: what they mean, and what contradicts what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.console.engines import resources_of
from benchmark.console.missing import command_for
from benchmark.errors import InputError
from benchmark.machine import cores
from benchmark.result import RunConfig, RunModel, Unit
from benchmark.run.folder import RunFile
from tests.plugs import ROOT, command, one_line


def test_resources_are_read_with_blanks_and_commas_between_them():
    assert resources_of("") == {}
    assert resources_of("cores=2 memory=4e9,GPU=1") == {"cores": 2, "memory": 4e9, "GPU": 1}


@pytest.mark.parametrize("text", ["GPU", "GPU=", "=1", "GPU=one", "GPU=-1", "GPU=inf", "GPU=nan"])
def test_what_is_no_resource_is_refused(text: str):
    with pytest.raises(InputError, match=f"^--resources '{text}': expected NAME=NUMBER, such as"):
        resources_of(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shard", "1/2", "--scheduler", "tcp://a:1"], "--shard and --scheduler: a scheduler"),
        (["--shard", "1/2", "--fresh"], "--shard and --fresh: it would throw away what other"),
        (["--shard", "3/2"], "--shard 3/2: expected I/N with 1 ≤ I ≤ N"),
        (["--scheduler", ""], "--scheduler is empty (a variable that is not set?): expected tcp:"),
        (["--shard", ""], "--shard "),
        (["--resources", "GPU=1"], "--resources: only units of a --scheduler take resources"),
        (["--scheduler", "tcp://a:1", "--workers", "2"], "--workers and --scheduler: a cluster"),
        (["--scheduler", "tcp://a:1", "--resources", "x"], "--resources 'x': expected NAME=NUM"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
):
    asked = ("run", "--model", "msm", "--tasks", "potentials/linear3", *options)
    code, out, err = command(capsys, *asked)
    assert (code, out) == (2, "")
    assert one_line(err)
    assert err.startswith(f"error: {message}")


WITHOUT_DASK = """
import sys

sys.modules["distributed"] = None  # as if it were not installed
sys.argv = ["benchmark", "run", "--model", "msm", "--scheduler", "tcp://a:1"]
from benchmark.cli import main

main()
"""


def test_cluster_without_dask_says_what_to_install():
    call = [sys.executable, "-c", WITHOUT_DASK]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: --scheduler needs dask: python -m pip install 'stridebench[cluster]'\n"
    )


def test_what_runs_here_loads_no_dask():
    look = "print(any(name.split('.')[0] in ('dask', 'distributed') for name in sys.modules))"
    modules = "benchmark.run.runner, benchmark.run.preloaded, benchmark.console.engines"
    call = [sys.executable, "-c", f"import sys, benchmark.cli, {modules}; {look}"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_cores_are_those_that_the_process_may_use():
    assert cores() >= 1
    look = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    look += "from benchmark.machine import cores; print(cores())"
    if sys.platform != "linux":
        pytest.skip("sets the cores of a process")
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "1\n", done.stderr


def unit(task: str, replica: int, seed: int) -> Unit:
    return Unit(task=task, version=1, replica=replica, seed=seed, status="skipped")


def run_file(**changes: object) -> RunFile:
    config = {
        "replicas": 2,
        "seeds": 1,
        "quick": False,
        "device": "cpu",
        "workers": 1,
        "timeout": 60.0,
        "tasks": ["potentials/linear3"],
    }
    return RunFile(
        model=RunModel(name="x"),
        spec="my model.py",
        given={"hidden": "8"},
        source_sha256="",
        config=RunConfig(**{**config, **changes}),
        provenance={},
        units=[],
    )


def test_command_for_what_is_missing_is_that_of_the_run():
    found = command_for(Path("runs/x"), run_file(), [unit("potentials/linear3", 1, 0)])
    assert found[:4] == ["python", "-m", "benchmark", "run"]
    assert found[4:] == [
        *("--model", "my model.py", "--out", "runs/x", "--tasks", "potentials/linear3"),
        *("--replicas", "2", "--seeds", "1", "--set", "hidden=8"),
    ]


def test_command_for_what_is_missing_reaches_units_of_other_calls():
    missing = [unit("potentials/linear3", 4, 0), unit("alanine/macro4-10ps", 0, 2)]
    found = command_for(Path("runs/x"), run_file(threads=2), missing)
    assert found[7:] == [
        *("runs/x", "--tasks", "alanine/macro4-10ps", "--tasks", "potentials/linear3"),
        *("--replicas", "5", "--seeds", "3", "--threads", "2", "--set", "hidden=8"),
    ]


def test_command_for_what_is_missing_names_a_whole_family_in_a_word():
    from benchmark.registry import select_tasks

    tasks = [task.id for task in select_tasks(["potentials/*"])]
    found = command_for(
        Path("runs/x"), run_file(tasks=tasks, quick=True), [unit("potentials/linear3", 0, 0)]
    )
    assert found[7:11] == ["runs/x", "--tasks", "potentials/*", "--quick"]
