"""A chain of labels whose transition matrix switches with a hidden state: filter and sampler."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from baselines.kinetics._parts import filtering
from baselines.kinetics._parts.filtering import HiddenMarkov, hidden_markov
from baselines.kinetics._parts.sampling import Floats
from benchmark.arrays import Labels, Probabilities


class SwitchingChain(NamedTuple):
    """An autoregressive hidden Markov model of n hidden states and K labels.

    The hidden state z is a Markov chain, and tells which matrix the next label is drawn from:
    p(z_t, s_t | z_{t−1}, s_{t−1}) = switch[z_{t−1}, z_t] · law[s_{t−1}, s_t, z_t].

    Attributes
    ----------
    first : float64 array of shape (K, n)
        ``[k, z]`` is the probability of label k and hidden state z at the first frame.
    switch : float64 array of shape (n, n)
        ``[y, z]`` is the probability of hidden state z right after y.
    law : float64 array of shape (K, K, n)
        ``[j, k, z]`` is the probability of label k right after j in the hidden state z. What
        belongs to one pair of labels lies together in memory: a frame needs one pair.
    """

    first: Floats
    switch: Floats
    law: Floats


def unrolled(model: SwitchingChain) -> HiddenMarkov:
    """Give the same law as a hidden Markov model whose states are tied to a label.

    Hidden state n k + z is the label k together with z, so that a step from it is
    switch[y, z] · law[j, k, z].
    """
    K, n = model.first.shape
    transition = np.einsum("yz,jkz->jykz", model.switch, model.law).reshape(K * n, K * n)
    return hidden_markov(model.first.ravel(), transition, np.repeat(np.eye(K), n, axis=0))


def predict(model: SwitchingChain, states: Labels) -> Probabilities:
    """Filter each chain and give the distribution of its next label.

    Parameters
    ----------
    model : SwitchingChain
    states : uint8 array of shape (chains, frames)

    Returns
    -------
    float32 array of shape (chains, frames, K)
    """
    return filtering.predict(unrolled(model), states)


def sample(
    model: SwitchingChain, prompt: Labels, n_frames: int, rng: np.random.Generator
) -> Labels:
    """Filter each prompt, draw a hidden state from what it leaves, and walk.

    Parameters
    ----------
    model : SwitchingChain
    prompt : uint8 array of shape (chains, frames)
        May be empty.
    n_frames : int
    rng : numpy.random.Generator

    Returns
    -------
    uint8 array of shape (chains, n_frames)
    """
    switch = np.cumsum(model.switch, axis=1)
    law = np.cumsum(model.law.transpose(2, 0, 1), axis=2)  # (n, K, K)
    first = np.cumsum(model.first)  # (K n,)
    return _sample(prompt, n_frames, model, first, switch, law, rng)


# Written into its callers: a call would take as long as the work.
@numba.njit(inline="always")
def _take_in(alpha: Floats, chain: Labels, t: int, model: SwitchingChain, out: Floats) -> float:
    """Carry p(z_{t−1} | labels up to t − 1) to frame t; give p(s_t | labels before).

    Frame 0 needs no ``alpha``.
    """
    n, total = len(out), 0.0
    if t == 0:
        for z in range(n):
            out[z] = model.first[chain[0], z]
            total += out[z]
    else:
        for z in range(n):
            out[z] = 0.0
        for y in range(n):
            weight = alpha[y]
            for z in range(n):
                out[z] += weight * model.switch[y, z]
        law = model.law[chain[t - 1], chain[t]]
        for z in range(n):
            out[z] *= law[z]
            total += out[z]
    for z in range(n):
        out[z] /= total
    return total


@numba.njit(cache=True)
def log_likelihood(chain: Labels, model: SwitchingChain) -> float:
    """Give ln p of a chain, in nats."""
    alpha, after = np.empty(len(model.switch)), np.empty(len(model.switch))
    total = 0.0
    for t in range(len(chain)):
        total += np.log(_take_in(alpha, chain, t, model, after))
        alpha, after = after, alpha
    return total


@numba.njit(cache=True, nogil=True)
def forward_backward(
    chain: Labels, model: SwitchingChain, starts: Floats, switches: Floats, pairs: Floats
) -> float:
    """Add what is expected of a chain to three tables.

    Parameters
    ----------
    chain : uint8 array of shape (frames,)
    model : SwitchingChain
    starts : float64 array of shape (K, n)
        Gets the expected number of frames with a label and a hidden state.
    switches : float64 array of shape (n, n)
        Gets the expected number of steps from one hidden state to another.
    pairs : float64 array of shape (K, K, n)
        Gets the expected number of steps from one label to another, by the hidden state after it.

    Returns
    -------
    float
        ln p of the chain, in nats.
    """
    n_frames, n = len(chain), len(model.switch)
    alpha, scale = np.empty((n_frames, n)), np.empty(n_frames)
    total = 0.0
    for t in range(n_frames):
        scale[t] = _take_in(alpha[t - 1], chain, t, model, alpha[t])
        total += np.log(scale[t])
    beta, weight = np.ones(n), np.empty(n)
    for t in range(n_frames - 1, 0, -1):
        before, now = chain[t - 1], chain[t]
        for z in range(n):
            gamma = alpha[t, z] * beta[z]
            starts[now, z] += gamma
            pairs[before, now, z] += gamma
            weight[z] = beta[z] * model.law[before, now, z] / scale[t]
        for y in range(n):
            x = 0.0
            for z in range(n):
                step = model.switch[y, z] * weight[z]
                switches[y, z] += alpha[t - 1, y] * step
                x += step
            beta[y] = x
    for z in range(n):
        starts[chain[0], z] += alpha[0, z] * beta[z]
    return total


@numba.njit(cache=True)
def _draw(cumulative: Floats, uniform: float) -> int:
    """Draw by bisection: the rows of many labels are long."""
    place = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return min(place, len(cumulative) - 1)


@numba.njit(cache=True)
def _sample(
    prompt: Labels,
    n_frames: int,
    model: SwitchingChain,
    first: Floats,
    switch: Floats,
    law: Floats,
    rng: np.random.Generator,
) -> Labels:
    n = len(switch)
    states = np.empty((len(prompt), n_frames), np.uint8)
    alpha, after = np.empty(n), np.empty(n)
    for chain in range(len(prompt)):
        row = prompt[chain]
        for t in range(len(row)):
            _take_in(alpha, row, t, model, after)
            alpha, after = after, alpha
        hidden, label = -1, 0
        if len(row):
            hidden, label = _draw(np.cumsum(alpha), rng.random()), row[-1]
        for t in range(n_frames):
            if hidden < 0:
                label, hidden = divmod(_draw(first, rng.random()), n)
            else:
                hidden = _draw(switch[hidden], rng.random())
                label = _draw(law[hidden, label], rng.random())
            states[chain, t] = label
    return states
