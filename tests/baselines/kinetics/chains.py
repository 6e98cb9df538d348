"""Small hidden chains whose law is known, for the tests of models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.arrays import Labels
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories
from tasks.oracles.hidden_chain import HiddenChain


def two_speed_chain() -> HiddenChain:
    """Three labels in a row, each with a state hard to leave and one close to the border."""
    T = np.zeros((6, 6))
    for label in range(3):
        T[2 * label, 2 * label + 1], T[2 * label + 1, 2 * label] = 0.05, 0.2
    for one, other in ((1, 3), (3, 5)):
        T[one, other] = T[other, one] = 0.2
    np.fill_diagonal(T, 1.0 - T.sum(1))
    return HiddenChain(T, np.repeat(np.arange(3, dtype=np.uint8), 2))


def markov_chain(transition: np.ndarray) -> HiddenChain:
    """Labels that are the states of a Markov chain themselves."""
    return HiddenChain(transition, np.arange(len(transition), dtype=np.uint8))


def draw_labels(chain: HiddenChain, n_frames: int, n_chains: int, seed: int) -> Labels:
    """Labels of shape (n_chains, n_frames)."""
    return chain.label(chain.sample(n_frames, n_chains, np.random.default_rng(seed)))


def trajectories(labels: Labels, n_labels: int) -> StateTrajectories:
    return StateTrajectories(tuple(labels), n_labels)


def fit_context(scratch: Path, **options: object) -> FitContext:
    return FitContext("toy/toy", scratch, **options)  # type: ignore[arg-type]


def mean_log(probabilities: np.ndarray, states: Labels, skip: int = 20) -> float:
    """Mean ln p of the frames, nats."""
    taken = np.take_along_axis(probabilities, states[..., None].astype(np.int64), 2)[..., 0]
    return float(np.log(taken[:, skip:].astype(float)).mean())
