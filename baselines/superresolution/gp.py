"""Gaussian process whose kernel is the molecule's own spectrum of vibrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.superresolution._parts.frame import Segments, align
from baselines.superresolution._parts.window_model import WindowModel
from baselines.superresolution._parts.windows import (
    MIDDLE,
    PLACES,
    WINDOW,
    check_option,
    scored_error,
)
from benchmark.model import ModelCard
from benchmark.tracks.superresolution.contract import GapContext

Floats = NDArray[np.float64]

#: Noises that validation chooses from, as shares of the variance of an observation.
NOISES = tuple(10.0**power for power in range(-12, -3))


class Gp(WindowModel):
    """Gaussian process interpolation of every atom and component by itself.

    In the molecule-fixed frame the deviation x(t) of a coordinate from its mean is taken as a
    stationary Gaussian process with kernel c(τ) = Σ_ω S(ω) cos ωτ, where S is the power spectrum
    of the coordinate in the training segments: the share of that coordinate in the vibrational
    density of states, over ω². A hidden frame is the conditional mean given the observations y of
    six kept frames, ⟨x yᵀ⟩ ⟨y yᵀ⟩⁻¹ y (C. Rasmussen, C. Williams, Gaussian Processes for Machine
    Learning, 2006, eqs. 2.23 and 9.1). Velocities and forces are observations of derivatives: those
    of the Verlet integrator, which are finite differences of x, so that finite differences of c are
    their exact covariances.

    Parameters
    ----------
    reads : str
        "positions", "velocities" (and positions) or "forces" (and both).
    noise : float
        Variance of a white noise in every observation, as a share of the observation's own; 0 lets
        the validation error choose among `NOISES`. It stands for what is not stationary.

    Raises
    ------
    InputError
        If a setting is none of these.
    """

    card = ModelCard(
        title="Gaussian process",
        description="Gaussian process interpolation of each atom and component in the "
        "molecule-fixed frame; the kernel is the spectrum of the training data.",
        citation="Rasmussen and Williams, Gaussian Processes for Machine Learning, "
        "MIT Press (2006)",
    )

    def __init__(self, reads: str = "forces", noise: float = 0.0) -> None:
        check_option(noise=noise)
        super().__init__(reads)
        self.noise = noise

    def _learn(self, train: Segments, validation: Segments, context: GapContext) -> None:
        """Estimate the kernels, choose the noise."""
        self._kernels = _kernels(train, self._reference, _span(self._gap))
        self.chosen_noise = self.noise or self._choose(validation)
        self._condition(self.chosen_noise)

    def _choose(self, validation: Segments) -> float:
        """Take the noise with the least mean absolute error in the middle of windows."""
        unseen = [
            (windows.derivatives, truth[:, MIDDLE])
            for windows, truth in self._windows(validation, self._gap // 2)
        ]

        def error(noise: float) -> float:
            self._condition(noise)
            missed = [truth - self._predict(seen, MIDDLE) for seen, truth in unseen]
            return scored_error(np.concatenate(missed))

        return min(NOISES, key=error)

    def _condition(self, noise: float) -> None:
        weights = [_posterior_weights(c, self._gap, self._orders, noise) for c in self._kernels]
        by_place = np.stack(weights).reshape(len(weights), PLACES, self._gap - 1, -1)
        self._weights = np.ascontiguousarray(by_place.transpose(1, 0, 3, 2))

    def _predict(self, derivatives: Floats, place: int) -> Floats:
        """Give the conditional mean."""
        n, _, _, atoms, _ = derivatives.shape
        observed = derivatives.reshape(n, -1, 3 * atoms).transpose(2, 0, 1)
        hidden = observed @ self._weights[place]  # (components, n, gap - 1)
        return hidden.transpose(1, 2, 0).reshape(n, self._gap - 1, atoms, 3)

    @property
    def parameters(self) -> int:
        """Values of the kernels, and the noise."""
        return self._kernels.size + 1

    def _learned(self) -> dict[str, NDArray[Any]]:
        return {"kernels": self._kernels, "chosen_noise": np.array(self.chosen_noise)}

    def _take(self, learned: Mapping[str, NDArray[Any]]) -> None:
        self._kernels, self.chosen_noise = learned["kernels"], float(learned["chosen_noise"])
        self._condition(self.chosen_noise)


def _span(gap: int) -> int:
    """Frames of a window, with those before and after it that Verlet's derivatives touch."""
    return PLACES * gap + 3


def _kernels(train: Segments, reference: Floats, n_lags: int) -> Floats:
    """Estimate c(τ) of every component of the aligned positions, (3 atoms, lags), in Å².

    The segments are tapered by a Hann window. Without it their ends count as jumps, and these give
    c a cusp at τ = 0: a process with no velocity. The price is a resolution of 4π over the length
    of a segment.
    """
    total = np.zeros((reference.size, n_lags))
    for segment in train:
        frames = align(segment.positions, reference, segment.masses)
        deviations = frames.positions_in(segment.positions) - reference
        total += _tapered_autocovariance(deviations.reshape(segment.n_frames, -1), n_lags).T
    return total / len(train)


def _tapered_autocovariance(series: Floats, n_lags: int) -> Floats:
    """Give the autocovariance of series (frames, components) at lags 0 …, (n_lags, components).

    c(τ) = Σ_t w_t x_t w_{t+τ} x_{t+τ} / Σ_t w_t², w_t = 1 − cos 2π(t + ½)/N: the transform of a
    power spectrum, so that every covariance matrix made of it is positive semi-definite.
    """
    n = len(series)
    taper = 1.0 - np.cos(2.0 * np.pi * (np.arange(n) + 0.5) / n)
    spectrum = np.abs(np.fft.rfft(series * taper[:, None], 2 * n, axis=0)) ** 2
    return np.fft.irfft(spectrum, 2 * n, axis=0)[:n_lags] / (taper**2).sum()


def _posterior_weights(kernel: Floats, gap: int, orders: int, noise: float) -> Floats:
    """Give the weights of the observations of a window in the mean of each hidden frame.

    Parameters
    ----------
    kernel : float64 array of shape (5 * gap + 3,)
        c at lags of 0, 1, … frames, in Å².
    gap : int
        k.
    orders : int
        1: x; 2: x and v h; 3: x, v h and a h².
    noise : float
        Variance of the noise of an observation, as a share of the observation's own.

    Returns
    -------
    float64 array of shape (5 * (gap - 1), 6 * orders)
        Hidden frames in order of time; observations by kept frame, then order.
    """
    span = np.arange(_span(gap))
    covariance = kernel[np.abs(span[:, None] - span)]  # of x with x, (span, span)
    observe = _observations(gap, orders)
    with_all = observe @ covariance  # (observations, span)
    among = with_all @ observe.T
    # Scaled to correlations: x, v h and a h² differ by orders of magnitude.
    scale = np.sqrt(np.diag(among))
    scale[scale == 0.0] = 1.0
    correlation = among / np.outer(scale, scale) + noise * np.eye(len(among))
    hidden = (1 + gap * np.arange(PLACES)[:, None] + np.arange(1, gap)).ravel()
    solved = np.linalg.solve(correlation, with_all[:, hidden] / scale[:, None])
    return (solved / scale[:, None]).T


def _observations(gap: int, orders: int) -> Floats:
    """Give x, v h = k (x₊ − x₋)/2 and a h² = k² (x₊ − 2x + x₋) of kept frames as rows of weights.

    Shape (6 * orders, 5 * gap + 3); the first column is the frame before the window.
    """
    rows = np.zeros((WINDOW, orders, _span(gap)))
    for kept in range(WINDOW):
        around = slice(gap * kept, gap * kept + 3)
        rows[kept, 0, around] = 0.0, 1.0, 0.0
        if orders > 1:
            rows[kept, 1, around] = -gap / 2, 0.0, gap / 2
        if orders > 2:
            rows[kept, 2, around] = gap**2, -2 * gap**2, gap**2
    return rows.reshape(WINDOW * orders, -1)
