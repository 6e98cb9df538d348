"""The truth itself: a fresh chain as long as the training data, which scores z ≈ 1."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._recorded import replay_chains
from benchmark.errors import ModelError
from benchmark.model import FitContext, Labels, ModelCard, StateTrajectories
from benchmark.splits import load_chains
from benchmark.task import find_task


class Truth:
    """Replay a frozen chain of the true process that no other model sees.

    It is as long as a training replica: what is left of its error is the price of finite data.
    There is no ``predict``.
    """

    card = ModelCard(
        title="Truth (a fresh chain)",
        description="A fresh chain of the true process, as long as the training data, walked back "
        "and forth.",
        role="control",
    )

    #: Nothing is fitted.
    parameters = 0

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Read the fresh chain of this replica; the training data are not looked at.

        Raises
        ------
        ModelError
            If the task holds no fresh chain for this replica.
        """
        fresh = load_chains(find_task(context.task), "fresh")
        if not 0 <= context.replica < len(fresh):
            raise ModelError(
                f"{context.task} has {len(fresh)} fresh chains, none for replica {context.replica}"
            )
        self.recorded = [fresh[context.replica]]

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Replay; the prompt and the random numbers are of no use."""
        return replay_chains(self.recorded, len(prompt), n_frames)
