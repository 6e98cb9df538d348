"""What each frame of a .trr holds is told from its header."""

from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest
from mdtraj.formats import TRRTrajectoryFile

from benchmark.trajectories.trr import trr_frames
from tests.tasks.private.conftest import topology, write_trr

XYZ = np.random.default_rng(0).normal(size=(12, 9, 3)).astype(np.float32)


def test_frames_of_mdtraj_hold_positions_and_no_more(tmp_path: Path):
    mdtraj.Trajectory(XYZ, topology(3)).save(str(tmp_path / "run.trr"))
    found = trr_frames(tmp_path / "run.trr")
    assert found.positions.tolist() == [True] * 12
    assert not found.velocities.any()
    assert not found.forces.any()


def test_velocities_and_forces_are_seen(tmp_path: Path):
    with TRRTrajectoryFile(str(tmp_path / "run.trr"), "w") as file:
        times, box = np.arange(12, dtype=np.float32), np.zeros((12, 3, 3), np.float32)
        file._write(XYZ, times, times.astype(np.int32), box, 0 * times, XYZ, XYZ)
    found = trr_frames(tmp_path / "run.trr")
    assert found.velocities.all()
    assert found.forces.all()


def test_positions_in_some_frames_are_told_from_those_of_all(tmp_path: Path):
    held = np.arange(12) % 3 == 1
    found = trr_frames(write_trr(tmp_path / "run.trr", XYZ, held))
    assert np.array_equal(found.positions, held)
    assert found.velocities.all()


@pytest.mark.parametrize("cut", [1, 100, 230])
def test_file_that_ends_within_a_frame_is_refused(tmp_path: Path, cut: int):
    path = write_trr(tmp_path / "run.trr", XYZ, np.ones(12, bool))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match="the last frame is cut short"):
        trr_frames(path)


def test_file_that_is_no_trr_is_refused(tmp_path: Path):
    (tmp_path / "run.trr").write_bytes(b"abc" * 100)
    with pytest.raises(ValueError, match="a frame begins with"):
        trr_frames(tmp_path / "run.trr")
