"""Fitted arrays on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines._arrays import load_arrays, save_arrays


def test_arrays_are_read_as_they_were_written(tmp_path: Path):
    save_arrays(tmp_path / "new", matrix=np.eye(3, dtype=np.float32), gap=np.array(10))
    stored = load_arrays(tmp_path / "new")
    assert set(stored) == {"matrix", "gap"}
    np.testing.assert_array_equal(stored["matrix"], np.eye(3))
    assert stored["matrix"].dtype == np.float32
    assert int(stored["gap"]) == 10
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["model.npz"]


def test_a_write_that_fails_leaves_the_old_arrays_and_nothing_else(tmp_path: Path):
    save_arrays(tmp_path, matrix=np.eye(2))
    with pytest.raises(AttributeError):
        save_arrays(tmp_path, matrix=np.array([lambda: "what cannot be written"]))
    np.testing.assert_array_equal(load_arrays(tmp_path)["matrix"], np.eye(2))
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_pickled_objects_are_never_read(tmp_path: Path):
    np.savez(tmp_path / "model.npz", matrix=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_arrays(tmp_path)
