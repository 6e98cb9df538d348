"""Networks that follow dynamics into a gap: exact on springs, symmetric, causal, resumable."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines import _descent
from baselines.superresolution._parts import network_model
from baselines.superresolution._parts.network_model import NetworkModel
from baselines.superresolution._parts.networks import Network, Shape
from baselines.superresolution.hermite5 import Hermite5
from baselines.superresolution.hnn import Hnn
from baselines.superresolution.linear import Linear
from baselines.superresolution.node import Node
from benchmark.check import check_model
from benchmark.errors import InputError, ModelError
from benchmark.loading import load_model
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import interpolate, scaled_derivatives
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment
from tests.baselines.superresolution.molecules import (
    backwards,
    bonded_segment,
    fit_context,
    moved,
)

GAP = 10
FROM_LEFT = ("rnn", "lstm", "node", "hnn")
BOTH_WAYS = tuple(f"bi_{name}" for name in FROM_LEFT)
NETWORKS = FROM_LEFT + BOTH_WAYS
CLASSES = {name: name.title().replace("_", "") for name in NETWORKS}
SMALL = {"hidden": 16, "batch": 16, "frames": 16 * 9 * 6}  # six updates
UNTRAINED = {"frames": 1.0, "learning_rate": 1e-30}
SOFT = 2.0  # 1/Å, of bonds that springs do not follow


def make(name: str, **options: Any) -> NetworkModel:
    module = importlib.import_module(f"baselines.superresolution.{name}")
    return getattr(module, CLASSES[name])(**SMALL | options)


def fit(
    name: str, segments: list[DenseSegment], scratch: Path, gap: int = GAP, **options: Any
) -> NetworkModel:
    model = make(name, **options)
    model.fit(segments[:-1], segments[-1:], fit_context(scratch, gap))
    return model


def error(model: Any, dense: DenseSegment, gap: int = GAP) -> float:
    return float(np.abs(fill(model, dense, gap) - dense.positions).mean())


def fill(model: Any, dense: DenseSegment, gap: int = GAP) -> np.ndarray:
    return model.reconstruct(dense.coarse(gap, model.reads))


def interrupt(name: str, segments: list[DenseSegment], context: GapContext) -> None:
    def stop(fraction: float, note: str) -> None:
        if fraction >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(name).fit(segments[:-1], segments[-1:], replace(context, progress=stop))


def weights(model: NetworkModel) -> list[np.ndarray]:
    return [value.numpy() for value in model.network.state_dict().values()]


@pytest.fixture(scope="module")
def springs() -> list[DenseSegment]:
    return [bonded_segment(seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def soft() -> list[DenseSegment]:
    return [bonded_segment(seed, softness=SOFT) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def test_segment() -> DenseSegment:
    return bonded_segment(9, 301, softness=SOFT)


@pytest.fixture(scope="module")
def fitted(soft, tmp_path_factory) -> dict[str, NetworkModel]:
    """Give every network after a few updates: it corrects something, nothing well."""
    return {name: fit(name, soft, tmp_path_factory.mktemp(name)) for name in NETWORKS}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_keeps_the_contract(name):
    settings = {key: str(value) for key, value in SMALL.items()}
    model = load_model(name.replace("_", "-"), settings, track="superresolution")
    assert [finding for finding in check_model(model) if finding.fault] == []


@pytest.mark.parametrize("reads", ["velocities", "forces"])
@pytest.mark.parametrize("name", ["node", "bi_node"])
def test_springs_are_followed_before_any_training(springs, tmp_path, name, reads):
    """The integrator is that of the data, so that only rounding and damping are left."""
    model = fit(name, springs, tmp_path, reads=reads, **UNTRAINED)
    dense = bonded_segment(9, 301)
    assert error(model, dense) < 1e-5 < error(Hermite5(), dense) / 10


@pytest.mark.parametrize("name", ["lstm", "bi_rnn", "hnn", "bi_node"])
def test_training_lowers_the_error(name, tmp_path):
    """Bonds that springs do not follow are learned, each cell once, in eighty updates."""
    segments = [bonded_segment(seed, 2_001, softness=SOFT) for seed in (1, 2, 3, 4, 5)]
    budget = {"frames": 32 * 9 * 80, "batch": 32, "hidden": 32, "average": 10.0}
    trained = fit(name, segments, tmp_path, learning_rate=5e-3, **budget)
    untrained = fit(name, segments, tmp_path, **UNTRAINED)
    assert error(trained, segments[-1]) < 0.9 * error(untrained, segments[-1])


def test_both_ends_beat_the_hermite_interpolant(fitted, test_segment):
    errors = {name: error(fitted[name], test_segment) for name in BOTH_WAYS}
    assert max(errors.values()) < 0.6 * error(Hermite5(), test_segment)


@pytest.mark.parametrize("name", FROM_LEFT)
def test_both_ends_are_better_than_one(fitted, test_segment, name):
    assert error(fitted[f"bi_{name}"], test_segment) < error(fitted[name], test_segment) / 2


@pytest.mark.parametrize("name", NETWORKS)
def test_kept_frames_are_exact(fitted, test_segment, name):
    answer = fill(fitted[name], test_segment)
    np.testing.assert_array_equal(answer[::GAP], test_segment.positions[::GAP])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_answer_turns_and_shifts_with_the_segment(fitted, test_segment, name):
    other, move = moved(test_segment)
    answer = fill(fitted[name], test_segment)
    np.testing.assert_allclose(fill(fitted[name], other), move(answer), atol=2e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gap_is_filled_from_the_left_alone_unless_both_ways(fitted, test_segment, name):
    """Frames beyond the left end of gap 7 are spoilt: gaps up to it must not notice."""
    coarse = test_segment.coarse(GAP, fitted[name].reads)
    spoilt = {
        what: np.concatenate([getattr(coarse, what)[:8], getattr(coarse, what)[8:] + 0.05])
        for what in ("positions", "velocities", "forces")
    }
    answers = [fitted[name].reconstruct(each) for each in (coarse, replace(coarse, **spoilt))]
    same = slice(0, 7 * GAP + GAP)
    difference = np.abs(answers[0] - answers[1])[same]
    if name in FROM_LEFT:
        np.testing.assert_array_equal(difference, 0.0)
    else:
        assert difference[: 7 * GAP - 2 * GAP].max() < 1e-12
        assert difference[7 * GAP + 1 :].min() > 0.0


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_the_answer_to_a_reversed_segment_is_reversed(fitted, test_segment, name):
    answer = fill(fitted[name], test_segment)
    back = fill(fitted[name], backwards(test_segment))
    np.testing.assert_allclose(back, answer[::-1], atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_hidden_frames_cannot_reach_a_network(fitted, test_segment, name):
    """Frames that are neither kept nor beside a kept one do not change the answer."""
    padded = test_segment.padded.copy()
    place = (np.arange(len(padded)) - 1) % GAP
    padded[(place >= 2) & (place <= GAP - 2)] = np.nan
    other = replace(test_segment, padded=padded)
    np.testing.assert_array_equal(fill(fitted[name], other), fill(fitted[name], test_segment))


@pytest.mark.parametrize("name", ["lstm", "bi_lstm", "bi_hnn"])
def test_gaps_are_filled_alike_alone_and_together(fitted, test_segment, monkeypatch, name):
    whole = fill(fitted[name], test_segment)
    monkeypatch.setattr(network_model, "_BLOCK", 7)
    np.testing.assert_allclose(fill(fitted[name], test_segment), whole, atol=1e-6)


@pytest.mark.parametrize("n_frames", [1, GAP + 1, 2 * GAP + 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_segment_of_few_kept_frames_is_filled(fitted, name, n_frames):
    dense = bonded_segment(9, n_frames, softness=SOFT)
    answer = fill(fitted[name], dense)
    assert answer.shape == dense.positions.shape
    assert np.abs(answer - dense.positions).max() < 0.05


@pytest.mark.parametrize("gap", [2, 3])
@pytest.mark.parametrize("name", ["lstm", "bi_lstm", "bi_hnn"])
def test_small_gaps_work(soft, test_segment, tmp_path, name, gap):
    model = fit(name, soft, tmp_path, gap=gap)
    assert error(model, test_segment.cut(gap), gap) < 1e-3


@pytest.mark.parametrize("name", ["bi_lstm", "hnn"])
def test_resumed_training_ends_where_an_uninterrupted_one_does(soft, tmp_path, monkeypatch, name):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    whole = fit(name, soft, tmp_path / "whole")
    context = fit_context(tmp_path / "cut", GAP)
    interrupt(name, soft, context)
    assert (tmp_path / "cut" / "checkpoint.pt").is_file()
    seen: list[float] = []
    resumed = make(name)
    resumed.fit(
        soft[:-1], soft[-1:], replace(context, progress=lambda done, note: seen.append(done))
    )
    assert seen[0] > 0.5
    assert not (tmp_path / "cut" / "checkpoint.pt").exists()
    for one, other in zip(weights(whole), weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_is_resumed_by_another_process(tmp_path):
    """Python's hashes, and with them the order of sets, differ from process to process."""
    program = f"""
from dataclasses import replace
from pathlib import Path
from baselines import _descent
from tests.baselines.superresolution.molecules import bonded_segment, fit_context
from tests.baselines.superresolution.test_networks import GAP, make
_descent.CHECKPOINT_SECONDS = 0.0
def tell(fraction, note):
    print(fraction)
    if 0.4 < fraction < 0.6:
        raise SystemExit
segments = [bonded_segment(seed, 101) for seed in (1, 2)]
context = fit_context(Path({str(tmp_path)!r}), GAP)
make("bi_rnn").fit(segments[:1], segments[1:], replace(context, progress=tell))
"""
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[3],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert [float(first[0]) for first in told] == pytest.approx([1 / 6, 4 / 6])


def test_a_checkpoint_of_another_seed_is_not_resumed(soft, tmp_path, monkeypatch):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    context = fit_context(tmp_path, GAP)
    interrupt("rnn", soft, context)
    seen: list[float] = []
    make("rnn").fit(
        soft[:-1],
        soft[-1:],
        replace(context, seed=1, progress=lambda done, note: seen.append(done)),
    )
    assert seen[0] < 0.5


@pytest.mark.parametrize("name", NETWORKS)
def test_effort_scales_the_updates(name):
    training = make(name, frames=1e5, batch=10).training
    assert training.updates(GAP, 0.1) == round(0.1 * training.updates(GAP, 1.0))
    assert training.updates(GAP, 1e-9) == 1


def random_hnn(reads: str) -> Network:
    """Make a Hamiltonian network whose U is not zero."""
    model = Hnn(reads=reads, hidden=8)
    torch.manual_seed(0)
    network = model.build(Shape(GAP, 2 if reads == "velocities" else 3, 5, False))
    for weight in network.potential.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return network.double()


def test_hnn_pulls_are_minus_the_gradient_of_the_energy():
    network = random_hnn("velocities")
    z = torch.randn(7, 10, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(network.energy(z).sum(), z)
    nothing = torch.zeros(7, 15, dtype=torch.float64)
    springs = Network.pull(network, z, nothing, nothing)
    expected = springs - slope / network.stretch
    torch.testing.assert_close(network.pull(z, nothing, nothing), expected)


def test_node_by_runge_kutta_is_near_node_by_verlet(springs, tmp_path):
    """They differ by the O(h²) of Verlet, which is the data's: it must be the better one."""
    dense = bonded_segment(9, 301)
    verlet, rk4 = (
        error(fit("bi_node", springs, tmp_path, method=method, **UNTRAINED), dense)
        for method in ("verlet", "rk4")
    )
    assert verlet < rk4 < error(Linear(), dense) / 10


@pytest.mark.parametrize("reads", ["velocities", "forces"])
def test_a_path_bent_to_meet_both_ends_is_hermite_plus_what_hermite_lacks(
    reads, soft, tmp_path, monkeypatch
):
    """With a path that is the Hermite interpolant itself, the answer is that interpolant."""
    model = fit("bi_node", soft, tmp_path, reads=reads, **UNTRAINED)
    orders = model.network.shape.orders

    def straight(start: torch.Tensor) -> torch.Tensor:
        steps = torch.arange(1, GAP + 1)[:, None] / GAP
        x, v = start[:, None, 0], start[:, None, 1]
        a = start[:, None, 2] if orders == 3 else torch.zeros_like(x)
        moved = x + v * steps + a * steps**2 / 2
        return torch.stack([moved, v + a * steps, a.expand_as(moved)], dim=2)

    monkeypatch.setattr(model.network, "paths", straight)
    dense = bonded_segment(9, 101, softness=SOFT)
    coarse = dense.coarse(GAP, model.reads)
    known = scaled_derivatives(coarse, orders, GAP * coarse.time_step)
    expected = interpolate(known[:-1], known[1:], GAP)
    answer = model.reconstruct(coarse)[:-1].reshape(10, GAP, 5, 3)[:, 1:]
    np.testing.assert_allclose(answer, expected, atol=2e-6)


@pytest.mark.parametrize(
    ("make_model", "message"),
    [
        (lambda: Node(reads="positions"), "reads=positions: .* expected velocities or forces"),
        (lambda: Node(reads="charges"), "reads=charges: expected one of"),
        (lambda: Node(method="leap"), "method=leap: expected one of verlet, rk4"),
        (lambda: Node(hidden=0), "hidden is 0; expected at least 1"),
        (lambda: Hnn(layers=0), "layers is 0; expected at least 1"),
        (lambda: make("lstm", past=0), "past is 0; expected at least 1"),
        (lambda: make("rnn", batch=0), "batch is 0; expected at least 1"),
        (lambda: make("rnn", learning_rate=0.0), "learning_rate is 0; expected more than 0"),
        (lambda: make("bi_rnn", weight_decay=-1.0), "weight_decay is -1; expected at least 0"),
    ],
)
def test_wrong_settings_are_one_line(make_model: Callable[[], Any], message: str):
    with pytest.raises(InputError, match=message):
        make_model()


def test_wrong_segments_are_one_line(fitted, soft, test_segment, tmp_path):
    model = fitted["bi_node"]
    with pytest.raises(ModelError, match="reads forces, and the segment holds none"):
        model.reconstruct(test_segment.coarse(GAP, frozenset({"positions", "velocities"})))
    with pytest.raises(ModelError, match="fitted to gap 10, the segment has gap 5"):
        model.reconstruct(test_segment.coarse(5, model.reads))
    coarse = test_segment.coarse(GAP, model.reads)
    fewer = CoarseSegment(
        GAP,
        coarse.time_step,
        *(value[:4] for value in (coarse.numbers, coarse.masses)),
        *(value[:, :4] for value in (coarse.positions, coarse.velocities, coarse.forces)),
    )
    with pytest.raises(ModelError, match="fitted to 5 atoms, the segment has 4"):
        model.reconstruct(fewer)
    with pytest.raises(InputError, match="is too short to learn from"):
        fit("rnn", [bonded_segment(1, 20), soft[0]], tmp_path)
    with pytest.raises(InputError, match="gap 1 has no hidden frame"):
        fit("rnn", soft, tmp_path, gap=1)


def test_a_training_that_diverges_is_one_line(soft, tmp_path):
    with pytest.raises(ModelError, match=r"training loss is .* try a smaller learning_rate"):
        fit("node", soft, tmp_path, learning_rate=1e30)
