"""The thermostats: their statistics where these are known exactly, and what the identities see."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.md17.dynamics import BOLTZMANN, EV_PER_U_A2_FS2, kinetic_energy
from tasks.md17_nvt.thermostats import (
    FREQUENCY,
    Kicks,
    NoseHoover,
    friction_spread,
    record,
    thermal_speed,
)

STEP, KELVIN = 0.5, 500.0  # fs, K
MASSES = np.array([12.0, 16.0, 1.0, 1.0, 1.0, 12.0, 1.0])


def springs(x):
    """Every pair of atoms on a spring of 2 eV/Å²: neither force nor torque on the whole."""
    apart = x[:, None] - x[None]
    return 0.5 * float((apart**2).sum()), -2.0 * apart.sum(1)


def free(x):
    return 0.0, np.zeros_like(x)


def start(rng, masses=MASSES):
    v = thermal_speed(masses, KELVIN)[:, None] * rng.normal(size=(len(masses), 3))
    return 0.05 * rng.normal(size=v.shape), v - masses @ v / masses.sum()


def accelerations(x):
    return (x[2:] - 2 * x[1:-1] + x[:-2]) / STEP**2


def velocities(x):
    return (x[2:] - x[:-2]) / (2 * STEP)


# ---- one friction for all atoms


def test_identities_see_one_friction_a_frame_and_nothing_else() -> None:
    x, v = start(np.random.default_rng(0))
    bath = NoseHoover(MASSES, KELVIN, STEP, 0.05)
    run = record(springs, x, v, MASSES, bath, time_step=STEP, n_frames=300)
    forces = np.array([springs(frame)[1] for frame in run[1:-1]])
    moved = velocities(run)
    lacking = forces / (MASSES[:, None] * EV_PER_U_A2_FS2) - accelerations(run)
    friction = (lacking * moved).sum((1, 2)) / (moved**2).sum((1, 2))
    np.testing.assert_allclose(lacking, friction[:, None, None] * moved, rtol=0, atol=1e-12)
    assert 0.5 < friction.std() / friction_spread(len(MASSES)) < 2


def test_extended_energy_is_conserved_and_the_mean_kinetic_energy_is_that_of_500_kelvin() -> None:
    x, v = start(np.random.default_rng(1))
    bath = NoseHoover(MASSES, KELVIN, STEP, 0.05)
    seen: list[tuple[float, float]] = []

    def watched(velocities):
        after = bath(velocities)
        both = [kinetic_energy(one, MASSES) for one in (velocities, after)]
        seen.append((np.sqrt(np.prod(both)), np.log(both[0] / both[1]) / (2 * STEP)))
        return after

    run = record(springs, x, v, MASSES, watched, time_step=STEP, n_frames=20_000)
    kinetic, friction = np.array(seen).T
    potential = np.array([springs(frame)[0] for frame in run[:-1]])
    atoms = 3 * len(MASSES)
    thermal, modes = BOLTZMANN * KELVIN, atoms - 6
    own = 0.5 * atoms * thermal * (friction / FREQUENCY) ** 2
    dissipated = modes * thermal * STEP * (np.cumsum(friction) - friction / 2)
    total = kinetic + potential + own + dissipated
    assert np.abs(total - total[0]).max() < 0.02 * kinetic.mean()
    assert kinetic.mean() == pytest.approx(0.5 * modes * thermal, rel=2e-3)


def test_what_neither_moves_nor_turns_stays_so() -> None:
    x, v = start(np.random.default_rng(2))
    bath = NoseHoover(MASSES, KELVIN, STEP, 0.0)
    run = record(springs, x, v, MASSES, bath, time_step=STEP, n_frames=2_000)
    centre = MASSES @ run.transpose(1, 0, 2).reshape(len(MASSES), -1) / MASSES.sum()
    np.testing.assert_allclose(centre.reshape(-1, 3), np.tile(centre[:3], (2_000, 1)), atol=1e-10)


# ---- a kick for every atom


def test_free_particles_have_the_statistics_of_ornstein_and_uhlenbeck() -> None:
    masses = np.repeat([1.0, 16.0], 5_000)
    rng = np.random.default_rng(3)
    v = thermal_speed(masses, KELVIN)[:, None] * rng.normal(size=(len(masses), 3))
    bath = Kicks(masses, KELVIN, STEP, 1e-2, rng)
    run = record(free, np.zeros_like(v), v, masses, bath, time_step=STEP, n_frames=101)
    between = np.diff(run, axis=0) / STEP / thermal_speed(masses, KELVIN)[:, None]
    error = 1 / np.sqrt(3 * len(masses))
    for lag in (0, 1, 40, 99):
        found = (between[0] * between[lag]).mean()
        assert found == pytest.approx(np.exp(-1e-2 * STEP * lag), abs=5 * error)
    assert (between[-1] ** 2).mean() == pytest.approx(1.0, abs=8 * error)


def test_kicks_read_off_the_identities_are_normal_and_independent() -> None:
    masses = np.tile(MASSES, 20)
    x, v = start(np.random.default_rng(4), masses)
    friction = 1e-2
    bath = Kicks(masses, KELVIN, STEP, friction, np.random.default_rng(5))
    run = record(free, x, v, masses, bath, time_step=STEP, n_frames=1_000)
    keep = np.exp(-friction * STEP)
    damping = 2 / STEP * np.tanh(friction * STEP / 2)
    kicks = (accelerations(run) + damping * velocities(run)) * STEP * (1 + keep) / 2
    kicks /= np.sqrt(1 - keep**2) * thermal_speed(masses, KELVIN)[:, None]
    error = 1 / np.sqrt(kicks.size)
    assert abs(kicks.mean()) < 5 * error
    assert kicks.std() == pytest.approx(1.0, abs=5 * error)
    assert (kicks**4).mean() == pytest.approx(3.0, abs=5 * np.sqrt(96) * error)
    for other in (kicks[1:] * kicks[:-1], kicks[:, 1:] * kicks[:, :-1]):
        assert abs(other.mean()) < 5 * error


def test_kicks_bring_back_the_motion_of_the_whole_at_their_own_rate() -> None:
    friction, frames = 1e-2, 61
    squares = []
    for seed in range(300):
        rng = np.random.default_rng([6, seed])
        x, v = start(rng)
        bath = Kicks(MASSES, KELVIN, STEP, friction, rng)
        run = record(springs, x, v, MASSES, bath, time_step=STEP, n_frames=frames)
        momentum = MASSES @ (run[-1] - run[-2]) / STEP
        squares.append(momentum**2)
    thermal = MASSES.sum() * BOLTZMANN * KELVIN / EV_PER_U_A2_FS2
    expected = thermal * (1 - np.exp(-2 * friction * STEP * (frames - 1)))
    assert np.mean(squares) == pytest.approx(expected, rel=5 * np.sqrt(2 / 900))
