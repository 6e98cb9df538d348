from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.store.frozen import load
from tasks.exporting.splits import as_datasets


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_every_split_has_the_frozen_rows_column_for_column() -> None:
    task = find_task("alanine/macro4-10ps")
    found = as_datasets(task).with_format("numpy")
    assert list(found) == list(task.card.splits)
    for split, rows in found.items():
        frozen = load(task, split)
        assert rows.column_names == list(frozen)
        for name, expected in frozen.items():
            assert all(map(np.array_equal, rows[name], expected))


def test_task_of_molecules_is_one_line() -> None:
    with pytest.raises(InputError, match="holds packed segments, no chains; take load_segments"):
        as_datasets(find_task("md17-xtb/ethanol-k20"))


def test_cache_that_is_a_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    (tmp_path / "file").touch()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "file")
    with pytest.raises(InputError, match="the data of alanine/macro4-10ps cannot be loaded: "):
        as_datasets(find_task("alanine/macro4-10ps"))
