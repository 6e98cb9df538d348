"""The contract of a kinetics model, and what the harness hands to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext


@dataclass(frozen=True)
class StateTrajectories:
    """Independent label sequences of one system, as a model sees them.

    Attributes
    ----------
    chains : tuple of uint8 arrays, each of shape (frames,)
        Consecutive frames within a chain; nothing connects one chain to the next.
    n_labels : int
        Size K of the alphabet; labels are 0 … K−1.
    """

    chains: tuple[Labels, ...]
    n_labels: int

    @property
    def n_frames(self) -> int:
        """Frames in all chains together."""
        return sum(len(chain) for chain in self.chains)


class KineticsModel(Protocol):
    """A model of label sequences.

    ``predict`` is optional: a model without it gets no likelihood. So are ``save(folder)`` and
    ``load(folder)``: with them an interrupted run does not fit again, and the fitted model stays
    with the run. Keyword arguments of ``__init__`` are what ``--set name=value`` sets.
    """

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Learn from ``train``; ``validation`` may choose among models, never train one."""

    def predict(self, states: Labels) -> Probabilities:
        """Give the distribution of each frame after the frames before it.

        Parameters
        ----------
        states : uint8 array of shape (chains, frames)

        Returns
        -------
        float32 array of shape (chains, frames, labels)
            ``[c, t]`` is p(s_t | s_0 … s_{t−1}) and sums to 1 within 1e-5. It must not depend on
            frames ≥ t, nor on other chains: the harness checks both.
        """

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Continue each chain of ``prompt``.

        Parameters
        ----------
        prompt : uint8 array of shape (chains, frames)
        n_frames : int
            Frames to generate after the prompt.
        rng : numpy.random.Generator
            Everything random must come from it.

        Returns
        -------
        uint8 array of shape (chains, n_frames)
            The new frames, without the prompt.
        """
