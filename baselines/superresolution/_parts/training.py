"""How a network learns from samples drawn at random, batch after batch."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from baselines._descent import Descent
from baselines._options import Training, require_at_least
from baselines._torch import copied, identify
from baselines.superresolution._parts.passes import JoinedSegments
from benchmark.tracks.superresolution.contract import GapContext

_EPOCHS = 25  # validations of a whole training


@dataclass(frozen=True, kw_only=True)
class BatchTraining(Training):
    """Batches drawn at random from all places of the training segments, by AdamW.

    The weights used are a running average over the updates, and those with the least error on the
    validation segments are kept. These are never trained on.

    Attributes
    ----------
    frames : float
        Frames trained on in all: the budget. Of a network that fills gaps these are hidden ones,
        and the budget is the same for all of them.
    batch : int
        Samples of an update.
    learning_rate : float
        Peak of the cosine schedule; see `NetworkModel` for what it means there.
    weight_decay, average : float
        See `Training`.

    Raises
    ------
    InputError
        If an option is out of its range.
    """

    frames: float = 3e5
    batch: int = 16
    learning_rate: float = 5e-3
    weight_decay: float = 1e-4
    average: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(1, batch=self.batch)

    def updates(self, frames_of_a_sample: int, effort: float) -> int:
        """Give the updates of a whole training."""
        return max(1, round(self.frames * effort / (self.batch * frames_of_a_sample)))


class BatchDescent(Descent):
    """A training under way: descents over batches; a subclass draws them and gives their loss.

    Parameters
    ----------
    network : nn.Module
        It is trained in place.
    training : BatchTraining
    peak : float
        Highest learning rate.
    updates : int
        Of the whole training.
    """

    #: Of the validation loss.
    unit: str

    def __init__(
        self, network: nn.Module, training: BatchTraining, peak: float, updates: int
    ) -> None:
        super().__init__(network, training, peak, updates, updates)
        self.batch = training.batch

    @property
    def done(self) -> int:
        """Updates done."""
        return self.updates

    @property
    def note(self) -> str:
        """Updates and best validation loss."""
        return f"update {self.done}/{self.total}, validation {self.best_loss:.3g} {self.unit}"

    def begin(self) -> None:
        """Judge the network as it is before training."""
        self.averaged = copied(self.network.state_dict())
        self.judge()

    def epoch(self, rng: np.random.Generator) -> None:
        """Go some steps downhill."""
        for _ in range(min(math.ceil(self.total / _EPOCHS), self.total - self.done)):
            self.step(self.batch_loss(rng))

    @abstractmethod
    def batch_loss(self, rng: np.random.Generator) -> Tensor:
        """Draw a batch of samples and give the loss of the network as it is."""


def identity_of(
    name: str, train: JoinedSegments, held_out: JoinedSegments, context: GapContext
) -> str:
    """Name a training run, see `identify`; ``name`` says all options."""
    data = [array for each in (train, held_out) for array in (each.known[:, 0], each.last)]
    return identify(f"{name} {context.gap} {context.seed}", data)
