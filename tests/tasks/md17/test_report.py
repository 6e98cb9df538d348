"""What is reported about the md17 segments."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.tracks.superresolution.interpolation import INTERPOLANTS
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.md17.report import correlations, interpolation_errors


def test_series_that_share_a_history_correlate_and_reversing_one_ends_it():
    rng = np.random.default_rng(0)
    series = rng.standard_normal((5_000, 4))
    shared, backwards = correlations([series, series + 1e-3 * rng.standard_normal(series.shape)])
    assert shared == pytest.approx(1.0, abs=1e-4)
    assert backwards < 0.05


def test_independent_series_correlate_by_chance_alone():
    rng = np.random.default_rng(1)
    shared, backwards = correlations(list(rng.standard_normal((6, 10_000, 3))))
    assert shared == pytest.approx(0.01, rel=0.3)  # 1/√frames
    assert backwards == pytest.approx(0.01, rel=0.3)


def test_scored_frames_are_the_harder_ones():
    # Linear interpolation of x = t² at step 1: the error at place p of a gap k is p (k − p).
    t = np.arange(-1.0, 42.0)
    x = np.zeros((len(t), 2, 3))
    x[:, 0, 0] = t**2
    segment = DenseSegment(x, 1.0, np.array([1, 1]), np.ones(2))
    place = np.arange(1, 10)
    errors = place * (10 - place) / 6  # five of six coordinates are exact
    hidden, scored = interpolation_errors([segment], 10, INTERPOLANTS[0])
    assert hidden == pytest.approx(errors.mean())
    assert scored == pytest.approx(errors[1:-1].mean())
