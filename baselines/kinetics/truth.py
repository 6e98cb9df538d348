"""The truth itself: a fresh chain as long as the training data, which scores z ≈ 1."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.recorded import replay_chains
from benchmark.errors import ModelError
from benchmark.model import FitContext, Labels, ModelCard, StateTrajectories
from benchmark.store.frozen import load_replicas
from benchmark.task import find_task


class Truth:
    """Replay frozen chains of the true process that no other model sees.

    They are as long as a training replica: what is left of their error is the price of finite data.
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
        """Read the fresh chains of this replica; the training data are not looked at.

        Raises
        ------
        ModelError
            If the task holds no fresh chains for this replica.
        """
        fresh = load_replicas(find_task(context.task), "fresh")
        if not 0 <= context.replica < len(fresh):
            raise ModelError(
                f"{context.task} has fresh chains for {len(fresh)} replicas, none for replica "
                f"{context.replica}"
            )
        self.recorded = fresh[context.replica]

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Replay; the prompt and the random numbers are of no use."""
        return replay_chains(self.recorded, len(prompt), n_frames)
