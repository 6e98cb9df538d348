"""Positions, velocities and bonds of reconstructed segments, against what is known exactly."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation

from benchmark.tracks.superresolution.metrics.errors import error_by_place, superresolution_errors
from benchmark.tracks.superresolution.segments import DenseSegment, scored_frames
from tasks.md17 import generate
from tasks.md17.molecules import load_molecule

NAMES = [
    "mae",
    "rmse",
    "velocity_rmse",
    "velocity_jump",
    "vdos_w1",
    "vdos_low",
    "vdos_middle",
    "vdos_high",
    "bond_break_fraction",
]
STEP = 0.5  # fs
GAP = 10
BONDS = np.array([[0, 1], [1, 2]])
MASSES = np.array([12.011, 15.999, 1.008])
SEEDS = st.integers(0, 2**32 - 1)


def segment(padded, masses=None):
    """Atoms at `padded` (frames + 2, atoms, 3), all of the same mass unless told otherwise."""
    masses = np.full(padded.shape[1], 12.011) if masses is None else masses
    return DenseSegment(padded, STEP, np.full(len(masses), 6), masses)


def random_case(seed, n_segments=2, n_frames=101):
    """Three atoms jumping about: segments of truth, and reconstructions with errors everywhere."""
    rng = np.random.default_rng(seed)
    truth = [segment(rng.normal(size=(n_frames + 2, 3, 3)), MASSES) for _ in range(n_segments)]
    return [one.positions + rng.normal(size=one.positions.shape) for one in truth], truth


def linear(one, gap):
    frames = np.arange(one.n_frames)
    kept = one.positions[::gap]
    left = np.minimum(frames // gap, len(kept) - 2)
    s = (frames / gap - left)[:, None, None]
    return (1 - s) * kept[left] + s * kept[left + 1]


def hermite(one, gap, velocities):
    frames = np.arange(one.n_frames)
    return CubicHermiteSpline(frames[::gap], one.positions[::gap], velocities[::gap] * STEP)(frames)


def values(errors):
    return {name: error.value for name, error in errors.items()}


# --- an ideal oscillator -------------------------------------------------------------------------
# x = A Re exp(i(ωt + φ)) has, under any linear interpolation, the error A Re E exp(i(ωt₀ + φ)) with
# a complex E that depends on the place alone. Over evenly spread phases the mean of its square is
# A²|E|²/2, exactly, and that of its size is A|E| 2/π, but for the finite number of phases.

AMPLITUDE = 0.1  # Å
N_PHASES = 192


def oscillators(theta, gap, n_gaps=20):
    """64 atoms oscillating by an angle θ a gap, all phases; also their exact velocities, Å/fs."""
    time = np.arange(-1, n_gaps * gap + 2)  # steps
    phases = 2 * np.pi * np.arange(N_PHASES).reshape(1, -1, 3) / N_PHASES
    angle = theta / gap * time[:, None, None] + phases
    velocities = -AMPLITUDE * theta / (gap * STEP) * np.sin(angle)
    return segment(AMPLITUDE * np.cos(angle)), velocities[1:-1]


def linear_residual(theta, s):
    return np.exp(1j * theta * s) - (1 - s) - s * np.exp(1j * theta)


def hermite_residual(theta, s):
    end, slope = np.exp(1j * theta), 1j * theta
    return np.exp(1j * theta * s) - (
        (1 - s) ** 2 * ((1 + 2 * s) + s * slope) + s**2 * ((3 - 2 * s) + (s - 1) * slope) * end
    )


@pytest.mark.parametrize("gap", [5, 10, 20])
@pytest.mark.parametrize("theta", [0.3, 2.0, 5.0])
def test_linear_interpolation_of_an_oscillator_has_its_analytic_error_at_every_place(theta, gap):
    one, _ = oscillators(theta, gap)
    rebuilt = linear(one, gap)
    residual = linear_residual(theta, np.arange(gap + 1) / gap)
    expected = AMPLITUDE * 2 / np.pi * np.abs(residual)
    assert error_by_place([rebuilt], [one], gap) == pytest.approx(expected, rel=1e-3, abs=1e-15)

    errors = superresolution_errors([rebuilt], [one], gap)
    assert errors["mae"].value == pytest.approx(expected[2 : gap - 1].mean(), rel=1e-3)
    mean_square = (np.abs(residual[2 : gap - 1]) ** 2).mean() / 2
    assert errors["rmse"].value == pytest.approx(AMPLITUDE * math.sqrt(mean_square), rel=1e-9)
    velocity = (residual[2:] - residual[:-2])[1:-1] / (2 * STEP)  # places 2 … gap − 2
    mean_square = (np.abs(velocity) ** 2).mean() / 2
    assert errors["velocity_rmse"].value == pytest.approx(
        AMPLITUDE * math.sqrt(mean_square), rel=1e-9
    )
    jump = residual[1] + residual[gap - 1] * np.exp(-1j * theta)  # the gap before is θ behind
    assert errors["velocity_jump"].value == pytest.approx(
        AMPLITUDE * abs(jump) / STEP / math.sqrt(2), rel=1e-9
    )


def test_linear_interpolation_is_worst_half_way_by_the_textbook_amount():
    theta = 1.0
    one, _ = oscillators(theta, GAP)
    places = error_by_place([linear(one, GAP)], [one], GAP)
    assert places.argmax() == GAP // 2
    half_way = AMPLITUDE * 2 / np.pi * (1 - math.cos(theta / 2))
    assert places[GAP // 2] == pytest.approx(half_way, rel=1e-3)


@pytest.mark.parametrize("theta", [0.3, 2.0, 5.0])
def test_hermite_interpolation_of_an_oscillator_has_its_analytic_error_at_every_place(theta):
    one, velocities = oscillators(theta, GAP)
    places = error_by_place([hermite(one, GAP, velocities)], [one], GAP)
    residual = hermite_residual(theta, np.arange(GAP + 1) / GAP)
    expected = AMPLITUDE * 2 / np.pi * np.abs(residual)
    assert places == pytest.approx(expected, rel=1e-3, abs=1e-15)
    half_way = 1 - math.cos(theta / 2) - theta / 4 * math.sin(theta / 2)
    assert places[GAP // 2] == pytest.approx(AMPLITUDE * 2 / np.pi * abs(half_way), rel=1e-3)


@pytest.mark.parametrize("theta", [0.3, 1.0, 2.0])
def test_hermite_interpolation_keeps_within_its_fourth_order_bound(theta):
    one, velocities = oscillators(theta, GAP)
    error = np.abs(hermite(one, GAP, velocities) - one.positions).max()
    bound = AMPLITUDE * theta**4 / 384  # T⁴ max|x⁗|/384
    assert 0.7 * bound < error <= bound


# --- what counts ---------------------------------------------------------------------------------


def test_truth_has_no_error_in_anything():
    _, truth = random_case(0, n_segments=3)
    errors = superresolution_errors([one.positions.copy() for one in truth], truth, GAP, BONDS)
    assert list(errors) == NAMES
    for name, error in errors.items():
        assert (name, error.value, error.stderr) == (name, 0, 0)
        assert error.bias == 0 or (math.isnan(error.bias) and not name.startswith("vdos"))


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([4, 5, 10, 25]))
def test_frames_near_kept_ones_count_for_no_position(seed, gap):
    model, truth = random_case(seed)
    unscored = np.setdiff1d(np.arange(101), scored_frames(101, gap))
    garbage = [x.copy() for x in model]
    for x in garbage:
        x[unscored] += np.random.default_rng(seed).normal(0, 1e3, x[unscored].shape)
    before = values(superresolution_errors(model, truth, gap, BONDS))
    after = values(superresolution_errors(garbage, truth, gap, BONDS))
    for name in ("mae", "rmse", "bond_break_fraction"):
        assert after[name] == before[name]
    # These are of the whole reconstruction, and say so.
    for name in ("velocity_rmse", "velocity_jump"):
        assert after[name] > 10 * before[name]
    assert after["vdos_high"] > math.log(1e3)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_kept_frames_enter_no_velocity_that_is_scored(seed):
    model, truth = random_case(seed)
    garbage = [x.copy() for x in model]
    for x in garbage:
        x[::GAP] += 1e3
    before = superresolution_errors(model, truth, GAP)["velocity_rmse"]
    assert superresolution_errors(garbage, truth, GAP)["velocity_rmse"] == before


@pytest.mark.parametrize(("place", "counts"), [(0, 0), (1, 0), (2, 1), (5, 1), (8, 1), (9, 0)])
def test_an_error_at_one_place_counts_once_if_scored(place, counts):
    _, [one] = random_case(0, n_segments=1)
    rebuilt = one.positions.copy()
    rebuilt[place::GAP] += 0.7
    errors = superresolution_errors([rebuilt], [one], GAP)
    assert errors["mae"].value == pytest.approx(counts * 0.7 / 7)  # 7 of a gap are scored
    assert errors["rmse"].value == pytest.approx(math.sqrt(counts * 0.49 / 7))
    expected = np.zeros(GAP + 1)
    expected[[place, GAP] if place == 0 else [place]] = 0.7
    assert error_by_place([rebuilt], [one], GAP) == pytest.approx(expected)


def test_kept_frames_that_begin_and_end_a_gap_are_told_apart():
    _, [one] = random_case(0, n_segments=1, n_frames=21)
    rebuilt = one.positions.copy()
    rebuilt[0] += 1
    rebuilt[20] += 3
    places = error_by_place([rebuilt], [one], GAP)
    assert places[[0, GAP]] == pytest.approx([0.5, 1.5])
    assert places[1:GAP] == pytest.approx(0)


def test_frames_after_the_last_kept_one_are_cut_off():
    model, truth = random_case(0, n_frames=101)
    longer = [
        replace(one, padded=np.concatenate([one.padded, np.full((7, 3, 3), 1e9)])) for one in truth
    ]
    assert values(superresolution_errors(model, longer, GAP, BONDS)) == values(
        superresolution_errors(model, truth, GAP, BONDS)
    )
    assert (error_by_place(model, longer, GAP) == error_by_place(model, truth, GAP)).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_doubled_errors_double_every_error_that_is_a_length_or_a_speed(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(-4096, 4096, (2, 103, 3, 3)) / 1024  # sums of these are exact
    error = rng.integers(-4096, 4096, (2, 101, 3, 3)) / 1024
    truth = [segment(one) for one in x]
    once = superresolution_errors(list(x[:, 1:-1] + error), truth, GAP)
    twice = superresolution_errors(list(x[:, 1:-1] + 2 * error), truth, GAP)
    for name in ("mae", "rmse", "velocity_rmse", "velocity_jump"):
        assert twice[name].value == 2 * once[name].value
        assert twice[name].stderr == pytest.approx(2 * once[name].stderr)


def test_uniform_motion_has_no_velocity_jump_and_a_kink_has_its_own():
    time = np.arange(-1, 22)[:, None, None] * STEP
    moving = segment(np.broadcast_to(0.01 * time, (23, 1, 3)))  # through all 21 frames
    kinked = moving.positions.copy()
    kinked[10:] += 0.03 * (time[11:-1] - 10 * STEP)  # 0.03 Å/fs faster from the kept frame on
    jump = superresolution_errors([kinked], [moving], GAP)["velocity_jump"].value
    assert jump == pytest.approx(0.03)
    bent = segment(np.concatenate([moving.padded[:1], kinked, kinked[-1:]]))
    assert superresolution_errors([kinked], [bent], GAP)["velocity_jump"].value == 0


# --- symmetries ----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_turning_and_moving_both_changes_nothing_but_the_mean_over_components(seed):
    model, truth = random_case(seed)
    turn = Rotation.random(random_state=seed).as_matrix().T
    turned = superresolution_errors(
        [x @ turn + [3, -1, 2] for x in model],
        [replace(one, padded=one.padded @ turn + [3, -1, 2]) for one in truth],
        GAP,
        BONDS,
    )
    before = superresolution_errors(model, truth, GAP, BONDS)
    for name in NAMES[1:]:
        assert turned[name].value == pytest.approx(before[name].value, rel=1e-9)
        assert turned[name].bias == pytest.approx(before[name].bias, rel=1e-9, nan_ok=True)
    ratio = turned["mae"].value / before["mae"].value
    assert 1 / math.sqrt(3) <= ratio <= math.sqrt(3)


def test_mae_depends_on_the_axes_by_root_three_at_most():
    _, [one] = random_case(0, n_segments=1)
    along = superresolution_errors([one.positions + np.array([1, 0, 0])], [one], GAP)
    across = superresolution_errors([one.positions + np.full(3, 1 / math.sqrt(3))], [one], GAP)
    assert along["rmse"].value == pytest.approx(across["rmse"].value)
    assert across["mae"].value / along["mae"].value == pytest.approx(math.sqrt(3))


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.permutations(range(3)))
def test_renumbering_the_atoms_changes_nothing(seed, order):
    model, truth = random_case(seed)
    renumbered = superresolution_errors(
        [x[:, order] for x in model],
        [replace(one, padded=one.padded[:, order], masses=MASSES[list(order)]) for one in truth],
        GAP,
        np.argsort(order)[BONDS],
    )
    expected = values(superresolution_errors(model, truth, GAP, BONDS))
    assert values(renumbered) == pytest.approx(expected, rel=1e-9)


# --- bonds ---------------------------------------------------------------------------------------


def water_like(n_frames=101):
    """Three atoms in a row, 1 Å apart, at rest."""
    return segment(np.tile([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]], (n_frames + 2, 1, 1)))


@pytest.mark.parametrize(
    ("shift", "broken"),
    [(0.49, 0), (0.51, 1), (-0.49, 0), (-0.51, 1)],  # Å, along the bond
)
def test_a_bond_is_broken_beyond_half_an_angstrom_either_way(shift, broken):
    one = water_like()
    rebuilt = one.positions.copy()
    rebuilt[:, 2, 0] += shift
    errors = superresolution_errors([rebuilt], [one], GAP, BONDS)
    assert errors["bond_break_fraction"].value == broken


def test_bond_break_fraction_is_the_share_of_scored_frames_planted():
    one = water_like()
    rebuilt = one.positions.copy()
    rebuilt[[3, 4, 38], 2, 0] += 1.0  # one bond
    rebuilt[55] *= 2  # both bonds: still one frame
    rebuilt[[10, 11, 19], 2, 0] += 1.0  # a kept one and its neighbours: not scored
    errors = superresolution_errors([rebuilt], [one], GAP, BONDS)
    assert errors["bond_break_fraction"].value == pytest.approx(4 / 70)
    assert superresolution_errors([rebuilt], [one], GAP, BONDS[:1])[
        "bond_break_fraction"
    ].value == pytest.approx(1 / 70)


def test_a_bond_is_compared_with_the_same_frame_of_truth():
    stretched = water_like().padded.copy()
    stretched[40:60, 2, 0] += 2.0
    one = segment(stretched)
    errors = superresolution_errors([one.positions.copy()], [one], GAP, BONDS)
    assert errors["bond_break_fraction"].value == 0


@pytest.mark.parametrize("bonds", [None, np.empty((0, 2), int)])
def test_without_bonds_their_share_is_unknown_and_nothing_else(bonds):
    errors = superresolution_errors(*random_case(0), GAP, bonds)
    assert [name for name in NAMES if math.isnan(errors[name].value)] == ["bond_break_fraction"]


# --- standard errors -----------------------------------------------------------------------------


def noise_errors(amplitudes, rng, n_gaps=40, gap=8):
    """Errors of white noise, of one amplitude a segment, about three atoms at rest."""
    one = segment(np.zeros((n_gaps * gap + 3, 3, 3)))
    noise = rng.normal(size=(len(amplitudes), one.n_frames, 3, 3))
    return superresolution_errors(
        list(noise * np.reshape(amplitudes, (-1, 1, 1, 1))), [one] * len(amplitudes), gap
    )


@pytest.mark.parametrize("n_segments", [1, 3])
def test_standard_errors_cover_the_known_errors_of_white_noise(n_segments):
    rng = np.random.default_rng(1)
    sigma = 0.02
    known = {
        "mae": sigma * math.sqrt(2 / math.pi),
        "rmse": sigma,
        "velocity_rmse": sigma / math.sqrt(2) / STEP,  # (e₊ − e₋)/2h
        "velocity_jump": sigma * math.sqrt(6) / STEP,  # (e₊ − 2e + e₋)/h
    }
    runs = [noise_errors([sigma] * n_segments, rng) for _ in range(150)]
    for name, expected in known.items():
        off = np.array([run[name].value - expected for run in runs])
        claimed = np.array([run[name].stderr for run in runs])
        assert np.mean(np.abs(off) < 2 * claimed) > 0.93
        assert 0.9 < math.sqrt((claimed**2).mean() / (off**2).mean()) < 1.6


def test_standard_errors_know_that_segments_differ():
    rng = np.random.default_rng(2)
    runs = [noise_errors(rng.uniform(0.01, 0.03, 3), rng) for _ in range(200)]
    off = np.array([run["mae"].value for run in runs]) - 0.02 * math.sqrt(2 / math.pi)
    claimed = np.array([run["mae"].stderr for run in runs])
    between = 0.02 / math.sqrt(12) * math.sqrt(2 / math.pi) / math.sqrt(3)
    assert math.sqrt((off**2).mean()) == pytest.approx(between, rel=0.15)
    assert math.sqrt((claimed**2).mean()) == pytest.approx(between, rel=0.15)


def test_one_gap_has_no_standard_error_and_no_jump():
    errors = superresolution_errors(*random_case(0, n_segments=1, n_frames=11), GAP)
    assert errors["mae"].value > 0
    assert math.isnan(errors["mae"].stderr)
    assert math.isnan(errors["velocity_jump"].value)


# --- real motion ---------------------------------------------------------------------------------


def test_interpolators_of_ethanol_have_the_errors_known_of_them():
    folder = Path(generate.__file__).parent / "data" / "segments"
    positions, metadata = generate.read_segment(folder / "ethanol-00.parquet")
    molecule = load_molecule("ethanol")
    one = DenseSegment(positions, metadata["time_step_fs"], molecule.numbers, molecule.masses)
    one = one.cut(GAP)
    known = {  # Å, over all hidden frames
        8.0e-3: linear(one, GAP),
        9.8e-4: hermite(one, GAP, one.velocities),
    }
    for expected, rebuilt in known.items():
        places = error_by_place([rebuilt], [one], GAP)
        assert places[[0, GAP]] == pytest.approx(0, abs=1e-12)
        assert places[1:GAP].mean() == pytest.approx(expected, rel=0.3)
        errors = superresolution_errors([rebuilt], [one], GAP, molecule.bonds)
        assert errors["mae"].value == pytest.approx(places[2 : GAP - 1].mean())
        assert errors["bond_break_fraction"].value == 0
        assert -1.1 < errors["vdos_high"].bias < -0.1  # C–H and O–H stretches are damped
        assert errors["vdos_low"].value < 0.03


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_number_that_is_no_position_is_named_with_segment_and_frame(value):
    model, truth = random_case(0)
    model[1][37, 2, 0] = value
    message = r"reconstruction of segment 1 is \S+ Å in frame 37 \(atom 2\); a finite number"
    for metric in (superresolution_errors, error_by_place):
        with pytest.raises(ValueError, match=message):
            metric(model, truth, GAP)


@pytest.mark.parametrize("cut", [np.s_[:-1], np.s_[:, :2], np.s_[..., :2], np.s_[0]])
def test_a_reconstruction_of_another_shape_is_named(cut):
    model, truth = random_case(0)
    model[1] = model[1][cut]
    with pytest.raises(ValueError, match=r"segment 1 has shape .*shape \(101, 3, 3\) are needed"):
        superresolution_errors(model, truth, GAP)


@pytest.mark.parametrize("dtype", [complex, str, bool])
def test_a_reconstruction_that_is_not_of_real_numbers_is_refused(dtype):
    model, truth = random_case(0)
    model[0] = model[0].astype(dtype)
    with pytest.raises(ValueError, match=r"segment 0 has shape .* and dtype .*; real numbers"):
        superresolution_errors(model, truth, GAP)


def test_single_precision_is_good_enough():
    model, truth = random_case(0)
    single = superresolution_errors([x.astype(np.float32) for x in model], truth, GAP, BONDS)
    expected = values(superresolution_errors(model, truth, GAP, BONDS))
    assert values(single) == pytest.approx(expected, rel=1e-5)


def test_one_reconstruction_a_segment_is_needed():
    model, truth = random_case(0)
    with pytest.raises(ValueError, match="1 reconstructions of 2 segments"):
        superresolution_errors(model[:1], truth, GAP)
    with pytest.raises(ValueError, match="0 reconstructions of 0 segments"):
        superresolution_errors([], [], GAP)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"padded": np.zeros((83, 3, 3))}, "segment 1 of truth has 81 frames, segment 0 has 101"),
        ({"time_step": 0.2}, "segment 1 of truth has 0.2 fs a step, segment 0 has 0.5"),
        ({"masses": np.ones(3)}, r"segment 1 of truth has \[1.0, 1.0, 1.0\] as masses"),
    ],
)
def test_segments_must_be_of_one_kind(changes, message):
    model, truth = random_case(0)
    truth[1] = replace(truth[1], **changes)
    with pytest.raises(ValueError, match=message):
        superresolution_errors(model, truth, GAP)


def test_a_gap_must_fit_into_the_segments():
    model, truth = random_case(0)
    with pytest.raises(ValueError, match="segments have 101 frames; a gap of 101 needs at least"):
        superresolution_errors(model, truth, 101)


@pytest.mark.parametrize(("gap", "message"), [(3, "no hidden frame"), (0, "gap is 0"), (-2, "-2")])
def test_a_gap_without_scored_frames_is_refused(gap, message):
    model, truth = random_case(0)
    with pytest.raises(ValueError, match=message):
        superresolution_errors([x[:100] for x in model], truth, gap)


@pytest.mark.parametrize("gap", [1, 2])
def test_error_by_place_takes_any_gap(gap):
    model, truth = random_case(0)
    places = error_by_place(model, truth, gap)
    error = np.abs(np.array(model) - [one.positions for one in truth]).mean(axis=(0, 2, 3))
    assert places == pytest.approx(
        [*(error[p:100:gap].mean() for p in range(gap)), error[gap::gap].mean()]
    )


@pytest.mark.parametrize(
    ("bonds", "message"),
    [
        ([0, 1], r"shape \(2,\)"),
        ([[0, 1, 2]], r"shape \(1, 3\)"),
        ([[0.0, 1.0]], "dtype float64"),
        ([[0, 1], [1, 3]], r"bond \[1, 3\] is no pair of two of the atoms 0 … 2"),
        ([[-1, 1]], r"bond \[-1, 1\]"),
        ([[2, 2]], r"bond \[2, 2\]"),
    ],
)
def test_bonds_must_be_pairs_of_atoms(bonds, message):
    model, truth = random_case(0)
    with pytest.raises(ValueError, match=message):
        superresolution_errors(model, truth, GAP, np.array(bonds))
