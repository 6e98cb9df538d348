"""How positions are packed in files."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark.errors import InputError
from benchmark.tracks.superresolution.card import Piece
from benchmark.tracks.superresolution.data import (
    METADATA_KEY,
    folded_differences,
    read_piece,
    unpacked,
)


def packed(columns, order, resolution=1e-6) -> pa.Table:
    if order:
        columns = folded_differences(columns, order)
    names = [f"{axis}{atom}" for atom in range(columns.shape[1] // 3) for axis in "xyz"]
    facts = {"resolution_angstrom": resolution, "differences": order}
    table = pa.table(dict(zip(names, columns.T, strict=True)))
    return table.replace_schema_metadata({METADATA_KEY: json.dumps(facts).encode()})


counts = arrays(
    np.int32, st.tuples(st.integers(1, 9), st.just(3)), elements=st.integers(-(10**7), 10**7)
)


@settings(max_examples=60, deadline=None)
@given(counts, st.integers(0, 6))
def test_differences_of_any_order_give_the_positions_back(columns, order) -> None:
    np.testing.assert_array_equal(unpacked(packed(columns, order)), columns)


@settings(max_examples=30, deadline=None)
@given(counts.filter(lambda one: np.abs(one).max() < 10**6), st.integers(0, 5))
def test_coarser_integers_come_out_as_multiples(columns, order) -> None:
    np.testing.assert_array_equal(unpacked(packed(columns, order, 5e-5)), 50 * columns)


def test_small_differences_of_either_sign_are_folded_to_small_numbers() -> None:
    steps = np.array([[0, -1, 1], [-2, 2, -3]], np.int32)
    folded = folded_differences(np.cumsum(steps, axis=0, dtype=np.int32), 1)
    np.testing.assert_array_equal(folded, [[0, 1, 2], [3, 4, 5]])


def test_file_without_metadata_holds_plain_integers() -> None:
    columns = np.arange(12, dtype=np.int32).reshape(4, 3)
    np.testing.assert_array_equal(
        unpacked(packed(columns, 0).replace_schema_metadata(None)), columns
    )


@pytest.mark.parametrize("order", [0, 3])
def test_a_stretch_of_a_packed_file_is_that_of_the_whole(order, tmp_path) -> None:
    columns = np.random.default_rng(0).integers(-(10**6), 10**6, (30, 6)).astype(np.int32)
    pq.write_table(packed(columns, order), tmp_path / "a.parquet")
    whole = read_piece(tmp_path, Piece(file="a.parquet"), 2)
    np.testing.assert_array_equal(whole.reshape(30, 6), columns)
    some = read_piece(tmp_path, Piece(file="a.parquet", first=7, last=19), 2)
    np.testing.assert_array_equal(some, whole[7:19])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"differences": 10**9}, "its metadata speak of differences of order 1000000000"),
        ({"differences": -1}, "differences of order -1"),
        ({"differences": "all"}, "differences of order all"),
        ({"resolution_angstrom": 0}, "a resolution of 0 Å"),
        ({"resolution_angstrom": "fine"}, "a resolution of fine Å"),
        ("[" * 1000, "brackets nested over"),
        ("", "Invalid JSON"),
    ],
)
def test_metadata_that_lie_are_refused(facts, message, tmp_path) -> None:
    content = facts if isinstance(facts, str) else json.dumps(facts)
    table = packed(np.zeros((4, 3), np.int32), 0)
    made = table.replace_schema_metadata({METADATA_KEY: content.encode()})
    pq.write_table(made, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: ") as caught:
        read_piece(tmp_path, Piece(file="a.parquet"), 1)
    assert message in str(caught.value)


def test_file_of_more_coordinates_than_fit_into_memory_is_refused_unread(tmp_path) -> None:
    columns = {
        f"{axis}{atom}": np.zeros(50_000, np.int32) for atom in range(1000) for axis in "xyz"
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 2_000_000  # of 600 MB
    with pytest.raises(InputError, match="50,000 frames of 1,000 atoms, over 134,217,728 coord"):
        read_piece(tmp_path, Piece(file="a.parquet"), 1000)
