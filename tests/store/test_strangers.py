"""Parquet files of which single bytes lie: refused or read, and never the end of this process."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import InputError, ModelError
from benchmark.store import frozen, predictions
from benchmark.store.strangers import Expected, read_table
from benchmark.tracks.kinetics.predictions import SAMPLES
from benchmark.tracks.superresolution.card import Piece
from benchmark.tracks.superresolution.data import read_piece

ROWS = np.random.default_rng(0).integers(0, 4, (3, 50))

#: How often values are the first of a row, and how often not, as lists of a Parquet footer begin.
HISTOGRAM = b"\x29\x26\x06\xa6\x02"
LONGER = b"\x29\x36\x06\xa6\x02"


@pytest.fixture
def aborting(tmp_path: Path) -> Path:
    """Write a file whose footer has a list that is one longer than it can be: pyarrow 26 aborts."""
    predictions.write(tmp_path, SAMPLES, ROWS.astype(np.uint8))
    path = tmp_path / SAMPLES
    content = path.read_bytes()
    assert content.count(HISTOGRAM) == 1
    path.write_bytes(content.replace(HISTOGRAM, LONGER))
    return path


def test_footer_that_ends_the_library_is_one_line_and_the_next_file_is_read(aborting: Path):
    with pytest.raises(ModelError) as caught:
        predictions.read(aborting.parent, SAMPLES, ROWS.shape, np.uint8)
    assert str(caught.value).startswith("samples.parquet is damaged: ")
    assert str(caught.value).isprintable()
    predictions.write(aborting.parent, SAMPLES, ROWS.astype(np.uint8))
    found = predictions.read(aborting.parent, SAMPLES, ROWS.shape, np.uint8)
    assert np.array_equal(found, ROWS)


def test_footer_of_frozen_data_that_ends_the_library_is_one_line(aborting: Path, toy):
    data = aborting.parent / "data" / "three"
    data.mkdir(parents=True)
    aborting.rename(data / "test.parquet")
    copy = toy.__class__(toy.card, aborting.parent / "cards" / "three.yaml")
    with pytest.raises(InputError, match="is not a readable Parquet file: ") as caught:
        frozen.load(copy, "test")
    assert str(caught.value).isprintable()


def test_footer_of_positions_that_ends_the_library_is_one_line(aborting: Path):
    with pytest.raises(InputError, match="is not a readable Parquet file: ") as caught:
        read_piece(aborting.parent, Piece(file=SAMPLES), 1)
    assert str(caught.value).isprintable()


def test_file_is_readable_only_if_all_of_it_is(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": np.arange(100_000)}), path, use_dictionary=False)
    assert read_table(path, Expected(100_000)).equals(pq.read_table(path))
    content = bytearray(path.read_bytes())
    content[40:60] = bytes(20)
    content[4] ^= 0xFF
    path.write_bytes(content)
    assert pq.read_metadata(path).num_rows == 100_000
    with pytest.raises(OSError, match=r"\w"):
        read_table(path, Expected(100_000))


def _changed(content: bytes, places: range, values: str) -> Iterator[bytes]:
    for place in places:
        old = content[place]
        flips = [old ^ 1 << bit for bit in range(8)]
        others = {0, 1, 0x7F, 0x80, 0xFF, *flips} if values == "many" else {old ^ 0xFF}
        for new in sorted(others - {old}):
            yield content[:place] + bytes([new]) + content[place + 1 :]


def _lie(folder: Path, dtype: type[np.generic], step: int, values: str) -> None:
    """Change bytes one by one, of the pages (the first 160) and of the footer alike."""
    predictions.write(folder, SAMPLES, ROWS.astype(dtype))
    content = (folder / SAMPLES).read_bytes()
    refused = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for changed in _changed(content, range(0, len(content), step), values):
        (folder / SAMPLES).write_bytes(changed)
        try:
            found = predictions.read(folder, SAMPLES, ROWS.shape, dtype)
        except ModelError as error:
            refused.append(str(error))
        else:
            assert found is not None
            assert found.shape == ROWS.shape
    assert refused
    assert all(text.isprintable() and len(text) < 500 for text in refused)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    assert grown < 1 << 20


def _limited(work: str) -> subprocess.CompletedProcess[str]:
    """Do what a file might make the library do, within the limits of a file without values."""
    program = f"from benchmark.store.decoding import limit; limit(0)\n{work}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_memory_beyond_the_values_of_a_file_is_refused():
    assert _limited("bytearray(1 << 28)").returncode == 0
    assert "MemoryError" in _limited("bytearray(1 << 30)").stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="time is limited on Linux only")
def test_a_file_that_is_read_without_end_ends_the_reader():
    assert _limited("while True: pass").returncode == -signal.SIGXCPU


def test_changed_bytes_are_refused_or_harmless_soon_and_in_little_memory(tmp_path: Path):
    _lie(tmp_path, np.uint8, 3, "one")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int32])
def test_every_byte_changed_in_many_ways_is_refused_or_harmless(tmp_path: Path, dtype):
    _lie(tmp_path, dtype, 1, "many")
