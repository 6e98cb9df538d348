"""What a network of label sequences must do: read them, and carry a state along."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from benchmark.arrays import Labels

State = tuple[Tensor, ...]  # what a network carries from a window to the next one


class Network(nn.Module):
    """A network of next-label logits that carries a state along the sequence.

    Attributes
    ----------
    n_labels : int
        Size K of the alphabet; label K is the input at the begin of a chain.
    numbers : int
        Numbers that reading one frame of one chain holds at once.
    period : int
        Steps after which a stepper does the same again, on the same memory.
    """

    n_labels: int
    numbers: int
    period: int = 1

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Give logits (B, T, K) of the labels after ``inputs`` (B, T), and the state to carry."""
        raise NotImplementedError

    def stepper(self, state: State) -> Callable[[Tensor], Tensor]:
        """Give a function that reads one label of each chain, (B,), and returns logits (B, K).

        It computes what `forward` does, one frame at a time and without its overheads. It owns
        the state from here on, and renews it in place.
        """
        raise NotImplementedError

    def inputs(self, states: Labels, start: int, stop: int) -> Tensor:
        """Give what is read to predict frames start … stop − 1: the frames before them."""
        begin = np.full((len(states), 1), self.n_labels, np.int64)
        before = states[:, max(start - 1, 0) : stop - 1].astype(np.int64)
        return torch.from_numpy(before if start else np.concatenate([begin, before], axis=1))
