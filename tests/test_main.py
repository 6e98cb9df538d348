"""``python -m benchmark`` in a folder with files of common names, on terminals of few signs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugs import ROOT, one_line


def run(
    *arguments: str, cwd: Path, python_path: str = str(ROOT), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with the code found as an installed package is."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": python_path, **variables},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


LIST = ("-m", "benchmark", "list", "--family", "potentials")


# ---- the working directory -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["tasks.py"],
        ["baselines/__init__.py", "leaderboard/__init__.py", "tasks/__init__.py"],
    ],
    ids=["a module", "packages"],
)
def test_files_of_the_working_directory_hide_nothing(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('the user\\'s own')\n")
    listed = run(*LIST, cwd=tmp_path)
    assert "potentials/linear3" in listed.stdout, listed.stderr
    checked = run("-m", "benchmark", "check", "--model", "iid", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["pathlib.py", "typing.py", "torch.py"])
def test_file_that_hides_a_module_of_python_is_named_and_never_run(tmp_path, name):
    (tmp_path / name).write_text("raise SystemExit('the user's own')\n")
    done = run(*LIST, cwd=tmp_path)
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert f"{tmp_path / name} hides the module" in done.stderr


def test_modules_of_the_working_directory_are_still_found(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from baselines.kinetics.iid import Iid\n\n\nclass Mine(Iid):\n    pass\n"
    )
    checked = run("-m", "benchmark", "check", "--model", "mine:Mine", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_package_that_hides_ours_on_the_path_is_named(tmp_path):
    (tmp_path / "tasks.py").write_text("x = 1\n")
    done = run(*LIST, cwd=ROOT.parent, python_path=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert f"{tmp_path / 'tasks.py'} is found for stridebench's package 'tasks'" in done.stderr


# ---- terminals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_signs_that_the_terminal_lacks_are_replaced(tmp_path, encoding):
    done = run(*LIST, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert "potentials/linear3" in done.stdout
    assert "?" in done.stdout


def test_errors_are_printed_on_a_terminal_without_their_signs(tmp_path):
    done = run("-m", "benchmark", "describe", "größer→", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert one_line(done.stderr)
