"""Short trajectories from chosen starts, out of equilibrium: what people often have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tasks.oracles.hidden_chain import HiddenChain

#: Share of the pieces that start in each label, whatever its population is.
START_SHARES = (0.7, 0.1, 0.1, 0.1)


def draw_pieces(
    chain: HiddenChain, pieces: int, frames: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw label chains of `START_SHARES`, each in equilibrium inside its first label.

    Parameters
    ----------
    chain : HiddenChain
        Of as many labels as there are shares.
    pieces, frames : int
        Number of chains, and their length.
    rng : numpy.random.Generator

    Returns
    -------
    uint8 array of shape (pieces, frames)
        In random order; the number that start in a label is the share of it, as near as can be.
    """
    edges = np.rint(np.cumsum(START_SHARES) * pieces).astype(int)
    first = rng.permutation(np.searchsorted(edges, np.arange(pieces), side="right"))
    starts = np.empty(pieces, np.int64)
    for label in range(len(START_SHARES)):
        inside = chain.stationary * (chain.labels == label)
        chosen = first == label
        starts[chosen] = rng.choice(len(inside), chosen.sum(), p=inside / inside.sum())
    return chain.label(chain.sample(frames, pieces, rng, starts))
