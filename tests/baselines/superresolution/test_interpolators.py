"""Interpolators reproduce what they are exact for, and say what they miss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import interpolate

from baselines.superresolution.cubic_spline import CubicSpline
from baselines.superresolution.hermite3 import Hermite3
from baselines.superresolution.hermite5 import Hermite5
from baselines.superresolution.linear import Linear
from benchmark.errors import ModelError
from benchmark.tracks.superresolution.contract import SuperResolutionModel
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS, hermite_weights
from tests.baselines.superresolution.molecules import (
    fit_context,
    harmonic_segment,
    moved,
    polynomial,
)

MODELS = (Linear, CubicSpline, Hermite3, Hermite5)


def test_every_rule_of_the_track_has_its_model_which_reads_what_the_rule_does():
    assert [(model.name, model.reads) for model in MODELS] == [
        (rule.name, rule.reads) for rule in INTERPOLANTS
    ]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_hermite_weights_reproduce_every_polynomial_of_their_degree(order: int):
    gap = 7
    s = np.arange(1, gap) / gap
    for degree in range(2 * order):
        monomial = np.polynomial.Polynomial.basis(degree)
        ends = [monomial.deriv(i)(end) for end in (0.0, 1.0) for i in range(order)]
        np.testing.assert_allclose(hermite_weights(gap, order) @ ends, s**degree, atol=1e-14)


@pytest.mark.parametrize(("model", "degree"), [(Linear, 1), (Hermite3, 3), (Hermite5, 5)])
def test_a_polynomial_is_reproduced_up_to_the_degree_and_not_beyond(
    model: type[SuperResolutionModel], degree: int
):
    coarse, exact = polynomial(degree, gap=10, n_kept=4)
    np.testing.assert_allclose(model().reconstruct(coarse), exact, atol=1e-13)
    coarse, exact = polynomial(degree + 1, gap=10, n_kept=4)
    assert np.abs(model().reconstruct(coarse) - exact).max() > 1e-6


def test_cubic_spline_is_the_natural_spline_of_scipy():
    dense = harmonic_segment(0, 201)
    answer = CubicSpline().reconstruct(dense.coarse(10, CubicSpline.reads))
    kept = 0.5 * np.arange(0, 201, 10)
    spline = interpolate.CubicSpline(kept, dense.positions[::10], bc_type="natural")
    np.testing.assert_allclose(answer, spline(0.5 * np.arange(201)), atol=1e-13)
    second = spline.derivative(2)
    np.testing.assert_allclose(second(kept[[0, -1]]), 0.0, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_kept_frames_are_exact_and_all_frames_are_there(model: type[SuperResolutionModel]):
    dense = harmonic_segment(0, 105)
    answer = model().reconstruct(dense.coarse(10, model.reads))
    assert answer.shape == (101, 5, 3)
    np.testing.assert_array_equal(answer[::10], dense.positions[::10])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_frames", [1, 11])
def test_a_segment_of_one_or_two_kept_frames_is_filled(
    model: type[SuperResolutionModel], n_frames: int
):
    dense = harmonic_segment(0, n_frames)
    answer = model().reconstruct(dense.coarse(10, model.reads))
    assert answer.shape == (n_frames, 5, 3)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_answer_turns_and_shifts_with_the_segment(model: type[SuperResolutionModel]):
    dense = harmonic_segment(0, 201)
    other, move = moved(dense)
    answer = model().reconstruct(dense.coarse(20, model.reads))
    np.testing.assert_allclose(
        model().reconstruct(other.coarse(20, model.reads)), move(answer), atol=1e-10
    )


@pytest.mark.parametrize(
    ("model", "given", "lacking"),
    [
        (Hermite3, {"positions"}, "velocities"),
        (Hermite5, {"positions"}, "velocities"),
        (Hermite5, {"positions", "velocities"}, "forces"),
    ],
)
def test_what_a_model_reads_and_the_segment_lacks_is_named(
    model: type[SuperResolutionModel], given: set[str], lacking: str
):
    coarse = harmonic_segment(0, 101).coarse(10, frozenset(given))
    with pytest.raises(ModelError, match=f"reads {lacking}, and the segment holds none"):
        model().reconstruct(coarse)


@pytest.mark.parametrize("model", MODELS)
def test_hidden_frames_cannot_reach_a_model(model: type[SuperResolutionModel], tmp_path: Path):
    """Frames that are neither kept nor beside a kept one do not change the answer."""
    dense, other = harmonic_segment(0, 101), harmonic_segment(0, 101)
    hidden = (np.arange(103) - 1) % 10
    other.padded[(hidden >= 2) & (hidden <= 8)] = np.nan
    filled = model()
    filled.fit([dense], [dense], fit_context(tmp_path, 10))
    answers = [filled.reconstruct(each.coarse(10, model.reads)) for each in (dense, other)]
    np.testing.assert_array_equal(*answers)
