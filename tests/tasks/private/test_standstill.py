"""Frames that are there several times are told, whatever they hold; what may stay so passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from tasks.private.reading import Reading, read_recordings
from tasks.private.recording import Recording
from tasks.private.standstill import refuse_standstill
from tests.tasks.private.conftest import Peptide

RNG = np.random.default_rng(5)
FRAMES = 3000
LABELS = (RNG.random(FRAMES) < 0.1).cumsum() % 3
X = np.array([-1.5, 1.0, 2.5])[LABELS] + RNG.normal(scale=0.15, size=FRAMES)


def recording(values: np.ndarray, kind: str = "numbers") -> Recording:
    columns = values.reshape(len(values), -1)
    return Recording("mine", columns, kind)  # type: ignore[arg-type]


def judged(values: np.ndarray, kind: str = "numbers", stride: int = 1) -> None:
    refuse_standstill([recording(values[::stride], kind)], stride)


@pytest.mark.parametrize("times", [2, 3, 5, 10])
@pytest.mark.parametrize(("values", "kind"), [(X, "numbers"), (LABELS, "states")])
def test_frames_saved_several_times_each_are_refused_and_the_stride_mends_it(values, kind, times):
    again = np.repeat(values, times)[1:]
    with pytest.raises(InputError, match=f"one frame of {times} only: each was saved {times}") as e:
        judged(again, kind)
    assert f"give --stride {times}" in str(e.value)
    judged(again, kind, times)


def test_a_stride_that_is_too_small_is_named_with_the_whole_one():
    with pytest.raises(InputError, match="give --stride 6"):
        judged(np.repeat(X, 6), stride=2)


def test_frames_of_a_trajectory_saved_five_times_are_refused(peptide: Peptide, tmp_path: Path):
    path = tmp_path / "five.xtc"
    five = peptide.trajectory[np.repeat(np.arange(len(peptide.trajectory)), 5)]
    five.time = np.arange(len(five))
    five.save_xtc(str(path))
    found = read_recordings([path], Reading(topology=peptide.topology))
    with pytest.raises(InputError, match="each was saved 5 times"):
        refuse_standstill(found, 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("times", [2, 5])
def test_interpolated_frames_are_refused(times, dtype):
    between = np.interp(np.arange(FRAMES * times) / times, np.arange(FRAMES), X)
    with pytest.raises(InputError, match="half-way between their neighbours"):
        judged(between.astype(dtype))
    walk = np.cumsum(RNG.normal(size=(FRAMES, 2)), axis=0).astype(dtype)
    judged(walk)


@pytest.mark.parametrize("value", [0.0, X[1000]])
@pytest.mark.parametrize("frames", [10, 700])
def test_frames_that_stay_the_same_are_refused_with_their_place(value, frames):
    still = X.copy()
    still[1000 : 1000 + frames] = value
    last = f"{999 + frames:,}"
    with pytest.raises(InputError, match=f"frames 1,000 to {last} are the same to the last digit"):
        judged(still)


@pytest.mark.parametrize(
    "honest",
    [
        X,
        np.clip(X, -1.4, 2.4),
        np.round(X, 1),
        np.round(np.cumsum(RNG.normal(scale=0.02, size=FRAMES)), 1),
        np.stack([X, np.full(FRAMES, 300.0)], axis=1),
        np.array([0.1, 0.5, 0.9])[LABELS],
    ],
)
def test_coordinates_that_may_stay_the_same_pass(honest):
    judged(honest)


def test_labels_that_last_pass():
    judged((RNG.random(FRAMES) < 0.01).cumsum() % 3, "states")
