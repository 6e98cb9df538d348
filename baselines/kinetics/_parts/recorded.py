"""Walks along recorded chains, for the controls that generate nothing of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.arrays import Labels


def replay_chains(recorded: Sequence[Labels], n_chains: int, n_frames: int) -> Labels:
    """Play recorded chains on and on, for as long as is asked.

    The starts are spread evenly over all recorded frames. At the end of a chain a walk goes on in
    the next one (the first follows on the last), behind the first frame of the same label there, so
    that every jump was recorded, and always forwards, so that the statistics are those of the
    chain.

    Parameters
    ----------
    recorded : sequence of uint8 arrays, each of shape (frames,)
    n_chains, n_frames : int
        Shape of the answer.

    Returns
    -------
    uint8 array of shape (n_chains, n_frames)
    """
    ends = np.cumsum([len(chain) for chain in recorded])
    starts = np.arange(n_chains) * ends[-1] // n_chains
    states = np.empty((n_chains, n_frames), np.uint8)
    for row, start in zip(states, starts, strict=True):
        index = int(np.searchsorted(ends, start, "right"))
        part = recorded[index][start - ends[index] :]
        filled = 0
        while filled < n_frames:
            played = part[: n_frames - filled]
            row[filled : filled + len(played)] = played
            filled += len(played)
            index, part = _follow(recorded, index)
    return states


def _follow(recorded: Sequence[Labels], index: int) -> tuple[int, Labels]:
    """Find the chain that goes on from the end of another, and its frames from there on.

    Where no chain passes through the last label, it is the next from its beginning.
    """
    last = recorded[index][-1]
    for step in range(1, len(recorded) + 1):
        following = (index + step) % len(recorded)
        same = recorded[following][:-1] == last
        if same.any():
            return following, recorded[following][int(same.argmax()) + 1 :]
    following = (index + 1) % len(recorded)
    return following, recorded[following]
