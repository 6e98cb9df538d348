"""One friction for all atoms: found where it acts and nowhere else, read, and followed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.superresolution._parts.friction import (
    GlobalFriction,
    Readings,
    doubled_kinetic,
    find_friction,
    read_friction,
)
from baselines.superresolution._parts.passes import join_segments
from baselines.superresolution.force_matching import ForceMatching
from benchmark.quantities import ENERGY
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.md17.dynamics import BOLTZMANN
from tasks.md17_nvt.thermostats import FREQUENCY
from tests.baselines.superresolution.molecules import (
    KELVIN,
    MASSES,
    TIME_STEP,
    backwards,
    bonded_segment,
    fit_context,
    moved,
    thermostatted_segment,
)

GAP, SEEDS = 20, (1, 2, 3, 9)
SOFT = 2.0  # 1/Å, of bonds that are no springs
DIFFERENT = np.array([6, 1, 8, 9, 7])  # the springs of no two pairs are alike
UNTRAINED = {"hidden": 8, "batch": 64, "frames": 1.0, "learning_rate": 1e-30}

#: Of the thermostat, in 1 / (u Å²), whatever the step.
GAIN = FREQUENCY**2 * ENERGY / (3 * len(MASSES) * BOLTZMANN * KELVIN)

Known = list[tuple[DenseSegment, np.ndarray]]


def thermostatted(softness: float = 0.0, kicks: float = 0.0) -> Known:
    pairs = [thermostatted_segment(seed, 1_000, softness, kicks) for seed in SEEDS]
    return [(replace(segment, numbers=DIFFERENT), xi) for segment, xi in pairs]


def at_constant_energy() -> Known:
    segments = [bonded_segment(seed, 1_000, SOFT) for seed in SEEDS]
    return [(replace(each, numbers=DIFFERENT), np.zeros(each.n_frames)) for each in segments]


@pytest.fixture(scope="module")
def springs() -> Known:
    return thermostatted()


@pytest.fixture(scope="module")
def soft() -> Known:
    return thermostatted(SOFT)


def fit(known: Known, scratch: Path, gap: int = GAP, **options: Any) -> ForceMatching:
    """Fit to all but the last two segments; the last one is for tests."""
    model = ForceMatching(**UNTRAINED | options)
    *train, held_out, _ = (segment for segment, _ in known)
    model.fit(train, [held_out], fit_context(scratch, gap))
    return model


@pytest.fixture(scope="module")
def fitted(soft, tmp_path_factory) -> ForceMatching:
    return fit(soft, tmp_path_factory.mktemp("fitted"))


def fill(model: ForceMatching, dense: DenseSegment, gap: int = GAP) -> np.ndarray:
    return model.reconstruct(dense.coarse(gap, model.reads))


def error(model: ForceMatching, dense: DenseSegment, gap: int = GAP) -> float:
    return float(np.abs(fill(model, dense, gap) - dense.cut(gap).positions).mean())


def readings(model: ForceMatching, dense: DenseSegment) -> Readings:
    return model._shooting.read_frictions(join_segments([dense], GAP, 3, GAP))


def test_friction_is_read_exactly_where_the_force_is_known():
    rng = np.random.default_rng(0)
    v, mass = torch.from_numpy(rng.normal(size=(3, 5, 4))), torch.from_numpy(MASSES[:, None])
    xi = torch.tensor([0.1, 0.0, -0.3, 2.0])
    read, kinetic = read_friction(v, -xi * v, mass)
    torch.testing.assert_close(read, xi.double())
    torch.testing.assert_close(kinetic, doubled_kinetic(v, mass))


def test_what_is_left_beside_a_friction_has_no_power():
    rng = np.random.default_rng(0)
    v, lack = torch.from_numpy(rng.normal(size=(2, 3, 5, 4)))
    mass = torch.from_numpy(MASSES[:, None])
    xi, _ = read_friction(v, lack, mass)
    assert (mass * v * (lack + xi * v)).sum((0, 1)).abs().max() < 1e-12


def test_a_step_back_undoes_a_step():
    law = GlobalFriction(gain=9.0, loss=0.02)
    xi, kinetic, before = torch.tensor([[0.05, -0.1], [2e-3, 1e-3], [1.5e-3, 4e-3]]).double()
    later = law.step(xi, kinetic, before)
    there = before / (1 + later / 2) ** 2
    back = law.step(-later, there, kinetic * (1 - xi / 2) ** 2)
    torch.testing.assert_close(-back, xi)


def test_law_is_found_exactly_where_readings_follow_it():
    rng, law = np.random.default_rng(0), GlobalFriction(9.0, 0.02)
    kinetic, first = rng.uniform(1e-3, 3e-3, 600), np.repeat([0, 200, 300], [200, 100, 300])
    exact = Readings(kinetic, np.repeat([0.1, -0.2, 0.05], [200, 100, 300]), first)
    for _ in range(20):  # what a friction does to velocities depends on it
        exact = replace(exact, friction=law.course(exact))
    found = find_friction(exact, exact)
    np.testing.assert_allclose([found.gain, found.loss], [law.gain, law.loss], rtol=1e-9)
    np.testing.assert_allclose(found.course(exact), exact.friction, atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_readings_that_are_noise_or_nothing_show_no_friction(scale: float):
    rng = np.random.default_rng(0)
    noise = Readings(rng.uniform(1, 2, 500), scale * rng.normal(size=500), np.zeros(500, int))
    assert not find_friction(noise, noise).acts


def test_friction_of_springs_is_found_and_known_in_every_frame(springs, tmp_path):
    model = fit(springs, tmp_path)
    dense, xi = springs[-1]
    law, read = model._shooting.friction, readings(model, dense)
    assert law.gain == pytest.approx(GAIN, rel=2e-3)
    spread = xi.std() * TIME_STEP
    np.testing.assert_allclose(read.friction, xi * TIME_STEP, atol=5e-3 * spread)
    np.testing.assert_allclose(law.course(read), xi * TIME_STEP, atol=5e-3 * spread)


def test_friction_of_soft_bonds_is_known_better_than_it_can_be_read(soft, fitted):
    dense, xi = soft[-1]
    read = readings(fitted, dense)
    course = fitted._shooting.friction.course(read)
    missed = [np.abs(each - xi * TIME_STEP).mean() for each in (course, read.friction)]
    assert missed[0] < missed[1] / 3


@pytest.mark.parametrize("gap", [10, 20])
def test_springs_under_a_friction_are_followed_exactly(springs, tmp_path, gap: int):
    dense, _ = springs[-1]
    model = fit(springs, tmp_path, gap)
    exact = error(model, dense, gap)
    model._shooting.friction = GlobalFriction()
    assert exact < 1e-6 < error(model, dense, gap) / 30


def test_soft_bonds_are_followed_as_well_under_a_friction_as_at_constant_energy(
    soft, fitted, tmp_path
):
    free = at_constant_energy()
    assert error(fitted, soft[-1][0]) < 1.2 * error(fit(free, tmp_path), free[-1][0])


@pytest.mark.parametrize("kicks", [1e-4, 1e-2])
def test_kicks_are_no_global_friction(kicks: float, tmp_path):
    assert not fit(thermostatted(SOFT, kicks), tmp_path)._shooting.friction.acts


def test_dynamics_at_constant_energy_has_no_friction(tmp_path):
    assert not fit(at_constant_energy(), tmp_path)._shooting.friction.acts


def test_without_forces_no_friction_is_read(soft, tmp_path):
    model = fit(soft, tmp_path, reads="velocities")
    assert not model._shooting.friction.acts
    assert np.isfinite(fill(model, soft[-1][0])).all()


def test_the_answer_turns_and_shifts_with_the_segment(soft, fitted):
    other, move = moved(soft[-1][0])
    answer = fill(fitted, soft[-1][0])
    np.testing.assert_allclose(fill(fitted, other), move(answer), atol=2e-5)


def test_the_answer_to_a_reversed_segment_is_reversed(soft, fitted):
    dense = soft[-1][0].cut(GAP)
    back = fill(fitted, backwards(dense))
    np.testing.assert_allclose(back, fill(fitted, dense)[::-1], atol=1e-6)


def test_a_gap_is_filled_from_its_two_ends_alone(soft, fitted):
    dense = soft[-1][0]
    one = replace(dense, padded=dense.padded[5 * GAP : 6 * GAP + 3])
    np.testing.assert_allclose(
        fill(fitted, one), fill(fitted, dense)[5 * GAP : 6 * GAP + 1], atol=1e-6
    )


def test_a_loaded_model_follows_the_friction(soft, fitted, tmp_path):
    loaded = ForceMatching()
    fitted.save(tmp_path)
    loaded.load(tmp_path)
    assert loaded._shooting.friction == fitted._shooting.friction
    np.testing.assert_array_equal(fill(loaded, soft[-1][0]), fill(fitted, soft[-1][0]))
