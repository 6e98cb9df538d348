"""What is imported beforehand for a model is what its code names, found without importing it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmark.loading import unloaded_sources
from benchmark.run.preloading import TORCH, preloads

ALWAYS = "benchmark.run.preloaded"


@pytest.mark.parametrize(
    ("model", "track", "expected"),
    [
        ("iid", "kinetics", ()),
        ("linear", "superresolution", ()),
        ("lstm", "kinetics", TORCH),
        ("node", "superresolution", TORCH),
        ("msm", "kinetics", ("deeptime.markov.msm", "deeptime.markov.hmm")),
        ("absent", None, TORCH),
        ("absent.module:Class", None, TORCH),
        ("baselines.kinetics.iid:Iid", None, ()),
    ],
)
def test_slow_packages_are_those_that_the_code_of_a_model_names(model, track, expected):
    assert preloads(model, track) == [ALWAYS, *expected]


@pytest.mark.parametrize("line", ["import torch", "def f():\n    from torch.nn import GRU"])
def test_package_named_anywhere_in_the_files_of_a_model_counts(tmp_path: Path, line: str):
    (tmp_path / "plug.py").write_text("import math\nimport parts\n")
    (tmp_path / "parts.py").write_text(line)
    assert preloads(f"{tmp_path / 'plug.py'}:Model") == [ALWAYS, *TORCH]


def test_file_without_a_slow_package_preloads_none(tmp_path: Path):
    (tmp_path / "plug.py").write_text("import numpy\n")
    assert preloads(str(tmp_path / "plug.py")) == [ALWAYS]


def test_no_code_of_a_model_runs_to_find_its_files(tmp_path, monkeypatch):
    package = tmp_path / "telltale"
    package.mkdir()
    for name in ("__init__", "model"):
        (package / f"{name}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = unloaded_sources("telltale.model:Model")
    assert [path.name for path in found] == ["model.py"]
    assert unloaded_sources("telltale.model") == []  # whether it is one, an import would tell
    assert "telltale" not in sys.modules
