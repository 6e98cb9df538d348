"""Frames that come twice or were turned one by one are told; a molecule that spins passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.tracks.superresolution.data import load
from benchmark.tracks.superresolution.rigid_motion import angle, centred, turn_between
from benchmark.tracks.superresolution.segments import READABLE
from benchmark.tracks.superresolution.trajectory_checks import require_new_frames, require_whole
from benchmark.trajectories.reading import AtomTrajectory

TASK = find_task("md17-xtb/ethanol-k10")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def honest() -> AtomTrajectory:
    coarse = load(TASK, "train")[0].coarse(10, READABLE)
    return AtomTrajectory("mine.npz", coarse.numbers, coarse.positions)


def judge(trajectory: AtomTrajectory) -> None:
    require_new_frames(trajectory)
    require_whole(trajectory, TASK, 5.0)


def refused(trajectory: AtomTrajectory) -> str:
    with pytest.raises(InputError) as caught:
        judge(trajectory)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_dynamics_passes(honest):
    judge(honest)


@pytest.mark.parametrize("times", [2, 5])
def test_frames_written_several_times_are_told(honest, times):
    error = refused(replace(honest, positions=np.repeat(honest.positions[:20], times, axis=0)))
    assert f"in {20 * (times - 1)} of {20 * times} frames positions are those of the frame" in error
    assert "first in frame 1:" in error


def test_one_stale_frame_is_told_with_its_number(honest):
    positions = honest.positions.copy()
    positions[17] = positions[16]
    assert "in 1 of 500 frames" in refused(replace(honest, positions=positions))
    assert "first in frame 17:" in refused(replace(honest, positions=positions))


def test_frames_that_are_all_one_are_told(honest):
    same = np.repeat(honest.positions[:1], 9, axis=0)
    assert "all its frames hold the same positions" in refused(replace(honest, positions=same))


def test_frames_turned_one_by_one_are_no_periodic_box(honest):
    turns = Rotation.random(len(honest.positions), random_state=1).as_matrix()
    error = refused(replace(honest, positions=honest.positions @ turns))
    assert "the molecule turns by " in error
    assert "were frames turned one by one?" in error
    assert "box" not in error


@pytest.mark.parametrize("degrees", [25, 90, 170])
def test_one_turned_frame_is_told_with_its_angle(honest, degrees):
    positions = honest.positions.copy()
    positions[30:] = positions[30:] @ Rotation.from_rotvec([0, 0, np.radians(degrees)]).as_matrix()
    error = refused(replace(honest, positions=positions))
    found = float(error.split("the molecule turns by ")[1].split("° from frame 29 to")[0])
    assert found == pytest.approx(degrees, abs=8)


def test_molecule_that_spins_passes(honest):
    spin = Rotation.from_rotvec(np.radians(5) * np.arange(500)[:, None] * [0, 0.6, 0.8])
    require_whole(replace(honest, positions=honest.positions @ spin.as_matrix()), TASK, 5.0)


def test_one_atom_that_jumps_is_no_turn(honest):
    positions = honest.positions.copy()
    positions[30:] += [9.0, 0, 0]
    assert "if that is a periodic box" in refused(replace(honest, positions=positions))


@pytest.mark.parametrize("mirrored", [False, True])
def test_turn_is_found_exactly(mirrored):
    other = RNG.normal(size=(4, 6, 3))
    turn = Rotation.from_rotvec([0.3, -0.4, 1.2]).as_matrix() * (-1 if mirrored else 1)
    found = turn_between(other @ turn, other, mirrored)
    assert np.allclose(found, turn)
    assert mirrored or angle(found) == pytest.approx(np.degrees(1.3))


def test_centred_vectors_leave_no_motion_of_the_centre_of_mass():
    masses = np.array([12.0, 1.0, 16.0])
    weight = np.sqrt(masses)[:, None]
    found = centred(weight * RNG.normal(size=(5, 3, 3)), masses)
    assert np.allclose((found * weight).sum(1), 0)
    alone = weight * np.array([1.0, 2.0, 3.0])
    assert np.allclose(centred(alone[None], masses), 0)
