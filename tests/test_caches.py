"""Libraries keep their caches somewhere, wherever the user can write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.caches import can_write
from tests.plugs import ROOT, one_line

CACHES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
          "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "STRIDEBENCH_TASKS")  # fmt: skip


def run(
    *arguments: str, cwd: Path, python_path: str = str(ROOT), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with the code found as an installed package is."""
    inherited = {name: text for name, text in os.environ.items() if name not in CACHES}
    environment = {**inherited, "PYTHONPATH": python_path, **variables}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


WRITES = """
import os
from benchmark.caches import writable_caches
writable_caches()
print(*(os.environ.get(name, "-") for name in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR")))
from benchmark.store import frozen
from benchmark.registry import find_task
print(len(frozen.load(find_task("potentials/linear3"), "train")))
"""


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """Give a user whose home is a file: nobody can write below it."""
    (tmp_path / "home").write_text("")
    return {"HOME": str(tmp_path / "home")}


def test_home_that_cannot_be_written_has_caches_in_a_temporary_place(tmp_path, nowhere):
    done = run("-c", WRITES, cwd=tmp_path, **nowhere)
    assert done.returncode == 0, done.stderr
    numba, matplotlib = done.stdout.splitlines()[0].split()
    assert numba == ("-" if can_write(ROOT / "benchmark" / "__pycache__") else numba)
    assert "stridebench-" in matplotlib
    assert not Path(matplotlib).exists()  # removed at the end


def test_home_that_can_be_written_is_left_alone(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = run("-c", WRITES, cwd=tmp_path, HOME=str(home))
    assert done.stdout.splitlines()[0].split() == ["-", "-"], done.stderr


def test_installation_that_cannot_be_written_compiles_in_a_temporary_place(tmp_path, nowhere):
    copy = tmp_path / "installed"
    shutil.copytree(
        ROOT / "benchmark", copy / "benchmark", ignore=shutil.ignore_patterns("__pycache__")
    )
    kernels = copy / "benchmark" / "tracks" / "kinetics" / "metrics"
    for folder in (copy / "benchmark", kernels):
        (folder / "__pycache__").write_text("")  # a file: no cache beside the code
    statement = (
        "from benchmark.caches import writable_caches; writable_caches(); import numpy; "
        "from benchmark.tracks.kinetics.metrics.kernels import run_lengths; "
        "print(run_lengths(numpy.array([0, 0, 1], numpy.uint8))[1])"
    )
    done = run("-c", statement, cwd=tmp_path, python_path=str(copy), **nowhere)
    assert done.stdout.strip() == "[2 1]", done.stderr


def test_frozen_data_are_read_without_a_cache_in_the_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    statement = WRITES.replace("writable_caches()\n", "\n")
    done = run("-c", statement, cwd=tmp_path, HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert list(home.iterdir()) == []


def test_folder_for_tasks_that_cannot_be_written_is_found_before_anything_is_read(
    tmp_path, nowhere
):
    command = ["-m", "benchmark", "data", "import", "absent.npy", "--name", "m"]
    done = run(*command, cwd=tmp_path, **nowhere)
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert "set STRIDEBENCH_TASKS to a folder of yours" in done.stderr
