"""Parquet files of which single bytes lie: refused or read, and never the end of this process."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import InputError, ModelError
from benchmark.store import frozen, predictions
from benchmark.store.strangers import Expected, require_readable
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
    require_readable(path, Expected(100_000))
    content = bytearray(path.read_bytes())
    content[40:60] = bytes(20)
    content[4] ^= 0xFF
    path.write_bytes(content)
    assert pq.read_metadata(path).num_rows == 100_000
    with pytest.raises(OSError, match=r"\w"):
        require_readable(path, Expected(100_000))


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
    refused, slowest = [], 0.0
    for changed in _changed(content, range(0, len(content), step), values):
        (folder / SAMPLES).write_bytes(changed)
        begun = time.monotonic()
        try:
            found = predictions.read(folder, SAMPLES, ROWS.shape, dtype)
        except ModelError as error:
            refused.append(str(error))
        else:
            assert found is not None
            assert found.shape == ROWS.shape
        slowest = max(slowest, time.monotonic() - begun)
    assert refused
    assert all(text.isprintable() and len(text) < 500 for text in refused)
    assert slowest < 10
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        assert resource.getrusage(who).ru_maxrss < 1 << 20  # KiB


def test_changed_bytes_are_refused_or_harmless_soon_and_in_little_memory(tmp_path: Path):
    _lie(tmp_path, np.uint8, 3, "one")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int32])
def test_every_byte_changed_in_many_ways_is_refused_or_harmless(tmp_path: Path, dtype):
    _lie(tmp_path, dtype, 1, "many")
