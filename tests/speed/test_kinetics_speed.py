"""Speed of the kinetics estimators on 1e7 frames, beside plain numpy or deeptime.

Run with ``pytest tests/speed --benchmark-enable``; ``frames_per_second`` (best round, one core) is
in the extra info. The aim is 1e7; nothing is asserted.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.tracks.kinetics.metrics.errors import (
    block_standard_error,
    commit_counts,
    commit_thresholds,
    count_matrix,
    cycle_mfpt,
    dwell_cdf,
    dwell_edges,
    implied_timescales,
    kinetics_errors,
    nll_regret,
    populations,
    reference_from_chains,
)

N_FRAMES = 10_000_000
N_PLAIN = 1_000_000
MEAN_RUN = 20  # frames: metastable states seen with much recrossing
T2 = 5000.0
THRESHOLDS = commit_thresholds(T2)
EDGES = dwell_edges(400)


@pytest.fixture(scope="module", params=[3, 5])
def chains(request):
    """Chains of shape (10, 1e6) with K labels, and K."""
    rng = np.random.default_rng(0)
    n_states = request.param
    n_runs = 2 * N_FRAMES // MEAN_RUN
    labels = (rng.integers(1, n_states, n_runs).cumsum() % n_states).astype(np.uint8)
    frames = labels.repeat(rng.geometric(1 / MEAN_RUN, n_runs))[:N_FRAMES]
    return frames.reshape(10, -1), n_states


def measure(benchmark, function, n_frames):
    benchmark.pedantic(function, rounds=3, warmup_rounds=1)
    if benchmark.stats is not None:  # None with --benchmark-disable
        benchmark.extra_info["frames_per_second"] = n_frames / benchmark.stats.stats.min


ESTIMATORS = {
    "populations": populations,
    "count_matrix": lambda x, K: count_matrix(x, K, 1),
    "implied_timescales": lambda x, K: implied_timescales(x, K, [50], 2),
    "cycle_mfpt": cycle_mfpt,
    "commit_counts": lambda x, K: commit_counts(x, K, THRESHOLDS),
    "dwell_cdf": lambda x, K: dwell_cdf(x, K, EDGES),
    "reference_from_chains": lambda x, K: reference_from_chains(x, K, [1, 5, 50], 2, T2),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimator(benchmark, chains, name):
    x, n_states = chains
    measure(benchmark, lambda: ESTIMATORS[name](x, n_states), N_FRAMES)


def test_kinetics_errors(benchmark, chains):
    x, n_states = chains
    reference = reference_from_chains(x[:1], n_states, [1, 5, 50], 2, T2)
    measure(benchmark, lambda: kinetics_errors(x, reference, 1e6), N_FRAMES)


def plain_populations(x, n_states):
    return np.bincount(x, minlength=n_states) / x.size


def plain_counts(x, n_states):
    pairs = x[:-1] * np.intp(n_states) + x[1:]
    return np.bincount(pairs, minlength=n_states**2).reshape(n_states, n_states)


def deeptime_counts(x, n_states):
    from deeptime.markov import TransitionCountEstimator

    return TransitionCountEstimator(1, "sliding", n_states=n_states).fit_fetch(x).count_matrix


def plain_runs(x):
    starts = np.flatnonzero(np.diff(x, prepend=x[0] ^ 1))
    return x[starts], np.diff(starts, append=x.size)


def plain_mfpt(x, n_states):
    """One pass for each pair, over the frames in either state."""
    out = np.full((n_states, n_states), np.nan)
    for a in range(n_states):
        for b in range(n_states):
            if a != b:
                places = np.flatnonzero((x == a) | (x == b))
                changes = places[np.flatnonzero(np.diff(x[places].astype(np.int8))) + 1]
                at_b = x[changes] == b
                passages = np.diff(changes)[~at_b[:-1]]
                out[a, b] = passages.mean()
    return out


def plain_commits(x, n_states):
    labels, lengths = plain_runs(x)
    out = []
    for threshold in THRESHOLDS:
        kept = labels[lengths >= threshold]
        counts = plain_counts(kept, n_states) if kept.size > 1 else np.zeros((n_states,) * 2)
        np.fill_diagonal(counts, 0)
        out.append(counts)
    return np.stack(out)


def plain_dwells(x, n_states):
    labels, lengths = plain_runs(x)
    return [
        np.searchsorted(np.sort(lengths[1:-1][labels[1:-1] == i]), EDGES, side="right")
        for i in range(n_states)
    ]


PLAIN = {
    "populations-numpy": plain_populations,
    "count_matrix-numpy": plain_counts,
    "count_matrix-deeptime": deeptime_counts,
    "cycle_mfpt-numpy": plain_mfpt,
    "commit_counts-numpy": plain_commits,
    "dwell_cdf-numpy": plain_dwells,
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain(benchmark, chains, name):
    x, n_states = chains
    x = x.ravel()[:N_PLAIN]
    measure(benchmark, lambda: PLAIN[name](x, n_states), N_PLAIN)


@pytest.fixture(scope="module")
def log_prob():
    return np.log(np.random.default_rng(0).random((4, N_PLAIN // 4)))


def test_block_standard_error(benchmark, log_prob):
    measure(benchmark, lambda: block_standard_error(log_prob), N_PLAIN)


def test_nll_regret(benchmark, log_prob):
    measure(benchmark, lambda: nll_regret(log_prob - 0.1, log_prob, 3), N_PLAIN)
