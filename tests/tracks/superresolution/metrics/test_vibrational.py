"""Vibrational densities of states, and their distances, of known spectra."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import periodogram

from benchmark.tracks.superresolution.metrics.errors import superresolution_errors, vdos
from benchmark.tracks.superresolution.metrics.vibrational import spectral_errors
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.md17 import generate
from tasks.md17.molecules import load_molecule

LIGHT = 2.99792458e-5  # cm/fs
STEP = 0.5  # fs
N = 2000  # frames: wavenumbers are 33.36 cm⁻¹ apart
SPACING = 1 / (N * LIGHT * STEP)
MASSES = np.array([12.011, 1.008])


def line(place, speed, n_frames=N):
    """Velocity of one component, Å/fs, oscillating `place` times in `n_frames`."""
    return speed * np.cos(2 * np.pi * place * np.arange(n_frames) / n_frames + 0.3)


def moving(first, second=0.0):
    """Two atoms that move along x and z: velocities (frames, 2, 3)."""
    velocities = np.zeros((N, 2, 3))
    velocities[:, 0, 0] = first
    velocities[:, 1, 2] = second
    return velocities


# --- density of states ---------------------------------------------------------------------------


def test_known_frequencies_are_found_at_their_wavenumbers_with_their_weights():
    velocities = moving(line(30, 0.02) + line(95, 0.01), line(90, 0.05))
    wavenumbers, density = vdos(velocities, MASSES, STEP)
    expected = np.zeros(N // 2 + 1)
    # Half of m V² goes to each line, and the window spreads it as 1 : 4 : 1.
    for place, mass, speed in ((30, 12.011, 0.02), (95, 12.011, 0.01), (90, 1.008, 0.05)):
        expected[place - 1 : place + 2] += mass * speed**2 / 2 * np.array([1, 4, 1]) / 6
    assert density * SPACING == pytest.approx(expected, abs=1e-12)
    assert wavenumbers == pytest.approx(np.arange(N // 2 + 1) * SPACING)


def test_a_period_of_ten_femtoseconds_is_3336_wavenumbers():
    wavenumbers, density = vdos(moving(np.cos(2 * np.pi * np.arange(N) * STEP / 10)), MASSES, STEP)
    assert wavenumbers[density.argmax()] == pytest.approx(3335.641, abs=1e-3)


@pytest.mark.parametrize("place", [0, N // 2])
def test_the_two_ends_of_the_spectrum_have_their_whole_weight(place):
    velocities = moving(0.02 * np.cos(2 * np.pi * place * np.arange(N) / N))
    _, density = vdos(velocities, MASSES, STEP)
    assert density.sum() * SPACING == pytest.approx(12.011 * 0.02**2)


@pytest.mark.parametrize("n_frames", [200, 201])
def test_the_integral_is_twice_the_kinetic_energy_under_the_window(n_frames):
    velocities = np.random.default_rng(0).normal(size=(n_frames, 2, 3))
    wavenumbers, density = vdos(velocities, MASSES, STEP)
    weights = np.sin(np.pi * np.arange(n_frames) / n_frames) ** 4
    twice_kinetic = (MASSES[:, None] * velocities**2).sum(axis=(1, 2))
    expected = np.average(twice_kinetic, weights=weights)
    assert density.sum() * wavenumbers[1] == pytest.approx(expected)


@pytest.mark.parametrize("n_frames", [200, 201])
def test_the_density_is_the_periodogram_with_hanns_window(n_frames):
    velocities = np.random.default_rng(1).normal(size=(n_frames, 2, 3))
    expected = periodogram(velocities, 1 / (LIGHT * STEP), "hann", detrend=False, axis=0)
    wavenumbers, density = vdos(velocities, MASSES, STEP)
    assert wavenumbers == pytest.approx(expected[0])
    assert density == pytest.approx(expected[1].sum(axis=2) @ MASSES)


def test_the_density_of_ethanol_integrates_to_its_temperature():
    folder = generate.DEFAULT_OUT
    positions, metadata = generate.read_segment(folder / "ethanol-00.parquet")
    masses = load_molecule("ethanol").masses
    one = DenseSegment(positions, metadata["time_step_fs"], np.zeros(9, int), masses)
    wavenumbers, density = vdos(one.velocities, masses, one.time_step)
    boltzmann, energy = 8.617333e-5, 103.642697  # eV/K, and eV of one u Å²/fs²
    degrees = 3 * 9 - 6  # neither translation nor rotation
    temperature = density.sum() * wavenumbers[1] * energy / (degrees * boltzmann)
    assert temperature == pytest.approx(metadata["mean_temperature_K"], rel=0.01)
    # Nothing vibrates between the C=O/bend region and the C–H stretches, nor above O–H.
    gaps = ((wavenumbers > 1800) & (wavenumbers < 2500)) | (wavenumbers > 4000)
    assert density[gaps].sum() < 0.01 * density.sum()


@pytest.mark.parametrize(
    ("velocities", "masses", "step", "message"),
    [
        (np.zeros((9, 3)), np.ones(3), 0.5, r"velocities have shape \(9, 3\)"),
        (np.zeros((9, 2, 2)), np.ones(2), 0.5, r"velocities have shape \(9, 2, 2\)"),
        (np.zeros((1, 2, 3)), np.ones(2), 0.5, "with two frames"),
        (np.zeros((9, 2, 3)), np.ones(3), 0.5, r"masses have shape \(3,\); \(2,\) is needed"),
        (np.zeros((9, 2, 3)), np.ones(2), 0.0, "time_step is 0.0"),
        (np.zeros((9, 2, 3)), np.ones(2), math.nan, "time_step is nan"),
    ],
)
def test_vdos_refuses_what_is_no_trajectory(velocities, masses, step, message):
    with pytest.raises(ValueError, match=message):
        vdos(velocities, masses, step)


# --- distances -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [1, 7, -20])
def test_a_shifted_spectrum_is_as_far_off_as_it_is_shifted(shift):
    true = moving(line(40, 0.02), line(90, 0.03))
    model = moving(line(40 + shift, 0.02), line(90 + shift, 0.03))
    error = spectral_errors(model[None], true[None], MASSES, STEP)["vdos_w1"]
    assert error.value == pytest.approx(abs(shift) * SPACING)
    assert error.bias == pytest.approx(shift * SPACING)


def test_one_line_of_two_moved_costs_its_share_and_opposite_moves_have_no_bias():
    true = moving(line(40, 0.02) + line(90, 0.02))
    one = spectral_errors(moving(line(45, 0.02) + line(90, 0.02))[None], true[None], MASSES, STEP)[
        "vdos_w1"
    ]
    assert (one.value, one.bias) == pytest.approx((2.5 * SPACING, 2.5 * SPACING))
    both = spectral_errors(moving(line(45, 0.02) + line(85, 0.02))[None], true[None], MASSES, STEP)[
        "vdos_w1"
    ]
    assert both.value == pytest.approx(5 * SPACING)
    assert both.bias == pytest.approx(0, abs=1e-6)


def test_a_common_factor_is_seen_by_the_bands_and_not_by_the_distance():
    true = moving(line(10, 0.02) + line(40, 0.02), line(90, 0.03))  # 334, 1334, 3002 cm⁻¹
    errors = spectral_errors(0.5 * true[None], true[None], MASSES, STEP)
    assert errors["vdos_w1"].value == pytest.approx(0, abs=1e-9)
    for name in ("vdos_low", "vdos_middle", "vdos_high"):
        assert errors[name].value == pytest.approx(2 * math.log(2))
        assert errors[name].bias == pytest.approx(-2 * math.log(2))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (16, "vdos_low"),  # 534 cm⁻¹
        (20, "vdos_middle"),  # 667
        (58, "vdos_middle"),  # 1935
        (62, "vdos_high"),  # 2068
        (118, "vdos_high"),  # 3936
        (122, None),  # 4070
    ],
)
def test_a_line_belongs_to_its_band(place, name):
    rest = line(5, 0.02) + line(40, 0.02) + line(90, 0.02)  # one in every band
    errors = spectral_errors(
        moving(rest + line(place, 0.02))[None], moving(rest)[None], MASSES, STEP
    )
    for band in ("vdos_low", "vdos_middle", "vdos_high"):
        assert errors[band].bias == pytest.approx(math.log(2) if band == name else 0, abs=1e-9)


def test_segments_are_averaged_before_they_are_compared():
    # Each segment has the other's line: together they have the right spectrum.
    a, b = moving(line(40, 0.02)), moving(line(90, 0.02))
    errors = spectral_errors(np.stack([a, b]), np.stack([b, a]), MASSES, STEP)
    assert errors["vdos_w1"].value == pytest.approx(0, abs=1e-9)
    assert errors["vdos_high"].value == pytest.approx(0, abs=1e-9)
    # Without one of them all power is 50 places off, one way or the other: a jackknife sees it. The
    # values are equal, so W₁ claims no error, but the signed band ratio does (clipped at ln 1e6).
    assert errors["vdos_high"].stderr == pytest.approx(math.log(1e6))


def test_the_error_of_a_band_is_a_jackknife_over_segments():
    rng = np.random.default_rng(3)
    factors = rng.uniform(0.5, 1.5, 5)
    true = np.stack([moving(line(90, 0.02))] * 5)
    model = true * factors[:, None, None, None]
    error = spectral_errors(model, true, MASSES, STEP)["vdos_high"]
    without = [math.log(np.mean([f**2 for f in factors if f != left])) for left in factors]
    expected = math.sqrt(4 / 5 * sum((x - np.mean(without)) ** 2 for x in without))
    assert error.bias == pytest.approx(math.log(np.mean(factors**2)))
    assert error.stderr == pytest.approx(expected)


def test_the_error_of_the_distance_is_a_jackknife_over_segments():
    shifts = [2, 5, 11]
    true = np.stack([moving(line(40, 0.02))] * 3)
    model = np.stack([moving(line(40 + shift, 0.02)) for shift in shifts])
    error = spectral_errors(model, true, MASSES, STEP)["vdos_w1"]
    assert error.value == pytest.approx(6 * SPACING)
    assert error.stderr == pytest.approx(np.std(shifts, ddof=1) / math.sqrt(3) * SPACING)


def test_one_segment_has_no_standard_error():
    true = moving(line(40, 0.02))[None]
    errors = spectral_errors(2 * true, true, MASSES, STEP)
    assert all(math.isnan(error.stderr) for error in errors.values())


def test_a_molecule_at_rest_counts_as_infinitely_slow():
    true = moving(line(10, 0.02) + line(40, 0.02) + line(90, 0.02))[None]
    errors = spectral_errors(np.zeros_like(true), true, MASSES, STEP)
    assert errors["vdos_w1"].value == pytest.approx((10 + 40 + 90) / 3 * SPACING)
    for name in ("vdos_low", "vdos_middle", "vdos_high"):
        assert errors[name].bias == -math.log(1e6)
    errors = spectral_errors(np.zeros_like(true), np.zeros_like(true), MASSES, STEP)
    assert all(error.value == 0 for error in errors.values())


def test_a_band_between_two_wavenumbers_is_unknown():
    true = np.random.default_rng(0).normal(size=(2, 10, 2, 3))  # 6671 cm⁻¹ apart
    errors = spectral_errors(2 * true, true, MASSES, STEP)
    assert errors["vdos_low"].value == pytest.approx(2 * math.log(2))  # ν = 0
    assert math.isnan(errors["vdos_middle"].value)
    assert math.isnan(errors["vdos_high"].value)


@pytest.mark.parametrize("shape", [(N, 2, 3), (2, N, 2, 3)])
def test_velocities_of_model_and_truth_must_be_alike(shape):
    with pytest.raises(ValueError, match="one shape"):
        spectral_errors(np.zeros(shape), np.zeros((1, N, 2, 3)), MASSES, STEP)


# --- through the front door ----------------------------------------------------------------------


def test_reconstructed_positions_have_the_spectrum_of_their_velocities():
    n_frames = 1001
    n = n_frames - 2  # frames with a central difference
    time = np.arange(-1, n_frames + 1)

    def positions(slow, fast):
        x = np.zeros((len(time), 2, 3))
        for place, amplitude in ((5, slow), (45, fast)):  # 334 and 3005 cm⁻¹
            x[:, 0, 1] += amplitude * np.sin(2 * np.pi * place * time / n)
        return x

    truth = DenseSegment(positions(0.1, 0.02), STEP, np.array([6, 1]), MASSES)
    rebuilt = positions(0.1, 0.01)[1:-1]
    errors = superresolution_errors([rebuilt], [truth], gap=10)
    assert errors["vdos_low"].value == pytest.approx(0, abs=1e-9)
    assert errors["vdos_high"].bias == pytest.approx(-2 * math.log(2))
    # The central difference of a line is its amplitude times sin(ωh)/h.
    slow = (0.1 * math.sin(2 * np.pi * 5 / n)) ** 2
    fast = (0.02 * math.sin(2 * np.pi * 45 / n)) ** 2
    lost = fast / (slow + fast) - fast / 4 / (slow + fast / 4)  # share that is missing at 45
    expected = 40 * lost / (n * LIGHT * STEP)
    assert errors["vdos_w1"].value == pytest.approx(expected)
    assert errors["vdos_w1"].bias == pytest.approx(-expected)
