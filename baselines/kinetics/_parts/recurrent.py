"""Recurrent networks of label sequences: an embedding, one recurrent layer, a softmax."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from baselines._options import require_at_least, require_share
from baselines.kinetics._parts.network_model import NetworkModel
from baselines.kinetics._parts.networks import Network


class RecurrentNetwork(Network):
    """Layers of a recurrent network; a subclass says what the cell does.

    Parameters
    ----------
    n_labels : int
        Size of the alphabet.
    hidden, embedding : int
        Units of the recurrent layer, size of the embedding.
    dropout : float
        Of what the recurrent layer gives out.

    Attributes
    ----------
    cell : nn.RNNBase
        The recurrent layer.
    """

    make_cell: type[nn.GRU] | type[nn.LSTM]

    def __init__(self, n_labels: int, hidden: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.n_labels = n_labels
        self.numbers = max(n_labels, 4 * hidden)  # gates, and of a GRU the hidden state
        self.embedding = nn.Embedding(n_labels + 1, embedding)  # label K: the begin of a chain
        self.cell: nn.RNNBase = self.make_cell(embedding, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_labels)
        # Remember by default: metastable labels last for many frames. These are the biases of an
        # LSTM's forget gate, and of a GRU's update gate.
        with torch.no_grad():
            self.cell.all_weights[0][3][hidden : 2 * hidden] += 1.0


class RecurrentModel(NetworkModel):
    """A model around a `RecurrentNetwork`; a subclass makes it.

    Parameters
    ----------
    hidden, embedding : int
        Units of the recurrent layer, size of the embedding.
    dropout : float
        Of what the recurrent layer gives out.
    **training
        How it is trained: see `EpochTraining`.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    def __init__(
        self, hidden: int = 64, embedding: int = 32, dropout: float = 0.0, **training: Any
    ) -> None:
        require_at_least(1, hidden=hidden, embedding=embedding)
        require_share(dropout=dropout)
        sizes = {"hidden": hidden, "embedding": embedding, "dropout": dropout}
        super().__init__(sizes, hidden, **training)
