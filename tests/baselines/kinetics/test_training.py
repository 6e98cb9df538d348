"""How chains are cut for training, and how long it takes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.kinetics._parts.training import (
    PADDING,
    EpochTraining,
    cross_entropy,
    cut_streams,
    cut_windows,
)
from baselines.kinetics.lstm import Lstm
from tests.baselines.kinetics.chains import draw_labels, two_speed_chain


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_labels(two_speed_chain(), 20_000, 1, seed=12)


def test_training_windows_of_a_piece_join_to_one_pass(labels):
    """Loss and state of consecutive windows are those of the uncut piece."""
    network = Lstm(hidden=8, embedding=4).build(3).eval()
    (targets,) = cut_streams(labels[:1], 20_000, 1, None)
    pieces, state = [], None
    for inputs, outputs in cut_windows(targets[:, :300], 70, 3):
        logits, state = network(inputs, state)
        pieces.append(cross_entropy(logits, outputs))
    ((inputs, outputs),) = cut_windows(targets[:, :300], 300, 3)
    whole = cross_entropy(network(inputs)[0], outputs)
    torch.testing.assert_close(torch.cat(pieces), whole, atol=1e-5, rtol=0)


def test_streams_hold_every_frame_once_in_contiguous_pieces():
    chains = [np.arange(1, 101, dtype=np.uint8), np.arange(101, 140, dtype=np.uint8)]
    seen = []
    for targets in cut_streams(chains, 16, 4, np.random.default_rng(0)):
        for row in targets.numpy():
            real = row[row != PADDING]
            assert (np.diff(real) == 1).all()
            assert not {100, 101} <= set(real)
            seen += real.tolist()
    assert sorted(seen) == list(range(1, 140))


def test_first_input_of_a_piece_is_the_begin_label_and_inputs_lag_by_one():
    targets = torch.tensor([[2, 0, 1, 1, 2], [1, 1, 0, PADDING, PADDING]])
    inputs = torch.cat([i for i, _ in cut_windows(targets, 2, 3)], dim=1)
    assert inputs.tolist() == [[3, 2, 0, 1, 1], [3, 1, 1, 0, 0]]


def test_pieces_without_a_phase_are_cut_from_the_begin_and_kept_in_order():
    (targets,) = cut_streams([np.arange(7, dtype=np.uint8)], 3, 8, None)
    assert targets.tolist() == [[0, 1, 2], [3, 4, 5], [6, PADDING, PADDING]]


def test_phase_changes_from_epoch_to_epoch():
    chain = np.arange(100, dtype=np.uint8)
    one, other = (
        torch.cat(list(cut_streams([chain], 10, 20, np.random.default_rng([0, epoch]))))
        for epoch in (0, 1)
    )
    assert one.shape != other.shape or (one != other).any()


def test_padding_has_no_loss():
    logits = torch.zeros(1, 3, 2)
    losses = cross_entropy(logits, torch.tensor([[0, 1, PADDING]]))
    torch.testing.assert_close(losses, torch.full((2,), np.log(2.0), dtype=torch.float32))


@pytest.mark.parametrize(
    ("n_frames", "effort", "epochs"),
    [(1_000, 1.0, 60), (1_000, 0.1, 6), (10**6, 1.0, 15), (10**6, 0.1, 2), (10**9, 1.0, 1)],
)
def test_a_long_data_set_gets_fewer_epochs_and_every_one_at_least_one(
    n_frames: int, effort: float, epochs: int
):
    assert EpochTraining().passes(n_frames, effort) == epochs


def test_small_data_are_read_in_fewer_streams_of_shorter_pieces():
    training = EpochTraining()
    assert [training.beside(n) for n in (100, 16_000, 10**6)] == [8, 10, 64]
    assert [training.piece(n) for n in (100, 16_000, 10**6)] == [100, 1_600, 2_000]


def test_learning_rate_falls_with_the_root_of_the_width():
    training = EpochTraining(learning_rate=8e-3)
    assert [training.peak(units) for units in (16, 64, 256)] == pytest.approx([16e-3, 8e-3, 4e-3])
