"""Gated recurrent unit in place of the LSTM: two gates, no cell apart from the hidden state."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines._torch import require_at_least
from baselines.kinetics._parts.training import (
    Network,
    NetworkModel,
    State,
    Training,
    require_share,
)
from benchmark.model import ModelCard


class Gru(NetworkModel):
    """Embedding, one GRU layer, softmax, trained to predict the next label.

    Parameters
    ----------
    hidden, embedding : int
        Units of the GRU, size of the embedding.
    epochs, frames, streams, window, learning_rate, weight_decay, average, patience
        How it is trained: see `Training`. The budget is half of the LSTM's, because a frame takes
        twice as long here (`tests/speed/test_training_speed.py`): both train for about as long.
    dropout : float
        Of what the GRU gives out.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="GRU",
        description="Embedding, gated recurrent unit and softmax, trained to predict the next "
        "label.",
        citation="K. Cho et al., EMNLP 2014, arXiv:1406.1078",
    )

    def __init__(
        self,
        hidden: int = 64,
        embedding: int = 32,
        epochs: int = 60,
        frames: float = 7.5e6,
        streams: int = 64,
        window: int = 100,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        dropout: float = 0.0,
        average: float = 30.0,
        patience: float = 0.3,
    ) -> None:
        require_at_least(1, hidden=hidden, embedding=embedding)
        require_share(dropout=dropout)
        super().__init__(
            _Network,
            {"hidden": hidden, "embedding": embedding, "dropout": dropout},
            Training(
                units=hidden,
                epochs=epochs,
                frames=frames,
                streams=streams,
                window=window,
                learning_rate=learning_rate,
                weight_decay=weight_decay,
                average=average,
                patience=patience,
            ),
        )


class _Network(Network):
    def __init__(self, n_labels: int, hidden: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.n_labels = n_labels
        self.numbers = max(n_labels, 4 * hidden)  # three gates and the hidden state
        self.embedding = nn.Embedding(n_labels + 1, embedding)  # label K: the begin of a chain
        self.gru = nn.GRU(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_labels)
        # Remember by default: metastable labels last for many frames.
        with torch.no_grad():
            self.gru.all_weights[0][3][hidden : 2 * hidden] += 1.0

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x = self.embedding(inputs)  # (B, T, E)
        y, hidden = self.gru(x, state[0] if state else None)  # (B, T, H), (1, B, H)
        return self.head(self.dropout(y)), (hidden,)

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Look up what a label adds to the gates in a table, W_ih · embedding + biases.

        With torch's order r, z, n of the gates,

            r, z = σ(table_rz[label] + W_rz h),
            n = tanh(table_n[label] + r ∘ (W_n h + b_n)),  h ← n + z ∘ (h − n):

        b_n is multiplied by r, so that it cannot be part of the table.
        """
        h = state[0][0].clone()  # (C, H)
        H = self.gru.hidden_size
        input_weight, recurrent, input_bias, bias = self.gru.all_weights[0]
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
