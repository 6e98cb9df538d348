"""The gates of the GRU, against their formula written out."""

from __future__ import annotations

import numpy as np
import torch

from baselines.kinetics.gru import Gru


def test_gates_follow_the_formula_of_the_sampler():
    """Cho et al. with the reset gate inside, r ∘ (W h + b): torch's convention, in float64."""
    torch.manual_seed(0)
    network = Gru(hidden=5, embedding=4).build(3).double()
    (w_in, w, b_in, b) = (x.detach().numpy() for x in network.cell.all_weights[0])
    embedding = network.embedding.weight.detach().numpy()
    labels = [3, 0, 2, 2, 1]

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-x))

    h = np.zeros(5)
    for label in labels:
        given, carried = w_in @ embedding[label] + b_in, w @ h + b
        r, z = sigmoid(given[:5] + carried[:5]), sigmoid(given[5:10] + carried[5:10])
        n = np.tanh(given[10:] + r * carried[10:])
        h = n + z * (h - n)

    with torch.no_grad():
        _, (whole,) = network(torch.tensor([labels]))
        np.testing.assert_allclose(whole[0, 0].numpy(), h, atol=1e-12)
        advance = network.stepper((torch.zeros(1, 1, 5, dtype=torch.float64),))
        for label in labels:
            logits = advance(torch.tensor([label]))
        expected = network.head(torch.from_numpy(h))
    np.testing.assert_allclose(logits[0].numpy(), expected.numpy(), atol=1e-12)


def test_untrained_network_remembers_by_default():
    """The update gate keeps more than half of the hidden state: σ(1) of it, about."""
    torch.manual_seed(0)
    plain = torch.nn.GRU(32, 64)
    bias = Gru().build(3).cell.bias_hh_l0.detach()
    limit = plain.bias_hh_l0.abs().max().item()
    assert (bias[64:128] > 1.0 - 1.01 * limit).all()
    assert (bias[:64].abs() < 1.01 / 8.0).all()
