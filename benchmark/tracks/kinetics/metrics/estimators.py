"""Estimators of populations and kinetics from label chains; all times are in frames.

A *chain* is a 1-D array of labels 0 … K−1 at consecutive frames, K = `n_states` ≤ 256. Every
estimator takes independent chains, as an array of shape (chains, frames) or as a sequence of 1-D
arrays of any lengths, and counts nothing across the boundary of two chains. A *run* is a longest
stretch of equal labels; a metastable chain has few of them, so all estimators but the lagged
counts reduce a chain to its runs and work on those.

Every estimate is a function of sums over chains; the functions ``…_from_…`` give an estimate from
such sums, for callers that keep them apart (a jackknife).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.tracks.kinetics.metrics import kernels

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
Chains = UInt8 | Sequence[UInt8]

MAX_STATES = 256
THRESHOLDS_PER_DECADE = 8
EXACT_DWELLS = 16  # frames; every whole number up to here is an edge of the dwell grid
EDGES_PER_DECADE = 32
MIN_EIGENVALUE = 1e-6


def populations(chains: Chains, n_states: int) -> Float64:
    """Share of all frames spent in each state.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int

    Returns
    -------
    float64 array of shape (n_states,)
        Sums to 1.

    Raises
    ------
    ValueError
        If the chains are empty, not of an integer dtype, or hold a label ≥ `n_states`.

    Examples
    --------
    >>> populations([np.array([0, 0, 0, 1], dtype=np.uint8)], n_states=2)
    array([0.75, 0.25])
    """
    pieces = as_pieces(chains, n_states)
    frames = np.zeros(n_states, np.int64)
    for piece in pieces:
        kernels.add_frames(*kernels.run_lengths(piece), frames)
    return frames / frames.sum()


def held(chains: Chains, n_states: int, hold: int) -> list[UInt8]:
    """Remove recrossings: a state counts as entered only where it is held for `hold` frames.

    Shorter runs are absorbed into the held state before them, so that a visit starts with the
    first frame of its first held run. A chain starts inside some visit: its first run counts as
    held however short it is.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    hold : int
        Frames, ≥ 1; 1 changes nothing.

    Returns
    -------
    list of uint8 arrays (frames,), as long as the chains

    Raises
    ------
    ValueError
        If `hold` is not an integer ≥ 1, and as in `populations`.

    Examples
    --------
    >>> held([np.array([0, 1, 0, 0, 1, 1, 0, 1, 1], dtype=np.uint8)], n_states=2, hold=2)
    [array([0, 0, 0, 0, 1, 1, 1, 1, 1], dtype=uint8)]
    """
    as_positive_integers("hold", [hold])
    pieces = [piece.copy() for piece in as_pieces(chains, n_states)]
    for piece in pieces:
        kernels.absorb_short_runs(piece, hold)
    return pieces


def count_matrix(chains: Chains, n_states: int, lag: int) -> Float64:
    """Count the pairs of labels `lag` frames apart (sliding window).

    C_ij = #{t : s_t = i, s_{t+lag} = j}. The same as deeptime's ``TransitionCountEstimator(lag,
    "sliding")``, which is fast enough but builds some 16 bytes a frame of index arrays (too much
    for references of 1e9 frames) and fails on the uint8 label 255.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    lag : int
        Lag time in frames, ≥ 1. Chains no longer than it add nothing.

    Returns
    -------
    float64 array of shape (n_states, n_states)

    Raises
    ------
    ValueError
        If no chain is longer than `lag`, and as in `populations`.

    Examples
    --------
    >>> count_matrix([np.array([0, 0, 1, 0], dtype=np.uint8)], n_states=2, lag=1)
    array([[1., 1.],
           [1., 0.]])
    """
    pieces = as_pieces(chains, n_states)
    return _pairs(pieces, n_states, as_lags([lag], pieces))[0].astype(np.float64)


def implied_timescales(
    chains: Chains, n_states: int, lags: ArrayLike, n_timescales: int
) -> Float64:
    """Relaxation times implied by the eigenvalues of the lagged counts.

    With C the counts at lag ℓ made symmetric, n their sum and π = C·1/n: the eigenvalues λ_k of
    the transition matrix of C + ππᵀ, without the first, give t_k(ℓ) = −ℓ/ln clip(λ_k, 1e-6,
    1 − 1/(2N)), N being the number of frames. The one pseudo-count ππᵀ keeps π and makes a chain
    that never crosses as slow as about N·ℓ frames, not infinitely slow. An eigenvalue that is
    missing because a state was never visited counts as 0: the shortest time there is.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    lags : integer array-like of shape (L,)
        Lag times in frames, each ≥ 1.
    n_timescales : int
        How many, from the slowest; at most ``n_states - 1``.

    Returns
    -------
    float64 array of shape (L, n_timescales)
        Frames; descending along each row.

    Raises
    ------
    ValueError
        If a lag is longer than every chain, if `n_timescales` does not lie in 1 … K−1, and as in
        `populations`.

    References
    ----------
    Prinz et al., J. Chem. Phys. 134, 174105 (2011), eq. 35.

    Examples
    --------
    >>> chain = np.tile(np.repeat(np.array([0, 1], dtype=np.uint8), 10), 50)
    >>> implied_timescales([chain], n_states=2, lags=[1], n_timescales=1).round(2)
    array([[4.51]])
    """
    check_n_timescales(n_timescales, n_states)
    pieces = as_pieces(chains, n_states)
    checked = as_lags(lags, pieces)
    n_frames = sum(piece.size for piece in pieces)
    pairs = _pairs(pieces, n_states, checked)
    return timescales_from_pairs(pairs, checked, n_frames, n_timescales)


def cycle_mfpt(chains: Chains, n_states: int) -> tuple[Float64, Int64]:
    """Mean first passage times between all ordered pairs of states, free of any model.

    A passage i→j runs from the first entry into i after a visit to j to the next entry into j. With
    n completed passages, m̂_ij = (sum of the durations, the unfinished last one included)/(n + ½).
    The unfinished one is the time during which j was *not* reached, so leaving it out would favour
    chains too short to see the slow passages; the ½ keeps n = 0 finite. The standard deviation of
    ln m̂ is close to 1/√n. This is not the Markov value that deeptime's ``mfpt`` gives.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int

    Returns
    -------
    mfpt : float64 array of shape (n_states, n_states)
        Frames, from row to column. The diagonal is nan. A pair of which not even the beginning of
        a passage was seen is inf: nothing shows that it ever happens.
    n_events : int64 array of shape (n_states, n_states)
        Completed passages n; zero on the diagonal.

    Raises
    ------
    ValueError
        As in `populations`.

    Examples
    --------
    >>> chain = np.array([1, 0, 0, 1, 1, 0], dtype=np.uint8)  # one passage 0→1 and one 1→0
    >>> cycle_mfpt([chain], n_states=2)
    (array([[       nan, 1.33333333],
           [1.33333333,        nan]]), array([[0, 1],
           [1, 0]]))
    """
    pieces = as_pieces(chains, n_states)
    durations = np.zeros((n_states, n_states), np.int64)
    n_events = np.zeros((n_states, n_states), np.int64)
    for piece in pieces:
        kernels.add_passages(*kernels.run_lengths(piece), durations, n_events)
    return mfpt_from_passages(durations, n_events), n_events


def commit_counts(chains: Chains, n_states: int, thresholds: ArrayLike) -> Int64:
    """Jumps between states that are held for at least so many frames: the commit curve.

    For each threshold c: keep the runs of ≥ c frames, drop the others, collapse equal neighbours
    (which are then one visit), count i→j. The first and the last run of a chain count with the
    length they show. c = 1 counts every jump; large c counts only those that settle.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    thresholds : integer array-like of shape (C,)
        Commitment times c in frames, each ≥ 1, in any order.

    Returns
    -------
    int64 array of shape (C, n_states, n_states)
        Jumps from row to column; zero on the diagonals.

    Raises
    ------
    ValueError
        If a threshold is not an integer ≥ 1, and as in `populations`.

    References
    ----------
    Tsai, Kuo, Tiwary, Nat. Commun. 11, 5115 (2020).

    Examples
    --------
    >>> chain = np.array([0, 0, 1, 0, 0, 1, 1], dtype=np.uint8)
    >>> commit_counts([chain], n_states=2, thresholds=[1, 2]).tolist()
    [[[0, 2], [1, 0]], [[0, 1], [0, 0]]]
    """
    wanted = as_positive_integers("thresholds", thresholds)
    ascending, place = np.unique(wanted, return_inverse=True)
    pieces = as_pieces(chains, n_states)
    counts = np.zeros((ascending.size, n_states, n_states), np.int64)
    for piece in pieces:
        kernels.add_commits(*kernels.run_lengths(piece), ascending, counts)
    return counts[place]


def commit_thresholds(t2: float) -> Int64:
    """Choose commitment times for `commit_counts`: whole frames, 8 a decade, from 1 up to `t2`.

    Parameters
    ----------
    t2 : float
        Slowest relaxation time in frames.

    Returns
    -------
    int64 array of shape (C,)
        Ascending, without repeats (below 10 frames the rounding merges some).

    Raises
    ------
    ValueError
        If `t2` is below 1 frame or not finite.

    Examples
    --------
    >>> commit_thresholds(20.0)
    array([ 1,  2,  3,  4,  6,  7, 10, 13, 18])
    """
    if not (np.isfinite(t2) and t2 >= 1):
        raise ValueError(f"t2 is {t2} frames; a finite time of at least 1 frame is needed")
    n_steps = int(np.ceil(THRESHOLDS_PER_DECADE * np.log10(t2)))
    grid = _log_spaced_integers(THRESHOLDS_PER_DECADE, n_steps)
    return grid[grid <= t2]


def dwell_cdf(chains: Chains, n_states: int, edges: ArrayLike) -> tuple[Float64, Int64]:
    """Distribution of the time a state is held: P(dwell ≤ edge), from complete runs.

    The first and the last run of a chain are cut off by its ends and dropped.

    Parameters
    ----------
    chains : uint8 array of shape (chains, frames), or sequence of uint8 arrays (frames,)
    n_states : int
    edges : integer array-like of shape (G,)
        Frames, strictly ascending, each ≥ 1; `dwell_edges` makes them.

    Returns
    -------
    cdf : float64 array of shape (n_states, G)
        A state without a complete run counts as left at once: its row is 1 throughout.
    n_dwells : int64 array of shape (n_states,)
        Complete runs.

    Raises
    ------
    ValueError
        If the edges are not ascending integers ≥ 1, and as in `populations`.

    Examples
    --------
    >>> cdf, n = dwell_cdf([np.array([1, 0, 1, 1, 0], dtype=np.uint8)], 2, edges=[1, 2])
    >>> cdf.tolist(), n.tolist()
    ([[1.0, 1.0], [0.0, 1.0]], [1, 1])
    """
    checked = as_ascending("edges", edges)
    pieces = as_pieces(chains, n_states)
    dwells = np.zeros((n_states, checked.size + 1), np.int64)
    for piece in pieces:
        kernels.add_dwells(*kernels.run_lengths(piece), checked, dwells)
    return cdf_from_dwells(dwells)


def dwell_edges(longest: int) -> Int64:
    """Grid for `dwell_cdf`: each of 1 … 16 frames, then 32 a decade, ending at `longest`.

    Parameters
    ----------
    longest : int
        Longest dwell to resolve, in frames.

    Returns
    -------
    int64 array of shape (G,)

    Raises
    ------
    ValueError
        If `longest` is not an integer ≥ 1.

    Examples
    --------
    >>> dwell_edges(30)
    array([ 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,
           18, 19, 21, 22, 24, 25, 27, 29, 30])
    """
    (last,) = as_positive_integers("longest", [longest])
    n_steps = int(np.ceil(EDGES_PER_DECADE * np.log10(last)))
    coarse = _log_spaced_integers(EDGES_PER_DECADE, n_steps)
    fine = np.arange(1, EXACT_DWELLS + 1)
    grid = np.union1d(fine, coarse[coarse > EXACT_DWELLS])
    return np.append(grid[grid < last], last)


# --- estimates as functions of sums --------------------------------------------------------------


def timescales_from_pairs(pairs: Int64, lags: Int64, n_frames: int, n_timescales: int) -> Float64:
    """Implied timescales (L, n_timescales) of pair counts (L, K, K); see `implied_timescales`."""
    symmetric = (pairs + pairs.transpose(0, 2, 1)) / 2  # (L, K, K)
    rows = symmetric.sum(axis=2)  # (L, K)
    pi = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    symmetric = symmetric + pi[:, :, None] * pi[:, None, :]
    rows = rows + pi
    # D^-½ C D^-½ has the eigenvalues of the transition matrix D^-1 C, and is symmetric.
    scale = np.where(rows > 0, 1 / np.sqrt(np.where(rows > 0, rows, 1)), 0)
    eigenvalues = np.linalg.eigvalsh(symmetric * scale[:, :, None] * scale[:, None, :])
    slowest = eigenvalues[:, ::-1][:, 1 : n_timescales + 1]
    return -lags[:, None] / np.log(np.clip(slowest, MIN_EIGENVALUE, 1 - 1 / (2 * n_frames)))


def mfpt_from_passages(durations: Int64, passages: Int64) -> Float64:
    """Cycle MFPT (K, K) in frames; see `cycle_mfpt`."""
    # A completed passage lasts at least a frame: without durations there is no event either.
    mfpt = np.where(durations > 0, durations / (passages + 0.5), np.inf)
    np.fill_diagonal(mfpt, np.nan)
    return mfpt


def cdf_from_dwells(dwells: Int64) -> tuple[Float64, Int64]:
    """CDF (K, G) and number (K,) of the dwells in a histogram (K, G + 1); see `dwell_cdf`."""
    n_dwells = dwells.sum(axis=1)
    below = dwells[:, :-1].cumsum(axis=1)
    cdf = np.where(n_dwells[:, None] > 0, below / np.maximum(n_dwells, 1)[:, None], 1.0)
    return cdf, n_dwells


def longest_dwell(chains: Chains, n_states: int) -> int:
    """Longest complete run in frames; 0 if there is none. Raises as `populations` does."""
    pieces = as_pieces(chains, n_states)
    return max(int(kernels.run_lengths(piece)[1][1:-1].max(initial=0)) for piece in pieces)


def _pairs(pieces: Sequence[UInt8], n_states: int, lags: Int64) -> Int64:
    """Pair counts (L, K, K) at each lag."""
    counts = np.zeros((lags.size, n_states, n_states), np.int64)
    for piece in pieces:
        for place, lag in enumerate(lags):
            kernels.add_lagged_pairs(piece, lag, counts[place])
    return counts


# --- checks --------------------------------------------------------------------------------------


def as_pieces(chains: Chains, n_states: int) -> list[UInt8]:
    """Check chains and return them as contiguous 1-D uint8 arrays (see `populations`)."""
    if not isinstance(n_states, int | np.integer) or not 1 <= n_states <= MAX_STATES:
        raise ValueError(f"n_states is {n_states}; an integer from 1 to {MAX_STATES} is needed")
    if isinstance(chains, np.ndarray) and chains.ndim != 2:
        raise ValueError(
            f"chains is an array of shape {chains.shape}; (chains, frames) is needed, "
            "or a sequence of 1-D arrays (write [chain] for a single one)"
        )
    if len(chains) == 0:
        raise ValueError("chains is empty; at least one chain is needed")
    return [_as_piece(chain, number, n_states) for number, chain in enumerate(chains)]


def _as_piece(chain: UInt8, number: int, n_states: int) -> UInt8:
    chain = np.asarray(chain)
    if chain.dtype.kind not in "iu":
        raise ValueError(f"chain {number} has dtype {chain.dtype}; integer labels are needed")
    if chain.ndim != 1 or chain.size == 0:
        raise ValueError(
            f"chain {number} has shape {chain.shape}; (frames,) with frames ≥ 1 is needed"
        )
    lowest, highest = int(chain.min()), int(chain.max())
    if lowest < 0 or highest >= n_states:
        label = lowest if lowest < 0 else highest
        raise ValueError(
            f"chain {number} holds label {label} at frame {int(np.argmax(chain == label))}; "
            f"labels must lie in 0 … {n_states - 1}"
        )
    return np.ascontiguousarray(chain, dtype=np.uint8)


def as_lags(lags: ArrayLike, pieces: Sequence[UInt8]) -> Int64:
    """Check that every lag is a positive integer shorter than some chain."""
    checked = as_positive_integers("lags", lags)
    longest = max(piece.size for piece in pieces)
    if checked.max() >= longest:
        raise ValueError(
            f"lag {checked.max()} frames is not shorter than any chain; "
            f"the longest chain has {longest} frames"
        )
    return checked


def as_positive_integers(name: str, values: ArrayLike) -> Int64:
    """Check that `values` is a non-empty 1-D array of integers ≥ 1, and return it as int64."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.ndim != 1 or array.size == 0 or array.min() < 1:
        raise ValueError(f"{name} must be one or more integers ≥ 1 (frames); got {_shown(array)}")
    return array.astype(np.int64)


def as_ascending(name: str, values: ArrayLike) -> Int64:
    """Check as `as_positive_integers`, and that the integers ascend strictly."""
    array = as_positive_integers(name, values)
    if (np.diff(array) <= 0).any():
        raise ValueError(f"{name} must ascend strictly; got {_shown(array)}")
    return array


def check_n_timescales(n_timescales: int, n_states: int) -> None:
    """Check that K states can have so many relaxation times."""
    if not 1 <= n_timescales < n_states:
        raise ValueError(
            f"n_timescales is {n_timescales}; {n_states} states have 1 to {n_states - 1}"
        )


def _shown(array: NDArray[np.generic]) -> str:
    return np.array2string(array, threshold=8, separator=", ")


def _log_spaced_integers(per_decade: int, n_steps: int) -> Int64:
    return np.unique(np.rint(10 ** (np.arange(n_steps + 1) / per_decade)).astype(np.int64))
