"""The likelihood to beat where no exact one exists: the best of several models of the reference.

Each candidate is fitted on far more data than any benchmarked model sees, and the one that
predicts held-out reference chains best becomes the oracle. Its log-probabilities of the test
chains are frozen with them; it may be beaten, so that a regret can be negative.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels
from benchmark.loading import load_model
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.predictions import checked_probabilities, realised_log_prob

#: Shipped models that stand for the oracle, with their settings.
CANDIDATES: Mapping[str, Mapping[str, str]] = {"ngram": {}, "hmm": {}, "lstm": {}}

#: Reference frames a candidate is fitted on (all of them would take hours).
FITTED_FRAMES = 3_000_000

SEED = 20260102


def empirical_oracle(
    reference: Labels,
    test: Labels,
    n_labels: int,
    candidates: Mapping[str, Mapping[str, str]] = CANDIDATES,
) -> tuple[NDArray[np.float64], str]:
    """Fit the candidates and let the best of them predict the test chains.

    Parameters
    ----------
    reference : uint8 array of shape (chains, frames)
        Long chains, at least five, independent of the test chains. The last two rows only choose,
        the two before them tell a candidate when to stop, the others are fitted.
    test : uint8 array of shape (chains, frames)
    n_labels : int
    candidates : mapping of model name to settings

    Returns
    -------
    log_prob : float64 array, of the shape of ``test``
        ln p*(s_t | s_<t), nats.
    description : str
        Which model it is, and on how many frames it was fitted.
    """
    rows = max(1, FITTED_FRAMES // reference.shape[1])
    fitted = StateTrajectories(tuple(reference[:-4][:rows]), n_labels)
    chosen_on = reference[-2:]
    validation = StateTrajectories(tuple(reference[-4:-2]), n_labels)
    best = (-np.inf, "", np.empty(0))
    for name, settings in candidates.items():
        with tempfile.TemporaryDirectory() as scratch:
            model = load_model(name, dict(settings)).build()
            context = FitContext(task="oracle", scratch=Path(scratch), seed=SEED)
            model.fit(fitted, validation, context)
        held_out = float(_log_prob(model, chosen_on, n_labels).mean())
        print(f"oracle {name}: {-1000 * held_out:.4f} mnats/frame held out", flush=True)
        if held_out > best[0]:
            best = (held_out, name, _log_prob(model, test, n_labels))
    return best[2], f"{best[1]} on {fitted.n_frames:,} frames"


def _log_prob(model: object, states: Labels, n_labels: int) -> NDArray[np.float64]:
    answer = model.predict(states.copy())  # type: ignore[attr-defined]
    probabilities = checked_probabilities(answer, states, n_labels)
    return realised_log_prob(probabilities, states).astype(np.float64)
