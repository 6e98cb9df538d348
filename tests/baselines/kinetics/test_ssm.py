"""The linear recurrence of the state-space network, both ways to compute it, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.kinetics._parts.linear_recurrence import recurrence, scan
from baselines.kinetics.ssm import Ssm, StateSpace

WAYS = pytest.mark.parametrize("way", [recurrence, scan])


@WAYS
@pytest.mark.parametrize("frames", [1, 2, 7, 64])
def test_every_frame_follows_from_the_one_before(way, frames: int):
    torch.manual_seed(0)
    factor = torch.polar(torch.rand(5, dtype=torch.float64), torch.rand(5, dtype=torch.float64))
    driven = torch.randn(3, frames, 5, dtype=torch.complex128)
    x = before = torch.randn(3, 5, dtype=torch.complex128)
    found = way(factor, driven, before)
    for t in range(frames):
        x = factor * x + driven[:, t]
        np.testing.assert_allclose(found[:, t].numpy(), x.numpy(), atol=1e-12)


@WAYS
@pytest.mark.parametrize("frames", [1, 6])
def test_gradient_is_that_of_finite_differences(way, frames: int):
    torch.manual_seed(1)
    factor = torch.polar(0.9 * torch.rand(3, dtype=torch.float64), torch.rand(3).double())
    factor.requires_grad_()
    driven = torch.randn(2, frames, 3, dtype=torch.complex128, requires_grad=True)
    before = torch.randn(2, 3, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(way, (factor, driven, before))


def test_arrays_that_are_not_contiguous_are_read_as_they_are():
    driven = torch.randn(6, 2, 3, dtype=torch.complex64).transpose(0, 1)
    factor, before = torch.full((3,), 0.5 + 0.5j), torch.zeros(2, 3, dtype=torch.complex64)
    found, expected = recurrence(factor, driven, before), scan(factor, driven, before)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-6)


@pytest.mark.parametrize(("units", "chains"), [(1, 2), (3, 1)])
def test_shapes_that_do_not_belong_together_are_refused(units: int, chains: int):
    driven = torch.zeros(2, 4, 3, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"not \(3,\), \(2, 3\)"):
        recurrence(driven[0, 0, :units], driven, driven[:chains, 0])


@pytest.fixture
def network() -> StateSpace:
    torch.manual_seed(2)
    network = StateSpace(4, hidden=6, embedding=3, dropout=0.0)
    return network.double().eval()


def test_windows_that_carry_the_state_equal_one_long_window(network):
    labels = torch.randint(0, 4, (2, 30))
    with torch.no_grad():
        whole, (end,) = network(labels)
        state, parts = None, []
        for window in labels.split(7, dim=1):
            logits, state = network(window, state)
            parts.append(logits)
    np.testing.assert_allclose(torch.cat(parts, 1).numpy(), whole.numpy(), atol=1e-12)
    np.testing.assert_allclose(state[0].numpy(), end.numpy(), atol=1e-12)


def test_steps_of_the_sampler_equal_the_window(network):
    labels = torch.randint(0, 4, (2, 9))
    with torch.no_grad():
        whole, _ = network(labels)
        _, state = network(labels[:, :1])
        advance = network.stepper(state)
        for t in range(1, 9):
            np.testing.assert_allclose(
                advance(labels[:, t]).numpy(), whole[:, t].numpy(), atol=1e-12
            )


def test_every_unit_decays_whatever_the_weights_are():
    network = Ssm(hidden=8, embedding=4).build(3)
    with torch.no_grad():
        network.log_rate += 20.0 * torch.randn(8)
    assert (network.factor.abs() <= 1.0).all()
