"""What lies beside the submissions: that it can be read, and that damage is said in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from leaderboard.claims.evidence import Evidence, holds_for, read_evidence


def test_shipped_evidence_is_of_the_shipped_tasks() -> None:
    tasks, found = shipped_tasks(), read_evidence()
    assert found.embeddings is not None
    assert found.segments
    assert found.traces is not None
    for one in (*found.embeddings.tasks, *found.segments.values()):
        assert holds_for(one, tasks[one.task].card), f"{one.task} has changed: measure it again"


def test_folder_without_files_is_no_evidence(tmp_path: Path) -> None:
    assert read_evidence(tmp_path) == Evidence()


def test_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "connectivity.json").write_text('{"model": "lstm"}')
    with pytest.raises(InputError, match=r"connectivity\.json: tasks: .*write it again"):
        read_evidence(tmp_path)
