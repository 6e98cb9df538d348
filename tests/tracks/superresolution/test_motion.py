"""The rules that tie positions, velocities and forces, on vibrations that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.quantities import ENERGY
from benchmark.tracks.superresolution.motion import Motion, agreement

MASSES = np.array([12.0, 1.0])


def vibration(theta: float, kept: int = 400, spacing: float = 5.0, lag: float = 0.0) -> Motion:
    """Two atoms in vibrations of θ = ωΔ/2; velocities may be older than positions."""
    omega = 2 * theta / spacing
    phases = np.random.default_rng(1).uniform(0, 2 * np.pi, (2, 3))
    time = np.arange(kept)[:, None, None] * spacing
    positions = 0.1 * np.sin(omega * time + phases)
    velocities = 0.1 * omega * np.cos(omega * (time - lag) + phases)
    forces = -(omega**2) * positions * MASSES[:, None] * ENERGY
    return Motion(positions, velocities, forces, MASSES, spacing)


@pytest.mark.parametrize("theta", [0.1, 0.5, 1.0, 1.4])
def test_residual_of_a_vibration_is_that_of_the_formula(theta):
    cot = theta / np.tan(theta)
    with_forces = vibration(theta)
    assert with_forces.residual == pytest.approx(abs(1 - cot - theta**2 / 3), rel=1e-9)
    without = Motion(with_forces.positions, with_forces.velocities, None, MASSES, 5.0)
    assert without.residual == pytest.approx(1 - cot, rel=1e-9)


def test_forces_leave_omega_delta_squared_over_sixty_of_what_velocities_leave():
    with_forces = vibration(0.05)
    without = Motion(with_forces.positions, with_forces.velocities, None, MASSES, 5.0)
    ratio = with_forces.residual / without.residual
    assert ratio == pytest.approx((2 * 0.05) ** 2 / 60, rel=1e-2)


@pytest.mark.parametrize("theta", [0.3, 1.0, 2.0, 2.9, 4.0])
def test_second_differences_are_never_against_the_forces(theta):
    found = vibration(theta).of("forces")
    assert found.correlation == pytest.approx(1, abs=1e-9)
    assert found.size == pytest.approx((np.sin(theta) / theta) ** 2, rel=1e-9)


def test_velocities_are_against_the_way_beyond_half_a_period():
    assert vibration(1.5).of("velocities").correlation == pytest.approx(1)
    assert vibration(1.65).of("velocities").correlation == pytest.approx(-1)


@pytest.mark.parametrize("theta", [0.3, 1.0, 1.3])
@pytest.mark.parametrize("lag", [0.0, 0.25, -0.5])
def test_lag_of_velocities_is_found(theta, lag):
    omega = 2 * theta / 5.0
    found, _ = vibration(theta, kept=4_000, lag=lag).lag
    # To first order in ω times the lag; exactly it is its sine, over ω.
    assert found == pytest.approx(np.sin(omega * lag) / omega, abs=2e-3)


def test_mass_weights_let_every_vibration_count_by_its_energy():
    one = vibration(0.5)
    assert one.moved.shape == (399, 2, 3)
    np.testing.assert_allclose(one.moved[:, 0], np.sqrt(12) * np.diff(one.positions[:, 0], axis=0))


def test_shifted_pairs_each_frame_with_a_later_one():
    one = vibration(0.5, kept=7)
    two = one.shifted("velocities", 2)
    assert (two.positions == one.positions[:5]).all()
    assert (two.velocities == one.velocities[2:]).all()
    assert (two.forces == one.forces[:5]).all()
    three = one.shifted("forces", -1)
    assert (three.positions == one.positions[1:]).all()
    assert (three.forces == one.forces[:-1]).all()


def test_agreement_with_nothing_has_no_correlation():
    found = agreement(np.ones((3, 2, 3)), np.zeros((3, 2, 3)))
    assert (found.size, found.correlation) == (np.inf, 0.0)


def test_frames_without_forces_have_no_second_differences_to_compare():
    one = vibration(0.5)
    with pytest.raises(ValueError, match="the frames hold no forces"):
        Motion(one.positions, one.velocities, None, MASSES, 5.0).of("forces")
