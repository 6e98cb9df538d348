"""A reference under other names of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmark.tracks.kinetics.metrics.reference import KineticsReference


def relabelled(reference: KineticsReference, permutation: Sequence[int]) -> KineticsReference:
    """Give the reference of chains in which label i is now called ``permutation[i]``."""
    old = np.argsort(permutation)  # old[i]: the former name of label i
    return replace(
        reference,
        populations=reference.populations[old],
        mfpt=reference.mfpt[np.ix_(old, old)],
        commit_rates=reference.commit_rates[:, old][:, :, old],
        dwell_cdf=reference.dwell_cdf[old],
    )
