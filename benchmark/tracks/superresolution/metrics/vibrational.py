"""Vibrational densities of states, and how far one is from another.

S(ν) = (2 c h / Σ_t w_t²) Σ_i m_i |Σ_t w_t v_i(t) exp(−2πi c ν h t)|², at ν = j/(N c h) for
j = 0 … N/2; w_t = sin²(πt/N) is Hann's window, N the number of frames, h the time step and c
the speed of light. At ν = 0, and at the highest ν of an even N, the factor 2 is 1, as these
have no partner at −ν.

So S is one-sided and its integral, Σ_j S(ν_j)/(N c h), is the mean of Σ_i m_i v_i² weighted
with w² (Parseval): twice the kinetic energy. A line of speed V (amplitude) of an atom of mass
m has the area mV²/2, in classical equilibrium kT for every line. The cosine transform of S is
the autocovariance of √m v.

The window is there because a segment does not end where it began: without one the power of
every line leaks as 1/(ν−ν₀)², with this one as 1/(ν−ν₀)⁶. In turn a line is spread over three
wavenumbers, in shares of 1/6, 2/3, 1/6 where it lies on one of them. No mean is taken off:
motion slower than the segment stays, at ν = 0 and the next wavenumber.

Velocities by central differences (x₊ − x₋)/2h are too small by sin(ωh)/ωh: 1.3 % at 3,000 cm⁻¹
and 0.5 fs. That is no matter where both sides of a comparison are made so.

Two of them are compared by

=======================================  ====================================================
``vdos_w1``                              W₁ = ∫|F̂(ν) − F(ν)| dν in cm⁻¹, F the share of the
                                         power below ν, up to the highest wavenumber
                                         1/(2ch); bias: ⟨ν⟩ of the model less the true one
``vdos_low``, ``_middle``, ``_high``     |ln of the power in the band, the model's over the
                                         true|, clipped at ln 1e6; bias: the same with its
                                         sign, below 0 where motion is missing
=======================================  ====================================================

W₁ is the mean distance by which power must be moved along ν, so it sees shifted lines and
power in the wrong band alike, but no common factor; that is what the ratios are for. Velocities
that are all 0 count as power at ν = 0, the limit of slow motion.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.uncertainty import Estimate, jackknife_standard_error

Float64 = NDArray[np.float64]

SPEED_OF_LIGHT = 2.99792458e-5  # cm/fs, exact

#: cm⁻¹, from … up to, the upper end excluded. Torsions and other soft motion; the skeleton's bends
#: and stretches; stretches of bonds to hydrogen.
BANDS = {
    "vdos_low": (0.0, 600.0),
    "vdos_middle": (600.0, 2000.0),
    "vdos_high": (2000.0, 4000.0),
}

MAX_LOG_RATIO = math.log(1e6)  # beyond, a band is simply empty or absurd; keeps means finite


def vdos(velocities: Float64, masses: Float64, time_step: float) -> tuple[Float64, Float64]:
    """Vibrational density of states of one segment, weighted by mass.

    The formula, and what its window does, stand at the head of this file.

    Parameters
    ----------
    velocities : float64 array of shape (frames, atoms, 3)
        Å/fs.
    masses : float64 array of shape (atoms,)
        u.
    time_step : float
        fs between frames.

    Returns
    -------
    wavenumbers : float64 array of shape (frames // 2 + 1,)
        cm⁻¹.
    density : float64 array of shape (frames // 2 + 1,)
        u Å²/fs² cm.

    Raises
    ------
    ValueError
        If a shape is another, there are fewer than 2 frames, or `time_step` is not above 0.

    References
    ----------
    Dickey, Paskin, Phys. Rev. 188, 1407 (1969); Harris, Proc. IEEE 66, 51 (1978), for the window.

    Examples
    --------
    >>> time = np.arange(2_000) * 0.5  # fs
    >>> speed = 0.02 * np.cos(2 * np.pi * 3 * time / 100)  # three oscillations in 100 fs
    >>> nu, density = vdos(speed[:, None, None] * [0, 0, 1], np.array([12.0]), 0.5)
    >>> round(float(nu[density.argmax()]), 1), round(float(density.sum() * nu[1]), 5)
    (1000.7, 0.0024)
    """
    velocities = np.asarray(velocities, dtype=np.float64)
    masses = np.asarray(masses, dtype=np.float64)
    if velocities.ndim != 3 or velocities.shape[2] != 3 or len(velocities) < 2:
        raise ValueError(
            f"velocities have shape {velocities.shape}; (frames, atoms, 3) with two frames is "
            "needed"
        )
    if masses.shape != velocities.shape[1:2]:
        raise ValueError(f"masses have shape {masses.shape}; ({velocities.shape[1]},) is needed")
    if not (math.isfinite(time_step) and time_step > 0):
        raise ValueError(f"time_step is {time_step}; a finite number of fs above 0 is needed")
    # Loading scipy takes as long as all the rest, and only spectra need it.
    from scipy.signal import periodogram

    frequencies, powers = periodogram(  # in 1/fs; (frequencies, atoms, 3) in Å²/fs
        velocities, 1 / time_step, window="hann", detrend=False, axis=0
    )
    density: Float64 = powers.sum(axis=2) @ masses * SPEED_OF_LIGHT
    return frequencies / SPEED_OF_LIGHT, density


def spectral_errors(
    model: Float64, truth: Float64, masses: Float64, time_step: float
) -> dict[str, Estimate]:
    """Errors of the vibrational density of states, from the velocities of whole segments.

    The spectra are averaged over the segments before they are compared, since the density of
    states belongs to the molecule, not to a segment.

    The table at the head of this file says what each one is.

    `stderr` is from a jackknife over segments (for a ratio, of the signed one); nan for one
    segment. Truth and model are left out together, so it is the error of their difference.

    Parameters
    ----------
    model, truth : float64 arrays of shape (segments, frames, atoms, 3)
        Å/fs, of the same frames and found in the same way.
    masses : float64 array of shape (atoms,)
        u.
    time_step : float
        fs.

    Returns
    -------
    dict of str to Estimate
        A band that lies between two wavenumbers of so short a segment is nan.

    Raises
    ------
    ValueError
        If the shapes differ; and see `vdos`.
    """
    if np.ndim(model) != 4 or np.shape(model) != np.shape(truth):
        raise ValueError(
            f"velocities of the model have shape {np.shape(model)} and those of truth "
            f"{np.shape(truth)}; one shape (segments, frames, atoms, 3) is needed"
        )
    wavenumbers = vdos(truth[0], masses, time_step)[0]
    spectra = np.stack(  # (2, segments, wavenumbers)
        [[vdos(one, masses, time_step)[1] for one in velocities] for velocities in (model, truth)]
    )
    terms = _terms(wavenumbers, spectra.mean(axis=1))
    errors = np.full(terms.shape, math.nan)
    n_segments = spectra.shape[1]
    if n_segments > 1:
        without_one = np.array(
            [
                _terms(wavenumbers, np.delete(spectra, segment, axis=1).mean(axis=1))
                for segment in range(n_segments)
            ]
        )
        errors = np.array([jackknife_standard_error(column) for column in without_one.T])
    shift, distance, *ratios = terms.tolist()
    _, distance_error, *ratio_errors = errors.tolist()
    return {"vdos_w1": Estimate(distance, distance_error, shift)} | {
        name: Estimate(abs(ratio), error, ratio)
        for name, ratio, error in zip(BANDS, ratios, ratio_errors, strict=True)
    }


def _terms(wavenumbers: Float64, spectra: Float64) -> Float64:
    """Shift of ⟨ν⟩, W₁, and the signed ln ratio of every band, of model and truth (2, ν)."""
    # Wavenumbers are equally spaced, and the shares are differences of point masses on them.
    model, truth = (_shares(spectrum) for spectrum in spectra)
    excess = np.cumsum(truth - model)[:-1] * wavenumbers[1]
    ratios = [_log_ratio(spectra[:, _inside(wavenumbers, *band)]) for band in BANDS.values()]
    return np.array([excess.sum(), np.abs(excess).sum(), *ratios])


def _shares(spectrum: Float64) -> Float64:
    total = spectrum.sum()
    return spectrum / total if total > 0 else (np.arange(spectrum.size) == 0).astype(np.float64)


def _inside(wavenumbers: Float64, lower: float, upper: float) -> NDArray[np.bool_]:
    return (lower <= wavenumbers) & (wavenumbers < upper)


def _log_ratio(spectra: Float64) -> float:
    """Log ratio of the power of the first spectrum over the second's; nan without a wavenumber."""
    if spectra.shape[1] == 0:
        return math.nan
    model, truth = spectra.sum(axis=1)
    if model == truth:  # both may be 0
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.clip(np.log(model) - np.log(truth), -MAX_LOG_RATIO, MAX_LOG_RATIO))
