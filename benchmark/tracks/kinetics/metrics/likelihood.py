"""How much worse a model predicts the next frame than an oracle does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.uncertainty import Estimate, block_standard_error

Float = NDArray[np.float32] | NDArray[np.float64]

MIXING = 1e-6  # share of the uniform distribution in every model's prediction

#: Frames at the start of every test chain that are not scored: a model may find its state there.
SKIPPED_FRAMES = 256

ROUNDING = 1e-4  # by which a float32 ln p may exceed 0


def nll_regret(
    log_prob: Float, oracle_log_prob: Float, n_labels: int, skip: int = SKIPPED_FRAMES
) -> Estimate:
    """Mean excess of a model's negative log-likelihood over the oracle's, in nats a frame.

    ρ = mean over frames t ≥ `skip` of [ln p*(s_t|s_<t) − ln p̃(s_t|s_<t)] with p̃ = (1 − 1e-6) p +
    1e-6/K. The mixing bounds the price of a single impossible event at ln(1e6 K); its own price is
    1e-6. For an exact oracle p*, ρ estimates the relative entropy rate: 0 at best, and a value
    below 0 is sampling noise. For an empirical oracle it may really be negative.

    The standard error is paired: it comes from blocks of the difference, in which most of the
    noise of the test set cancels. What is left beyond a slowly varying part is, for the true
    process and an exact oracle, a sum of martingale differences and so uncorrelated.

    Parameters
    ----------
    log_prob : float array of shape (chains, frames)
        Model's ln p(s_t|s_<t) of the labels that occurred; −inf is allowed.
    oracle_log_prob : float array of shape (chains, frames)
        The same of the oracle; finite.
    n_labels : int
        K.
    skip : int
        Frames at the start of each chain that are not scored.

    Returns
    -------
    Estimate
        Nats a frame. The value is signed already, so its bias is nan.

    Raises
    ------
    ValueError
        If the shapes differ or are not 2-D, no frame is left after `skip`, a value is nan or a
        log-probability above 0, or the oracle holds −inf.

    Examples
    --------
    >>> oracle = np.log(np.full((1, 1000), 0.5))
    >>> round(nll_regret(oracle - 0.25, oracle, n_labels=2).value, 5)
    0.25
    """
    model, oracle = _checked(log_prob, oracle_log_prob, n_labels, skip)
    mixed = np.logaddexp(model + math.log1p(-MIXING), math.log(MIXING / n_labels))
    regret = oracle - mixed
    stderr = block_standard_error(regret) if regret.size > 1 else math.nan
    return Estimate(value=float(regret.mean()), stderr=stderr)


def _checked(
    log_prob: Float, oracle_log_prob: Float, n_labels: int, skip: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the scored frames of both; see `nll_regret`."""
    if np.ndim(log_prob) != 2 or np.shape(log_prob) != np.shape(oracle_log_prob):
        raise ValueError(
            f"log_prob has shape {np.shape(log_prob)} and oracle_log_prob "
            f"{np.shape(oracle_log_prob)}; one shape (chains, frames) is needed"
        )
    if n_labels < 1:
        raise ValueError(f"n_labels is {n_labels}; at least 1 is needed")
    n_frames = np.shape(log_prob)[1]
    if not 0 <= skip < n_frames:
        raise ValueError(f"skip is {skip}; it must lie in 0 … {n_frames - 1}, the chains' frames")
    # The frames that are not scored are not looked at: a model may leave anything there.
    model = np.asarray(log_prob, dtype=np.float64)[:, skip:]
    oracle = np.asarray(oracle_log_prob, dtype=np.float64)[:, skip:]
    for name, values in (("log_prob", model), ("oracle_log_prob", oracle)):
        bad = ~(values <= ROUNDING)  # also true of nan
        if bad.any():
            chain, frame = np.argwhere(bad)[0]
            raise ValueError(
                f"{name} is {values[chain, frame]} in chain {chain} at frame {frame + skip}; "
                "a log-probability is at most 0"
            )
    if np.isneginf(oracle).any():
        chain, frame = np.argwhere(np.isneginf(oracle))[0]
        raise ValueError(
            f"oracle_log_prob is -inf in chain {chain} at frame {frame + skip}: "
            "the test data cannot come from this oracle"
        )
    return model, oracle
