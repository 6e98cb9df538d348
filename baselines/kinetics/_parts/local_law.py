"""The law of the next label as a product: where the last label lies, and what a hidden state likes.

With few parameters a table of K × K transition probabilities in each of n hidden states,

    p(k | j, z) ∝ exp(b_k − |x_j − x_k|²) · w_zk,

x_k being the place of label k in a space of a few dimensions (a label is reached from its
neighbours) and w_zk how much more the hidden state z likes it. For a diffusion seen through small
cells, or a harmonic oscillator around a centre that the hidden state moves, this form is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.kinetics._parts.sampling import Floats

#: Precision of the prior of each coordinate of a place, and of each ln w.
PLACE_PRECISION, TILT_PRECISION = 0.1, 1.0

#: Least probability of a step, as a share of all.
LEAST = 1e-9

#: Steps of iterative scaling behind a table that is free to leave the form.
SCALING_STEPS = 5


@dataclass(frozen=True)
class LocalLaw:
    """Parameters of p(k | j, z) for n hidden states, K labels and d dimensions.

    Attributes
    ----------
    places : float64 array of shape (K, d)
        x.
    bias : float64 array of shape (K,)
        b.
    tilt : float64 array of shape (n, K)
        ln w.
    """

    places: Floats
    bias: Floats
    tilt: Floats

    def steps(self) -> Floats:
        """Give exp(b_k − |x_j − x_k|²), its largest in each row 1: ``[j, k]``, (K, K)."""
        logarithm = self._log_steps()
        return np.exp(logarithm - logarithm.max(1, keepdims=True))

    def _log_steps(self) -> Floats:
        square = (self.places**2).sum(1)
        return self.bias - (square[:, None] + square - 2.0 * self.places @ self.places.T)

    def table(self, pairs: Floats | None = None, strength: float = np.inf) -> Floats:
        """Give p(k | j, z) as ``[j, k, z]``, (K, K, n).

        Parameters
        ----------
        pairs : float64 array of shape (K, K, n), optional
            Expected steps from one label to another, by hidden state.
        strength : float
            With ``pairs``, the K × K factor of the hidden states' common law is the likeliest
            one when the form above counts as so many steps from each label.
        """
        steps, liking = self.steps(), np.exp(self.tilt)
        if pairs is not None and np.isfinite(strength):
            steps = _scaled(steps, liking, pairs, strength)
        table = steps[:, :, None] * liking.T
        table /= table.sum(1, keepdims=True)
        table = np.maximum(table, LEAST)
        return np.asarray(table / table.sum(1, keepdims=True))


def first_law(counts: Floats, dimensions: int) -> LocalLaw:
    """Place the labels by the slow eigenvectors of a count matrix (K, K): a diffusion map."""
    both = counts + counts.T + 1e-3
    visits = both.sum(1)
    kernel = both / np.sqrt(visits[:, None] * visits)
    _, vectors = np.linalg.eigh(kernel)
    places = vectors[:, ::-1][:, 1 : dimensions + 1] / np.sqrt(visits / visits.sum())[:, None]
    places /= np.maximum(places.std(0), 1e-12)
    return LocalLaw(places, np.log(visits / visits.sum()), np.zeros((1, len(counts))))


def improved(law: LocalLaw, pairs: Floats, starts: Floats, iterations: int) -> LocalLaw:
    """Climb the likelihood of expected steps, plus the prior, by L-BFGS.

    ln w has a normal prior around what the hidden states' visits say, ln p(z | k)/p(z): it decides
    where a hidden state meets a label so seldom that the likelihood says nothing.

    Parameters
    ----------
    law : LocalLaw
        Where to start.
    pairs : float64 array of shape (K, K, n)
        ``[j, k, z]``: expected steps from j to k, the hidden state being z after it.
    starts : float64 array of shape (K, n)
        Expected frames with each label and hidden state.
    iterations : int
        Of L-BFGS.
    """
    from scipy.optimize import minimize

    problem = _Problem(law, pairs, starts)
    found = minimize(
        problem.loss, problem.packed(law), jac=True, method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": 20},
    )  # fmt: skip
    return problem.unpacked(found.x)


class _Problem:
    """Negative ln posterior of a law's parameters, and its gradient, from sums of steps alone."""

    def __init__(self, law: LocalLaw, pairs: Floats, starts: Floats) -> None:
        self.K, self.d = law.places.shape
        self.n = len(law.tilt)
        self.steps = pairs.sum(2)  # (K, K)
        self.arrivals = pairs.sum(0).T  # (n, K)
        self.visits = pairs.sum(1)  # (K, n)
        share = starts.sum(0) / starts.sum()  # (n,): p(z)
        posterior = (starts + 0.5 * share) / (starts.sum(1, keepdims=True) + 0.5)  # p(z | k)
        self.expected_tilt = np.log(posterior / share).T  # (n, K)

    def packed(self, law: LocalLaw) -> Floats:
        return np.concatenate([law.places.ravel(), law.bias, law.tilt.ravel()])

    def unpacked(self, packed: Floats) -> LocalLaw:
        K, d = self.K, self.d
        places, bias, tilt = np.split(packed, [K * d, K * d + K])
        return LocalLaw(places.reshape(K, d), bias, tilt.reshape(self.n, K))

    def loss(self, packed: Floats) -> tuple[float, Floats]:
        law = self.unpacked(packed)
        logarithm = law._log_steps()
        top = logarithm.max(1, keepdims=True)
        steps, liking = np.exp(logarithm - top), np.exp(law.tilt)
        norm = steps @ liking.T  # (K, n)
        excess = law.tilt - self.expected_tilt
        value = (
            (self.visits * (np.log(norm) + top)).sum()
            - (self.steps * logarithm).sum()
            - (self.arrivals * law.tilt).sum()
            + 0.5 * PLACE_PRECISION * (law.places**2).sum()
            + 0.5 * TILT_PRECISION * (excess**2).sum()
        )
        rate = self.visits / norm  # (K, n)
        slope = steps * (rate @ liking) - self.steps  # (K, K): d value / d logarithm
        both = slope + slope.T
        places = 2.0 * (both @ law.places - both.sum(1)[:, None] * law.places)
        places += PLACE_PRECISION * law.places
        tilt = liking * (rate.T @ steps) - self.arrivals + TILT_PRECISION * excess
        return float(value), np.concatenate([places.ravel(), slope.sum(0), tilt.ravel()])


def _scaled(steps: Floats, liking: Floats, pairs: Floats, strength: float) -> Floats:
    """Fit the K × K factor by iterative scaling (Darroch and Ratcliff 1972).

    What it stood for before counts as ``strength`` steps from each label.
    """
    visits = pairs.sum(1)  # (K, n)
    prior = strength * (visits + 1e-3) / (visits + 1e-3).sum(1, keepdims=True)
    wanted = pairs.sum(2) + steps * ((prior / (steps @ liking.T)) @ liking)
    visits = visits + prior
    for _ in range(SCALING_STEPS):
        expected = steps * ((visits / (steps @ liking.T)) @ liking)
        steps = steps * wanted / np.maximum(expected, 1e-300)
    return steps
