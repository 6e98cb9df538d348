"""A row of the toy task, made as a person would make it: run, submitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmark.registry import find_task
from benchmark.result import Result, read_result
from benchmark.task import Task
from leaderboard.submitting import Entry, submit
from tests.conftest import TOY
from tests.leaderboard.synthetic import card_fields
from tests.plugs import MARKOV, python, tasks_in


@dataclass(frozen=True)
class Row:
    """A run, its plug, and the submission made of it."""

    plug: Path
    run: Path
    entry: Entry
    result: Result
    tasks: Mapping[str, Task]


@pytest.fixture(scope="session")
def row(_toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    """Run the honest plug on all replicas of the toy task, and submit it; for reading only."""
    home = tmp_path_factory.mktemp("row")
    plug = home / "markov.py"
    plug.write_text(MARKOV)
    with tasks_in(_toy_root):
        asked = ("--tasks", TOY, "--device", "cpu", "--workers", "1", "--no-plots")
        done = python(
            *("-m", "benchmark", "run", "--model", str(plug), *asked, "--out", str(home / "run"))
        )
        assert done.returncode == 0, done.stderr
        tasks = {TOY: find_task(TOY)}
        fields = card_fields("markov")
        said = {name: fields[name] for name in ("name", "authors", "code", "licence", "reads")}
        entry = submit(home / "run", said, home / "submissions", tasks=tasks)
        yield Row(plug, home / "run", entry, read_result(home / "run"), tasks)
