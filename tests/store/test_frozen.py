"""Frozen data: the fingerprint knows the content, not the file."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.registry import all_tasks, read_card
from benchmark.store import frozen
from benchmark.task import Task
from benchmark.tracks.kinetics.data import load_chains, load_replicas, load_test
from tests.shipped import KINETICS


@pytest.fixture
def copy(toy: Task, tmp_path):
    """Give a copy of the toy task whose files may be damaged."""
    folder = tmp_path / "toy"
    shutil.copytree(toy.path.parent.parent, folder)
    return replace(toy, path=folder / "cards" / toy.path.name)


def refusal(task, split="test"):
    """Load a split that must be refused; give the message, which is one line naming the file."""
    with pytest.raises(InputError) as caught:
        frozen.load(task, split)
    message = str(caught.value)
    assert str(task.data / f"{split}.parquet") in message
    assert "\n" not in message
    return message


def same(one, other):
    return one.keys() == other.keys() and all(
        len(one[name]) == len(other[name]) and all(map(np.array_equal, one[name], other[name]))
        for name in one
    )


@pytest.mark.parametrize("lengths", [[5], [3, 3, 3], [1, 200, 7], [0, 4]])
def test_frozen_rows_are_loaded_bit_for_bit(toy, tmp_path, lengths):
    rng = np.random.default_rng(0)
    states = [rng.integers(0, 256, length, np.uint8) for length in lengths]
    oracle = [rng.integers(-(2**31), 2**31, length, np.int32) for length in lengths]
    columns = {"states": states, "oracle_log_prob": oracle}
    split = frozen.freeze(tmp_path / "data" / "three" / "test.parquet", columns)
    assert split.rows == len(lengths)
    assert split.frames == sum(lengths)
    card = toy.card.model_copy(update={"splits": {"test": split}})
    found = frozen.load(Task(card, tmp_path / "cards" / "three.yaml"), "test")
    assert same(found, columns)
    assert [row.dtype for row in found["states"]] == [np.uint8] * len(lengths)


@pytest.mark.parametrize(
    "encoding",
    [
        {"compression": "snappy"},
        {"compression": "none", "use_dictionary": False},
        {"row_group_size": 1},
        {"version": "1.0", "data_page_size": 64},
    ],
    ids=str,
)
def test_rewritten_file_with_the_same_content_loads(copy, encoding):
    path = copy.data / "test.parquet"
    expected = frozen.load(copy, "test")
    before = path.read_bytes()
    pq.write_table(pq.read_table(path), path, **encoding)
    assert path.read_bytes() != before
    assert same(frozen.load(copy, "test"), expected)


def test_split_that_is_damaged_after_it_was_read_is_refused(copy):
    frozen.load(copy, "test")
    path = copy.data / "test.parquet"
    content = pq.read_table(path)
    pq.write_table(content.slice(0, content.num_rows - 1), path)
    assert "not the frozen data" in refusal(copy)


def test_split_that_is_read_again_is_the_same_memory_and_cannot_be_written_to(copy):
    one, other = (frozen.load(copy, "test")["states"][0] for _ in range(2))
    assert np.shares_memory(one, other)
    with pytest.raises(ValueError, match="read-only"):
        one[0] = 1


def test_order_of_columns_does_not_matter(copy):
    path = copy.data / "test.parquet"
    expected = frozen.load(copy, "test")
    table = pq.read_table(path)
    pq.write_table(table.select(table.column_names[::-1]), path)
    assert same(frozen.load(copy, "test"), expected)


def test_fingerprint_is_that_of_the_documented_bytes():
    columns = {"states": [np.array([1, 2], np.uint8)], "oracle_log_prob": [np.array([-1, 256])]}
    content = b"oracle_log_prob:<i4:1;" + b"\2\0\0\0\0\0\0\0" + b"\xff\xff\xff\xff\0\1\0\0"
    content += b"states:|u1:1;" + b"\2\0\0\0\0\0\0\0" + b"\1\2"
    assert frozen.fingerprint(columns) == hashlib.sha256(content).hexdigest()


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_fingerprint_changes_with_any_label_and_any_boundary(data):
    content = data.draw(st.lists(st.lists(st.integers(0, 255), max_size=8), min_size=1))
    chains = [np.array(row, np.uint8) for row in content]
    original = frozen.fingerprint({"states": chains})
    joined = np.concatenate(chains)
    if len(joined):
        place = data.draw(st.integers(0, len(joined) - 1))
        joined[place] ^= np.uint8(data.draw(st.integers(1, 255)))
        changed = np.split(joined, np.cumsum([len(row) for row in chains])[:-1])
        assert frozen.fingerprint({"states": changed}) != original
    assert frozen.fingerprint({"states": [*chains, np.array([], np.uint8)]}) != original
    cut = data.draw(st.integers(0, len(joined)))
    apart = [joined[:cut], joined[cut:]]
    if [len(row) for row in apart] != [len(row) for row in chains]:
        assert frozen.fingerprint({"states": apart}) != original


def test_one_changed_label_is_refused(copy):
    path = copy.data / "test.parquet"
    table = pq.read_table(path)
    states = table["states"].to_pylist()
    states[2][1234] = (states[2][1234] + 1) % 3
    column = pa.array(states, pa.list_(pa.uint8()))
    pq.write_table(table.set_column(table.column_names.index("states"), "states", column), path)
    assert "is not the frozen data" in refusal(copy)


def test_flipped_byte_never_changes_what_is_loaded(copy):
    expected = frozen.load(copy, "test")
    path = copy.data / "test.parquet"
    whole = path.read_bytes()
    refused = 0
    for place in np.linspace(4, len(whole) - 5, 10).astype(int):
        broken = bytearray(whole)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        try:
            found = frozen.load(copy, "test")
        except InputError as error:
            message = str(error)
            refused += str(path) in message and "\n" not in message
        else:  # some bytes of a Parquet file say nothing about its content
            refused += 1
            assert same(found, expected)
    assert refused == 10


def test_flipped_byte_in_the_data_is_refused(copy):
    path = copy.data / "test.parquet"
    broken = bytearray(path.read_bytes())
    broken[len(broken) // 2] ^= 0x10
    path.write_bytes(broken)
    assert "is not" in refusal(copy)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_truncated_file_is_refused(copy, share):
    path = copy.data / "test.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "is not a readable Parquet file" in refusal(copy)


def test_foreign_column_is_refused_by_name(copy):
    path = copy.data / "test.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("energy", pa.array([0.0] * len(table))), path)
    assert "unknown column 'energy'" in refusal(copy)


def test_missing_column_is_refused(copy):
    path = copy.data / "test.parquet"
    pq.write_table(pq.read_table(path).drop_columns("oracle_log_prob"), path)
    assert "is not the frozen data" in refusal(copy)


def test_labels_that_only_wrap_round_to_the_frozen_ones_are_refused(copy):
    path = copy.data / "train.parquet"
    states = pq.read_table(path)["states"].to_pylist()
    states[0][0] += 256
    pq.write_table(pa.table({"states": pa.array(states, pa.list_(pa.int64()))}), path)
    assert "'states' holds list<" in refusal(copy, "train")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([1, 2, 3], pa.uint8()), "'states' holds uint8"),
        (pa.array([[1], None], pa.list_(pa.uint8())), "'states' has gaps"),
        (pa.array([[1, None]], pa.list_(pa.uint8())), "'states' has gaps"),
    ],
)
def test_column_of_another_kind_is_refused(copy, column, message):
    pq.write_table(pa.table({"states": column}), copy.data / "train.parquet")
    assert message in refusal(copy, "train")


def test_missing_file_is_refused(copy):
    (copy.data / "test.parquet").unlink()
    assert "is missing; restore it" in refusal(copy)


def test_unknown_split_is_refused_and_the_known_are_named(toy):
    message = "toy/three has no split 'tset'; it has train, validation, test, prompt, fresh"
    with pytest.raises(InputError, match=re.escape(message)):
        frozen.load(toy, "tset")


def test_oracle_is_stored_to_a_hundred_thousandth_of_a_nat(toy):
    states, oracle = load_test(toy)
    assert states.shape == oracle.shape == (4, 3_000)
    assert states.dtype == np.uint8
    assert (oracle <= 0).all()
    assert np.array_equal(np.rint(oracle / 1e-5) * 1e-5, oracle)


@pytest.mark.parametrize("task_id", KINETICS)
def test_shipped_test_split_fits_its_card(task_id):
    task = all_tasks()[task_id]
    states, oracle = load_test(task)
    assert states.shape == oracle.shape
    assert states.size == task.card.splits["test"].frames
    assert states.max() < task.card.labels
    assert (oracle <= 0).all()
    assert read_card(task.path).card == task.card


def test_rows_of_a_replica_stay_apart(toy: Task):
    several = replace(toy, card=toy.card.model_copy(update={"chains_per_replica": 5}))
    rows = load_chains(toy, "fresh")
    replicas = load_replicas(several, "fresh")
    assert [len(replica) for replica in replicas] == [5, 5, 5]
    assert all(map(np.array_equal, rows, [row for replica in replicas for row in replica]))
    assert several.card.replicas == 1
    assert several.card.training_frames == 5 * toy.card.training_frames


def test_fresh_chains_may_be_whole_where_training_is_in_pieces(toy: Task):
    fields = {"chains_per_replica": 5, "fresh_chains_per_replica": 1}
    several = replace(toy, card=toy.card.model_copy(update=fields))
    assert [len(replica) for replica in load_replicas(several, "fresh")] == [1] * 15
    assert [len(replica) for replica in load_replicas(several, "train")] == [5]


def test_file_that_holds_more_than_the_card_says_is_refused_unread(copy):
    path = copy.data / "train.parquet"
    rows = pa.ListArray.from_arrays(pa.array([0, 5_000_000], pa.int32()), np.zeros(5_000_000, "u1"))
    pq.write_table(pa.table({"states": rows}), path, compression="zstd")
    assert path.stat().st_size < 10_000
    assert "it has 5,000,000 values, expected" in refusal(copy, "train")


def test_file_of_many_columns_is_refused_unread(copy):
    path = copy.data / "train.parquet"
    pq.write_table(pa.table({f"c{n}": pa.array([[1]]) for n in range(50)}), path)
    assert "it has 50 columns, expected 1 … 3" in refusal(copy, "train")
