"""Gradient descent as every network does it: AdamW, averaged weights, and the best of these.

A `Descent` is a training under way; `descend` takes it from epoch to epoch.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines._options import Training
from baselines._torch import copied, device_of, epoch_seed, read_checkpoint, write_tensors
from benchmark.errors import ModelError
from benchmark.model import FitContext

#: Seconds between two checkpoints.
CHECKPOINT_SECONDS = 15.0


class Descent(ABC):
    """A training under way: all that a checkpoint must hold, and how it goes on.

    A subclass says what an epoch is, and how the network is judged after it.

    Parameters
    ----------
    network : nn.Module
        It is trained in place.
    training : Training
    peak : float
        Highest learning rate, see `schedule`.
    total : int
        What is to be done in all, as `done` counts it.
    planned : float
        Updates of a whole training.

    Attributes
    ----------
    averaged : dict of str to Tensor
        Running average of the weights.
    best : dict of str to Tensor
        The averaged weights with the least validation loss, ``best_loss``.
    best_at : int
        What was done when these were found.
    updates : int
        Done so far.
    patience : float
        Training ends when this share of it has brought no better validation loss.
    """

    #: What changes while training, beside the network and the optimizer.
    PROGRESS: tuple[str, ...] = ("averaged", "best", "best_loss", "best_at", "updates")

    patience = math.inf

    def __init__(
        self, network: nn.Module, training: Training, peak: float, total: int, planned: float
    ) -> None:
        self.network, self.average, self.peak = network, training.average, peak
        self.total, self.planned = total, planned
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=peak, weight_decay=training.weight_decay
        )
        self.averaged = copied(network.state_dict())
        self.best, self.best_loss, self.best_at = self.averaged, math.inf, 0
        self.updates = 0

    @property
    @abstractmethod
    def done(self) -> int:
        """How far the training is: updates or epochs, out of ``total``."""

    @property
    @abstractmethod
    def note(self) -> str:
        """A few words on how it goes."""

    def begin(self) -> None:  # noqa: B027 (there may be nothing to do)
        """Measure what a training that starts anew must know."""

    @abstractmethod
    def epoch(self, rng: np.random.Generator) -> None:
        """Go downhill for a while; raise `done`."""

    @abstractmethod
    def validation_loss(self) -> float:
        """Give the loss of the network as it is on the validation data."""

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

    def judge(self) -> None:
        """Keep the averaged weights if their validation loss is the least."""
        with torch.no_grad(), self._averaged_inside():
            loss = self.validation_loss()
        if loss < self.best_loss:
            self.best, self.best_loss, self.best_at = copied(self.averaged), loss, self.done

    @contextmanager
    def _averaged_inside(self) -> Iterator[None]:
        """Put the averaged weights into the network for a while, in evaluation mode."""
        current = copied(self.network.state_dict())
        self.network.load_state_dict(self.averaged)
        self.network.eval()
        yield
        self.network.load_state_dict(current)

    @property
    def over(self) -> bool:
        """Whether all is done, or has long brought nothing."""
        stale = self.done - self.best_at
        return self.done >= self.total or stale > self.patience * self.total

    def finish(self) -> None:
        """Leave the network with the best weights, in evaluation mode."""
        self.network.load_state_dict(self.best)
        self.network.eval()


def descend(run: Descent, identity: str, context: FitContext) -> None:
    """Train from the start, or from the checkpoint in ``context.scratch``, to the end.

    Parameters
    ----------
    run : Descent
        Its network is left with the best weights.
    identity : str
        Of this training, see `baselines._torch.identify`.
    context : FitContext

    Raises
    ------
    ModelError
        If the gradient is no longer finite.
    """
    checkpoint = context.scratch / "checkpoint.pt"
    if stored := read_checkpoint(checkpoint, identity, device_of(run.network)):
        run.load_state_dict(stored)
    else:
        run.begin()
    saved = time.monotonic()
    while not run.over:
        # What is random in an epoch follows from the seed and its place alone: a run that resumes
        # at an epoch goes on exactly as if it had never stopped.
        torch.manual_seed(epoch_seed(context.seed, run.done))
        run.network.train()
        run.epoch(np.random.default_rng([context.seed, run.done]))
        run.judge()
        if time.monotonic() - saved >= CHECKPOINT_SECONDS:
            write_tensors(checkpoint, {"identity": identity} | run.state_dict())
            saved = time.monotonic()
        context.progress(run.done / run.total, run.note)
    run.finish()
    checkpoint.unlink(missing_ok=True)


def schedule(done: float) -> float:
    """Learning rate over its peak: a short linear rise, then half a cosine to nearly zero.

    >>> [round(schedule(done), 2) for done in (0.0, 0.03, 0.5, 1.0)]
    [0.05, 1.0, 0.51, 0.02]
    """
    return min(1.0, 0.05 + done / 0.03) * (0.51 + 0.49 * math.cos(math.pi * min(done, 1.0)))
