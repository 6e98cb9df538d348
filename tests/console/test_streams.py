"""A terminal that cannot be written to, and names that look like markup, end no run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.hiding import hiding, refusal
from tests.plugs import MARKOV, ROOT


def shell(text: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which ``stridebench`` is the command."""
    line = text.replace("stridebench", f"{sys.executable} -m benchmark")
    return subprocess.run(
        ["sh", "-c", line],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("where", [">&-", ">/dev/full", "2>&- >&-", "| true"])
def test_run_whose_output_cannot_be_written_writes_its_results(toy, plug, tmp_path, where: str):
    model = plug(MARKOV)
    out = "[red] [/blue]"  # and the markup of a folder's name is a name
    command = f"stridebench run --model {model} --tasks toy/three --quick --out '{out}' {where}"
    done = shell(command, tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (tmp_path / out / "results.json").exists(), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if where == ">/dev/full":
        assert done.stderr == "error: cannot print: No space left on device\n"


def test_markup_in_the_name_of_a_folder_is_shown_as_it_is(toy, plug, tmp_path):
    model = plug(MARKOV, "[bold]plug")
    command = f"stridebench run --model '{model}' --tasks toy/three --quick --out '[red] [/x]'"
    done = shell(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"written: {tmp_path}/[red] [/x]/results.json\n" in done.stdout
    assert "[bold]plug, toy, quick" in done.stdout


# ---- files in the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["random.py", "torch.py", "numpy/__init__.py"])
def test_file_that_hides_a_module_is_named(toy, tmp_path, name: str):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    done = shell("stridebench list", tmp_path)
    module = name.removesuffix("/__init__.py").removesuffix(".py")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {path} hides the module '{module}' from all that imports it: "
        "rename it, or start from another folder\n"
    )


def test_files_that_hide_nothing_are_not_named(tmp_path):
    for name in ("model.py", "test/__init__.py", "random/data.py", "torch.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert hiding(tmp_path) == []
    assert refusal(ROOT) == ""
