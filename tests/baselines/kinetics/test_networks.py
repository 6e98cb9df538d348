"""What every network must do: learn hidden memory, carry its state, repeat and resume itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines import _descent
from baselines.kinetics._parts import network_model
from baselines.kinetics._parts.network_model import NetworkModel
from baselines.kinetics.msm import Msm
from benchmark.check import check_model
from benchmark.errors import InputError, ModelError
from benchmark.loading import load_model
from tests.baselines.kinetics.chains import (
    draw_labels,
    fit_context,
    mean_log,
    trajectories,
    two_speed_chain,
)

NETWORKS = ("gru", "lstm", "transformer")
SMALL = {
    "gru": {"hidden": 16, "embedding": 8, "epochs": 4},
    "lstm": {"hidden": 16, "embedding": 8, "epochs": 4},
    "transformer": {"width": 16, "context": 16, "window": 32, "epochs": 4},
}
LEARNING = {
    "gru": {"hidden": 24, "embedding": 8, "epochs": 30},
    "transformer": {"context": 8, "learning_rate": 1e-2},
}


def make(name: str, **options: object) -> NetworkModel:
    module = importlib.import_module(f"baselines.kinetics.{name}")
    return getattr(module, name.capitalize())(**SMALL[name] | options)


def fit(name: str, labels: np.ndarray, scratch: Path, options: dict | None = None, **context):
    model = make(name, **options or {})
    model.fit(
        trajectories(labels[:1], 3),
        trajectories(labels[1:2], 3),
        fit_context(scratch, **context),
    )
    return model


def weights(model: NetworkModel) -> list[np.ndarray]:
    return [value.numpy() for value in model.network.state_dict().values()]


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return draw_labels(two_speed_chain(), 20_000, 3, seed=12)


@pytest.fixture(scope="module")
def fitted(labels, tmp_path_factory) -> dict[str, NetworkModel]:
    short = labels[:, :2_000]
    return {name: fit(name, short, tmp_path_factory.mktemp(name)) for name in NETWORKS}


@pytest.mark.parametrize("name", LEARNING)
def test_network_beats_the_markov_state_model_on_a_hidden_chain(labels, tmp_path, name):
    test = labels[2:]
    model = fit(name, labels, tmp_path, LEARNING[name])
    msm = Msm()
    msm.fit(trajectories(labels[:1], 3), trajectories(labels[1:2], 3), fit_context(tmp_path))
    exact = float(two_speed_chain().log_probabilities(test)[:, 20:].mean())
    lost = exact - mean_log(model.predict(test), test)
    lost_by_msm = exact - mean_log(msm.predict(test), test)
    assert lost < 0.25 * lost_by_msm


@pytest.mark.parametrize("name", NETWORKS)
def test_state_carried_across_windows_equals_one_long_pass(fitted, labels, monkeypatch, name):
    model, states = fitted[name], labels[:, :500]
    whole = model.predict(states)
    block = len(states) * model.network.numbers * 7  # windows of 7 frames
    monkeypatch.setattr(network_model, "PREDICTION_BLOCK", block)
    np.testing.assert_allclose(model.predict(states), whole, atol=2e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_frames_from_t_on_and_other_chains_leave_the_prediction_of_t_alone(fitted, labels, name):
    states = labels[:, :120]
    before = fitted[name].predict(states)
    for t in (0, 1, 15, 16, 17, 64, 119):
        other = states.copy()
        other[0, t:] = (other[0, t:] + 1) % 3
        other[1] = other[1, ::-1]
        after = fitted[name].predict(other)
        np.testing.assert_allclose(after[0, : t + 1], before[0, : t + 1], atol=1e-6)
        # What follows does read the frame: else the comparison above would be empty.
        assert np.abs(after[0, t + 1 : t + 3] - before[0, t + 1 : t + 3]).sum() > 1e-3 or t == 119


@pytest.mark.parametrize("prompt", [0, 1, 9, 15, 16, 17, 50])
@pytest.mark.parametrize("name", NETWORKS)
def test_steps_of_the_sampler_have_the_probabilities_of_predict(fitted, labels, name, prompt):
    """Fed with given labels, from an empty past to one longer than any window."""
    model, states = fitted[name], labels[:, :120]
    expected = model.predict(states)
    network = model.network
    with torch.inference_mode():
        _, state = network(network.inputs(states, 0, prompt + 1))
        advance = network.stepper(state)
        for t in range(prompt, 119):
            logits = advance(torch.from_numpy(states[:, t].astype(np.int64)))
            found = torch.softmax(logits, 1).numpy()
            np.testing.assert_allclose(found, expected[:, t + 1], atol=2e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_samples_follow_the_predicted_law(fitted, labels, name):
    """Over generated frames, how often a label came agrees with the sum of its predictions.

    For each label before and label now, Σ (1[s_t = k] − p_t(k)) is a martingale whose variance
    is Σ p (1 − p).
    """
    model = fitted[name]
    prompt = labels[2:3, :30].repeat(64, 0)
    drawn = model.sample(prompt, 400, np.random.default_rng(8))
    assert drawn.dtype == np.uint8
    assert drawn.shape == (64, 400)
    whole = np.concatenate([prompt, drawn], axis=1)
    p = model.predict(whole)[:, 30:].astype(float)
    excess = np.eye(3)[drawn] - p
    for here in (whole[:, 29:-1] == 0, whole[:, 29:-1] == 1, whole[:, 29:-1] == 2):
        spread = np.sqrt((p * (1.0 - p))[here].sum(0))
        assert (np.abs(excess[here].sum(0)) < 4.0 * spread + 1.0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_sampling_is_determined_by_the_generator_and_needs_no_prompt(fitted, name):
    nothing = np.empty((4, 0), np.uint8)
    one, same, other = (
        fitted[name].sample(nothing, 300, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_network_predicts_the_same_whatever_the_options_of_the_one_that_reads_it(
    fitted, labels, tmp_path, name
):
    fitted[name].save(tmp_path / "model")
    module = importlib.import_module(f"baselines.kinetics.{name}")
    again = getattr(module, name.capitalize())()
    again.load(tmp_path / "model")
    states = labels[:, :100]
    np.testing.assert_array_equal(again.predict(states), fitted[name].predict(states))
    assert again.parameters == fitted[name].parameters > 0


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_fit_is_determined_by_its_seed_and_leaves_the_global_state_alone(labels, tmp_path, name):
    short = labels[:, :2_000]
    torch.manual_seed(123)
    expected = torch.rand(1)
    torch.manual_seed(123)
    one = fit(name, short, tmp_path / "1", seed=4)
    torch.testing.assert_close(torch.rand(1), expected)
    same, other = (
        fit(name, short, tmp_path / "2", seed=4),
        fit(name, short, tmp_path / "3", seed=5),
    )
    for a, b in zip(weights(one), weights(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (weights(one)[0] != weights(other)[0]).any()


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_resumed_training_equals_uninterrupted_training(labels, tmp_path, monkeypatch, name):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    short = labels[:, :4_000]
    uninterrupted = fit(name, short, tmp_path / "one", {"dropout": 0.1})

    class StopError(Exception):
        pass

    def stop_in_third_epoch(fraction: float, note: str) -> None:
        if fraction > 0.7:
            raise StopError

    with pytest.raises(StopError):
        fit(name, short, tmp_path / "two", {"dropout": 0.1}, progress=stop_in_third_epoch)
    assert (tmp_path / "two" / "checkpoint.pt").is_file()
    fractions: list[float] = []
    resumed = fit(
        name,
        short,
        tmp_path / "two",
        {"dropout": 0.1},
        progress=lambda share, note: fractions.append(share),
    )
    assert fractions == [1.0]  # three epochs of four were in the checkpoint
    for a, b in zip(weights(uninterrupted), weights(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_checkpoint_of_another_network_is_not_resumed(labels, tmp_path, monkeypatch):
    """A GRU finds the checkpoint of an LSTM of the same sizes, data and seed."""
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    short = labels[:, :2_000]
    plain = fit("gru", short, tmp_path / "plain")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *args, **kwargs: None)
        fit("lstm", short, tmp_path / "both")
    assert (tmp_path / "both" / "checkpoint.pt").is_file()
    again = fit("gru", short, tmp_path / "both")
    for a, b in zip(weights(plain), weights(again), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_diverging_training_is_a_model_error_that_says_what_to_do(labels, tmp_path, name):
    with pytest.raises(ModelError, match="try a smaller learning_rate"):
        fit(name, labels[:, :2_000], tmp_path, {"learning_rate": 1e30})


@pytest.mark.parametrize("name", NETWORKS)
def test_shipped_network_has_no_fault(name):
    found = check_model(load_model(name))
    assert {finding.name: finding.fault for finding in found if finding.fault} == {}
    assert "save and load" in {finding.name for finding in found}


BAD_OPTIONS = [
    ({"epochs": 0}, "epochs is 0; expected at least 1"),
    ({"frames": float("nan")}, "frames is nan; expected at least 1"),
    ({"streams": 0}, "streams is 0; expected at least 1"),
    ({"window": -1}, "window is -1; expected at least 1"),
    ({"average": 0.5}, "average is 0.5; expected at least 1"),
    ({"weight_decay": -0.1}, "weight_decay is -0.1; expected at least 0"),
    ({"patience": -1.0}, "patience is -1; expected at least 0"),
    ({"learning_rate": 0.0}, "learning_rate is 0; expected more than 0"),
    ({"learning_rate": float("inf")}, "learning_rate is inf; expected"),
    ({"dropout": 1.0}, "dropout is 1; expected at least 0 and less than 1"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS, ids=lambda value: str(value))
@pytest.mark.parametrize("name", NETWORKS)
def test_option_out_of_range_is_an_input_error(name, options, message):
    with pytest.raises(InputError, match=message):
        make(name, **options)


@pytest.mark.parametrize("option", ["hidden", "embedding"])
@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_recurrent_network_of_no_units_is_an_input_error(name, option):
    with pytest.raises(InputError, match=f"{option} is 0; expected at least 1"):
        make(name, **{option: 0})
