"""LSTM language model of the label sequence, after Tsai, Kuo and Tiwary.

Three layers: an embedding of the label, a long short-term memory, a softmax over the next label.
"""

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


class Lstm(NetworkModel):
    """Embedding, one LSTM layer, softmax, trained to predict the next label.

    Parameters
    ----------
    hidden, embedding : int
        Units of the LSTM, size of the embedding.
    epochs, frames, streams, window, learning_rate, weight_decay, average, patience
        How it is trained: see `Training`.
    dropout : float
        Of what the LSTM gives out.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="LSTM",
        description="Embedding, LSTM and softmax, trained to predict the next label.",
        citation="S.-T. Tsai, E.-J. Kuo, P. Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360",
    )

    def __init__(
        self,
        hidden: int = 64,
        embedding: int = 32,
        epochs: int = 60,
        frames: float = 1.5e7,
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
        self.numbers = max(n_labels, 4 * hidden)  # the four gates
        self.embedding = nn.Embedding(n_labels + 1, embedding)  # label K: the begin of a chain
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_labels)
        # Remember by default: metastable labels last for many frames.
        with torch.no_grad():
            self.lstm.all_weights[0][3][hidden : 2 * hidden] += 1.0

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x = self.embedding(inputs)  # (B, T, E)
        y, state = self.lstm(x, state)  # (B, T, H); hidden and cell state, each (1, B, H)
        return self.head(self.dropout(y)), state

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Look up what a label adds to the gates in a table, W_ih · embedding + biases."""
        h, c = state[0][0].clone(), state[1][0].clone()  # (C, H)
        H = self.lstm.hidden_size
        input_weight, recurrent, input_bias, bias = self.lstm.all_weights[0]
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
            torch.addmm(table[labels], h, recurrent_t, out=gates)
            sigmoids.sigmoid_()
            candidate.tanh_()
            c.mul_(f).addcmul_(i, candidate)
            torch.tanh(c, out=h)
            h.mul_(o)
            return torch.addmm(out_bias, h, out_weight)

        return advance
