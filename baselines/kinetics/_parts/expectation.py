"""Expectation maximisation of hidden Markov models (Baum and Welch; Rabiner 1989)."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.dense_filtering import dense_forward_backward
from baselines.kinetics._parts.filtering import (
    HiddenMarkov,
    forward_backward,
    hidden_markov,
    log_likelihood,
)
from baselines.kinetics._parts.sampling import Floats, mean_over_frames, populations
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Gain per frame and iteration, nats, below which expectation maximisation has converged.
TOLERANCE = 1e-8

#: From so many hidden states on, all of which may show every label, rows are long enough for sums
#: of several entries at once to pay.
DENSE = 8


def maximise(
    model: HiddenMarkov,
    data: StateTrajectories,
    target: Floats,
    iterations: float,
    reversible: bool = True,
) -> HiddenMarkov:
    """Improve a model by expectation maximisation (Baum and Welch; Rabiner 1989).

    ``target`` are the populations (K,) of all the training data.
    """
    before = -np.inf
    for _ in range(max(1, int(iterations))):
        likelihood, jumps, shown = expectations(model, data)
        visits = shown.sum(1)
        weight = (visits + 1e-9) / (visits + 1e-9).sum()
        transition = _reversible(jumps) if reversible else jumps
        # A grain of prior, so that no step and no label is ever impossible: a label may be absent
        # from a part of the data.
        transition = transition / np.maximum(transition.sum(1, keepdims=True), 1e-30)
        transition = transition + 1e-9 * weight
        emission = shown + 1e-6 * (model.emission > 0.0) * target
        model = hidden_markov(
            weight,
            transition / transition.sum(1, keepdims=True),
            emission / emission.sum(1, keepdims=True),
        )
        if likelihood - before < TOLERANCE * data.n_frames:
            break
        before = likelihood
    return model


def _reversible(counts: Floats, iterations: int = 10) -> Floats:
    """Improve the reversible joint distribution that makes ``counts`` likely.

    A few steps of the fixed point X_ij = (C_ij + C_ji) / (C_i/X_i + C_j/X_j) (Prinz et al., J.
    Chem. Phys. 134, 174105 (2011)): expectation maximisation needs a better, not the best, X.
    """
    total = counts.sum(1)
    both = counts + counts.T
    joint = both / 2
    for _ in range(iterations):
        ratio = total / np.maximum(joint.sum(1), 1e-300)
        joint = both / np.maximum(ratio[:, None] + ratio, 1e-300)
    return joint


def expectations(model: HiddenMarkov, data: StateTrajectories) -> tuple[float, Floats, Floats]:
    """Give ln likelihood, expected jumps (H, H) and expected emissions (H, K)."""
    jumps, shown = np.zeros_like(model.transition), np.zeros_like(model.emission)
    dense = len(model.initial) >= DENSE and bool((model.emission > 0.0).all())
    step = dense_forward_backward if dense else forward_backward
    likelihood = 0.0
    for chain in data.chains:
        likelihood += step(chain, model, jumps, shown)
    return likelihood, jumps, shown


def mean_log_likelihood(model: HiddenMarkov, data: StateTrajectories) -> float:
    """Mean ln likelihood of a frame, nats."""
    return mean_over_frames(lambda chain: log_likelihood(chain, model), data)


def with_prior(model: HiddenMarkov, train: StateTrajectories, prior: float) -> HiddenMarkov:
    """Mix ``prior`` pseudo-counts into each row: no label ever has probability zero."""
    target = populations(train)
    owners = model.emission > 0.0
    visits = (model.initial * train.n_frames)[:, None]
    # What is drawn from the prior lands on a label by its population, then on a state of it.
    share = owners * (model.initial[:, None] + 1e-12)
    state = (target * share / share.sum(0)).sum(1)
    transition = (visits * model.transition + prior * state) / (visits + prior)
    emission = (visits * model.emission + prior * owners * target) / (visits + prior)
    return hidden_markov(
        state / state.sum(),
        transition / transition.sum(1, keepdims=True),
        emission / emission.sum(1, keepdims=True),
    )
