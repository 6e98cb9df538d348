from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.quantities import Time, parse_time, saving_interval


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("0.1ps", Time(0.1, "ps")),
        (" 1 ps ", Time(1, "ps")),
        ("100us", Time(100, "us")),
        ("2e-3ns", Time(0.002, "ns")),
        ("20", Time(20, "frames")),
        ("20 frames", Time(20, "frames")),
    ],
)
def test_time_is_read(text, time):
    assert parse_time(text, "--lag") == time


@pytest.mark.parametrize(
    "text", ["0ps", "-1ps", "nan", "inf ps", "ps", "", "1 parsec", "1e", "1 2"]
)
def test_what_is_no_time_is_refused_by_the_flags_name(text):
    with pytest.raises(InputError, match="--lag"):
        parse_time(text, "--lag")


@pytest.mark.parametrize(
    ("time", "frame", "frames"),
    [
        (Time(10, "ps"), Time(0.1, "ps"), 100),
        (Time(1, "ns"), Time(200, "ps"), 5),
        (Time(100, "µs"), Time(0.1, "ms"), 1),
        (Time(7, "frames"), Time(0.1, "ms"), 7),
        (Time(7, "frames"), Time(2, "frames"), 7),
    ],
)
def test_time_in_frames(time, frame, frames):
    assert time.frames(frame, "--hold") == frames


def test_time_below_a_frame_or_without_a_frame_time_is_refused():
    with pytest.raises(InputError, match=r"--hold 0\.1 ps is less than one frame, which is 1 ps"):
        Time(0.1, "ps").frames(Time(1, "ps"), "--hold")
    with pytest.raises(InputError, match="the saving interval is unknown; give --interval too"):
        Time(1, "ps").frames(Time(1, "frames"), "--hold")


def test_single_precision_of_late_times_is_no_irregularity():
    times = (1e6 + 0.1 * np.arange(1000)).astype(np.float32).astype(np.float64)
    assert saving_interval(times, "ps", "x").is_close(Time(0.1, "ps"))
