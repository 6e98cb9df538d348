"""State-space network: a diagonal linear recurrence, read by a small network.

Training sees whole windows at once; sampling carries a state of fixed size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines._options import require_at_least, require_share
from baselines.kinetics._parts.linear_recurrence import recurrence
from baselines.kinetics._parts.network_model import NetworkModel
from baselines.kinetics._parts.networks import Network, State
from baselines.kinetics._parts.training import EpochTraining
from benchmark.model import ModelCard

#: Memories of the units at the start, frames: log-uniform in this range.
SHORTEST, LONGEST = 1.0, 1000.0


class Ssm(NetworkModel):
    """Diagonal state-space network (Orvieto et al. 2023), trained to predict the next label.

    With e_t the embedding of a label,

        x_t = λ ∘ x_{t−1} + √(1 − |λ|²) ∘ B e_t,    logits = W gelu(C x_t + D e_t + c) + b,

    x being complex and λ = exp(−exp(ν) + iθ), so that every unit decays. The recurrence is linear:
    nothing but itself stands between its frames, and it takes a small part of the time.

    Parameters
    ----------
    hidden, embedding : int
        Complex units of the recurrence and real ones of the network that reads them; size of the
        embedding.
    dropout : float
        Of what this network gives out.
    **training
        How it is trained: see `EpochTraining`.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    card = ModelCard(
        title="State-space network",
        description="Embedding, diagonal linear recurrence, a small network and softmax, trained "
        "to predict the next label.",
        citation="A. Orvieto et al., ICML 2023, arXiv:2303.06349; A. Gu, K. Goel, C. Ré, ICLR "
        "2022, arXiv:2111.00396",
    )
    training = EpochTraining()

    def __init__(
        self, hidden: int = 64, embedding: int = 32, dropout: float = 0.0, **training: Any
    ) -> None:
        require_at_least(1, hidden=hidden, embedding=embedding)
        require_share(dropout=dropout)
        sizes = {"hidden": hidden, "embedding": embedding, "dropout": dropout}
        super().__init__(sizes, hidden, **training)

    def build(self, n_labels: int) -> Network:
        """Make an untrained network."""
        return StateSpace(n_labels, **self.sizes)


class StateSpace(Network):
    """The network; see `Ssm`.

    Parameters
    ----------
    n_labels, hidden, embedding : int
    dropout : float
    """

    def __init__(self, n_labels: int, hidden: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.n_labels = n_labels
        self.numbers = max(n_labels, 6 * hidden)  # two copies of the complex state, and two layers
        self.embedding = nn.Embedding(n_labels + 1, embedding)  # label K: the begin of a chain
        memory = math.log(SHORTEST) + torch.rand(hidden) * math.log(LONGEST / SHORTEST)
        self.log_rate = nn.Parameter(-memory)  # ν
        self.phase = nn.Parameter(0.1 * torch.rand(hidden) * math.pi)  # θ
        self.into = nn.Linear(embedding, 2 * hidden, bias=False)  # B: real parts, imaginary parts
        self.read = nn.Linear(2 * hidden, hidden)  # C, c
        self.skip = nn.Linear(embedding, hidden, bias=False)  # D
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, n_labels)

    @property
    def factor(self) -> Tensor:
        """λ, complex of shape (H,)."""
        size = torch.exp(-torch.exp(self.log_rate))
        return torch.polar(size, self.phase)

    def driven(self, embedded: Tensor) -> Tensor:
        """Give √(1 − |λ|²) ∘ B e, complex of shape (…, H)."""
        real, imaginary = self.into(embedded).chunk(2, dim=-1)
        # 1 − exp(−2 exp ν), without loss of digits where the memory is long.
        gain = torch.sqrt(-torch.expm1(-2.0 * torch.exp(self.log_rate)))
        return torch.complex(gain * real, gain * imaginary)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read a window."""
        e = self.embedding(inputs)  # (B, T, E)
        driven = self.driven(e)  # (B, T, H)
        before = state[0] if state else torch.zeros_like(driven[:, 0])
        x = recurrence(self.factor, driven, before)  # (B, T, H)
        y = self.read(torch.cat([x.real, x.imag], dim=-1)) + self.skip(e)  # (B, T, H)
        return self.head(self.dropout(functional.gelu(y))), (x[:, -1].detach(),)

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Look up what a label adds to the state and to the network in two tables."""
        x, factor = state[0].clone(), self.factor
        H = len(factor)
        drive = self.driven(self.embedding.weight)  # (K + 1, H)
        skip = self.skip(self.embedding.weight) + self.read.bias  # (K + 1, H)
        read = self.read.weight.T.contiguous()  # (2H, H)
        out_weight, out_bias = self.head.weight.T.contiguous(), self.head.bias
        parts = skip.new_empty(len(x), 2 * H)

        def advance(labels: Tensor) -> Tensor:
            x.mul_(factor).add_(drive[labels])
            parts[:, :H], parts[:, H:] = x.real, x.imag
            y = functional.gelu(torch.addmm(skip[labels], parts, read))
            return torch.addmm(out_bias, y, out_weight)

        return advance
