"""Do the predictions deserve a likelihood? Normalised, causal, and each chain for itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmark.model import Labels, Probabilities
from benchmark.predictions import NORMALISATION_TOLERANCE

#: Two evaluations of one network may differ by rounding, never by this much.
CAUSALITY_TOLERANCE = 1e-4

#: Chains that are predicted a second time; the audit's cost is their share of the test set.
AUDITED_CHAINS = 3


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

    A few chains are predicted again, in another order and beside other company, with every frame
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
    audited = rng.permutation(chains)[:AUDITED_CHAINS]
    cuts = rng.integers(1, frames, len(audited))
    altered = states[audited].copy()
    for row, cut in enumerate(cuts):
        shift = rng.integers(1, n_labels, frames - cut)
        altered[row, cut:] = (altered[row, cut:] + shift) % n_labels
    again = predict(altered)
    for row, (chain, cut) in enumerate(zip(audited, cuts, strict=True)):
        change = np.abs(again[row, : cut + 1] - probabilities[chain, : cut + 1]).max(-1)
        if change.max() > CAUSALITY_TOLERANCE:
            frame = int(change.argmax())
            return (
                f"predictions are not causal: p at frame {frame} moves by {change[frame]:.2g} when "
                f"only frames ≥ {cut} or other chains change"
            )
    return ""
