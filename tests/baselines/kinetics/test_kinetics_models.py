"""What every kinetics model of ours must do, and the controls' own promises."""

from __future__ import annotations

import importlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.kinetics._parts.recorded import replay_chains
from baselines.kinetics.block_shuffle import BlockShuffle
from baselines.kinetics.truth import Truth
from benchmark.errors import InputError, ModelError
from benchmark.tracks.kinetics.contract import StateTrajectories
from tests.baselines.kinetics.chains import draw_labels, fit_context, trajectories, two_speed_chain

PREDICTING = {
    "iid": ("Iid", {}),
    "persistence": ("Persistence", {}),
    "msm": ("Msm", {}),
    "hmm": ("Hmm", {"restarts": 1, "most": 2, "most_mixed": 3}),
    "hmm_free": ("HmmFree", {"most": 4}),
    "ar_hmm": ("ArHmm", {"most": 3, "dimensions": 2}),
    "semi_markov": ("SemiMarkov", {}),
    "ngram": ("Ngram", {"order": 4}),
    "ctw": ("Ctw", {"depth": 4}),
    "ssm": ("Ssm", {"hidden": 12, "embedding": 4, "epochs": 10}),
    "lstm": ("Lstm", {"hidden": 12, "embedding": 4, "epochs": 10}),
    "hmm_lstm": ("HmmLstm", {"hidden": 12, "embedding": 4, "epochs": 4, "most": 2}),
}
RECORDED = {"replay": "Replay", "block_shuffle": "BlockShuffle"}

K = 4  # one label more than the data ever show


def make(module: str) -> Any:
    name, options = PREDICTING[module] if module in PREDICTING else (RECORDED[module], {})
    return getattr(importlib.import_module(f"baselines.kinetics.{module}"), name)(**options)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_labels(two_speed_chain(), 4_000, 6, seed=3)


@pytest.fixture(scope="module")
def fitted(labels: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    models = {}
    for module in (*PREDICTING, *RECORDED):
        models[module] = make(module)
        models[module].fit(
            trajectories(labels[:2], K),
            trajectories(labels[2:4], K),
            fit_context(tmp_path_factory.mktemp(module)),
        )
    return models


@pytest.mark.parametrize("module", PREDICTING)
def test_predictions_are_normalised_positive_and_float32(fitted, labels, module):
    probabilities = fitted[module].predict(labels[4:, :500])
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (2, 500, K)
    np.testing.assert_allclose(probabilities.sum(-1, dtype=float), 1.0, atol=2e-6)
    assert probabilities.min() > 0.0


@pytest.mark.parametrize("module", PREDICTING)
def test_label_never_seen_in_training_has_finite_log_probability_and_is_survived(
    fitted, labels, module
):
    states = labels[4:5, :60].copy()
    states[0, 20:23] = 3
    log_probabilities = np.log(fitted[module].predict(states))
    assert np.isfinite(log_probabilities).all()


@pytest.mark.parametrize("module", PREDICTING)
def test_predictions_depend_on_the_past_of_their_own_chain_alone(fitted, labels, module):
    states = labels[4:, :300]
    before = fitted[module].predict(states)
    other = states.copy()
    other[0, 200:] = (other[0, 200:] + 1) % 3
    other[1] = other[1, ::-1]
    after = fitted[module].predict(other)
    np.testing.assert_allclose(after[0, :201], before[0, :201], atol=1e-6)
    alone = fitted[module].predict(states[:1])
    np.testing.assert_allclose(alone[0], before[0], atol=1e-6)


@pytest.mark.parametrize("module", PREDICTING)
def test_samples_follow_the_predicted_law(fitted, labels, module):
    """Over generated frames, how often a label came agrees with the sum of its predictions.

    For each label before and label now, Σ (1[s_t = k] − p_t(k)) is a martingale whose variance
    is Σ p (1 − p).
    """
    model = fitted[module]
    prompt = labels[4:5, :30].repeat(64, 0)
    drawn = model.sample(prompt, 400, np.random.default_rng(8))
    assert drawn.dtype == np.uint8
    assert drawn.shape == (64, 400)
    whole = np.concatenate([prompt, drawn], axis=1)
    p = model.predict(whole)[:, 30:].astype(float)
    shown = np.eye(K)[drawn]
    before = whole[:, 29:-1]
    for label in range(3):
        here = before == label
        excess = (shown - p)[here].sum(0)
        spread = np.sqrt((p * (1.0 - p))[here].sum(0))
        assert (np.abs(excess) < 4.0 * spread + 1.0).all()
    # The very first frame follows the prompt's law, too.
    first = np.abs((shown - p)[:, 0].sum(0))
    assert (first < 4.0 * np.sqrt((p * (1.0 - p))[:, 0].sum(0)) + 1.0).all()


@pytest.mark.parametrize("module", [*PREDICTING, *RECORDED])
def test_sampling_is_determined_by_the_generator(fitted, labels, module):
    prompt = labels[4:, :10]
    one, same = (fitted[module].sample(prompt, 700, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert one.max() < K


@pytest.mark.parametrize("module", PREDICTING)
def test_sampling_starts_without_a_prompt(fitted, module):
    drawn = fitted[module].sample(np.empty((3, 0), np.uint8), 20, np.random.default_rng(1))
    assert drawn.shape == (3, 20)


@pytest.mark.parametrize("module", PREDICTING)
def test_saved_model_predicts_the_same(fitted, labels, module, tmp_path: Path):
    fitted[module].save(tmp_path / "model")
    again = make(module)
    again.load(tmp_path / "model")
    np.testing.assert_array_equal(
        again.predict(labels[4:, :100]), fitted[module].predict(labels[4:, :100])
    )
    assert again.parameters == fitted[module].parameters > 0


def test_cards_name_controls_and_models(fitted):
    controls = {name for name, model in fitted.items() if model.card.role == "control"}
    assert controls == {"iid", "persistence", "replay", "block_shuffle"}
    assert Truth.card.role == "control"


def test_replay_goes_on_where_the_chain_passed_through_its_last_label():
    recorded = np.array([0, 1, 2, 3, 2, 1], np.uint8)
    walks = replay_chains([recorded], 3, 12)
    assert walks.tolist() == [[0, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3],
                              [2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1],
                              [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]]  # fmt: skip


def test_replay_of_several_chains_makes_no_jump_that_was_not_recorded():
    recorded = [np.array(one, np.uint8) for one in ([0, 0, 1], [1, 2, 2], [2, 0, 1], [0, 2])]
    jumps = {pair for one in recorded for pair in itertools.pairwise(one.tolist())}
    walks = replay_chains(recorded, 11, 50)
    assert {pair for walk in walks for pair in itertools.pairwise(walk.tolist())} == jumps


def test_replay_sees_every_part_of_a_chain_equally_often_and_forwards():
    recorded = np.arange(101, dtype=np.uint8) % 100  # ends where it began
    walks = replay_chains([recorded], 20, 50)
    assert (np.diff(walks.astype(int)) % 100 == 1).all()
    assert np.ptp(np.bincount(walks.ravel())) <= 1


def test_replay_begins_again_where_no_chain_passes_through_the_last_label():
    assert replay_chains([np.zeros(1, np.uint8)], 2, 3).tolist() == [[0, 0, 0]] * 2
    assert replay_chains([np.array([0, 1], np.uint8)], 1, 5).tolist() == [[0, 1, 0, 1, 0]]


def test_block_shuffle_deals_every_block_once_before_any_twice(tmp_path: Path):
    chain = np.repeat(np.arange(20, dtype=np.uint8), 5)
    model = BlockShuffle(block=5)
    data = StateTrajectories((chain,), 20)
    model.fit(data, data, fit_context(tmp_path))
    drawn = model.sample(np.zeros((2, 1), np.uint8), 50, np.random.default_rng(0))
    blocks = drawn.reshape(-1, 5)
    assert (blocks == blocks[:, :1]).all()
    assert sorted(blocks[:, 0]) == list(range(20))


def test_block_longer_than_every_chain_is_an_error(tmp_path: Path):
    data = StateTrajectories((np.zeros(30, np.uint8),), 2)
    with pytest.raises(ModelError, match="no training chain has 50 frames; the longest has 30"):
        BlockShuffle().fit(data, data, fit_context(tmp_path))
    with pytest.raises(InputError, match="block is 0"):
        BlockShuffle(block=0)


def test_truth_replays_the_fresh_chains_that_it_is_fitted_to(tmp_path: Path):
    """The harness hands them out as training data, because the card of a control asks for them."""
    assert (Truth.card.trained_on, Truth.card.role) == ("fresh", "control")
    fresh = (np.arange(5, dtype=np.uint8), np.arange(10, 15, dtype=np.uint8))
    validation = StateTrajectories((np.full(6, 99, np.uint8),), 100)
    model = Truth()
    model.fit(StateTrajectories(fresh, 100), validation, fit_context(tmp_path))
    drawn = model.sample(np.full((2, 1), 99, np.uint8), 9, np.random.default_rng(0))
    assert drawn.tolist() == [[0, 1, 2, 3, 4, 10, 11, 12, 13], [10, 11, 12, 13, 14, 0, 1, 2, 3]]
    assert not hasattr(model, "predict")
