"""Frames a second of one step of expectation maximisation, and of deeptime's beside it.

Three labels of three hidden states each, and twenty labels of two: the more labels, the more there
is to gain from leaving out the hidden states that cannot show the label at hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from deeptime.markov.hmm import HiddenMarkovModel, MaximumLikelihoodHMM

from baselines.kinetics._parts.dense_filtering import dense_forward_backward
from baselines.kinetics._parts.expectation import expectations
from baselines.kinetics._parts.filtering import HiddenMarkov, forward_backward, hidden_markov
from baselines.kinetics.hmm import _guess_resolved
from benchmark.tracks.kinetics.contract import StateTrajectories

FRAMES = 20_000
SIZES = [(3, 3), (20, 2)]  # labels, hidden states of each


def problem(labels: int, states: int) -> tuple[HiddenMarkov, StateTrajectories]:
    rng = np.random.default_rng(0)
    steps = rng.choice([-1, 0, 1], FRAMES, p=[0.05, 0.9, 0.05])
    chain = (np.cumsum(steps) % labels).astype(np.uint8)
    data = StateTrajectories((chain,), labels)
    return next(_guess_resolved(data, states, rng)), data


@pytest.mark.parametrize(("labels", "states"), SIZES)
def test_own_step(benchmark: Any, labels: int, states: int) -> None:
    model, data = problem(labels, states)
    likelihood, jumps, _ = benchmark(expectations, model, data)
    assert np.isfinite(likelihood)
    assert jumps.sum() == pytest.approx(FRAMES - 1)
    if benchmark.stats:
        benchmark.extra_info["frames_per_second"] = FRAMES / benchmark.stats["mean"]


@pytest.mark.parametrize(("labels", "states"), SIZES)
def test_step_of_deeptime(benchmark: Any, labels: int, states: int) -> None:
    model, data = problem(labels, states)
    begin = HiddenMarkovModel(model.transition, model.emission, model.initial)
    estimator = MaximumLikelihoodHMM(begin, lagtime=1, maxit=1, reversible=False)
    fitted = benchmark(estimator.fit_fetch, data.chains[0].astype(np.int32))
    assert fitted.n_hidden_states == labels * states
    if benchmark.stats:
        benchmark.extra_info["frames_per_second"] = FRAMES / benchmark.stats["mean"]


@pytest.mark.parametrize("states", [8, 32])
@pytest.mark.parametrize("step", [forward_backward, dense_forward_backward])
def test_step_where_every_state_shows_every_label(benchmark: Any, step: Any, states: int) -> None:
    rng = np.random.default_rng(0)
    matrices = rng.dirichlet(np.ones(states), states), rng.dirichlet(np.ones(20), states)
    model = hidden_markov(np.full(states, 1 / states), *matrices)
    chain = rng.integers(0, 20, FRAMES).astype(np.uint8)
    jumps, shown = np.zeros((states, states)), np.zeros((states, 20))
    assert np.isfinite(benchmark(step, chain, model, jumps, shown))
    if benchmark.stats:
        benchmark.extra_info["frames_per_second"] = FRAMES / benchmark.stats["mean"]
