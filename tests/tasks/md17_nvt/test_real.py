"""What is measured of the thermostat of the real MD17: on dynamics whose law is known."""

from __future__ import annotations

import numpy as np
import pytest
import typer

from tasks.md17.generate import TEMPERATURE
from tasks.md17.molecules import MASSES
from tasks.md17.published import PUBLISHED
from tasks.md17.rmd17 import SparseTrajectory
from tasks.md17_nvt.real import law, main, neighbours
from tasks.md17_nvt.thermostats import FREQUENCY, NoseHoover, record, thermal_speed

NUMBERS = np.array([6, 6, 8, 1, 1, 1, 1, 1, 1])
STEP = PUBLISHED["ethanol"].time_step


def springs(x):
    """Every pair of atoms on a spring of 2 eV/Å²."""
    apart = x[:, None] - x[None]
    return 0.5 * float((apart**2).sum()), -2.0 * apart.sum(1)


@pytest.fixture(scope="module")
def trajectory() -> SparseTrajectory:
    """Every frame but each seventh of a run under a Nosé–Hoover thermostat."""
    masses = np.array([MASSES[int(z)] for z in NUMBERS])
    rng = np.random.default_rng(0)
    x = 0.05 * rng.normal(size=(9, 3))
    v = thermal_speed(masses, TEMPERATURE)[:, None] * rng.normal(size=x.shape)
    bath = NoseHoover(masses, TEMPERATURE, STEP, 0.05)
    run = record(springs, x, v, masses, bath, time_step=STEP, n_frames=700)
    times = np.arange(len(run))
    kept = times[times % 7 != 3]
    forces = np.array([springs(run[frame])[1] for frame in kept])
    return SparseTrajectory(PUBLISHED["ethanol"], kept, run[kept], forces, NUMBERS)


def test_only_frames_with_both_neighbours_are_measured(trajectory) -> None:
    times, found = neighbours(trajectory)
    assert set(times % 7) == {0, 1, 5, 6}
    assert found.lacking.shape == (len(times), 9, 3)
    assert found.unexplained < 1e-8


def test_law_of_the_friction_is_recovered_from_its_changes(trajectory) -> None:
    times, found = neighbours(trajectory)
    line = law(times, found, STEP)
    assert line.pairs > 200
    assert line.frequency == pytest.approx(FREQUENCY, rel=0.01)
    assert line.modes == pytest.approx(3 * 9 - 6, rel=0.01)
    assert line.correlation > 0.999


def test_too_few_pairs_have_no_law(trajectory) -> None:
    times, found = neighbours(trajectory)
    apart = np.arange(len(times)) * 5
    assert law(apart, found, STEP) is None


def test_file_that_is_not_there_ends_the_program_with_one_line(tmp_path, capsys) -> None:
    with pytest.raises(typer.Exit) as ended:
        main([tmp_path / "none.npz"])
    assert ended.value.exit_code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
