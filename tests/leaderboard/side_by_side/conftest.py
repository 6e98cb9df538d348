"""A folder of submissions, and runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.result import Result
from leaderboard.submission import Submission
from tests.leaderboard.synthetic import MakeSubmission

MakeRun = Callable[[str, Result], str]


@pytest.fixture
def board(make_submission: MakeSubmission, write_submission: Callable[[Submission], Path]) -> Path:
    """Three rows on all tasks; two of them differ clearly, two do not."""
    for name, z, spread in (("good", 0.9, 0.1), ("poor", 0.3, 0.15), ("poorer", 0.301, 0.12)):
        write_submission(make_submission(name, z, spread=spread))
    return write_submission(make_submission("left-only", {"left/a": 0.5})).parents[1]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run's folder; give its name."""

    def make(name: str, result: Result) -> str:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        result.write(folder / "results.json")
        return str(folder)

    return make
