"""Do the predictions deserve a likelihood? Normalised, causal, and each chain for itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmark.arrays import Labels, Probabilities
from benchmark.tracks.kinetics.predictions import NORMALISATION_TOLERANCE

#: Two evaluations of one network may differ by rounding, never by this much.
CAUSALITY_TOLERANCE = 1e-4

#: A chain shows a leak of its own label at one frame only, where what comes later is replaced. So
#: many short beginnings of chains are tried (a leak at every 30th frame shows with 99.98 %) …
PREFIXES, PREFIX_FRAMES = 256, 512
#: … and a few whole chains, for what begins late.
WHOLE_CHAINS = 3


def normalisation_fault(probabilities: Probabilities) -> str:
    """Say where Σp differs from 1 by more than 1e-5; empty if nowhere."""
    deviation = np.abs(probabilities.sum(-1, dtype=np.float64) - 1.0)
    worst = float(deviation.max())
    if worst <= NORMALISATION_TOLERANCE:
        return ""
    frame = int(deviation.argmax()) % deviation.shape[1]
    return f"probabilities are not normalised: Σp off by {worst:.2g} at frame {frame}"


def causality_fault(
    predict: Callable[[Labels], Probabilities],
    states: Labels,
    probabilities: Probabilities,
    n_labels: int,
    rng: np.random.Generator,
) -> str:
    """Say whether predictions depend on what they must not know; empty if not.

    Some chains are predicted again, in another order and beside other company, with every frame
    from a random time t on replaced by another label. Predictions up to and including frame t
    must stay: one that moves saw the frame it predicts, its future, or another chain.

    Parameters
    ----------
    predict : callable
        Maps (chains, frames) to (chains, frames, labels), already checked for shape.
    states : uint8 array of shape (chains, frames)
    probabilities : float32 array of shape (chains, frames, labels)
        What ``predict`` answered for ``states``.
    n_labels : int
    rng : numpy.random.Generator
    """
    chains, frames = states.shape
    begins = rng.integers(0, chains, PREFIXES), min(frames, PREFIX_FRAMES)
    wholes = rng.permutation(chains)[:WHOLE_CHAINS], frames
    for rows, length in (begins, wholes):
        cuts = rng.integers(1, length, len(rows))
        altered = states[rows, :length]
        shift = rng.integers(1, n_labels, altered.shape)
        later = np.arange(length) >= cuts[:, None]
        altered = np.where(later, (altered + shift) % n_labels, altered).astype(np.uint8)
        change = np.abs(predict(altered) - probabilities[rows, :length]).max(-1)
        change[np.arange(length) > cuts[:, None]] = 0.0  # these may well differ
        if change.max() > CAUSALITY_TOLERANCE:
            row, frame = divmod(int(change.argmax()), length)
            return (
                f"predictions are not causal: p at frame {frame} moves by {change[row, frame]:.2g} "
                f"when only frames ≥ {cuts[row]} or other chains change"
            )
    return ""
