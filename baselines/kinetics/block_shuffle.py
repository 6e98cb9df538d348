"""Blocks of the training data in random order: right up to the block's length, wrong beyond."""

from __future__ import annotations

import numpy as np

from benchmark.arrays import Labels
from benchmark.errors import InputError, ModelError
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories


class BlockShuffle:
    """Cut the training data in blocks and put them in random order.

    Populations and fast kinetics are the data's own; every process slower than a block is cut.
    There is no ``predict``.

    Parameters
    ----------
    block : int
        Frames in a block.
    """

    card = ModelCard(
        title="Shuffled blocks",
        description="Training data cut in blocks of 50 frames, put in random order.",
        role="control",
    )

    #: Nothing is fitted.
    parameters = 0

    def __init__(self, block: int = 50) -> None:
        if block < 1:
            raise InputError(f"block is {block}; expected at least 1 frame")
        self.block = block

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Cut each training chain, leaving out what is left at its end.

        Raises
        ------
        ModelError
            If no training chain is as long as a block.
        """
        cut = [
            chain[: len(chain) // self.block * self.block].reshape(-1, self.block)
            for chain in train.chains
        ]
        self.blocks = np.concatenate(cut)  # (blocks, block)
        if not len(self.blocks):
            longest = max(len(chain) for chain in train.chains)
            raise ModelError(
                f"no training chain has {self.block} frames; the longest has {longest}"
            )

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Deal the blocks out to the chains; every block comes once before any comes twice."""
        chains, per_chain = len(prompt), -(-n_frames // self.block)
        rounds = -(-chains * per_chain // len(self.blocks))
        order = np.concatenate([rng.permutation(len(self.blocks)) for _ in range(rounds)])
        dealt = order[: chains * per_chain].reshape(chains, per_chain)
        return self.blocks[dealt].reshape(chains, -1)[:, :n_frames]
