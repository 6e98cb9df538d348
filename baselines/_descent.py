"""Gradient descent as every network does it: AdamW, averaged weights, and the best of these."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from baselines._torch import copied
from benchmark.errors import ModelError


class Descent:
    """A training under way: all that a checkpoint must hold, and how it goes on.

    Parameters
    ----------
    network : nn.Module
        It is trained in place.
    peak : float
        Highest learning rate, see `schedule`.
    weight_decay : float
        Of AdamW.
    average : float
        Memory of the running average of the weights, in updates.
    planned : float
        Updates of a whole training.

    Attributes
    ----------
    averaged : dict of str to Tensor
        Running average of the weights.
    best : dict of str to Tensor
        The averaged weights with the least validation loss, ``best_loss``.
    updates : int
        Done so far.
    """

    #: What changes while training, beside the network and the optimizer.
    PROGRESS: tuple[str, ...] = ("averaged", "best", "best_loss", "updates")

    def __init__(
        self, network: nn.Module, peak: float, weight_decay: float, average: float, planned: float
    ) -> None:
        self.network, self.peak, self.average, self.planned = network, peak, average, planned
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=weight_decay)
        self.averaged = copied(network.state_dict())
        self.best, self.best_loss = self.averaged, math.inf
        self.updates = 0

    def state_dict(self) -> dict[str, Any]:
        """Give all that changes while training."""
        parts = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        return parts | {name: getattr(self, name) for name in self.PROGRESS}

    def load_state_dict(self, stored: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.network.load_state_dict(stored["network"])
        self.optimizer.load_state_dict(stored["optimizer"])
        for name in self.PROGRESS:
            setattr(self, name, stored[name])

    def step(self, loss: Tensor) -> None:
        """Go a step downhill.

        Raises
        ------
        ModelError
            If the gradient is no longer finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.peak * schedule(self.updates / self.planned)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if not math.isfinite(float(norm)):
            raise ModelError(
                f"the training loss is {float(loss.detach()):g} in update {self.updates + 1} "
                f"with a learning rate of up to {self.peak:g}; try a smaller learning_rate"
            )
        self.optimizer.step()
        self.updates += 1
        weight = max(1.0 / self.updates, 1.0 / self.average)
        for name, value in self.network.state_dict().items():
            self.averaged[name].lerp_(value, weight)

    @contextmanager
    def evaluating(self) -> Iterator[nn.Module]:
        """Put the averaged weights into the network for a while, in evaluation mode."""
        current = copied(self.network.state_dict())
        self.network.load_state_dict(self.averaged)
        self.network.eval()
        yield self.network
        self.network.load_state_dict(current)

    def judge(self, loss: float) -> bool:
        """Keep the averaged weights if their validation loss is the least; say if it is."""
        better = loss < self.best_loss
        if better:
            self.best, self.best_loss = copied(self.averaged), loss
        return better

    def finish(self) -> None:
        """Leave the network with the best weights, in evaluation mode."""
        self.network.load_state_dict(self.best)
        self.network.eval()


def schedule(done: float) -> float:
    """Learning rate over its peak: a short linear rise, then half a cosine to nearly zero."""
    return min(1.0, 0.05 + done / 0.03) * (0.51 + 0.49 * math.cos(math.pi * min(done, 1.0)))
