"""The contract of a kinetics model, tried on a tiny task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.arrays import Labels, Probabilities
from benchmark.check import TINY_EFFORT, repeated, tried
from benchmark.loading import LoadedModel
from benchmark.model import FitContext
from benchmark.track import Finding
from benchmark.tracks.kinetics.audit import causality_fault, normalisation_fault
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.predictions import checked_probabilities, checked_samples

#: Three labels: two that are seldom left, one between them.
TINY_TRANSITION = np.array([[0.95, 0.05, 0.0], [0.1, 0.8, 0.1], [0.0, 0.05, 0.95]])
TINY_LABELS = 3


def tiny_chains(chains: int, frames: int, seed: int) -> Labels:
    """Draw chains of a three-label Markov chain, uint8 of shape (chains, frames)."""
    rng = np.random.default_rng(seed)
    cumulative = TINY_TRANSITION.cumsum(1)
    states = np.empty((chains, frames), np.uint8)
    states[:, 0] = rng.choice(TINY_LABELS, size=chains, p=[0.4, 0.2, 0.4])
    for frame in range(1, frames):
        draws = rng.random(chains)[:, None]
        states[:, frame] = (draws > cumulative[states[:, frame - 1]]).sum(1)
    return states


def findings(model: LoadedModel, folder: Path, device: str) -> Iterator[Finding]:
    """Try every clause; stop at the first that the rest cannot do without."""
    prompt = tiny_chains(8, 64, seed=3)
    test = tiny_chains(4, 600, seed=4)

    fitted, fault = tried(lambda: _fitted(model, folder / "one", device))
    yield Finding("fit", fault, "ran on 4,000 frames of a three-label chain")
    if fault:
        return

    def sampled(one: Any) -> Labels:
        drawn = one.sample(prompt.copy(), 200, np.random.default_rng(5))
        return checked_samples(drawn, len(prompt), 200, TINY_LABELS)

    drawn, fault = tried(lambda: sampled(fitted))
    yield Finding("sample", fault, "labels of the right shape and range")
    if fault:
        return

    predicts = callable(getattr(fitted, "predict", None))
    probabilities = None
    if predicts:
        probabilities, fault = tried(lambda: _predicted(fitted, test))
        yield Finding("predict", fault, "probabilities of the right shape")
        if not fault:
            yield Finding("normalised", normalisation_fault(probabilities), "Σp = 1 within 1e-5")
            found, fault = tried(lambda: _causality(fitted, test, probabilities))
            yield Finding("causal", fault or found, "frames ≥ t and other chains change nothing")
    else:
        yield Finding("predict", note="none: the likelihood group will count as 0")

    def agrees(other: Any) -> bool:
        same = bool((sampled(other) == drawn).all())
        if probabilities is not None:
            same = same and np.allclose(_predicted(other, test), probabilities, atol=1e-6)
        return same

    yield from repeated(
        model, fitted, agrees, lambda: _fitted(model, folder / "two", device), folder
    )


def _fitted(model: LoadedModel, scratch: Path, device: str) -> Any:
    scratch.mkdir()
    fresh = model.build()
    context = FitContext(
        task="check/tiny", scratch=scratch, seed=1, device=device, effort=TINY_EFFORT
    )
    train, validation = tiny_chains(1, 4000, seed=1), tiny_chains(1, 4000, seed=2)
    fresh.fit(
        StateTrajectories(tuple(train), TINY_LABELS),
        StateTrajectories(tuple(validation), TINY_LABELS),
        context,
    )
    return fresh


def _predicted(fitted: Any, states: Labels) -> Probabilities:
    return checked_probabilities(fitted.predict(states.copy()), states, TINY_LABELS)


def _causality(fitted: Any, states: Labels, probabilities: Any) -> str:
    return causality_fault(
        lambda rows: _predicted(fitted, rows),
        states,
        probabilities,
        TINY_LABELS,
        np.random.default_rng(6),
    )
