"""What a network adds to a hidden Markov model: what it leaves, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from baselines.kinetics._hmm_family import HmmFamily
from baselines.kinetics._parts.slow_modes import SlowMode
from baselines.kinetics.ar_hmm import ArHmm
from baselines.kinetics.hmm_lstm import HmmLstm
from benchmark.errors import InputError
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    markov_chain,
    mean_log,
    trajectories,
)
from tests.baselines.kinetics.test_slow_models import switched_walk

OPTIONS = {"hidden": 16, "embedding": 4, "most": 2}


def clockwork(n_frames: int, n_chains: int, seed: int) -> np.ndarray:
    """Label 1 for just seven frames, then label 0 for a random time."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((n_chains, n_frames), np.uint8)
    for row in rows:
        t = 0
        while t < n_frames:
            t += int(rng.geometric(0.1))
            row[t : t + 7] = 1
            t += 7
    return rows


def test_options_out_of_range_are_refused_before_anything_is_fitted():
    with pytest.raises(InputError, match="most is 0; expected at least 1"):
        HmmLstm(most=0)


def test_better_family_finds_what_a_single_matrix_cannot(tmp_path: Path):
    labels = draw_labels(switched_walk(), 40_000, 3, seed=8)
    train, validation = (trajectories(labels[i : i + 1, :8000], 4) for i in range(2))
    context, alone, best = fit_context(tmp_path, seed=1, effort=0.3), ArHmm(most=1), HmmFamily(2)
    best.fit(train, validation, SlowMode.of(train, validation), context)
    alone.fit(train, validation, context)
    assert best.family in ("ar-hmm", "hmm")
    unseen = labels[2:]
    gain = mean_log(best.model.predict(unseen), unseen) - mean_log(alone.predict(unseen), unseen)
    assert gain > 0.01


def test_correction_that_gains_nothing_is_not_kept(tmp_path: Path):
    """A Markov chain is a hidden Markov model: there is nothing left to learn."""
    chain = markov_chain(np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]]))
    labels = draw_labels(chain, 8_000, 2, seed=1)
    model = HmmLstm(**OPTIONS, epochs=8)
    model.fit(*(trajectories(labels[i : i + 1], 3) for i in range(2)), fit_context(tmp_path))
    assert not model.corrected
    assert model.parameters == model.base.model.parameters
    np.testing.assert_array_equal(
        model.predict(labels[:, :50]), model.base.model.predict(labels[:, :50])
    )


@pytest.fixture(scope="module")
def clock_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[HmmLstm, Path]:
    scratch, labels = tmp_path_factory.mktemp("clock"), clockwork(20_000, 2, seed=1)
    model = HmmLstm(**OPTIONS, epochs=20)
    # A hidden Markov model that cannot count to seven.
    model.base = _Geometric(most=2)
    model.fit(*(trajectories(labels[i : i + 1], 2) for i in range(2)), fit_context(scratch))
    return model, scratch


class _Geometric(HmmFamily):
    def _make(self, name: str):
        return ArHmm(most=1)


def test_network_learns_what_the_hidden_chain_leaves(clock_model):
    model, _ = clock_model
    unseen = clockwork(20_000, 1, seed=9)
    # Only the dwell in label 0 is random: its end is a coin thrown in each frame.
    stay = unseen[:, 1:][unseen[:, :-1] == 0] == 0
    exact = -len(stay) / unseen.size * -(0.1 * np.log(0.1) + 0.9 * np.log(0.9))
    assert model.corrected
    assert mean_log(model.predict(unseen), unseen) == pytest.approx(exact, abs=0.01)
    assert mean_log(model.base.model.predict(unseen), unseen) < exact - 0.1


def test_corrected_samples_count_as_the_truth_does(clock_model):
    model, _ = clock_model
    drawn = model.sample(np.zeros((40, 30), np.uint8), 2_000, np.random.default_rng(2))
    ends = np.flatnonzero(np.diff(np.pad(drawn, ((0, 0), (1, 1))).ravel().astype(int)))
    dwells = (ends[1::2] - ends[::2])[1:-1]
    assert (dwells == 7).mean() > 0.95


def test_refit_takes_the_hidden_chain_from_the_scratch_folder(clock_model):
    model, scratch = clock_model
    labels = clockwork(20_000, 2, seed=1)
    data = [trajectories(labels[i : i + 1], 2) for i in range(2)]
    again = HmmLstm(**OPTIONS, epochs=1)
    again._fit_base(*data, SlowMode.of(*data), fit_context(scratch))
    assert again.base.family == model.base.family
    np.testing.assert_array_equal(again.base.model.model.law, model.base.model.model.law)
