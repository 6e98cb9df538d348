from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import InputError
from tasks.private.division import (
    LEAST_FRAMES,
    TEST_FRAMES,
    Span,
    complement,
    divide,
    prompts,
    rows,
)


def sizes(spans):
    return [span.stop - span.start for span in spans]


def test_one_trajectory_is_cut_into_ninths():
    parts = divide([90_000], replicas=3)
    assert parts.chains_per_replica == 1
    assert parts.train == [Span(0, 10_000 * i, 10_000 * (i + 1)) for i in range(3)]
    assert parts.validation == [Span(0, 30_000, 40_000)]
    assert parts.fresh == [Span(0, 10_000 * i, 10_000 * (i + 1)) for i in (6, 7, 8)]
    assert sizes(parts.test) == [2_500] * 8
    assert parts.held_out == [Span(0, 40_000, 90_000)]


def test_many_trajectories_stay_whole_and_are_dealt_out_in_turn():
    parts = divide([20_000] * 100, replicas=3)
    assert parts.chains_per_replica == 11
    for group in range(3):
        mine = parts.train[11 * group : 11 * (group + 1)]
        assert mine == [Span(9 * turn + group, 0, 20_000) for turn in range(11)]


def test_a_few_trajectories_are_each_divided_in_the_order_of_time():
    parts = divide([90_000, 100_000, 95_000], replicas=3)
    assert parts.chains_per_replica == 3
    for group in range(3):
        mine = parts.train[3 * group : 3 * (group + 1)]
        assert mine == [Span(i, 10_000 * group, 10_000 * (group + 1)) for i in range(3)]
    assert parts.validation == [Span(i, 30_000, 40_000) for i in range(3)]
    assert {span.trajectory for span in parts.test} == {0, 1, 2}
    assert parts.held_out == [Span(i, 40_000, n) for i, n in enumerate([90_000, 100_000, 95_000])]


def test_trajectories_of_unequal_length_are_nearly_all_used():
    parts = divide([400_000, 200_000, 200_000, 400_000], replicas=3)
    assert parts.chains_per_replica == 6
    assert sum(sizes(parts.train)) == pytest.approx(400_000, rel=0.01)
    for group in range(3):
        mine = [span.trajectory for span in parts.train[6 * group : 6 * (group + 1)]]
        assert mine == [0, 0, 1, 2, 3, 3]


def test_trajectories_too_short_to_be_divided_are_dealt_out_in_turn():
    parts = divide([5_000] * 18, replicas=3)
    for group in range(3):
        mine = parts.train[8 * group : 8 * (group + 1)]
        assert len({span.trajectory for span in mine}) == 8
    assert len({span.trajectory for span in parts.test}) >= 8


def test_short_trajectory_beside_a_long_one_does_not_shorten_its_pieces():
    parts = divide([900_000, 10_000], replicas=3)
    assert sizes(parts.train) == [100_000] * 3
    assert Span(1, 0, 10_000) in parts.held_out


def test_test_chains_are_never_too_many_frames():
    assert sum(sizes(divide([10_000_000], 2).test)) == TEST_FRAMES
    assert sum(sizes(divide([3_000] * 3_000, 2).test)) <= TEST_FRAMES


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 60_000), min_size=1, max_size=30),
    replicas=st.integers(2, 5),
)
def test_splits_never_overlap_and_every_frame_is_somewhere(lengths, replicas):
    try:
        parts = divide(lengths, replicas)
    except InputError:
        return
    taken = [np.zeros(n, int) for n in lengths]
    for span in [*parts.train, *parts.validation, *parts.test, *parts.fresh]:
        assert 0 <= span.start < span.stop <= lengths[span.trajectory]
        taken[span.trajectory][span.start : span.stop] += 1
    assert max(t.max() for t in taken) == 1
    learned = [*parts.train, *parts.validation]
    assert sum(sizes(parts.held_out)) + sum(sizes(learned)) == sum(lengths)
    assert sum(sizes(parts.train)) <= sum(lengths) / 2
    assert len(parts.train) == len(parts.fresh) == replicas * parts.chains_per_replica
    assert len({*sizes(learned), *sizes(parts.fresh)}) == 1
    assert min(sizes(parts.train)) >= LEAST_FRAMES
    assert len(set(sizes(parts.test))) == 1
    assert min(sizes(parts.test)) >= LEAST_FRAMES
    tested = {(s.trajectory, f) for s in parts.test for f in (s.start, s.stop - 1)}
    for span in parts.oracle:
        assert not {(t, f) for t, f in tested if t == span.trajectory and
                    span.start <= f < span.stop}  # fmt: skip


@pytest.mark.parametrize("lengths", [[100], [9 * LEAST_FRAMES - 1], [1000] * 1000])
def test_too_few_data_are_refused(lengths):
    with pytest.raises(InputError, match=r"too few data: .* 9 pieces of 1,024 frames"):
        divide(lengths, 3)


def test_complement_joins_what_is_left():
    spans = [Span(0, 5, 7), Span(0, 0, 2), Span(2, 0, 4)]
    assert complement(spans, [10, 3, 4]) == [Span(0, 2, 5), Span(0, 7, 10), Span(1, 0, 3)]


def test_rows_lie_side_by_side():
    assert rows([Span(1, 5, 12)], 3) == [Span(1, 5, 8), Span(1, 8, 11)]


@pytest.mark.parametrize("n", [8, 256])
def test_prompts_lie_within_spans_from_first_to_last_frame(n):
    spans = [Span(0, 100, 3100), Span(2, 0, 3000)]
    found = prompts(spans, n)
    assert len(found) == n
    assert set(sizes(found)) == {256}
    assert found[0] == Span(0, 100, 356)
    assert found[-1] == Span(2, 2744, 3000)
    assert all((a.trajectory, a.start) < (b.trajectory, b.start) for a, b in pairwise(found))
