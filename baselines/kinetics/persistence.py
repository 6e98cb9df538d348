"""The same label as before: the forecast that per-frame accuracy cannot tell from a good one."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.markov import MarkovModel
from baselines.kinetics._parts.sampling import lag1_counts, populations
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories


class Persistence(MarkovModel):
    """Stay with one fitted probability, or else jump to any other label by its population.

    p(j | i) = a for j = i and (1 − a) π_j / (1 − π_i) for j ≠ i, where a is the share of training
    frames with the label of the frame before.
    """

    card = ModelCard(
        title="Persistence",
        description="The same label as before, with the training data's probability of staying; "
        "a jump leads to any other label by its population.",
        role="control",
    )

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Count frames that stay."""
        counts = lag1_counts(train)
        stay = (np.trace(counts) + 0.5) / (counts.sum() + 1.0)
        self.populations = populations(train)  # (K,)
        self.transition = np.outer(1.0 / (1.0 - self.populations), (1.0 - stay) * self.populations)
        np.fill_diagonal(self.transition, stay)  # (K, K)

    @property
    def parameters(self) -> int:
        """K − 1 populations and the probability of staying."""
        return len(self.populations)
