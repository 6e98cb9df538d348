"""Compiled inner loops over label chains; every one adds to arrays that the caller made.

Each kernel sees one unbroken piece, so nothing can be counted across the boundary of two pieces.
Compilation happens at the first call and is cached on disk. Inputs are trusted: the callers in
`benchmark.tracks.kinetics.metrics.estimators` have checked labels, lags and shapes.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]


@njit(cache=True, nogil=True)
def run_lengths(piece: UInt8) -> tuple[UInt8, Int64]:
    """Label and length in frames of each run, a longest stretch of equal labels."""
    n_frames = piece.size
    n_runs = 1
    # Counting apart from filling costs a second pass, but this loop has no branch (it vectorises),
    # and the exact size spares a buffer as long as the chain.
    for t in range(1, n_frames):
        n_runs += piece[t] != piece[t - 1]
    labels = np.empty(n_runs, np.uint8)
    lengths = np.empty(n_runs, np.int64)
    run = 0
    start = 0
    for t in range(1, n_frames):
        if piece[t] != piece[t - 1]:
            labels[run] = piece[start]
            lengths[run] = t - start
            start = t
            run += 1
    labels[run] = piece[start]
    lengths[run] = n_frames - start
    return labels, lengths


@njit(cache=True, nogil=True)
def add_lagged_pairs(piece: UInt8, lag: int, counts: Int64) -> None:
    """Add the pairs (s_t, s_{t+lag}) of every t to `counts` (K, K)."""
    n_states, n_pairs, quarter = counts.shape[0], piece.size - lag, 0
    # A metastable chain raises the same count again and again, and each time has to wait for the
    # last. Not so where four quarters are walked side by side, with a table each; a short piece is
    # not worth the tables.
    if n_pairs > 32 * n_states**2:
        quarter = n_pairs // 4
        tables = np.zeros((4, n_states, n_states), np.int64)
        one, two, three, four = tables
        now, later = piece[: 4 * quarter].reshape(4, -1), piece[lag:][: 4 * quarter].reshape(4, -1)
        now1, now2, now3, now4 = now
        later1, later2, later3, later4 = later
        for t in range(quarter):
            one[now1[t], later1[t]] += 1
            two[now2[t], later2[t]] += 1
            three[now3[t], later3[t]] += 1
            four[now4[t], later4[t]] += 1
        counts += tables.sum(axis=0)
    for t in range(4 * quarter, n_pairs):
        counts[piece[t], piece[t + lag]] += 1


@njit(cache=True, nogil=True)
def add_frames(labels: UInt8, lengths: Int64, frames: Int64) -> None:
    """Add the frames spent in each state to `frames` (K,)."""
    for run in range(labels.size):
        frames[labels[run]] += lengths[run]


@njit(cache=True, nogil=True)
def add_passages(labels: UInt8, lengths: Int64, durations: Int64, passages: Int64) -> None:
    """Add the first passages of all ordered pairs to `durations` and `passages` (K, K).

    A passage i→j starts at the first entry into i after j and ends at the next entry into j.
    """
    n_states = durations.shape[0]
    start = np.full((n_states, n_states), -1, np.int64)  # of the passage i→j; −1: no j yet
    # The states seen so far, last visited first. Those ahead of j are the ones visited since the
    # last j: exactly they have a passage to j under way. Noise hops between neighbours, so j is
    # mostly near the front, and a run costs far fewer than K steps.
    recent = np.empty(n_states, np.int64)
    n_seen = 0
    time = 0
    for run in range(labels.size):
        j = np.int64(labels[run])
        moved = j
        place = 0
        while place < n_seen:
            i = recent[place]
            recent[place] = moved
            if i == j:
                break
            moved = i
            if start[i, j] >= 0:
                durations[i, j] += time - start[i, j]
                passages[i, j] += 1
            start[j, i] = time
            place += 1
        if place == n_seen:
            recent[place] = moved
            n_seen += 1
        time += lengths[run]
    # The censored tail: the last frame, number time − 1, is still not in j.
    for place in range(n_seen):
        j = recent[place]
        for i in recent[:place]:
            if start[i, j] >= 0:
                durations[i, j] += time - 1 - start[i, j]


@njit(cache=True, nogil=True)
def add_commits(labels: UInt8, lengths: Int64, thresholds: Int64, counts: Int64) -> None:
    """Add the jumps between runs ≥ c frames to `counts` (C, K, K), for ascending thresholds c."""
    labels = labels.copy()
    lengths = lengths.copy()
    n_runs = labels.size
    for k in range(thresholds.size):
        kept = 0
        # A run too short for this threshold is too short for all that follow: squeeze it out.
        for run in range(n_runs):
            if lengths[run] >= thresholds[k]:
                label = labels[run]
                # Equal neighbours are one visit here, but stay two runs: a larger threshold
                # judges each by its own length.
                if kept > 0 and labels[kept - 1] != label:
                    counts[k, labels[kept - 1], label] += 1
                labels[kept] = label
                lengths[kept] = lengths[run]
                kept += 1
        n_runs = kept
        if n_runs < 2:
            break


@njit(cache=True, nogil=True)
def add_dwells(labels: UInt8, lengths: Int64, edges: Int64, histogram: Int64) -> None:
    """Add complete runs to `histogram` (K, G + 1); bin g holds edges[g−1] < length ≤ edges[g]."""
    for run in range(1, labels.size - 1):  # the first and the last run are cut off by the piece
        low = 0
        high = edges.size
        while low < high:
            middle = (low + high) // 2
            if edges[middle] < lengths[run]:
                low = middle + 1
            else:
                high = middle
        histogram[labels[run], low] += 1


@njit(cache=True, nogil=True)
def absorb_short_runs(piece: UInt8, hold: int) -> None:
    """Overwrite every run shorter than `hold` frames, but for the first, by what came before it."""
    last = piece[0]
    start = 0
    for t in range(1, piece.size + 1):
        if t == piece.size or piece[t] != piece[start]:
            if t - start >= hold:
                last = piece[start]
            piece[start:t] = last
            start = t
