"""The network: what it learns, the state it carries, and where it resumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines import _descent
from baselines.kinetics._parts import network_model
from baselines.kinetics.lstm import Lstm
from baselines.kinetics.msm import Msm
from benchmark.errors import InputError, ModelError
from benchmark.tracks.kinetics.contract import StateTrajectories
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    mean_log,
    trajectories,
    two_speed_chain,
)

SMALL = {"hidden": 16, "embedding": 8, "epochs": 4}


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_labels(two_speed_chain(), 20_000, 3, seed=12)


def fit(labels: np.ndarray, scratch: Path, options: dict | None = None, **context) -> Lstm:
    model = Lstm(**(SMALL if options is None else options))
    model.fit(
        trajectories(labels[:1], 3),
        trajectories(labels[1:2], 3),
        fit_context(scratch, **context),
    )
    return model


def weights(model: Lstm) -> list[np.ndarray]:
    return [value.numpy() for value in model.network.state_dict().values()]


def test_lstm_beats_the_markov_state_model_on_a_hidden_chain(labels, tmp_path: Path):
    test = labels[2:]
    model = fit(labels, tmp_path, {"hidden": 24, "embedding": 8, "epochs": 30})
    msm = Msm()
    msm.fit(trajectories(labels[:1], 3), trajectories(labels[1:2], 3), fit_context(tmp_path))
    exact = float(two_speed_chain().log_probabilities(test)[:, 20:].mean())
    lost = exact - mean_log(model.predict(test), test)
    lost_by_msm = exact - mean_log(msm.predict(test), test)
    assert lost < 0.25 * lost_by_msm


def test_state_carried_across_windows_equals_one_long_pass(labels, tmp_path, monkeypatch):
    model = fit(labels[:, :2_000], tmp_path)
    states = labels[:, :500]
    whole = model.predict(states)
    monkeypatch.setattr(network_model, "PREDICTION_BLOCK", 3 * 64 * 7)  # windows of 7 frames
    np.testing.assert_allclose(model.predict(states), whole, atol=2e-6)


def test_resumed_training_equals_uninterrupted_training(labels, tmp_path, monkeypatch):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    short = labels[:, :4_000]
    options = SMALL | {"dropout": 0.1}
    uninterrupted = fit(short, tmp_path / "one", options)

    class StopError(Exception):
        pass

    def stop_in_third_epoch(fraction: float, note: str) -> None:
        if fraction > 0.7:
            raise StopError

    with pytest.raises(StopError):
        fit(short, tmp_path / "two", options, progress=stop_in_third_epoch)
    assert (tmp_path / "two" / "checkpoint.pt").is_file()
    fractions: list[float] = []
    resumed = fit(
        short, tmp_path / "two", options, progress=lambda share, note: fractions.append(share)
    )
    assert fractions == [1.0]  # three epochs of four were in the checkpoint
    for one, two in zip(weights(uninterrupted), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, two)


def test_checkpoint_of_another_run_is_not_resumed(labels, tmp_path, monkeypatch):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    short = labels[:, :2_000]
    plain = fit(short, tmp_path / "plain", seed=2)
    scratch = tmp_path / "other"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *args, **kwargs: None)
        fit(short, scratch, seed=1)
    assert (scratch / "checkpoint.pt").is_file()
    again = fit(short, scratch, seed=2)
    for one, two in zip(weights(plain), weights(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_fit_is_determined_by_its_seed_and_leaves_the_global_state_alone(labels, tmp_path):
    short = labels[:, :2_000]
    torch.manual_seed(123)
    expected = torch.rand(1)
    torch.manual_seed(123)
    one = fit(short, tmp_path / "1", seed=4)
    torch.testing.assert_close(torch.rand(1), expected)
    same, other = fit(short, tmp_path / "2", seed=4), fit(short, tmp_path / "3", seed=5)
    np.testing.assert_array_equal(weights(one)[0], weights(same)[0])
    assert (weights(one)[0] != weights(other)[0]).any()


def test_validation_chooses_the_epoch_and_effort_the_number_of_epochs(labels, tmp_path):
    notes: list[str] = []
    fit(
        labels[:, :2_000],
        tmp_path,
        SMALL | {"epochs": 10},
        effort=0.2,
        progress=lambda share, note: notes.append(note),
    )
    assert [note.split(",")[0] for note in notes] == ["epoch 1/2", "epoch 2/2"]


def test_diverging_training_is_a_model_error_that_says_what_to_do(labels, tmp_path):
    with pytest.raises(ModelError, match="try a smaller learning_rate"):
        fit(labels[:, :2_000], tmp_path, SMALL | {"learning_rate": 1e30})


def test_chains_of_uneven_length_are_all_learned(tmp_path):
    rng = np.random.default_rng(0)
    chains = tuple(rng.integers(0, 3, n).astype(np.uint8) for n in (1, 3, 700, 90))
    data = StateTrajectories(chains, 3)
    model = Lstm(**SMALL)
    model.fit(data, data, fit_context(tmp_path))
    assert np.isfinite(model.predict(np.zeros((1, 4), np.uint8))).all()


def test_unusable_device_and_size_are_input_errors(labels, tmp_path):
    with pytest.raises(InputError, match="device 'gpu9' cannot be used"):
        fit(labels[:, :500], tmp_path, device="gpu9")
    with pytest.raises(InputError, match="hidden is 0"):
        Lstm(hidden=0)
    with pytest.raises(InputError, match="learning_rate is nan"):
        Lstm(learning_rate=float("nan"))
