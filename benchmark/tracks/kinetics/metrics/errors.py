"""Kinetics metrics: how far chains are from a reference, one number with an error per question.

The front door of the family: it also gives the estimators (`estimators`),
the likelihood metric and the standard errors, so that a caller needs one import. Times are in
frames throughout and every error is a ratio or a probability, so neither the names of the states
nor the duration of a frame can matter.

=====================  ==================================================================
``mfpt_error``         rms over ordered pairs of ln(m̂/m), each clipped to ±ln 100; a pair of
                       which the chains show nothing counts as infinitely slow, +ln 100
``its_error``          rms over timescales k and lags ℓ of ln(t̂_k(ℓ)/t_k(ℓ)), against the
                       reference at the same lag
``commit_error``       mean over thresholds and ordered pairs of which the reference expects
                       N ≥ 20 jumps in `expected_frames` frames of |ln (N̂+½)/(N+½)|; N̂: jumps
                       counted, scaled to `expected_frames`
``dwell_error``        mean over states of ∫|F̂(u)−F(u)| du, u = ln dwell, F a step function on
                       the reference's edges; dwells beyond its last edge count as just beyond.
                       A state that is never completed counts as left at once, F̂ = 1: the
                       largest error of dwells that are too short
``population_error``   Jensen–Shannon divergence in bits, 0 … 1
``free_energy_error``  rms over states of the difference in −ln p (kT), half a count added to
                       every state on both sides
=====================  ==================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.tracks.kinetics.metrics import estimators, kernels
from benchmark.tracks.kinetics.metrics.estimators import (
    Chains,
    commit_counts,
    commit_thresholds,
    count_matrix,
    cycle_mfpt,
    dwell_cdf,
    dwell_edges,
    held,
    implied_timescales,
    populations,
)
from benchmark.tracks.kinetics.metrics.likelihood import nll_regret
from benchmark.tracks.kinetics.metrics.reference import KineticsReference, reference_from_chains
from benchmark.uncertainty import (
    Estimate,
    block_standard_error,
    jackknife_standard_error,
)

__all__ = [
    "Chains",
    "Estimate",
    "KineticsReference",
    "block_standard_error",
    "commit_counts",
    "commit_thresholds",
    "count_matrix",
    "cycle_mfpt",
    "dwell_cdf",
    "dwell_edges",
    "held",
    "implied_timescales",
    "jackknife_standard_error",
    "kinetics_errors",
    "nll_regret",
    "populations",
    "reference_from_chains",
]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]

MAX_LOG_RATIO = math.log(100)  # beyond a factor of 100 an MFPT is simply wrong
MIN_EXPECTED_COMMITS = 20  # events; with fewer, ln N has a sampling error above 1/√20 = 0.22
MIN_GROUPS = 4  # chains; from fewer, a jackknife says nothing
MAX_GROUPS = 32
UNKNOWN = Estimate(math.nan)


@dataclass(frozen=True)
class _ChainSums:
    """Additive statistics of chains, summed within each of G groups of chains."""

    n_frames: Int64  # (G,)
    frames: Int64  # (G, K) in each state
    pairs: Int64  # (G, L, K, K) label pairs at each lag
    durations: Int64  # (G, K, K) frames spent in passages
    passages: Int64  # (G, K, K) completed passages
    commits: Int64  # (G, C, K, K) jumps at each threshold
    dwells: Int64  # (G, K, edges + 1) complete runs, by length

    def without(self, group: int | None) -> _ChainSums:
        """Sum over all groups but `group` (None: over all); G = 1 in what is returned."""

        def remaining(sums: Int64) -> Int64:
            total = sums.sum(axis=0, keepdims=True)
            return total if group is None else total - sums[group]

        return _ChainSums(*(remaining(getattr(self, field.name)) for field in fields(self)))


def _gather(pieces: list[UInt8], reference: KineticsReference, n_groups: int) -> _ChainSums:
    """Sum what the reference asks for over checked chains, in groups of neighbouring chains."""
    G, K = n_groups, reference.n_states
    L, C, E = reference.lags.size, reference.thresholds.size, reference.dwell_edges.size
    sums = _ChainSums(
        n_frames=np.zeros(G, np.int64),
        frames=np.zeros((G, K), np.int64),
        pairs=np.zeros((G, L, K, K), np.int64),
        durations=np.zeros((G, K, K), np.int64),
        passages=np.zeros((G, K, K), np.int64),
        commits=np.zeros((G, C, K, K), np.int64),
        dwells=np.zeros((G, K, E + 1), np.int64),
    )
    # The kernels compile for writable arrays once; the reference's own are read-only.
    thresholds, edges = reference.thresholds.copy(), reference.dwell_edges.copy()
    for number, piece in enumerate(pieces):
        g = number * n_groups // len(pieces)
        sums.n_frames[g] += piece.size
        for place, lag in enumerate(reference.lags):
            kernels.add_lagged_pairs(piece, lag, sums.pairs[g, place])
        labels, lengths = kernels.run_lengths(piece)
        kernels.add_frames(labels, lengths, sums.frames[g])
        kernels.add_passages(labels, lengths, sums.durations[g], sums.passages[g])
        kernels.add_commits(labels, lengths, thresholds, sums.commits[g])
        kernels.add_dwells(labels, lengths, edges, sums.dwells[g])
    return sums


def kinetics_errors(
    chains: Chains, reference: KineticsReference, expected_frames: float
) -> dict[str, Estimate]:
    """Errors of the kinetics of chains, each as a single number ≥ 0 that is 0 for the truth.

    The table at the head of this file says what each one is.

    `bias` is the mean of the signed terms: ln(m̂/m), ln(t̂/t), ln (N̂+½)/(N+½), and for dwells
    ∫(F−F̂) du = ⟨ln dwell⟩ − its reference, averaged over the states that were completed. It tells
    a model that is too slow (above 0; for commits, too fast) from one that is noisy. Populations
    have none.

    `stderr` is the sampling error of the chains, from a jackknife over them (in at most 32 groups
    of neighbours), the reference being taken as exact; nan with fewer than 4 chains.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    reference : KineticsReference
    expected_frames : float
        Frames for which the ``commit_error`` expects events, whatever the chains' own length.

    Returns
    -------
    dict of str to Estimate
        A metric of which the reference knows nothing is nan.

    Raises
    ------
    ValueError
        If the chains are empty, not of an integer dtype, hold a label that the reference does not,
        or are all shorter than a lag of the reference; if `expected_frames` is not above 0.

    References
    ----------
    Tsai, Kuo, Tiwary, Nat. Commun. 11, 5115 (2020), for the commit curve.
    """
    if not (math.isfinite(expected_frames) and expected_frames > 0):
        raise ValueError(f"expected_frames is {expected_frames}; a finite number above 0 is needed")
    pieces = estimators.as_pieces(chains, reference.n_states)
    estimators.as_lags(reference.lags, pieces)
    n_groups = min(len(pieces), MAX_GROUPS)
    groups = _gather(pieces, reference, n_groups)
    errors = _errors(groups.without(None), reference, expected_frames)
    if n_groups < MIN_GROUPS:
        return errors
    left_out = [_errors(groups.without(g), reference, expected_frames) for g in range(n_groups)]
    return {
        name: replace(
            error,
            stderr=jackknife_standard_error(np.array([other[name].value for other in left_out])),
        )
        for name, error in errors.items()
    }


def _errors(
    sums: _ChainSums, reference: KineticsReference, expected_frames: float
) -> dict[str, Estimate]:
    """Value and bias of every metric."""
    n_frames = int(sums.n_frames[0])
    counts = sums.frames[0]
    events = sums.commits[0] * (expected_frames / n_frames)
    return {
        "mfpt_error": _mfpt_error(sums, reference),
        "its_error": _its_error(sums, reference),
        "commit_error": _commit_error(events, reference.commit_rates * expected_frames),
        "dwell_error": _dwell_error(sums.dwells[0], reference),
        "population_error": Estimate(_jensen_shannon(counts / n_frames, reference.populations)),
        "free_energy_error": Estimate(_free_energy_error(counts, reference.populations)),
    }


def _mfpt_error(sums: _ChainSums, reference: KineticsReference) -> Estimate:
    known = np.isfinite(reference.mfpt) & ~np.eye(reference.n_states, dtype=bool)
    mfpt = estimators.mfpt_from_passages(sums.durations[0], sums.passages[0])
    log_ratios = np.log(mfpt[known] / reference.mfpt[known])
    return _rms_and_mean(np.clip(log_ratios, -MAX_LOG_RATIO, MAX_LOG_RATIO))


def _its_error(sums: _ChainSums, reference: KineticsReference) -> Estimate:
    if (sums.pairs[0].sum(axis=(1, 2)) == 0).any():
        return UNKNOWN  # a jackknife left out the only chain longer than the lag
    known = np.isfinite(reference.timescales)
    timescales = estimators.timescales_from_pairs(
        sums.pairs[0], reference.lags, int(sums.n_frames[0]), reference.timescales.shape[1]
    )
    return _rms_and_mean(np.log(timescales[known] / reference.timescales[known]))


def _commit_error(events: Float64, expected: Float64) -> Estimate:
    counting = expected >= MIN_EXPECTED_COMMITS  # false where unknown
    if not counting.any():
        return UNKNOWN
    log_ratios = np.log((events[counting] + 0.5) / (expected[counting] + 0.5))
    return Estimate(float(np.abs(log_ratios).mean()), bias=float(log_ratios.mean()))


def _dwell_error(dwells: Int64, reference: KineticsReference) -> Estimate:
    known = np.isfinite(reference.dwell_cdf).all(axis=1)
    if not known.any():
        return UNKNOWN
    cdf, n_dwells = estimators.cdf_from_dwells(dwells[known])
    widths = np.diff(np.log(reference.dwell_edges))  # a step holds from its edge to the next
    difference = (cdf - reference.dwell_cdf[known])[:, :-1]
    signed = -difference[n_dwells > 0] @ widths
    return Estimate(
        value=float((np.abs(difference) @ widths).mean()),
        bias=float(signed.mean()) if signed.size else math.nan,
    )


def _jensen_shannon(p: Float64, q: Float64) -> float:
    # Loading scipy takes as long as all the rest, and only populations need it.
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(p, q, base=2) ** 2)


def _free_energy_error(counts: Int64, truth: Float64) -> float:
    # Both sides get the half count, at the same number of frames: a state that exists in neither
    # then costs nothing, and the truth itself always scores 0.
    n_frames = counts.sum()
    return _rms_and_mean(np.log((counts + 0.5) / (truth * n_frames + 0.5))).value


def _rms_and_mean(terms: Float64) -> Estimate:
    if terms.size == 0:
        return UNKNOWN
    return Estimate(float(np.sqrt(np.mean(terms**2))), bias=float(terms.mean()))
