"""Walks along recorded chains, for the controls that generate nothing of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.arrays import Labels


def replay_chains(recorded: Sequence[Labels], n_chains: int, n_frames: int) -> Labels:
    """Replay recorded chains back and forth, for as long as is asked.

    A walk stays on its own recorded chain and turns round at its ends: equilibrium dynamics is
    reversible in time, so a reflection adds no jump that the dynamics could not make, whereas a
    wrap-around would. The starts are spread evenly over the ways there and back, so that half of
    the walks start backwards: were all to start forwards, the end of a chain would be seen twice
    and its beginning hardly.

    Parameters
    ----------
    recorded : sequence of uint8 arrays, each of shape (frames,)
    n_chains, n_frames : int
        Shape of the answer.

    Returns
    -------
    uint8 array of shape (n_chains, n_frames)
    """
    periods = [np.concatenate([chain, chain[-2:0:-1]]) for chain in recorded]  # there and back
    ends = np.cumsum([len(period) for period in periods])
    starts = np.arange(n_chains) * ends[-1] // n_chains
    states = np.empty((n_chains, n_frames), np.uint8)
    for row, start in enumerate(starts):
        index = int(np.searchsorted(ends, start, "right"))
        period = periods[index]
        states[row] = np.resize(np.roll(period, ends[index] - start), n_frames)
    return states
