"""What is planted in velocities and forces is found and named; honest dynamics passes."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmark.errors import InputError
from benchmark.quantities import ENERGY
from benchmark.registry import find_task
from benchmark.task import Task
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.data import load
from benchmark.tracks.superresolution.motion_checks import require_motion
from benchmark.tracks.superresolution.motion_units import FORCES, VELOCITIES, as_if
from benchmark.tracks.superresolution.segments import READABLE, DenseSegment
from benchmark.trajectories.reading import AtomTrajectory
from tasks.md17.molecules import load_molecule
from tasks.md17_nvt.residuals import residuals

KCAL, KJ_NM, HARTREE, ASE = 23.0605, 964.853, 1 / 51.4221, 10.1805


@pytest.fixture(scope="module")
def ethanol() -> DenseSegment:
    return load(find_task("md17-xtb/ethanol-k10"), "train")[0]


def kept(segment: DenseSegment, gap: int, name: str = "mine.npz", frames: int = 0):
    """Give kept frames as a user would bring them."""
    coarse = segment.coarse(gap, READABLE)
    stop = frames or None
    return AtomTrajectory(
        name, coarse.numbers, coarse.positions[:stop], velocities=coarse.velocities[:stop],
        forces=coarse.forces[:stop],
    )  # fmt: skip


def judged(trajectory: AtomTrajectory, gap: int = 10, molecule: str = "ethanol", reads=READABLE):
    task = at_gap(f"md17-xtb/{molecule}-k10", gap)
    return require_motion(trajectory, frozenset(reads), task, 0.5 * gap)


def at_gap(name: str, gap: int) -> Task:
    task = find_task(name)
    card = superresolution_card(task).model_copy(update={"gap": gap})
    return replace(task, card=card)


def fault(trajectory: AtomTrajectory, gap: int = 10, **others) -> str:
    with pytest.raises(InputError) as caught:
        judged(trajectory, gap, **others)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- honest dynamics --------------------------------------------------------------------------


@pytest.mark.parametrize("molecule", ["ethanol", "aspirin"])
def test_dynamics_at_constant_energy_passes(molecule):
    segment = load(find_task(f"md17-xtb/{molecule}-k10"), "train")[1]
    for gap in (5, 10, 20, 40):
        for frames in (0, 11, 3, 2):
            judged(kept(segment, gap, frames=frames), gap, molecule)


@pytest.mark.parametrize("thermostat", ["global", "langevin-0.1", "langevin-10"])
def test_thermostats_and_kicks_pass(thermostat):
    segment = load(find_task(f"md17-xtb-nvt/ethanol-{thermostat}-k10"), "train")[0]
    for gap in (5, 10, 20, 40):
        for frames in (0, 11):
            judged(kept(segment, gap, frames=frames), gap)


@pytest.mark.parametrize("gap", [5, 10])
def test_forces_that_leave_out_the_kicks_pass(gap):
    pytest.importorskip("tblite")
    # What a program writes under Langevin dynamics: the potential's forces, without the kicks.
    segment = load(find_task("md17-xtb-nvt/ethanol-langevin-10-k10"), "train")[0]
    ethanol = load_molecule("ethanol")
    lacking = residuals(segment.padded, ethanol, np.arange(0, 120 * gap, gap) + 1).lacking
    honest = kept(segment, gap, frames=120)
    kicks = ENERGY * ethanol.masses[:, None] * lacking
    assert np.abs(kicks).max() > 1  # eV/Å
    judged(replace(honest, forces=honest.forces + kicks), gap)


def test_run_that_starts_at_rest_passes(ethanol):
    honest = kept(ethanol, 10)
    rest = honest.velocities.copy()
    rest[0] = 0
    judged(replace(honest, velocities=rest))


def test_what_the_model_does_not_read_is_not_looked_at(ethanol):
    honest = kept(ethanol, 10)
    wrong = replace(honest, velocities=np.zeros_like(honest.velocities), forces=None)
    assert judged(wrong, reads={"positions"}) == []
    nothing = replace(honest, forces=-honest.forces)
    assert judged(nothing, reads={"positions", "velocities"}) == []


def test_hotter_and_colder_dynamics_passes_as_only_ratios_count(ethanol):
    small = kept(ethanol, 10)
    mean = small.positions.mean(0)
    for factor in (0.3, 2.0):
        judged(
            replace(
                small,
                positions=mean + factor * (small.positions - mean),
                velocities=factor * small.velocities,
                forces=factor * small.forces,
            )
        )


# ---- units ------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [10, 40])
@pytest.mark.parametrize("unit", [unit for unit in VELOCITIES if unit != "Å/fs"])
def test_velocities_of_another_unit_are_named(ethanol, unit, gap):
    honest = kept(ethanol, gap)
    error = fault(replace(honest, velocities=VELOCITIES[unit] * honest.velocities), gap)
    assert "mine.npz: its velocities do not fit its positions: they are " in error
    assert f"as if they were in {unit}; expected Å/fs" in error
    assert "a model that reads positions only needs no velocities" in error


@pytest.mark.parametrize("gap", [10, 20])
@pytest.mark.parametrize("unit", [unit for unit in FORCES if unit != "eV/Å"])
def test_forces_of_another_unit_are_named(ethanol, unit, gap):
    honest = kept(ethanol, gap)
    error = fault(replace(honest, forces=FORCES[unit] * honest.forces), gap)
    assert unit in error.split("as if they were in ")[1].split("; expected eV/Å")[0]
    assert "relative residual" in error


def test_units_of_a_trr_are_named_in_the_place_of_its_own(ethanol):
    honest = kept(ethanol, 10, "mine.trr")
    # Å/ps were written where nm/ps belong, and kcal/mol/Å where kJ/mol/nm belong.
    error = fault(replace(honest, velocities=10 * honest.velocities))
    assert "10 times too large" in error or "9" in error
    assert "as if they were in Å/ps; expected nm/ps" in error
    error = fault(replace(honest, forces=KCAL / KJ_NM * honest.forces))
    assert "as if they were in kcal/mol/Å; expected kJ/mol/nm" in error


def test_unit_and_sign_are_both_named(ethanol):
    honest = kept(ethanol, 10)
    error = fault(replace(honest, forces=-HARTREE * honest.forces))
    assert "as if they were in Hartree/Bohr" in error
    assert "they are gradients" in error


def test_factor_of_no_unit_is_said_to_be_none():
    assert as_if("forces", "eV/Å", 6.0) == (
        "they are 6 times too large, in no known unit; expected eV/Å"
    )
    assert as_if("velocities", "Å/fs", 0.045).startswith("they are 22 times too small, as if they")


# ---- direction and frame ----------------------------------------------------------------------


@pytest.mark.parametrize("gap", [5, 10, 20, 40])
def test_gradients_are_told_at_any_gap(ethanol, gap):
    honest = kept(ethanol, gap)
    error = fault(replace(honest, forces=-honest.forces), gap)
    assert "their sign is reversed: they are gradients, minus the forces" in error


def test_rigid_bonds_are_named_where_forces_do_not_fit(ethanol):
    honest = kept(ethanol, 10)
    i, j = superresolution_card(find_task("md17-xtb/ethanol-k10")).bonds[-1]
    bond = honest.positions[:, j] - honest.positions[:, i]
    length = np.linalg.norm(bond, axis=-1, keepdims=True)
    positions = honest.positions.copy()
    positions[:, j] = positions[:, i] + bond * length.mean() / length
    error = fault(replace(honest, positions=positions, forces=-honest.forces))
    assert "its bonds are rigid, and forces in files leave out what holds them" in error
    assert "rigid" not in fault(replace(honest, forces=-honest.forces))


@pytest.mark.parametrize("gap", [5, 10, 20])
def test_velocities_backwards_in_time_are_told(ethanol, gap):
    honest = kept(ethanol, gap)
    error = fault(replace(honest, velocities=-honest.velocities), gap)
    assert "velocities do not fit its positions: their sign is reversed" in error


@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize("what", ["velocities", "forces"])
@pytest.mark.parametrize(("shift", "which"), [(1, "before"), (-1, "after")])
def test_arrays_of_the_neighbouring_frame_are_told(ethanol, what, gap, shift, which):
    honest = kept(ethanol, gap)
    rolled = np.roll(getattr(honest, what), shift, axis=0)
    error = fault(replace(honest, **{what: rolled}), gap)
    assert f"each frame holds those of the frame {which}" in error


@pytest.mark.parametrize("what", ["velocities", "forces"])
@pytest.mark.parametrize("gap", [10, 20])
def test_arrays_of_other_frames_are_refused(ethanol, what, gap):
    honest = kept(ethanol, gap)
    order = np.random.default_rng(0).permutation(len(honest.positions))
    error = fault(replace(honest, **{what: getattr(honest, what)[order]}), gap)
    assert "they have another direction; are they of other frames or atoms" in error


def test_positions_fitted_without_their_velocities_are_refused(ethanol):
    honest = kept(ethanol, 10)
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    error = fault(replace(honest, positions=honest.positions @ turn))
    assert "they fit once " in error
    assert "(fitted, say) and they not?" in error


@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize(("frames", "lag"), [(1, 0.25), (2, 0.5), (4, 1.0)])
def test_velocities_of_leap_frog_are_told_with_their_lag(ethanol, gap, frames, lag):
    # Steps of 0.5, 1 and 2 fs: velocities are differences from the positions before.
    now, before = ethanol.positions[4:], ethanol.positions[4 - frames : -frames]
    wrong = replace(
        kept(ethanol, gap),
        positions=now[::gap],
        velocities=((now - before) / (0.5 * frames))[::gap],
        forces=ethanol.forces[4:][::gap],
    )
    error = fault(wrong, gap)
    found = float(error.split("they are ")[1].split(" fs older")[0])
    assert found == pytest.approx(lag, rel=0.1)
    assert "as leap-frog dynamics leaves them" in error


# ---- what is not there ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["velocities", "forces"])
def test_zeros_in_place_of_atoms_are_told(ethanol, what):
    honest = kept(ethanol, 10)
    array = getattr(honest, what).copy()
    array[:, [2, 5]] = 0
    error = fault(replace(honest, **{what: array}))
    assert "those of atoms 2, 5 (from 0) are 0 in all frames; are there none of them?" in error


@pytest.mark.parametrize("what", ["velocities", "forces"])
def test_zeros_in_place_of_frames_are_told(ethanol, what):
    honest = kept(ethanol, 10, frames=11)
    array = getattr(honest, what).copy()
    array[1::2] = 0
    error = fault(replace(honest, **{what: array}))
    assert "all are 0 in frames 1, 3, 5, 7, 9 of 11; are there none in them?" in error


@pytest.mark.parametrize("what", ["velocities", "forces"])
def test_array_of_the_frame_before_once_more_is_told(ethanol, what):
    honest = kept(ethanol, 10, frames=11)
    array = getattr(honest, what).copy()
    array[4] = array[3]
    error = fault(replace(honest, **{what: array}))
    assert "in frame 4 of 11 they are those of the frame before to the last digit" in error


# ---- masses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [2.014, 4.0])
@pytest.mark.parametrize("gap", [5, 10])
def test_heavier_hydrogen_is_told_by_its_accelerations(ethanol, gap, mass):
    honest = kept(ethanol, gap)
    hydrogen = honest.numbers == 1
    forces = honest.forces.copy()
    forces[:, hydrogen] *= mass / 1.008  # of the same motion
    error = fault(replace(honest, forces=forces), gap)
    assert "accelerations of atoms 3, 4, 5, 6, 7, … (6 in all) (from 0) are " in error
    times = float(error.split("(from 0) are ")[1].split(" times too large")[0])
    assert times == pytest.approx(mass / 1.008, rel=0.1)
    assert f"are their masses {times:.2g} times those of the elements?" in error


# ---- what cannot be told ----------------------------------------------------------------------


def test_frames_too_far_apart_are_said_to_tell_little(ethanol):
    assert judged(kept(ethanol, 10)) == []
    (doubt,) = judged(kept(ethanol, 40), 40)
    assert doubt == (
        "mine.npz: frames 20 fs apart are too far apart to tell whether its velocities are those "
        "of its frames; only their size was checked"
    )


def test_two_frames_are_too_few_for_forces(ethanol):
    doubts = judged(kept(ethanol, 10, frames=2))
    assert doubts == [
        "mine.npz: whether its forces fit its positions cannot be told from two frames"
    ]


def test_forces_without_velocities_are_judged_too(ethanol):
    honest = kept(ethanol, 10)
    only = replace(honest, velocities=None)
    assert judged(only, reads={"positions", "forces"}) == []
    error = fault(replace(only, forces=KCAL * honest.forces), reads={"positions", "forces"})
    assert "kcal/mol/Å" in error
    assert "residual" not in error


# ---- half and double, shifted and turned --------------------------------------------------------


@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("frames", [0, 11])
def test_velocities_twice_or_half_as_large_are_refused_with_the_factor(
    ethanol, gap, factor, frames
):
    honest = kept(ethanol, gap, frames=frames)
    error = fault(replace(honest, velocities=factor * honest.velocities), gap)
    found = re.search(r"they are ([0-9.]+) times too (large|small), in no known unit", error)
    assert found
    assert float(found[1]) == pytest.approx(2, rel=0.25)
    assert found[2] == ("large" if factor > 1 else "small")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_forces_twice_or_half_as_large_are_refused(ethanol, factor):
    honest = kept(ethanol, 10)
    error = fault(replace(honest, forces=factor * honest.forces))
    assert f"times too {'large' if factor > 1 else 'small'}" in error


@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize("speed", [0.005, 0.02])
def test_positions_that_drift_without_their_velocities_are_refused(ethanol, gap, speed):
    honest = kept(ethanol, gap)
    times = 0.5 * gap * np.arange(len(honest.positions))
    drift = speed * times[:, None, None] * np.array([1.0, 0, 0])
    error = fault(replace(honest, positions=honest.positions + drift), gap)
    moved = float(error.split("the molecule as a whole moves by ")[1].split(" Å")[0])
    assert moved == pytest.approx(speed * 0.5 * gap, rel=0.1)
    both = replace(
        honest,
        positions=honest.positions + drift,
        velocities=honest.velocities + np.array([speed, 0, 0]),
    )
    assert judged(both, gap) == []


def test_centred_positions_of_a_molecule_that_flies_are_refused(ethanol):
    honest = kept(ethanol, 10)
    flying = replace(honest, velocities=honest.velocities + np.array([0.0, 0.02, 0]))
    assert "was the motion of the whole taken out of velocities only?" in fault(flying)


@pytest.mark.parametrize("gap", [5, 10])
@pytest.mark.parametrize("degrees", [30, 90, 180])
def test_turned_positions_are_told_with_their_angle(ethanol, gap, degrees):
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([0.48, 0.6, 0.64])).as_matrix()
    honest = kept(ethanol, gap)
    for reads in (READABLE, {"positions", "forces"}):
        error = fault(replace(honest, positions=honest.positions @ turn), gap, reads=reads)
        found = float(error.split("they fit once turned by ")[1].split("°")[0])
        assert found == pytest.approx(degrees, abs=2)
    together = {
        name: getattr(honest, name) @ turn for name in ("positions", "velocities", "forces")
    }
    assert judged(replace(honest, **together), gap) == []


def test_mirrored_positions_are_told(ethanol):
    honest = kept(ethanol, 10)
    error = fault(replace(honest, positions=honest.positions * [1, 1, -1]))
    assert "they fit once mirrored; were positions mirrored" in error
