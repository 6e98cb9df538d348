"""The same label as before: the forecast that per-frame accuracy cannot tell from a good one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from baselines._arrays import load_arrays, save_arrays
from baselines.kinetics._parts.sampling import (
    lag1_counts,
    populations,
    predict_markov,
    sample_markov,
)
from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories


class Persistence:
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

    def predict(self, states: Labels) -> Probabilities:
        """Give the row of the label before; the populations at the first frame."""
        return predict_markov(self.populations, self.transition, states)

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Walk from the prompt's last frame."""
        return sample_markov(self.populations, self.transition, prompt, n_frames, rng)

    @property
    def parameters(self) -> int:
        """K − 1 populations and the probability of staying."""
        return len(self.populations)

    def save(self, folder: Path) -> None:
        """Write the transition matrix and the populations."""
        save_arrays(folder, populations=self.populations, transition=self.transition)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        stored = load_arrays(folder)
        self.populations, self.transition = stored["populations"], stored["transition"]
