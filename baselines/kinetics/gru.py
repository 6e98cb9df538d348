"""Gated recurrent unit in place of the LSTM: two gates, no cell apart from the hidden state."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.kinetics._parts.networks import State
from baselines.kinetics._parts.recurrent import RecurrentModel, RecurrentNetwork
from baselines.kinetics._parts.training import EpochTraining
from benchmark.model import ModelCard


class Gru(RecurrentModel):
    """Embedding, one GRU layer, softmax, trained to predict the next label.

    See `RecurrentModel` for the options. The budget is half of the LSTM's, because a frame takes
    twice as long here (`tests/speed/test_training_speed.py`): both train for about as long.
    """

    card = ModelCard(
        title="GRU",
        description="Embedding, gated recurrent unit and softmax, trained to predict the next "
        "label.",
        citation="K. Cho et al., EMNLP 2014, arXiv:1406.1078",
    )
    training = EpochTraining(frames=7.5e6)

    def build(self, n_labels: int) -> RecurrentNetwork:
        """Make an untrained network."""
        return _Network(n_labels, **self.sizes)


class _Network(RecurrentNetwork):
    cell: nn.GRU
    make_cell = nn.GRU

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x = self.embedding(inputs)  # (B, T, E)
        y, hidden = self.cell(x, state[0] if state else None)  # (B, T, H), (1, B, H)
        return self.head(self.dropout(y)), (hidden,)

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Look up what a label adds to the gates in a table, W_ih · embedding + biases.

        With torch's order r, z, n of the gates,

            r, z = σ(table_rz[label] + W_rz h),
            n = tanh(table_n[label] + r ∘ (W_n h + b_n)),  h ← n + z ∘ (h − n):

        b_n is multiplied by r, so that it cannot be part of the table.
        """
        h = state[0][0].clone()  # (C, H)
        H = self.cell.hidden_size
        input_weight, recurrent, input_bias, bias = self.cell.all_weights[0]
        table = functional.linear(self.embedding.weight, input_weight, input_bias)  # (K + 1, 3H)
        table[:, : 2 * H] += bias[: 2 * H]
        inside = functional.pad(bias[2 * H :], (2 * H, 0))  # (3H,): only b_n
        recurrent_t = recurrent.T.contiguous()  # (H, 3H)
        out_weight, out_bias = self.head.weight.T.contiguous(), self.head.bias  # (H, K), (K,)
        gates = h.new_empty(len(h), 3 * H)
        sigmoids, candidate = gates[:, : 2 * H], gates[:, 2 * H :]
        r, z = sigmoids.split(H, dim=1)

        def advance(labels: Tensor) -> Tensor:
            given = table[labels]  # (C, 3H)
            torch.addmm(inside, h, recurrent_t, out=gates)
            sigmoids.add_(given[:, : 2 * H]).sigmoid_()
            candidate.mul_(r).add_(given[:, 2 * H :]).tanh_()
            h.sub_(candidate).mul_(z).add_(candidate)
            return torch.addmm(out_bias, h, out_weight)

        return advance
