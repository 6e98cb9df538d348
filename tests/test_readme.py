"""What the README shows must run exactly as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.check import check_model
from benchmark.loading import load_model
from benchmark.result import read_result
from benchmark.task import Task
from tests.command import stridebench

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.fixture
def shown_plug(tmp_path: Path) -> Path:
    match = re.search(r"<!-- plug -->\n```python\n(.*?)```", README, re.DOTALL)
    assert match is not None
    path = tmp_path / "mymodel.py"
    path.write_text(match[1])
    return path


def test_plug_of_the_readme_is_short_and_keeps_the_contract(shown_plug: Path) -> None:
    assert len(shown_plug.read_text().strip().splitlines()) < 30
    findings = check_model(load_model(str(shown_plug)))
    assert [finding.fault for finding in findings if finding.fault] == []


def test_plug_of_the_readme_runs_and_scores_as_the_markov_model_it_is(
    shown_plug: Path, toy: Task, tmp_path: Path
) -> None:
    done = stridebench("run", "--model", shown_plug, "--tasks", toy.id, "--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "score" in done.stdout
    result = read_result(tmp_path / "runs" / "mymodel-quick")
    assert not result.ranked
    assert 0.2 < result.tasks[0].score < 1.0
