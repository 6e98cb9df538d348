"""Prediction files, and what a model's answers must look like."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmark.errors import ModelError
from benchmark.store import predictions
from benchmark.tracks.kinetics.predictions import (
    LOG_PROB,
    SAMPLES,
    checked_probabilities,
    checked_samples,
    realised_log_prob,
)

STATES = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


def write_table(folder, name, **columns):
    pq.write_table(pa.table(columns), folder / name)


@settings(max_examples=25, deadline=None)
@given(
    rows=hnp.arrays(
        st.sampled_from([np.uint8, np.float32]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.integers(0, 255),
    )
)
def test_written_rows_are_read_back_bit_for_bit(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("unit")
    predictions.write(folder, SAMPLES, rows)
    found = predictions.read(folder, SAMPLES)
    assert found.dtype == rows.dtype
    assert np.array_equal(found, rows)


def test_minus_infinity_survives_the_file(tmp_path):
    rows = np.array([[-np.inf, -0.5]], np.float32)
    predictions.write(tmp_path, LOG_PROB, rows)
    assert np.array_equal(predictions.read(tmp_path, LOG_PROB), rows)


def test_rows_of_a_sliced_array_are_written_as_they_look(tmp_path):
    rows = np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, 1:5]
    predictions.write(tmp_path, SAMPLES, rows)
    assert np.array_equal(predictions.read(tmp_path, SAMPLES), rows)


def test_file_that_is_not_there_is_none(tmp_path):
    assert predictions.read(tmp_path, SAMPLES) is None


def test_file_cut_short_is_damaged(tmp_path):
    predictions.write(tmp_path, SAMPLES, STATES)
    path = tmp_path / SAMPLES
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match=r"samples\.parquet is damaged"):
        predictions.read(tmp_path, SAMPLES)


@pytest.mark.parametrize(
    ("case", "columns"),
    [
        ("another column", {"other": [[1, 2], [3, 4]]}),
        ("rows of different length", {"samples": [[1, 2, 3], [4]]}),
        ("no rows", {"samples": pa.array([], pa.list_(pa.uint8()))}),
        ("no lists", {"samples": [1, 2, 3]}),
        ("text", {"samples": [["a"], ["b"]]}),
        ("a row missing", {"samples": [[1, 2], None, [3, 4]]}),
    ],
)
def test_file_of_another_shape_is_damaged(tmp_path, case, columns):
    write_table(tmp_path, SAMPLES, **columns)
    with pytest.raises(ModelError, match=r"samples\.parquet is damaged"):
        predictions.read(tmp_path, SAMPLES)


def test_probabilities_of_the_right_shape_pass_as_float32():
    given = np.full((2, 3, 4), 0.25)
    checked = checked_probabilities(given, STATES, 4)
    assert checked.dtype == np.float32
    assert np.array_equal(checked, given)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((2, 3)), r"shape \(2, 3\), expected \(2, 3, 3\)"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\), expected \(2, 3, 3\)"),
        (None, r"shape \(\), expected"),
        (np.ones((2, 3, 3), int), "int64, expected float32 probabilities"),
        (np.full((2, 3, 3), np.nan), "NaN or infinite"),
        (np.full((2, 3, 3), np.inf), "NaN or infinite"),
        (np.full((2, 3, 3), -0.25), r"negative probability \(-0.25\)"),
    ],
)
def test_wrong_probabilities_are_refused_with_the_value(answer, message):
    with pytest.raises(ModelError, match=message):
        checked_probabilities(answer, STATES, 3)


def test_samples_of_any_integer_type_become_uint8():
    checked = checked_samples(STATES.astype(np.int64), 2, 3, 3)
    assert checked.dtype == np.uint8
    assert np.array_equal(checked, STATES)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (STATES[:, :2], r"shape \(2, 2\), expected \(2, 3\)"),
        (STATES[:1], r"shape \(1, 3\), expected \(2, 3\)"),
        (STATES[0], r"shape \(3,\), expected"),
        (None, r"shape \(\), expected"),
        (STATES.astype(float), "float64, expected integer labels"),
        (STATES + 1, "the label 3, labels are 0 … 2"),
        (STATES.astype(int) - 1, "the label -1, labels are 0 … 2"),
        (STATES.astype(int) + 256, "the label 258, labels are 0 … 2"),
    ],
)
def test_wrong_samples_are_refused_with_the_value(answer, message):
    with pytest.raises(ModelError, match=message):
        checked_samples(answer, 2, 3, 3)


def test_ragged_answer_is_refused():
    with pytest.raises((ModelError, ValueError)):
        checked_samples([[0, 1], [0]], 2, 2, 3)


def test_sum_within_the_tolerance_gains_nothing():
    fair = np.random.default_rng(0).dirichlet(np.ones(4), (2, 30)).astype(np.float32)
    states = np.random.default_rng(1).integers(0, 4, (2, 30), np.uint8)
    generous = realised_log_prob(fair * np.float32(1 + 9e-6), states)
    assert generous == pytest.approx(realised_log_prob(fair, states), abs=1e-6)
    assert generous.dtype == np.float32


def test_realised_log_prob_is_that_of_the_label_that_came():
    probabilities = np.array([[[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]], np.float32)
    found = realised_log_prob(probabilities, np.array([[1, 0]], np.uint8))
    assert found.dtype == np.float32
    assert found[0, 0] == np.log(np.float32(0.25))
    assert found[0, 1] == -np.inf
