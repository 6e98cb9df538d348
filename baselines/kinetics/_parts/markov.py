"""A model of labels that depend on the label before alone."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from baselines.kinetics._parts.sampling import Floats, draw
from benchmark.arrays import Labels, Probabilities


class MarkovModel:
    """A `KineticsModel` with a matrix p(s_t | s_{t−1}); a subclass fits it.

    Attributes
    ----------
    populations : float64 array of shape (labels,)
        Distribution of the first frame.
    transition : float64 array of shape (labels, labels)
        ``[i, j]`` is the probability of label j right after label i.
    """

    populations: Floats
    transition: Floats

    def predict(self, states: Labels) -> Probabilities:
        """Give the row of the label before; the populations at the first frame."""
        probabilities = np.empty((*states.shape, len(self.populations)), np.float32)
        probabilities[:, :1] = self.populations
        probabilities[:, 1:] = self.transition.astype(np.float32)[states[:, :-1]]
        return probabilities

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Walk from the prompt's last frame."""
        # An empty prompt is continued from a row K of the table, the populations.
        K = len(self.populations)
        cumulative = np.cumsum(np.vstack([self.transition, self.populations]), axis=1)
        last = prompt[:, -1].astype(np.int64) if prompt.shape[1] else np.full(len(prompt), K)
        return _walk(cumulative, last, n_frames, rng)

    def save(self, folder: Path) -> None:
        """Write the transition matrix and the populations."""
        save_arrays(folder, populations=self.populations, transition=self.transition)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        stored = load_arrays(folder)
        self.populations, self.transition = stored["populations"], stored["transition"]


@numba.njit(cache=True)
def _walk(
    cumulative: Floats, last: NDArray[np.int64], n_frames: int, rng: np.random.Generator
) -> Labels:
    states = np.empty((len(last), n_frames), np.uint8)
    for chain in range(len(last)):
        state = last[chain]
        for frame in range(n_frames):
            state = draw(cumulative[state], rng.random())
            states[chain, frame] = state
    return states
