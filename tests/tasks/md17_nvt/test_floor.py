"""What kicks leave unknown: against simulated particles, and against the limit of small steps."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.md17_nvt.floor import bridge_spread, kick_floor
from tasks.md17_nvt.thermostats import Kicks, record, thermal_speed

STEP, KELVIN = 0.5, 500.0  # fs, K


@pytest.mark.parametrize(("gap", "friction"), [(10, 1e-2), (20, 1e-4), (10, 0.3)])
def test_spread_is_what_the_best_guess_of_simulated_particles_misses(gap, friction) -> None:
    rng = np.random.default_rng(gap)
    masses = np.full(20_000, 12.0)
    speed = thermal_speed(masses, KELVIN)[:, None]
    v = speed * rng.normal(size=(len(masses), 3))
    bath = Kicks(masses, KELVIN, STEP, friction, rng)
    run = record(
        lambda x: (0.0, np.zeros_like(x)), np.zeros_like(v), v, masses, bath,
        time_step=STEP, n_frames=gap + 1,
    )  # fmt: skip
    x = (run / speed).reshape(gap + 1, -1)  # all start at 0
    kept = np.stack([x[1], x[gap - 1], x[gap]], axis=1)
    missed = x.T - kept @ np.linalg.lstsq(kept, x.T, rcond=None)[0]
    expected = bridge_spread(gap, friction, STEP)
    inside = slice(2, gap - 1)
    error = 1 / np.sqrt(2 * x.shape[1])
    np.testing.assert_allclose(missed.std(0)[inside], expected[inside], rtol=5 * error)
    assert (expected[[0, 1, -2, -1]] == 0).all()
    # and the metric's average of it, where all atoms are alike
    absolute = np.abs(missed[:, inside]).mean() * speed[0, 0]
    assert kick_floor(masses, KELVIN, gap, friction, STEP) == pytest.approx(absolute, rel=5 * error)


def test_many_small_steps_are_an_integrated_brownian_bridge_with_both_ends_clamped() -> None:
    friction, length, gap = 1e-3, 100.0, 2_000  # 1/fs, fs: γT = 0.1, hardly any damping
    t = np.linspace(0, length, gap + 1)
    bridge = np.sqrt(2 * friction * t**3 * (length - t) ** 3 / (3 * length**3))
    found = bridge_spread(gap, friction, length / gap)
    middle = slice(gap // 10, -gap // 10)
    np.testing.assert_allclose(found[middle], bridge[middle], rtol=5e-3)


def test_floor_goes_with_the_root_of_friction_and_of_the_inverse_mass() -> None:
    masses = np.array([1.0, 12.0, 16.0])
    one = kick_floor(masses, KELVIN, 10, 1e-4, STEP)
    assert kick_floor(masses, KELVIN, 10, 1e-2, STEP) == pytest.approx(10 * one, rel=1e-3)
    assert kick_floor(4 * masses, KELVIN, 10, 1e-4, STEP) == pytest.approx(one / 2)
