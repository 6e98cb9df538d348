"""Labels of alanine dipeptide: basins, bins, cores, strides."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.alanine import freeze
from tasks.alanine.generate import DEFAULT_OUT, RESOLUTION, read_run
from tasks.alanine.partitions import (
    BASINS,
    CENTRES,
    LEFT_PSI,
    OBSERVABLE,
    POSITIVE_PHI,
    RIGHT_PSI,
    SINE_BINS,
    States,
    basin_table,
    features,
    find_states,
    free_energy,
    look_up,
    partitions,
    read_states,
    sine_table,
)
from tasks.making.milestoning import NO_CORE


def angles(*degrees):
    """Give (φ, ψ) in degrees as stored integers."""
    return np.array([[round(a / RESOLUTION) for a in pair] for pair in degrees], np.int16)


@pytest.fixture(scope="module")
def runs():
    """Read two real runs, 40 ns."""
    return [read_run(DEFAULT_OUT / f"run-{run:03d}.parquet")[0] for run in (0, 1)]


@pytest.fixture(scope="module")
def states(runs) -> States:
    return find_states(runs)


def test_well_known_conformations_lie_in_their_basins():
    known = angles(
        (-75, 150), (-150, 160), (-150, -175), (-75, -20), (55, 35), (60, -170), (60, 175)
    )
    names = [BASINS[label] for label in look_up(basin_table(), known)]
    assert names == ["β", "β", "β", "αR", "αL", "γ", "γ"]


def test_minus_180_degrees_is_left_of_minus_179():
    # φ = 180° is stored as −180°: it belongs to the extended basin on the other side.
    assert look_up(basin_table(), angles((-180, 160), (179.5, 160))).tolist() == [0, 0]


def test_sine_bins_are_the_bins_of_the_sine():
    table = sine_table()
    for degrees in np.arange(-179.5, 180, 7.0):
        expected = min(int((np.sin(np.radians(degrees)) + 1) / 2 * SINE_BINS), SINE_BINS - 1)
        assert look_up(table, angles((degrees, 0)))[0] == expected
    # The observable of this partition is the sign of φ: also on its edges.
    assert look_up(table, angles((0.5, 0), (-0.5, 0), (-180, 0), (179.5, 0))).tolist() == [
        10, 9, 9, 10,
    ]  # fmt: skip


def test_basins_are_bounded_by_ridges_of_the_free_energy(runs):
    """Marginal free energies have their maxima, between the minima, where the borders are."""
    degrees = np.concatenate(runs) * RESOLUTION
    bins = np.arange(-180, 181, 10)

    def ridge(values, low, high):
        counts, _ = np.histogram(values, bins)
        centres = bins[:-1] + 5
        inside = (centres > low) & (centres < high)
        return centres[inside][np.argmin(counts[inside])]

    phi, psi = degrees.T
    positive = (phi > POSITIVE_PHI[0]) & (phi < POSITIVE_PHI[1])
    assert abs(ridge(phi, -60, 50) - POSITIVE_PHI[0]) <= 10
    assert abs(ridge(psi[~positive], -20, 150) - RIGHT_PSI[1]) <= 10
    assert abs(ridge(psi[~positive], -180, -30) - RIGHT_PSI[0]) <= 15
    assert not ((phi > POSITIVE_PHI[1] - 5) & (phi < POSITIVE_PHI[1] + 5)).any()
    assert LEFT_PSI[0] < -60 < 75 < LEFT_PSI[1]


def test_cores_lie_inside_their_basins_around_the_minimum(runs, states):
    energy = free_energy(np.concatenate(runs))
    basins = basin_table()
    for label in range(len(BASINS)):
        inside = states.core_table == label
        assert inside.any()
        # A core of 5° cells may reach over the border of a basin by a part of a cell, no more.
        assert (basins[inside] == label).mean() > 0.9
        deepest = energy[states.cores == label].min()
        assert deepest == np.where(basins[5::10, 5::10] == label, energy, np.inf).min()


def test_frames_get_the_nearest_centre(runs, states):
    some = runs[0][::5000]
    degrees = some * RESOLUTION
    distances = np.linalg.norm(
        features(degrees[:, 0], degrees[:, 1])[:, None] - states.centres, axis=2
    )
    found = look_up(states.centre_table, some)
    chosen = distances[np.arange(len(some)), found]
    np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-6)


def test_states_survive_their_file(states, tmp_path):
    states.write(tmp_path / "states.json")
    read = read_states(tmp_path / "states.json")
    assert (read.cores == states.cores).all()
    assert (read.centres == states.centres).all()
    assert (read.basins == states.basins).all()


def test_partitions_label_every_frame(runs, states):
    for partition in partitions(states):
        labels = partition.label(runs[0])
        seen = labels[labels != NO_CORE]
        assert seen.max() < len(partition.observable) <= CENTRES
        assert len(seen) > 0.999 * len(labels)


def test_partitions_agree_on_the_side_of_phi(runs, states):
    """What is observed is the same thing, whatever the labels, but for frames near the border."""
    sides = []
    for partition in partitions(states):
        labels = partition.label(runs[0])[1000:]
        observed = np.array(partition.observable)[labels]
        sides.append(observed == max(partition.observable))
    for side in sides[1:]:
        assert (side == sides[0]).mean() > 0.99
    assert 0.01 < sides[0].mean() < 0.15


def test_a_stride_is_a_slice(runs, states):
    """Frames of a task with a stride are frames of the run, in order and k apart."""
    basins = next(p for p in partitions(states) if p.name == "macro4")
    fine, coarse = (freeze.Spec(basins, stride).label(runs[0]) for stride in (1, 10))
    assert (coarse == fine[::10]).all()
    # The lag-1 autocorrelation tells a slice from frames that were shuffled by blocks.
    phi_positive = (coarse >= 2).astype(float)
    shuffled = phi_positive[: len(coarse) // 10 * 10].reshape(10, -1).T.ravel()
    assert np.corrcoef(phi_positive[1:], phi_positive[:-1])[0, 1] > 0.9
    assert np.corrcoef(shuffled[1:], shuffled[:-1])[0, 1] < 0.5


def test_times_are_whole_frames_at_every_stride(states):
    for spec in freeze.specs(states):
        for time in (freeze.HOLD, *freeze.LAGS):
            frames = spec.frames(time)
            assert frames >= 1
            assert frames * spec.frame_time == pytest.approx(time)


def test_observable_merges_gamma_with_the_rest_of_positive_phi(states):
    assert [OBSERVABLE[BASINS.index(name)] for name in ("αL", "γ")] == [2, 2]
    fine = next(p for p in partitions(states) if p.name == "fine100")
    assert sorted(set(fine.observable)) == [0, 1, 2]


def test_prompts_do_not_overlap():
    chains = [np.arange(start, start + 2000) % 251 for start in (0, 7000, 9000)]
    places = np.arange(6000).reshape(3, 2000)
    prompts = freeze.cut_prompts(list(places), 20)
    assert prompts.shape == (20, 256)
    assert len(np.unique(prompts)) == prompts.size
    assert freeze.cut_prompts([c.astype(np.uint8) for c in chains], 21).shape == (21, 256)


def test_splits_share_no_run_with_training_and_test_none_with_the_oracle():
    for split in (freeze.VALIDATION, freeze.REFERENCE):
        assert not set(freeze.TRAIN) & set(split)
    assert not set(freeze.VALIDATION) & set(freeze.REFERENCE)
    assert not set(freeze.TEST) & set(freeze.ORACLE)
