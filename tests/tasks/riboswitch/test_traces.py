"""Measured traces are read whatever their line ends, and bad files are refused with their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from tasks.riboswitch.traces import read_traces
from tests.plugs import ROOT

REAL_TRACES = ROOT.parent / "shared" / "data" / "riboswitch"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("header", ["Ext_9", ""])
def test_frames_are_read_with_any_line_end_with_or_without_header(
    tmp_path: Path, end: str, header: str
) -> None:
    path = tmp_path / "trace.txt"
    lines = [header, "711.657", "-3", " 7.1e2 "] if header else ["711.657", "-3", " 7.1e2 "]
    path.write_bytes((end.join(lines) + end).encode())
    np.testing.assert_array_equal(read_traces(path), [711.657, -3.0, 710.0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no frames"),
        (b"\r\r", "holds no frames"),
        (b"Ext_9\r", "holds no frames"),
        (b"Ext_9\r711.6\r7l1.6\r", "line 3: '7l1.6' is not an extension"),
        (b"Ext_9\r711.6\r\r711.6\r", "line 3: '' is not an extension"),
        (b"Ext_9\r711.6\rnan\r", "line 3: 'nan' is not an extension"),
        (b"711.6\rinf\r", "line 2: 'inf' is not an extension"),
        (b"Ext_9\r711.6, 3.2\r", "line 2: '711.6, 3.2' is not an extension"),
        (b"Ext_9\r" + 99 * b"x", "line 2: 'x{40}…' is not"),
        (b"\x00\xff\xfe", "is not a text file"),
    ],
)
def test_bad_file_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "trace.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_traces(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.txt: No such file"):
        read_traces(tmp_path / "nowhere.txt")
    with pytest.raises(InputError, match="Is a directory"):
        read_traces(tmp_path)


@pytest.mark.parametrize(
    ("name", "frames", "first"),
    [("Mol2_6_Ext_9", 400_000, 711.657), ("Mol3_8_Ext_14", 200_000, 668.921)],
)
def test_public_traces_are_read_in_full(name: str, frames: int, first: float) -> None:
    path = REAL_TRACES / f"{name}.txt"
    if not path.exists():
        pytest.skip("the real traces are not here")
    trace = read_traces(path)
    assert trace.shape == (frames,)
    assert trace[0] == first
    assert 600 < trace.min() < trace.max() < 760
