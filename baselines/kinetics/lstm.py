"""LSTM language model of the label sequence, after Tsai, Kuo and Tiwary.

Three layers: an embedding of the label, a long short-term memory, a softmax over the next label.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.kinetics._parts.networks import State
from baselines.kinetics._parts.recurrent import RecurrentModel, RecurrentNetwork
from benchmark.model import ModelCard


class Lstm(RecurrentModel):
    """Embedding, one LSTM layer, softmax, trained to predict the next label.

    See `RecurrentModel` for the options.
    """

    card = ModelCard(
        title="LSTM",
        description="Embedding, LSTM and softmax, trained to predict the next label.",
        citation="S.-T. Tsai, E.-J. Kuo, P. Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360",
    )

    def build(self, n_labels: int) -> RecurrentNetwork:
        """Make an untrained network."""
        return _Network(n_labels, **self.sizes)


class _Network(RecurrentNetwork):
    cell: nn.LSTM
    make_cell = nn.LSTM

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x = self.embedding(inputs)  # (B, T, E)
        y, state = self.cell(x, state)  # (B, T, H); hidden and cell state, each (1, B, H)
        return self.head(self.dropout(y)), state

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Look up what a label adds to the gates in a table, W_ih · embedding + biases."""
        h, c = state[0][0].clone(), state[1][0].clone()  # (C, H)
        H = self.cell.hidden_size
        input_weight, recurrent, input_bias, bias = self.cell.all_weights[0]
        # Sigmoid gates side by side: i, f, g, o → i, f, o, g.
        order = torch.arange(4 * H, device=h.device).view(4, H)[[0, 1, 3, 2]].reshape(-1)
        table = functional.linear(self.embedding.weight, input_weight, input_bias + bias)
        table = table[:, order].contiguous()  # (K + 1, 4H)
        recurrent_t = recurrent.T[:, order].contiguous()  # (H, 4H)
        out_weight, out_bias = self.head.weight.T.contiguous(), self.head.bias  # (H, K), (K,)
        gates = h.new_empty(len(h), 4 * H)
        sigmoids, candidate = gates[:, : 3 * H], gates[:, 3 * H :]
        i, f, o = sigmoids.split(H, dim=1)

        def advance(labels: Tensor) -> Tensor:
            torch.index_select(table, 0, labels, out=gates)
            gates.addmm_(h, recurrent_t)
            sigmoids.sigmoid_()
            candidate.tanh_()
            c.mul_(f).addcmul_(i, candidate)
            torch.tanh(c, out=h)
            h.mul_(o)
            return torch.addmm(out_bias, h, out_weight)

        return advance
