"""Interpolation on sparse frames: exact motions, counted gaps, bad files, and the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from baselines.superresolution.linear import Linear
from benchmark.errors import InputError
from benchmark.quantities import ENERGY
from tasks.md17 import rmd17
from tasks.md17.molecules import MASSES
from tasks.md17.rmd17 import KCAL_PER_MOL, cubic_of_forces, gap_errors, read_rmd17
from tests.plugs import ROOT

REAL = ROOT.parent / "shared" / "data" / "rmd17"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs the public frames of rMD17")

ETHANOL = np.array([6, 6, 8, 1, 1, 1, 1, 1, 1])
STEP = 0.5  # fs, ethanol's
POWERS = {"straight": 1, "parabola": 2, "cubic": 3}


def motion(power: int, times: NDArray[np.int64]) -> dict[str, NDArray]:
    """Let every coordinate go as c τ^n, τ = t/100 fs, with the force that takes."""
    c = np.random.default_rng(1).normal(size=(9, 3))
    tau = (STEP * times / 100)[:, None, None]
    acceleration = power * (power - 1) * c * tau ** max(power - 2, 0) / 100**2  # Å/fs²
    masses = np.array([MASSES[z] for z in ETHANOL])[:, None]
    return {
        "nuclear_charges": ETHANOL,
        "coords": c * tau**power,
        "old_forces": acceleration * masses * ENERGY / KCAL_PER_MOL,
        "old_indices": times,
    }


def save(path: Path, **content: NDArray) -> Path:
    np.savez(path, **content)
    return path


@pytest.fixture
def sparse(tmp_path: Path):
    """Write a motion at these frames and read it back."""

    def write(power: int, times: list[int]) -> rmd17.SparseTrajectory:
        return read_rmd17(save(tmp_path / "frames.npz", **motion(power, np.array(times))))

    return write


FRAMES = [3, 8, 10, 13, 20, 23, 60]


def test_straight_motion_is_exact_for_both(sparse):
    trajectory = sparse(1, FRAMES)
    for reconstruct in (Linear().reconstruct, cubic_of_forces):
        assert gap_errors(trajectory, 10, reconstruct).mae < 1e-15


def test_cubic_motion_is_exact_with_forces_and_not_without(sparse):
    trajectory = sparse(3, FRAMES)
    assert gap_errors(trajectory, 10, cubic_of_forces).mae < 1e-15
    assert gap_errors(trajectory, 10, Linear().reconstruct).mae > 1e-5


def test_line_through_a_parabola_is_off_by_the_exact_amount(sparse):
    found = gap_errors(sparse(2, FRAMES), 10, Linear().reconstruct)
    # |e| = |c| p (k − p) (h/100 fs)² at place p. Gaps: 3–13 holds 8 and 10, 10–20 holds 13, and
    # 13–23 holds 20.
    places = np.array([5, 7, 3, 7])
    c = np.abs(np.random.default_rng(1).normal(size=(9, 3))).mean()
    assert found.mae == pytest.approx((c * places * (10 - places)).mean() * (STEP / 100) ** 2)
    assert (found.frames, found.gaps) == (4, 3)


def test_frames_next_to_a_kept_one_are_not_scored(sparse):
    trajectory = sparse(2, [0, 1, 9, 10])
    assert gap_errors(trajectory, 10, Linear().reconstruct).frames == 0
    assert gap_errors(sparse(2, [0, 2, 10]), 10, Linear().reconstruct).frames == 1


def test_order_of_the_file_does_not_matter(tmp_path: Path):
    content = motion(2, np.array(FRAMES))
    shuffled = np.random.default_rng(0).permutation(len(FRAMES))
    mixed = {
        key: value if key == "nuclear_charges" else value[shuffled]
        for key, value in content.items()
    }
    one, two = (
        read_rmd17(save(tmp_path / f"{n}.npz", **kept)) for n, kept in enumerate((content, mixed))
    )
    np.testing.assert_array_equal(one.times, two.times)
    assert gap_errors(one, 10, cubic_of_forces) == gap_errors(two, 10, cubic_of_forces)


def test_cubic_keeps_frames_and_needs_forces(sparse):
    trajectory = sparse(2, [0, 4, 8])
    segment = rmd17.CoarseSegment(
        4, STEP, ETHANOL, trajectory.masses, trajectory.positions, None, trajectory.forces
    )
    filled = cubic_of_forces(segment)
    exact = motion(2, np.arange(9))["coords"]
    np.testing.assert_allclose(filled, exact, atol=1e-15)
    np.testing.assert_array_equal(filled[::4], trajectory.positions)
    without = rmd17.CoarseSegment(4, STEP, ETHANOL, trajectory.masses, trajectory.positions)
    with pytest.raises(ValueError, match="holds no forces"):
        cubic_of_forces(without)


def changed(**changes: NDArray) -> dict[str, NDArray]:
    return motion(2, np.array(FRAMES)) | changes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"R": np.zeros(3)}, r"has no array 'nuclear_charges'; it has R"),
        (changed(old_indices=np.arange(6)), r"old_indices \(6,\).*do not fit"),
        (changed(old_forces=np.zeros((7, 9))), r"old_forces \(7, 9\)"),
        (changed(nuclear_charges=ETHANOL[:8]), r"with 8 nuclear charges"),
        (changed(nuclear_charges=np.full(9, 6)), r"holds C9, which is no molecule of MD17"),
        (changed(coords=np.full((7, 9, 3), np.nan)), r"nan or infinite"),
        (changed(old_forces=np.full((7, 9, 3), np.inf)), r"nan or infinite"),
        (changed(old_indices=np.array([3, 8, 8, 13, 20, 23, 60])), r"each once"),
        (changed(old_indices=np.array(FRAMES) - 4), r"frame numbers from 0"),
    ],
)
def test_bad_file_is_one_line_of_the_command(tmp_path: Path, content, message: str):
    path = save(tmp_path / "bad.npz", **content)
    with pytest.raises(InputError, match=message) as error:
        read_rmd17(path)
    assert str(path) in str(error.value)


def invoke(*arguments: object):
    import typer

    app = typer.Typer()
    app.command()(rmd17.main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_command_prints_a_row_a_file_and_gap(tmp_path: Path):
    path = save(tmp_path / "frames.npz", **motion(2, np.array(FRAMES)))
    done = invoke(path, "--gap", 10, "--gap", 30)
    assert done.exit_code == 0
    rows = [line.split() for line in done.output.splitlines()[2:]]
    assert [row[:5] for row in rows] == [
        ["ethanol", "10", "5", "3", "4"],
        ["ethanol", "30", "15", "0", "0"],
    ]
    assert rows[1][5:] == ["–", "–"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nowhere.npz"], "error: no file nowhere.npz"), (["x", "--gap", "3"], "error: --gap 3: at")],
)
def test_bad_input_ends_the_command_with_2(arguments: list[str], message: str):
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.output.startswith(message)
    assert done.output.count("\n") == 1


# ---- real frames ------------------------------------------------------------------------------


@needs_real
@pytest.mark.parametrize(
    ("molecule", "gap", "frames", "linear", "cubic"),
    [
        ("uracil", 10, 332, 5.68e-3, 4.06e-3),
        ("uracil", 5, 86, 1.86e-3, 5.23e-4),
        ("ethanol", 10, 19, 9.70e-3, 6.88e-3),
        ("paracetamol", 10, 579, 2.02e-2, 3.69e-2),
    ],
)
def test_real_frames_give_the_measured_errors(molecule, gap, frames, linear, cubic):
    trajectory = read_rmd17(REAL / f"rmd17_{molecule}_union.npz")
    straight = gap_errors(trajectory, gap, Linear().reconstruct)
    curved = gap_errors(trajectory, gap, cubic_of_forces)
    assert straight.frames == curved.frames == frames
    assert straight.mae == pytest.approx(linear, rel=2e-3)
    assert curved.mae == pytest.approx(cubic, rel=2e-3)
    assert trajectory.times[-1] < trajectory.molecule.frames


@needs_real
@pytest.mark.parametrize("molecule", ["uracil", "ethanol", "paracetamol"])
def test_real_neighbours_obey_newton_with_the_friction_of_a_thermostat(molecule):
    # So the times are true, and so is the time step; and `md17-dft` has to take its forces from
    # positions, as the F of the file lacks −ξ m v.
    trajectory = read_rmd17(REAL / f"rmd17_{molecule}_union.npz")
    h, x = trajectory.molecule.time_step, trajectory.positions
    middle = np.flatnonzero(
        (trajectory.index(trajectory.times - 1) >= 0)
        & (trajectory.index(trajectory.times + 1) >= 0)
    )
    assert len(middle) >= 5
    masses = ENERGY * trajectory.masses[:, None]
    identity = masses * (x[middle + 1] - 2 * x[middle] + x[middle - 1]) / h**2  # eV/Å
    momentum = masses * (x[middle + 1] - x[middle - 1]) / (2 * h)
    missing = identity - trajectory.forces[middle]
    friction = -(missing * momentum).sum((1, 2)) / (momentum**2).sum((1, 2))  # ξ, 1/fs
    rest = missing + friction[:, None, None] * momentum

    def rms(values: NDArray[np.float64]) -> float:
        return float(np.sqrt((values**2).mean()))

    assert rms(missing) > 0.15 * rms(identity)
    assert rms(rest) < 1e-3 * rms(identity)
