"""Last-visited-core milestoning: causal, and without recrossings."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.making.milestoning import NO_CORE, last_visited_core

CORES = st.lists(st.sampled_from([0, 1, 2, NO_CORE]), min_size=1, max_size=60).map(
    lambda values: np.array(values, np.uint8)
)


@given(CORES)
def test_is_a_plain_loop(cores):
    last, expected = NO_CORE, []
    for core in cores.tolist():
        last = last if core == NO_CORE else core
        expected.append(last)
    assert last_visited_core(cores).tolist() == expected


@given(CORES, st.data())
def test_never_looks_ahead(cores, data):
    now = data.draw(st.integers(0, len(cores) - 1))
    changed = cores.copy()
    changed[now + 1 :] = data.draw(st.sampled_from([0, 1, 2, NO_CORE]))
    before, after = last_visited_core(cores), last_visited_core(changed)
    assert (before[: now + 1] == after[: now + 1]).all()


def test_noise_around_a_barrier_makes_no_crossing():
    # A particle that wanders about the barrier at 0, far from both cores |x| > 1, then falls left.
    x = np.concatenate([[-1.5], 0.5 * np.sin(np.arange(200.0)), [-1.5, 1.5]])
    cores = np.where(x < -1, 0, np.where(x > 1, 1, NO_CORE)).astype(np.uint8)
    assert np.count_nonzero(np.diff(np.sign(x))) > 50
    assert last_visited_core(cores).tolist() == [0] * (len(x) - 1) + [1]
