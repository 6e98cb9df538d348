"""Numbers that stand for no value are refused by where they lie; coordinates of any kind pass."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.private.inputs import read_arrays, read_text, refused, rows

RNG = np.random.default_rng(7)
FRAMES = 3000
X = np.array([-1.5, 1.0, 2.5])[(RNG.random(FRAMES) < 0.05).cumsum() % 3] + RNG.normal(
    scale=0.15, size=FRAMES
)
ANYWHERE = RNG.random(FRAMES) < 0.02
PADDED = np.arange(FRAMES) % 1000 > 930


@pytest.mark.parametrize("fill", [-999.0, -9999.0, 9999.0, 1e20, 9.969209968386869e36, -1e30, 99.0])
@pytest.mark.parametrize("where", [ANYWHERE, PADDED, np.arange(FRAMES) == 17])
def test_fill_beyond_the_coordinate_is_refused_with_number_and_place(tmp_path, fill, where):
    with refused(r"first in frame .* does it stand for no value\?") as caught:
        read_arrays(tmp_path, np.where(where, fill, X))
    assert f"{fill:g} is there in {where.sum()} of 3,000 frames" in str(caught.value)
    assert f"first in frame {where.argmax()}" in str(caught.value).replace(",", "")


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_fill_among_rounded_numbers_is_refused(tmp_path, decimals):
    degrees = np.round(60 * X, decimals)
    with refused("-999 is there in"):
        read_text(tmp_path, rows("{:g}", np.where(ANYWHERE, -999, degrees)))


def test_fill_in_the_second_column_is_named(tmp_path):
    table = rows("{},{}", X, np.where(ANYWHERE, 9999, X))
    with refused("a.csv, distance: 9999 is there in"):
        read_text(tmp_path, "phi,distance\n" + table, "a.csv")


def test_zero_before_a_distance_that_is_never_near_it_is_refused(tmp_path):
    with refused("0 is there in"):
        read_arrays(tmp_path, np.where(ANYWHERE, 0, X + 4))


def test_fill_among_levels_is_refused(tmp_path):
    levels = np.array([0.1, 0.5, 0.9])[(RNG.random(FRAMES) < 0.05).cumsum() % 3]
    with refused("-999 is there in"):
        read_arrays(tmp_path, np.where(ANYWHERE, -999, levels))


@pytest.mark.parametrize("fill", [999, 9999, 99_999])
def test_nines_among_labels_are_refused(tmp_path, fill):
    labels = (RNG.random(FRAMES) < 0.05).cumsum() % 3
    with refused(f"holds {fill} in .* frames, which stands for 'no value'"):
        read_arrays(tmp_path, np.where(ANYWHERE, fill, labels))


@pytest.mark.parametrize(
    "honest",
    [
        X,
        1e12 * X,
        np.clip(X, -1.5, 2.0),
        np.maximum(X, 0),  # a rectified coordinate has values next to 0
        np.where(X > 2, 900.0, 1.0) + X,  # a state far away
        np.array([0.1, 0.5, 40.0])[(RNG.random(FRAMES) < 0.05).cumsum() % 3],  # levels
        np.round(X, 1),
        np.exp(3 * X),
    ],
)
def test_coordinate_without_fills_passes(tmp_path, honest):
    (found,) = read_arrays(tmp_path, honest)
    assert found.kind == "numbers"
    assert len(found.values) == FRAMES


def test_sparse_labels_pass(tmp_path):
    labels = np.array([7, 99, 140])[(RNG.random(FRAMES) < 0.05).cumsum() % 3]
    (found,) = read_arrays(tmp_path, labels)
    assert set(np.unique(found.values)) == {7, 99, 140}


# ---- labels with noise ------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [1e-9, 1e-7, 1e-4])
def test_labels_with_noise_are_no_coordinate(tmp_path, noise):
    labels = (RNG.random(FRAMES) < 0.05).cumsum() % 3 + noise * RNG.normal(size=FRAMES)
    with refused("holds 3 different integers, but with noise .* round them"):
        read_arrays(tmp_path, labels)
    (found,) = read_arrays(tmp_path, labels, reading={"states": False})
    assert found.kind == "numbers"


def test_coordinate_near_one_integer_passes(tmp_path):
    (found,) = read_arrays(tmp_path, 2 + 1e-4 * X)
    assert found.kind == "numbers"
