"""Whether two parts of the data have the populations of one equilibrium."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
Float64 = NDArray[np.float64]

#: Numbers of blocks; the largest error counts, since short blocks hide slow motion.
BLOCKS = (64, 32, 16)

#: Populations that differ by more standard errors are not of one equilibrium. Errors come from
#: few blocks, and many populations are compared.
MOST_ERRORS = 4.0


@dataclass(frozen=True)
class Difference:
    """The population in which two parts differ most, in standard errors ``z``."""

    state: int
    one: float
    two: float
    z: float


def difference(one: Sequence[Labels], two: Sequence[Labels], n_states: int) -> Difference | None:
    """Find the population in which two parts differ by more than their errors.

    Parameters
    ----------
    one, two : sequence of uint8 arrays (frames,)
    n_states : int

    Returns
    -------
    Difference or None
        None if they agree, or are too short to tell.
    """
    shares, errors = zip(*(_populations(part, n_states) for part in (one, two)), strict=True)
    apart = np.abs(shares[0] - shares[1])
    z = apart / np.maximum(np.hypot(*errors), 1e-12)
    state = int(np.nanargmax(np.where(apart > 0, z, 0)))
    if not z[state] > MOST_ERRORS:
        return None
    return Difference(state, float(shares[0][state]), float(shares[1][state]), float(z[state]))


def _populations(chains: Sequence[Labels], n_states: int) -> tuple[Float64, Float64]:
    """Give populations and their standard errors from means of blocks, both of shape (K,)."""
    frames = sum(len(chain) for chain in chains)
    share = np.zeros(n_states)
    error = np.zeros(n_states)
    for n in BLOCKS:
        length = max(1, frames // n)
        blocks = [
            part
            for chain in chains
            for part in np.array_split(chain, max(1, round(len(chain) / length)))
        ]
        counts = np.array([np.bincount(part, minlength=n_states) for part in blocks])
        lengths = counts.sum(1, keepdims=True)
        share = counts.sum(0) / frames
        squares = (((counts - lengths * share) / frames) ** 2).sum(0)
        error = np.maximum(error, np.sqrt(squares * len(blocks) / max(1, len(blocks) - 1)))
    # A state that is never left has no spread: half a visit is not known better.
    return share, np.maximum(error, 0.5 / frames)


def odd_one(chains: Sequence[Labels], n_states: int) -> tuple[int, Difference] | None:
    """Find the trajectory whose populations differ most from those of all others.

    Returns
    -------
    tuple of int and Difference, or None
        Which it is; None if all agree, or there is only one.
    """
    found = []
    for at, chain in enumerate(chains):
        others = [other for number, other in enumerate(chains) if number != at]
        if others and (apart := difference([chain], others, n_states)):
            found.append((at, apart))
    return max(found, key=lambda pair: pair[1].z, default=None)
