"""The parallel scan of the state-space network against its recurrence, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.kinetics.ssm import Ssm, StateSpace, scan


@pytest.mark.parametrize("frames", [1, 2, 7, 64])
@pytest.mark.parametrize("carried", [False, True])
def test_scan_equals_the_recurrence(frames: int, carried: bool):
    torch.manual_seed(0)
    factor = torch.polar(torch.rand(5, dtype=torch.float64), torch.rand(5, dtype=torch.float64))
    driven = torch.randn(3, frames, 5, dtype=torch.complex128)
    before = torch.randn(3, 5, dtype=torch.complex128) if carried else None
    x = before if before is not None else torch.zeros(3, 5, dtype=torch.complex128)
    found = scan(factor, driven, before)
    for t in range(frames):
        x = factor * x + driven[:, t]
        np.testing.assert_allclose(found[:, t].numpy(), x.numpy(), atol=1e-12)


def test_gradient_of_the_scan_is_that_of_the_recurrence():
    torch.manual_seed(1)
    factor = torch.polar(0.9 * torch.rand(3, dtype=torch.float64), torch.rand(3).double())
    factor.requires_grad_()
    driven = torch.randn(2, 6, 3, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(scan, (factor, driven))


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


def test_steps_of_the_sampler_equal_the_scan(network):
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
