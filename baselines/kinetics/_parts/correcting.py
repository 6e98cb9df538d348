"""How a network learns to correct the law of another model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines._torch import device_of
from baselines.kinetics._parts.networks import Network
from baselines.kinetics._parts.training import PADDING, EpochDescent, EpochTraining
from benchmark.arrays import Labels, Probabilities
from benchmark.tracks.kinetics.contract import StateTrajectories

Law = Callable[[Labels], Probabilities]


class CorrectingDescent(EpochDescent):
    """A training in which the network's logits are added to the logarithm of a law.

    It learns p(s_t | past) ∝ law(s_t | past) · exp(logits). The law knows a chain from its begin,
    the network from the begin of the piece that it reads.

    Parameters
    ----------
    network, training, peak, train, validation, effort
        See `EpochDescent`.
    law : callable
        ``predict`` of a kinetics model.
    """

    def __init__(
        self,
        network: Network,
        training: EpochTraining,
        peak: float,
        train: StateTrajectories,
        validation: StateTrajectories,
        effort: float,
        law: Law,
    ) -> None:
        chains = [*train.chains, *validation.chains]
        # Pieces are cut of the numbers of frames, by which labels and the law are looked up.
        ends = np.cumsum([len(chain) for chain in chains])
        numbers: list[Any] = np.split(np.arange(ends[-1]), ends[:-1])
        K, n = train.n_labels, len(train.chains)
        super().__init__(
            network, training, peak, StateTrajectories(tuple(numbers[:n]), K),
            StateTrajectories(tuple(numbers[n:]), K), effort,
        )  # fmt: skip
        self.labels = torch.from_numpy(np.concatenate(chains).astype(np.int64))
        self.law = torch.empty(len(self.labels), K)
        for chain, frames in zip(chains, numbers, strict=True):
            self.law[frames[0] : frames[-1] + 1] = torch.from_numpy(law(chain[None])[0]).log_()

    def begin(self) -> None:
        """Let the law as it is compete."""
        self.judge()

    def _read(self, targets: Tensor, window: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Walk over pieces of numbers of frames: corrected logits, and labels."""
        real, start = targets != PADDING, 0
        frames = targets.clamp(min=0)
        labels = torch.where(real, self.labels[frames], PADDING)
        for logits, outputs in super()._read(labels, window):
            law = self.law[frames[:, start : start + window]]
            yield logits + law.to(device_of(self.network)), outputs
            start += window
