"""Files that lie: each is refused within ten seconds of a processor, all within one gibibyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.leaderboard.lying_folders import CARDS, RESULTS

SECONDS, GIB = 10, 1
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("board") / "kinetics" / "m"
    home.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.leaderboard.lying_folders", str(home), str(GIB)],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_every_lie_is_refused_soon_in_lines_that_can_be_read(found: Any) -> None:
    assert len(found["lies"]) == len(CARDS) + len(RESULTS)
    for lie, (seconds, valid, faults) in found["lies"].items():
        assert seconds < SECONDS, lie
        assert not valid, lie
        about = [fault for fault in faults if "No such file" not in fault]
        assert about, lie
        assert all("\n" not in fault and len(fault) < 500 for fault in faults), lie


def test_no_lie_takes_more_memory_than_there_is(found: Any) -> None:
    assert found["kibibytes"] < GIB << 20
