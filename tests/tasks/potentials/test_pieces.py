"""Pieces from chosen starts: against dense powers of a small lattice's transition matrix."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.potentials.lattice import hidden_chain
from tasks.potentials.pieces import START_SHARES, draw_pieces
from tasks.potentials.potentials import DIAMOND4

PIECES, FRAMES = 20_000, 30


@pytest.fixture(scope="module")
def chain():
    return hidden_chain(DIAMOND4, 5.0, n=16)


@pytest.fixture(scope="module")
def pieces(chain):
    return draw_pieces(chain, PIECES, FRAMES, np.random.default_rng(0))


def test_labels_at_every_time_are_those_of_the_propagated_starts(chain, pieces) -> None:
    labels = np.eye(4)[chain.labels]
    weight = (labels * chain.stationary[:, None]).T
    begin = np.array(START_SHARES) @ (weight / weight.sum(1, keepdims=True))
    for frame in (0, 1, 7, FRAMES - 1):
        exact = begin @ np.linalg.matrix_power(chain.transition, frame) @ labels
        found = np.bincount(pieces[:, frame], minlength=4) / PIECES
        error = np.sqrt(exact * (1 - exact) / PIECES)
        assert (np.abs(found - exact) < 5 * error + 1e-12).all()


def test_the_mix_is_exact_and_in_random_order(pieces) -> None:
    first = pieces[:, 0]
    np.testing.assert_allclose(np.bincount(first) / PIECES, START_SHARES)
    halves = [np.mean(half == 0) for half in np.array_split(first, 2)]
    assert halves == pytest.approx([0.7, 0.7], abs=0.02)


def test_each_piece_is_in_equilibrium_inside_its_first_label(chain, pieces) -> None:
    # Were it not, the next label would have another law than from a stationary chain's.
    joint = chain.correlation(1)
    exact = joint / joint.sum(1, keepdims=True)
    for label in range(4):
        after = pieces[pieces[:, 0] == label, 1]
        found = np.bincount(after, minlength=4) / len(after)
        error = np.sqrt(exact[label] * (1 - exact[label]) / len(after))
        assert (np.abs(found - exact[label]) < 5 * error + 1e-12).all()


def test_same_seed_gives_the_same_pieces(chain) -> None:
    one, two = (draw_pieces(chain, 10, 5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
