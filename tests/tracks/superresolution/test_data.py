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
