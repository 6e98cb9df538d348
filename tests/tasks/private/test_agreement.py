"""Populations that differ are told from those that only seem to."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.oracles.hidden_chain import HiddenChain
from tasks.private.agreement import difference, odd_one


def two_states(share: float, frames: int, chains: int, seed: int) -> list[np.ndarray]:
    """Give runs that relax within 20 frames and spend a share of their time in state 1."""
    k = 1 - np.exp(-1 / 20)
    rates = np.array([[1 - k * share, k * share], [k * (1 - share), 1 - k * (1 - share)]])
    hidden = HiddenChain(rates, np.arange(2, dtype=np.uint8))
    return list(hidden.label(hidden.sample(frames, chains, np.random.default_rng(seed))))


@pytest.mark.parametrize("frames", [1_000, 4_000, 20_000])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_parts_of_one_process_agree(frames, share):
    parts = two_states(share, frames, 200, 5)
    wrong = [difference([one], [two], 2) for one, two in zip(parts[::2], parts[1::2], strict=True)]
    assert sum(found is not None for found in wrong) <= 2


def test_parts_of_other_populations_differ():
    one, two = two_states(0.1, 4_000, 2, 1), two_states(0.5, 4_000, 3, 2)
    found = difference(one, two, 2)
    assert found is not None
    assert found.one == pytest.approx(0.1 if found.state else 0.9, abs=0.05)
    assert found.two == pytest.approx(0.5, abs=0.05)


def test_part_that_never_sees_a_state_differs_from_one_that_is_in_it():
    found = difference([np.zeros(4_000, np.uint8)], two_states(0.5, 4_000, 1, 3), 2)
    assert found is not None


def test_odd_trajectory_is_named():
    runs = [*two_states(0.3, 4_000, 3, 1), *two_states(0.8, 4_000, 1, 2)]
    found = odd_one(runs, 2)
    assert found is not None
    assert found[0] == 3
    assert odd_one(runs[:3], 2) is None
    assert odd_one(runs[:1], 2) is None
