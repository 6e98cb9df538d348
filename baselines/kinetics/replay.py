"""Replay of the training data: perfect memory, no generalisation."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.recorded import replay_chains
from benchmark.arrays import Labels
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories


class Replay:
    """Play the training data over and over, from starts spread evenly over them.

    What a metric cannot tell from this, it cannot tell from learning. There is no ``predict``.
    """

    card = ModelCard(
        title="Replay of the training data",
        description="The recorded chain played over and over.",
        role="control",
    )

    #: Nothing is fitted.
    parameters = 0

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Remember the training chains."""
        self.recorded = train.chains

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Replay; the prompt and the random numbers are of no use."""
        return replay_chains(self.recorded, len(prompt), n_frames)
