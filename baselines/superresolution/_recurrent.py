"""A recurrent network that walks over kept frames and on through the gap."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.superresolution._networks import Network, Shape, silent_linear

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM}


class Recurrent(Network):
    """Recurrent layers that correct the path of the springs.

    They read the last kept frames up to the end of the gap, then the hidden frames as the springs
    have them, one a step, and at each of these say what is lacking. All are read as standardised
    q, v h and a h², with two marks: whether this is a kept frame, and whether it is a hidden one.

    Parameters
    ----------
    shape : Shape
    cell : str
        "rnn" or "lstm".
    hidden, layers : int
        Width and number of the recurrent layers.
    past : int
        Kept frames that are read.
    """

    def __init__(self, shape: Shape, cell: str, hidden: int, layers: int, past: int) -> None:
        super().__init__(shape)
        self.past = past
        width = shape.orders * shape.coordinates + 2
        self.cell = CELLS[cell](width, hidden, num_layers=layers, batch_first=True)
        self.head = silent_linear(hidden, shape.coordinates)

    def correction(self, seen: Tensor, present: Tensor, guess: Tensor) -> Tensor:
        """Give the correction in units of what the springs missed on training frames."""
        kept = self._standardised(seen) * present[:, :, None]
        hidden = self._standardised(guess[:, :, : self.shape.orders])
        marks = torch.zeros(len(kept), self.past + self.shape.gap - 1, 2, device=kept.device)
        marks[:, : self.past, 0] = present.float()
        marks[:, self.past :, 1] = 1.0
        read, _ = self.cell(torch.cat([torch.cat([kept, hidden], dim=1), marks], dim=2))
        return self.head(read[:, self.past :]) * (self.missed * self.weight)

    def _standardised(self, frames: Tensor) -> Tensor:
        """Flatten frames (p, T, orders, D) to (p, T, orders D), each of variance 1."""
        orders = self.shape.orders
        return ((frames - self.centre[:orders]) / self.spread[:orders]).flatten(2)
