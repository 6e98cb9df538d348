"""The rules of the house: who may import what, and that each rule would catch a breach of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.plugs import ROOT

PACKAGES = ("benchmark", "tasks", "baselines", "leaderboard")

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
CONTRACTS = SETTINGS["importlinter"]["contracts"]

#: Of each contract: a file, and an import that has no business there.
BREACHES = {
    "floors": ("benchmark/registry.py", "from benchmark.console import show"),
    "circles": ("tasks/making/pieces.py", "from tasks.private import make"),
    "ground": ("benchmark/files.py", "import pyarrow"),
    "metrics": ("benchmark/tracks/kinetics/metrics/errors.py", "from benchmark.task import Task"),
    "contracts": ("benchmark/model.py", "from benchmark.result import Unit"),
    "tracks-apart": (
        "benchmark/tracks/kinetics/data.py",
        "from benchmark.tracks.superresolution import segments",
    ),
    "harness": ("benchmark/score.py", "from benchmark.tracks.kinetics import card"),
    "tracks-below": ("benchmark/tracks/kinetics/plots.py", "from baselines.kinetics import msm"),
    "baselines": ("baselines/kinetics/replay.py", "from benchmark.store import frozen"),
    "tasks": ("tasks/making/freeze.py", "from benchmark.run import folder"),
    "leaderboard": ("leaderboard/ranking.py", "from benchmark.run import folder"),
}


def lint(folder: Path, *contracts: str) -> tuple[int, str]:
    """Check contracts in a folder; give exit code and what was printed."""
    chosen = [word for name in contracts for word in ("--contract", name)]
    call = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", call, "--no-cache", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the code, and no data."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_all_rules_are_kept(copy: Path):
    code, printed = lint(copy)
    assert code == 0, printed
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in printed


def test_every_rule_has_a_breach_below():
    assert {contract["id"] for contract in CONTRACTS} == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
@pytest.mark.parametrize("where", ["at the top", "in a function"])
def test_rule_catches_a_planted_breach(copy: Path, contract: str, where: str):
    name, line = BREACHES[contract]
    file = copy / name
    original = file.read_text()
    planted = f"\n{line}\n" if where == "at the top" else f"\ndef _late():\n    {line}\n"
    try:
        file.write_text(original + planted)
        code, printed = lint(copy, contract)
    finally:
        file.write_text(original)
    assert code == 1, printed
    assert "0 kept, 1 broken" in printed
