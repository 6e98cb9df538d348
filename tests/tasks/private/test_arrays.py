"""NumPy files: which arrays are trajectories is never guessed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.quantities import Time
from tests.tasks.private.inputs import (
    BOTH,
    FRAMES,
    PHI,
    PSI,
    STATES,
    TIMES,
    read_arrays,
    refused,
)


@pytest.mark.parametrize(
    "arrays",
    [
        {"dtraj": STATES, "P": np.eye(3)},
        {"dtraj": STATES, "lags": np.array([1, 2, 5, 10])},
        {"micro": STATES, "macro": STATES},
        {"phi": PHI, "psi": PSI},
        {"arr_0": PHI, "arr_1": PSI},
        {"x": PHI, "y": PSI[:200]},
        {"positions": np.zeros((9, 3, 3)), "numbers": np.array([1, 1, 8])},
    ],
    ids=lambda arrays: " and ".join(arrays),
)
def test_arrays_that_may_be_no_trajectories_must_be_named(tmp_path, arrays):
    with refused("a.npz holds several arrays: .*; say which are trajectories by --arrays"):
        read_arrays(tmp_path, **arrays)


def test_array_that_is_named_is_read_alone(tmp_path):
    lags = np.array([1, 2, 5, 10])
    (found,) = read_arrays(tmp_path, dtraj=STATES, lags=lags, reading={"arrays": ("dtraj",)})
    assert np.array_equal(found.values[:, 0], STATES)


def test_glob_names_several_arrays(tmp_path):
    arrays = {"run1": STATES, "run2": STATES[:200], "lags": np.array([1, 2])}
    found = read_arrays(tmp_path, **arrays, reading={"arrays": ("run*",)})
    assert [len(one.values) for one in found] == [300, 200]
    with refused(r"has no array 'dtraj'; it has run1 \(300\), run2 \(200\), lags \(2\)"):
        read_arrays(tmp_path, **arrays, reading={"arrays": ("dtraj",)})


@pytest.mark.parametrize(
    "names", [("arr_0", "arr_1"), ("a", "b"), ("runA", "runB"), ("t1x", "t10x")]
)
def test_arrays_whose_names_are_numbered_are_trajectories(tmp_path, names):
    found = read_arrays(tmp_path, **dict(zip(names, (STATES, STATES[:200]), strict=True)))
    assert [len(one.values) for one in found] == [300, 200]


def test_times_and_frames_beside_an_array_belong_to_it(tmp_path):
    (found,) = read_arrays(tmp_path, frames=FRAMES, times_ps=TIMES, angles=BOTH)
    assert np.array_equal(found.values, BOTH)
    assert found.interval == Time(0.02, "ps")
    (first,) = read_arrays(tmp_path, frames=FRAMES, angles=BOTH, reading={"columns": ("1",)})
    assert np.array_equal(first.values[:, 0], PHI)
    with refused("column 'times' has no unit"):
        read_arrays(tmp_path, times=TIMES, angles=BOTH)


def test_single_values_and_words_are_left_out_aloud(tmp_path):
    (found,) = read_arrays(tmp_path, angles=BOTH, dt=np.array(0.1), names=np.array(["phi", "psi"]))
    assert np.array_equal(found.values, BOTH)
    assert found.notes == ("array 'dt' (one value) is left out", "array 'names' (2) is left out")


def test_first_column_of_a_saved_table_that_counts_is_left_out(tmp_path):
    (found,) = read_arrays(tmp_path, np.stack([TIMES, PHI, PSI], axis=1))
    assert np.array_equal(found.values, BOTH)
    assert found.columns == ("column 2", "column 3")


def test_fields_of_a_record_array_are_columns(tmp_path):
    records = np.array(
        list(zip(TIMES, PHI, PSI, strict=True)),
        [("time_ps", float), ("phi", float), ("psi", float)],
    )
    (found,) = read_arrays(tmp_path, records)
    assert np.array_equal(found.values, BOTH)
    assert found.interval == Time(0.02, "ps")


def padded(fill: float) -> np.ndarray:
    short = np.full(300, fill)
    short[:200] = STATES[:200]
    return np.stack([short, STATES])


@pytest.mark.parametrize("stack", [padded(-1).astype(np.int16), padded(-1), padded(np.nan)])
def test_rows_end_where_their_padding_begins(tmp_path, stack):
    short, full = read_arrays(tmp_path, stack)
    assert np.array_equal(short.values[:, 0], STATES[:200])
    assert np.array_equal(full.values[:, 0], STATES)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([STATES, STATES[:9]], dtype=object), r"saved by np\.savez\(path, \*traj"),
        (BOTH[:, None], r"has shape \(300, 1, 2\); expected .* all columns into one axis"),
        (np.stack([PHI, PSI]), "has 2 frames of 300 columns; .* transpose it"),
        (PHI + 1j, "holds complex128, expected numbers"),
        (np.array(3.0), r"has shape \(\)"),
    ],
    ids=["list", "three axes", "lying", "complex", "one value"],
)
def test_array_that_is_no_trajectory_is_refused(tmp_path, array, message):
    with refused(message):
        read_arrays(tmp_path, array)


def test_arrays_are_of_npz_files_only(tmp_path):
    with refused(r"--arrays names arrays of an \.npz"):
        read_arrays(tmp_path, STATES, reading={"arrays": ("a",)})
