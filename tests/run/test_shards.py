"""Shares of a run for job arrays: every unit once, and which number an array's element has."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.job import Key
from benchmark.run.shards import Shard, shard_of


def keys_of(units: dict[str, int]) -> list[Key]:
    """Plan units, task by task."""
    return [Key(task=task, replica=0, seed=seed) for task in units for seed in range(units[task])]


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.integers(1, 20),
)
def test_every_unit_is_in_one_shard_and_tasks_are_spread_evenly(counts: list[int], n: int):
    keys = keys_of({f"toy/t{number}": count for number, count in enumerate(counts)})
    shards = [Shard(index, n).of(keys) for index in range(1, n + 1)]
    assert Counter(key for shard in shards for key in shard) == Counter(keys)
    for task in {key.task for key in keys}:
        shares = [sum(key.task == task for key in shard) for shard in shards]
        assert max(shares) - min(shares) <= 1
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


def test_shard_does_not_depend_on_what_is_done():
    keys = keys_of({"toy/a": 5, "toy/b": 4})
    assert [str(key) for key in Shard(2, 3).of(keys)] == [
        "toy/a r0-s1",
        "toy/a r0-s4",
        "toy/b r0-s2",
    ]


SLURM = {
    "SLURM_ARRAY_TASK_ID": "7",
    "SLURM_ARRAY_TASK_MIN": "3",
    "SLURM_ARRAY_TASK_MAX": "11",
    "SLURM_ARRAY_TASK_STEP": "2",
    "SLURM_ARRAY_TASK_COUNT": "5",
}
LSF = {"LSB_JOBINDEX": "3", "LSB_JOBINDEX_END": "8", "LSB_JOBINDEX_STEP": "1"}
SGE = {"SGE_TASK_ID": "5", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "9", "SGE_TASK_STEPSIZE": "4"}


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("3/8", {}, Shard(3, 8)),
        ("1/1", {}, Shard(1, 1)),
        ("auto", SLURM, Shard(3, 5)),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_ID": "3"}, Shard(1, 5)),
        ("auto", LSF, Shard(3, 8)),
        ("auto", SGE, Shard(2, 3)),
        ("auto/8", {"PBS_ARRAY_INDEX": "2"}, Shard(2, 8)),
        ("auto/8", {"PBS_ARRAYID": "8"}, Shard(8, 8)),
        ("auto/20", SLURM, Shard(7, 20)),
        ("auto", {"LSB_JOBINDEX": "0"} | SGE, Shard(2, 3)),
    ],
)
def test_shard_is_read_as_written_or_from_the_variables_of_an_array(text, variables, expected):
    assert shard_of(text, variables) == expected


@pytest.mark.parametrize(
    ("text", "variables", "message"),
    [
        ("0/8", {}, "--shard 0/8: expected I/N with 1 ≤ I ≤ N"),
        ("9/8", {}, "--shard 9/8: expected I/N"),
        ("3", {}, "--shard 3: expected I/N"),
        ("-1/3", {}, "--shard -1/3: expected I/N"),
        ("a/b", {}, "--shard a/b: expected I/N"),
        ("1/99999999", {}, "expected I/N"),
        ("auto/8", {"PBS_ARRAY_INDEX": "9"}, r"--shard auto/8 \(this is element 9\): expected"),
        ("auto", {}, r"no element of a job array \(SLURM_ARRAY_TASK_ID, .* are not set\)"),
        ("auto", {"SGE_TASK_ID": "undefined"}, "no element of a job array"),
        ("auto", {"LSB_JOBINDEX": "0"}, "no element of a job array"),
        ("auto", {"PBS_ARRAY_INDEX": "2"}, "PBS_ARRAY_INDEX=2 does not say of how many; give"),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_COUNT": "3"}, "not evenly spaced; give --shard I/N"),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_ID": "4"}, "not evenly spaced"),
    ],
)
def test_what_is_no_shard_is_refused(text, variables, message):
    with pytest.raises(InputError, match=message):
        shard_of(text, variables)
