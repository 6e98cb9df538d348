"""Kept quick runs: of shipped models, quick, whole, of the tasks as they are; not on the board."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.registry import shipped_tasks
from benchmark.result import read_result
from leaderboard.quick import MODELS, QUICK, quick_file
from leaderboard.side_by_side.entrants import entrants
from leaderboard.submission import SUBMISSIONS

KEPT = sorted(QUICK.glob("*/*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_run_is_quick_and_whole_and_of_a_shipped_model(path: Path) -> None:
    found = read_result(path)
    track, name = path.parent.name, path.stem
    assert f"{track}/{name}" in MODELS
    assert quick_file(track, name) == path
    assert found.model.name == name
    assert found.config.quick
    assert not found.ranked
    assert {unit.status for unit in found.units} == {"done"}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_run_stands_beside_a_quick_run_of_today(path: Path, tmp_path: Path) -> None:
    run = tmp_path / "mine-quick"
    run.mkdir()
    read_result(path).write(run / "results.json")
    row = f"{path.parent.name}/{path.stem}"
    mine, kept = entrants([str(run), row], shipped_tasks())
    assert (kept.name, kept.row) == (f"{row} (quick)", False)
    assert kept.tasks == mine.tasks


def test_kept_runs_lie_beside_the_submissions_and_not_among_them() -> None:
    assert QUICK.parent == SUBMISSIONS.parent
    assert not QUICK.is_relative_to(SUBMISSIONS)
