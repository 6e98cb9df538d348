"""A recurrent network that walks over kept frames and on through the gap."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from baselines._options import require_at_least
from baselines.superresolution._parts.network_model import NetworkModel
from baselines.superresolution._parts.networks import Network, Shape, silent_linear

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
        if self.memory is not None:  # the springs' path is given: nothing in it is learned
            self.memory.requires_grad_(False)
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


class RecurrentModel(NetworkModel):
    """A model around `Recurrent`; a subclass names its cell.

    The public code of Winkler, Müller and Sauceda (github.com/ludwigwinkler/MLMD) has by default 5
    layers of 10 units for each coordinate and velocity, 3 kept frames and batches of 500; for
    ethanol that is ``--set layers=5 --set hidden=540 --set past=3 --set batch=500``. The default
    here is smaller, for a training of a minute. Unlike there, a network walks in the
    molecule-fixed frame and starts from springs.

    See `NetworkModel` for the other options; the layers are the recurrent ones.

    Parameters
    ----------
    past : int
        Kept frames read up to the end of the gap.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    cell: str

    def __init__(
        self,
        reads: str = "forces",
        hidden: int = 128,
        layers: int = 1,
        past: int = 3,
        **training: Any,
    ) -> None:
        super().__init__(reads, hidden, layers, **training)
        require_at_least(1, past=past)
        self.sizes |= {"cell": self.cell, "past": past}

    def build(self, shape: Shape) -> Network:
        """Make an untrained network."""
        return Recurrent(shape, **self.sizes)
