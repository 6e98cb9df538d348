"""Independent frames with the populations of the training data: knows statics, no kinetics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from baselines._arrays import load_arrays, save_arrays
from baselines.kinetics._parts.sampling import populations
from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories


class Iid:
    """Every frame is drawn from the training populations, whatever came before.

    This is the trivial model whose error is E₀ in the score of every metric.
    """

    card = ModelCard(
        title="Independent frames",
        description="Frames drawn independently from the training populations.",
        role="control",
    )

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Count labels."""
        self.populations = populations(train)  # (K,)

    def predict(self, states: Labels) -> Probabilities:
        """Give the populations at every frame."""
        probabilities = np.empty((*states.shape, len(self.populations)), np.float32)
        probabilities[:] = self.populations
        return probabilities

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Draw frames; the prompt is of no use."""
        uniform = rng.random((len(prompt), n_frames))
        # The last label takes what is left: no rounding of the sum can lead past it.
        return np.searchsorted(np.cumsum(self.populations)[:-1], uniform, "right").astype(np.uint8)

    @property
    def parameters(self) -> int:
        """K − 1 populations."""
        return len(self.populations) - 1

    def save(self, folder: Path) -> None:
        """Write the populations."""
        save_arrays(folder, populations=self.populations)

    def load(self, folder: Path) -> None:
        """Read the populations."""
        self.populations = load_arrays(folder)["populations"]
