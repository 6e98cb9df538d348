"""The molecule-fixed frame and the windows in it."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from baselines.superresolution._parts.frame import align, mean_geometry
from baselines.superresolution._parts.windows import (
    WINDOW,
    bridge,
    enter_frames,
    fill_gaps,
    reverse_time,
    training_windows,
)
from benchmark.tracks.superresolution.interpolation import scaled_derivatives
from benchmark.tracks.superresolution.segments import DenseSegment
from tests.baselines.superresolution.molecules import (
    GEOMETRY,
    MASSES,
    backwards,
    harmonic_segment,
    moved,
)

CENTRED = GEOMETRY - MASSES @ GEOMETRY / MASSES.sum()


def test_align_finds_the_rotation_that_was_applied():
    rotations = Rotation.random(20, random_state=1).as_matrix()
    shifts = np.random.default_rng(2).normal(size=(20, 1, 3))
    frames = align(CENTRED @ rotations + shifts, CENTRED, MASSES)
    np.testing.assert_allclose(frames.rotations, rotations.transpose(0, 2, 1), atol=1e-12)
    np.testing.assert_allclose(frames.centres, shifts[:, 0], atol=1e-12)


def test_align_equals_scipys_weighted_superposition():
    positions = CENTRED + 0.2 * np.random.default_rng(3).normal(size=(10, *GEOMETRY.shape))
    frames = align(positions, CENTRED, MASSES)
    for geometry, centre, rotation in zip(positions, frames.centres, frames.rotations, strict=True):
        best, _ = Rotation.align_vectors(CENTRED, geometry - centre, weights=MASSES)
        np.testing.assert_allclose(rotation, best.as_matrix().T, atol=1e-9)


def test_align_of_a_planar_or_mirrored_molecule_is_a_proper_rotation():
    planar = CENTRED * [1.0, 1.0, 0.0]
    positions = np.stack([planar, planar @ np.diag([1.0, -1.0, 1.0]), CENTRED * [1, 1, -1]])
    for reference in (planar, CENTRED):
        frames = align(positions, reference, MASSES)
        np.testing.assert_allclose(np.linalg.det(frames.rotations), 1.0, atol=1e-12)


def test_frames_there_and_back_is_nothing():
    positions = np.random.default_rng(4).normal(size=(6, 2, 5, 3))
    frames = align(positions[:, 0], CENTRED, MASSES)
    back = frames.positions_out(frames.positions_in(positions))
    np.testing.assert_allclose(back, positions, atol=1e-13)


def test_mean_geometry_does_not_depend_on_how_the_segments_lie():
    segments = [harmonic_segment(0), harmonic_segment(1)]
    reference = mean_geometry(segments)
    turned = mean_geometry([moved(segments[0], 1)[0], moved(segments[1], 2)[0]])
    # The sense of a principal axis is free.
    signs = np.sign((reference * turned).sum(0))
    np.testing.assert_allclose(turned * signs, reference, atol=1e-8)
    np.testing.assert_allclose(MASSES @ reference, 0.0, atol=1e-10)
    distances = [np.linalg.norm(x[:, None] - x, axis=-1) for x in (reference, GEOMETRY)]
    np.testing.assert_allclose(*distances, atol=0.02)


def test_training_windows_hold_the_kept_frames_and_the_hidden_ones_between():
    dense, gap = harmonic_segment(0, 200), 10
    reference = mean_geometry([dense])
    batches = list(training_windows(dense, gap, 3, reference, stride=7))
    known = scaled_derivatives(dense, 3, gap * dense.time_step)
    starts = np.arange(0, 150, 7)
    assert sum(len(truth) for _, truth in batches) == len(starts)
    windows, truth = batches[0]
    for i in (0, 5):
        kept = starts[i] + gap * np.arange(WINDOW)
        alone = enter_frames(known[None, kept], reference, MASSES)
        np.testing.assert_allclose(windows.derivatives[i], alone.derivatives[0], atol=1e-12)
        inside = alone.frames.positions_in(dense.positions[None]) - reference
        hidden = inside[0, kept[1] + 1 : kept[2]]
        np.testing.assert_allclose(truth[i, 1], hidden, atol=1e-12)


def test_reversed_windows_are_the_windows_of_the_reversed_segment():
    dense = harmonic_segment(0, 51)
    reference = mean_geometry([dense])
    (forth, _), (back, _) = (
        next(training_windows(each, 10, 3, reference, stride=1))
        for each in (dense, backwards(dense))
    )
    np.testing.assert_allclose(reverse_time(forth.derivatives), back.derivatives, atol=1e-10)


def test_filling_gaps_with_the_truth_gives_the_segment():
    """Windows, places and frames fit together: a model that knows the answer gets it back."""
    gap = 10
    dense, _ = moved(harmonic_segment(0, 121))
    reference = mean_geometry([dense])
    (_, truth), *_ = training_windows(dense, gap, 2, reference, stride=gap)

    def oracle(derivatives: np.ndarray, place: int) -> np.ndarray:
        if len(derivatives) > 1:
            return truth[:, place]
        return truth[:1, place] if place < 2 else truth[-1:, place]

    coarse = dense.coarse(gap, frozenset({"positions", "velocities"}))
    hidden = fill_gaps(coarse, 2, reference, oracle)
    np.testing.assert_allclose(
        hidden, dense.positions[:-1].reshape(12, gap, 5, 3)[:, 1:], atol=1e-12
    )


def test_bridge_in_the_frame_is_hermite_in_the_laboratory():
    dense: DenseSegment = harmonic_segment(0, 51)
    reference = mean_geometry([dense])
    windows, truth = next(training_windows(dense, 10, 3, reference, stride=1))
    # Rotation and interpolation commute, so the residual is small in the frame as outside.
    assert np.abs(truth - bridge(windows.derivatives, 10)).max() < 1e-3
    one = bridge(windows.derivatives, 10, 2)
    np.testing.assert_array_equal(one, bridge(windows.derivatives, 10)[:, 2])
