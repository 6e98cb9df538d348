"""The slowest relaxation time of label chains that may hide part of the motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.tracks.kinetics.metrics.errors import count_matrix
from benchmark.tracks.kinetics.metrics.estimators import timescales_from_pairs

Float64 = NDArray[np.float64]

#: A longer lag tells of slower motion if its estimate is longer by this factor, and by so many
#: standard errors of the difference.
LONGER = 1.1
ERRORS = 2.0

#: Share of an estimate that its standard error may be, if there is a better one.
SURE = 0.3

#: Standard error of ln λ beyond which a lag says nothing, and ln λ below that at a lag of one
#: frame beyond which the process is over and noise is next.
MOST_UNCERTAIN, MOST_DECAYED = 0.5, 1.5

#: Blocks of which one at a time is left out for the errors.
BLOCKS = 12


@dataclass(frozen=True)
class Timescale:
    """A slowest relaxation time.

    Attributes
    ----------
    frames : float
    lag : int
        Frames; the time is that of the decay from one lag to twice this lag.
    converged : bool
        Whether a longer pair of lags gives no longer time.
    """

    frames: float
    lag: int
    converged: bool


def slowest_timescale(
    chains: Sequence[NDArray[np.uint8]], n_states: int, longest: int
) -> Timescale:
    """Estimate the slowest relaxation time from the decay between two lags, over all lags.

    Labels that join several states hide part of the motion: their slowest eigenvalue is λ(τ) ≈
    a exp(−τ/t₂) with a < 1, so that −τ/ln λ(τ), the implied timescale, is too short by any factor
    at short lags: 1/t(τ) = 1/t₂ − ln a/τ. Between two lags a cancels: t₂ = τ/(ln λ(τ) − ln λ(2τ)).
    Lags are doubled from one frame until the process has decayed. Of those that give t₂ to 30 % (or
    the best, if none does) the shortest is taken of which no longer one gives a longer time, by a
    tenth and by two standard errors of their difference (a jackknife over blocks of frames).

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)
    n_states : int
    longest : int
        Lag to go to at most, frames.

    Returns
    -------
    Timescale

    References
    ----------
    F. Nüske et al., J. Chem. Phys. 146, 094104 (2017), on estimates at two lags.
    """
    lags, implied = _implied(chains, n_states, longest)
    rates = lags / implied  # (BLOCKS + 1, lags): −ln λ
    decay = np.diff(rates, axis=1)
    known = (_errors(rates) < MOST_UNCERTAIN) & (rates[0] - rates[0, 0] <= MOST_DECAYED)
    usable = np.flatnonzero((decay[0] > 0) & (decay[0] <= 1) & known[1:] & known[:-1])
    if not usable.size:
        return Timescale(float(implied[0, 0]), 1, converged=False)
    speeds = decay[:, usable] / lags[usable]  # 1/t₂, whose errors are even on both sides
    share = _errors(speeds) / speeds[0]
    sure = share <= max(SURE, float(share.min()))
    usable, speeds = usable[sure], speeds[:, sure]
    for at in range(len(usable)):
        faster = speeds[:, at : at + 1] / LONGER - speeds[:, at + 1 :]
        if not (faster[0] > ERRORS * _errors(faster)).any():
            break
    frames = 1 / float(speeds[0, at])
    return Timescale(frames, int(lags[usable[at]]), converged=at < len(usable) - 1)


def _errors(values: Float64) -> Float64:
    """Give jackknife errors of columns whose first row is of all blocks, the others without one."""
    without_one = values[1:]
    return np.asarray(np.sqrt((len(without_one) - 1) * without_one.var(axis=0)))


def _implied(
    chains: Sequence[NDArray[np.uint8]], n_states: int, longest: int
) -> tuple[NDArray[np.int64], Float64]:
    """Give lags, and the slowest implied timescale at each: of all blocks, and without each one.

    Returns
    -------
    lags : int64 array of shape (lags,)
    timescales : float64 array of shape (BLOCKS + 1 or so, lags)
    """
    length = max(2, sum(len(chain) for chain in chains) // BLOCKS)
    blocks = [
        block
        for chain in chains
        for block in np.array_split(chain, max(1, round(len(chain) / length)))
    ]
    most = min(longest, max(len(block) for block in blocks) - 1)
    lags = 2 ** np.arange(max(1, int(np.log2(max(1, most))) + 1))
    counts = np.array(
        [[_pairs(block, n_states, lag) for lag in lags.tolist()] for block in blocks]
    ).astype(np.int64)  # (blocks, lags, K, K)
    whole = counts.sum(0)
    frames = sum(len(block) for block in blocks)
    sums = [whole, *(whole - part for part in counts)]
    return lags, np.array([timescales_from_pairs(one, lags, frames, 1)[:, 0] for one in sums])


def _pairs(block: NDArray[np.uint8], n_states: int, lag: int) -> Float64:
    if len(block) <= lag:
        return np.zeros((n_states, n_states))
    return count_matrix([block], n_states, lag)
