"""Force matching: exact where the force is, symmetric, causal, storable, resumable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines import _descent
from baselines.superresolution._parts.force_field import ForceField, mean_distances
from baselines.superresolution._parts.passes import JoinedSegments
from baselines.superresolution.force_matching import STRENGTHS, ForceMatching
from baselines.superresolution.hermite3 import Hermite3
from baselines.superresolution.hermite5 import Hermite5
from baselines.superresolution.ridge import Ridge
from benchmark.check import check_model
from benchmark.errors import InputError, ModelError
from benchmark.loading import load_model
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import scaled_derivatives
from benchmark.tracks.superresolution.segments import DenseSegment
from tests.baselines.superresolution.molecules import (
    GEOMETRY,
    MASSES,
    backwards,
    bonded_segment,
    fit_context,
    moved,
)

GAP = 20
SOFT = 2.0  # 1/Å, of bonds that are no springs
DIFFERENT = np.array([6, 1, 8, 9, 7])  # the springs of no two pairs are alike
SMALL = {"hidden": 8, "batch": 64, "frames": 64 * 10}  # ten updates
UNTRAINED = {"frames": 1.0, "learning_rate": 1e-30}


def segment(seed: int, n_frames: int = 700, softness: float = 0.0) -> DenseSegment:
    return replace(bonded_segment(seed, n_frames, softness), numbers=DIFFERENT)


def fit(
    segments: list[DenseSegment], scratch: Path, gap: int = GAP, **options: Any
) -> ForceMatching:
    model = ForceMatching(**SMALL | options)
    model.fit(segments[:-1], segments[-1:], fit_context(scratch, gap))
    return model


def fill(model: Any, dense: DenseSegment, gap: int = GAP) -> np.ndarray:
    return model.reconstruct(dense.coarse(gap, model.reads))


def error(model: Any, dense: DenseSegment, gap: int = GAP) -> float:
    return float(np.abs(fill(model, dense, gap) - dense.positions).mean())


@pytest.fixture(scope="module")
def springs() -> list[DenseSegment]:
    return [segment(seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def soft() -> list[DenseSegment]:
    return [segment(seed, softness=SOFT) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def test_segment() -> DenseSegment:
    return segment(9, 401, softness=SOFT)


@pytest.fixture(scope="module")
def fitted(soft, tmp_path_factory) -> ForceMatching:
    """Give a model whose pair forces leave something to learn, after a few updates."""
    return fit(soft, tmp_path_factory.mktemp("fitted"), degree=1)


def random_field(**sizes: int) -> ForceField:
    torch.manual_seed(0)
    options = {"cluster": 4, "degree": 2, "hidden": 8, "layers": 2} | sizes
    field = ForceField(mean_distances(GEOMETRY[None]), DIFFERENT.tolist(), **options).double()
    for buffer, value in (("mass", MASSES[:, None]), ("scale", 1.3), ("centre", 1.5)):
        getattr(field, buffer).copy_(torch.as_tensor(value))
    torch.nn.init.normal_(field.weights[-1])
    return field


def shaken(n: int = 6) -> torch.Tensor:
    """Give geometries (3, atoms, n)."""
    noise = np.random.default_rng(0).normal(scale=0.1, size=(n, *GEOMETRY.shape))
    return torch.from_numpy(GEOMETRY + noise).permute(2, 1, 0).contiguous()


@pytest.mark.parametrize("reads", ["velocities", "forces"])
def test_the_contract_is_kept(reads):
    settings = {key: str(value) for key, value in SMALL.items()} | {"reads": reads}
    model = load_model("force-matching", settings, track="superresolution")
    assert [finding for finding in check_model(model) if finding.fault] == []


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cluster", [2, 3, 4, 5, 9])
def test_accelerations_are_minus_the_gradient_of_the_energy(cluster, layers):
    field, x = random_field(cluster=cluster, layers=layers), shaken().requires_grad_()
    (slope,) = torch.autograd.grad(field.energy(x).sum(), x)
    torch.testing.assert_close(field(x), -slope / field.mass)


def test_accelerations_conserve_momentum_and_turn_with_the_molecule():
    field, x = random_field(), shaken()
    field.pulls.normal_()
    field.shortest.fill_(-1.0)
    a = field(x)
    assert (field.mass * a).sum(1).abs().max() < 1e-12
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))[0]
    moved_x = torch.einsum("ij,jan->ian", turn, x) + 2.0
    torch.testing.assert_close(field(moved_x), torch.einsum("ij,jan->ian", turn, a))


@pytest.mark.parametrize("reads", ["velocities", "forces"])
def test_springs_are_followed_exactly(springs, tmp_path, reads):
    """Pair forces are found by least squares, and the integrator is that of the data."""
    model = fit(springs, tmp_path, reads=reads, **UNTRAINED)
    dense = segment(9, 401)
    assert error(model, dense) < 3e-6 < error(Hermite5(), dense) / 100


def test_what_the_force_lacks_is_remembered_at_both_ends(springs, tmp_path):
    """A lack that never changes has autocorrelation one: the mean of both ends counts."""
    shooting = fit(springs, tmp_path, **UNTRAINED)._shooting
    known = np.zeros((200, 3, *GEOMETRY.shape))
    known[:, 0] = GEOMETRY
    known[:, 2] = 0.01 * GAP**2 - shooting._lack(known) * GAP**2
    shooting.measure_memory(JoinedSegments(known, np.zeros(200, int), np.full(200, 199), GAP))
    np.testing.assert_allclose(shooting.remembered, 0.5, atol=1e-3)


def test_training_teaches_the_force(soft, test_segment, tmp_path):
    """Pair forces that do not change with distance leave nearly everything to the networks."""
    known = scaled_derivatives(test_segment, 3, GAP * test_segment.time_step)
    options = {"degree": 0, "hidden": 16, "average": 10.0, "learning_rate": 1e-2}
    lacking = [
        np.square(fit(soft, tmp_path, **options | budget)._shooting._lack(known)).mean()
        for budget in (UNTRAINED, {"frames": 64 * 100})
    ]
    assert np.sqrt(lacking[1] / lacking[0]) < 0.6


@pytest.mark.parametrize(("reads", "simple"), [("velocities", Hermite3), ("forces", Hermite5)])
def test_soft_bonds_are_filled_better_than_by_ridge(soft, test_segment, tmp_path, reads, simple):
    model, ridge = fit(soft, tmp_path, reads=reads), Ridge(reads=reads)
    ridge.fit(soft[:-1], soft[-1:], fit_context(tmp_path, GAP))
    assert error(model, test_segment) < error(ridge, test_segment) / 3
    assert error(ridge, test_segment) < error(simple(), test_segment)


def test_kept_frames_are_exact(fitted, test_segment):
    answer = fill(fitted, test_segment)
    np.testing.assert_array_equal(answer[::GAP], test_segment.positions[::GAP])


def test_the_answer_turns_and_shifts_with_the_segment(fitted, test_segment):
    other, move = moved(test_segment)
    answer = fill(fitted, test_segment)
    np.testing.assert_allclose(fill(fitted, other), move(answer), atol=2e-5)


def test_the_answer_to_a_reversed_segment_is_reversed(fitted, test_segment):
    back = fill(fitted, backwards(test_segment))
    np.testing.assert_allclose(back, fill(fitted, test_segment)[::-1], atol=1e-6)


def test_a_gap_is_filled_from_its_two_ends_alone(fitted, test_segment):
    whole = fill(fitted, test_segment)
    for left in (0, 5 * GAP):
        one = replace(test_segment, padded=test_segment.padded[left : left + GAP + 3])
        np.testing.assert_allclose(fill(fitted, one), whole[left : left + GAP + 1], atol=1e-6)


def test_hidden_frames_cannot_reach_the_model(fitted, test_segment):
    """Frames that are neither kept nor beside a kept one do not change the answer."""
    padded = test_segment.padded.copy()
    place = (np.arange(len(padded)) - 1) % GAP
    padded[(place >= 2) & (place <= GAP - 2)] = np.nan
    other = replace(test_segment, padded=padded)
    np.testing.assert_array_equal(fill(fitted, other), fill(fitted, test_segment))


def test_a_single_kept_frame_is_given_back(fitted):
    dense = segment(9, 1)
    np.testing.assert_array_equal(fill(fitted, dense), dense.positions)


@pytest.mark.parametrize("gap", [2, 3])
def test_small_gaps_work(soft, test_segment, tmp_path, gap):
    model = fit(soft, tmp_path, gap=gap)
    assert error(model, test_segment.cut(gap), gap) < 1e-5


def test_a_molecule_without_clusters_is_followed_by_its_pair_forces(soft, tmp_path):
    """Five argon atoms do not hang together."""
    argon = [replace(each, numbers=np.full(5, 18), padded=3 * each.padded) for each in soft]
    model = fit(argon, tmp_path)
    assert len(model._shooting.field._types) == 0
    assert np.isfinite(fill(model, argon[0])).all()


def test_atoms_that_never_move_do_no_harm(tmp_path):
    still = segment(1, 401)
    still.padded[:] = still.padded[0]
    model = fit([still, still], tmp_path)
    np.testing.assert_allclose(fill(model, still), still.positions, atol=1e-5)


def test_fitting_twice_and_loading_give_the_same_answer(soft, fitted, test_segment, tmp_path):
    second, loaded = fit(soft, tmp_path, degree=1), ForceMatching()
    fitted.save(tmp_path / "model")
    loaded.load(tmp_path / "model")
    answer = fill(fitted, test_segment)
    np.testing.assert_array_equal(fill(second, test_segment), answer)
    np.testing.assert_array_equal(fill(loaded, test_segment), answer)
    assert loaded.parameters == fitted.parameters > 0
    assert loaded.reads == fitted.reads
    assert loaded.chosen_strength == fitted.chosen_strength
    assert fitted.chosen_strength in STRENGTHS


def interrupted(segments: list[DenseSegment], context: GapContext) -> None:
    def stop(fraction: float, note: str) -> None:
        if fraction >= 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ForceMatching(**SMALL).fit(segments[:-1], segments[-1:], replace(context, progress=stop))


def test_resumed_training_ends_where_an_uninterrupted_one_does(
    soft, test_segment, tmp_path, monkeypatch
):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    whole = fit(soft, tmp_path / "whole")
    context = fit_context(tmp_path / "cut", GAP)
    interrupted(soft, context)
    assert (tmp_path / "cut" / "checkpoint.pt").is_file()
    seen: list[float] = []
    resumed = ForceMatching(**SMALL)
    resumed.fit(
        soft[:-1], soft[-1:], replace(context, progress=lambda done, note: seen.append(done))
    )
    assert seen[0] > 0.4
    assert seen == sorted(seen)
    assert not (tmp_path / "cut" / "checkpoint.pt").exists()
    np.testing.assert_array_equal(fill(resumed, test_segment), fill(whole, test_segment))


def test_effort_scales_the_updates():
    training = ForceMatching(frames=1e5, batch=10).training
    assert training.updates(1, 0.1) == round(0.1 * training.updates(1, 1.0)) == 1_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reads": "positions"}, "reads=positions: .* expected velocities or forces"),
        ({"reads": "charges"}, "reads=charges: expected one of"),
        ({"cluster": 1}, "cluster is 1; expected at least 2"),
        ({"degree": -1}, "degree is -1; expected at least 0"),
        ({"hidden": 0}, "hidden is 0; expected at least 1"),
        ({"layers": 0}, "layers is 0; expected at least 1"),
        ({"batch": 0}, "batch is 0; expected at least 1"),
        ({"strength": -1.0}, "strength=-1.0: expected a number above 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0; expected more than 0"),
    ],
)
def test_wrong_settings_are_one_line(settings: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        ForceMatching(**settings)


def test_wrong_segments_are_one_line(fitted, soft, test_segment, tmp_path):
    with pytest.raises(ModelError, match="reads forces, and the segment holds none"):
        fitted.reconstruct(test_segment.coarse(GAP, frozenset({"positions", "velocities"})))
    with pytest.raises(ModelError, match="fitted to gap 20, the segment has gap 10"):
        fitted.reconstruct(test_segment.coarse(10, fitted.reads))
    fewer = DenseSegment(
        test_segment.padded[:, :4], test_segment.time_step, DIFFERENT[:4], MASSES[:4]
    )
    with pytest.raises(ModelError, match="fitted to 5 atoms, the segment has 4"):
        fitted.reconstruct(fewer.coarse(GAP, fitted.reads))
    with pytest.raises(InputError, match="is too short to learn from"):
        fit([segment(1, 20), soft[0]], tmp_path)
    with pytest.raises(InputError, match="gap 1 has no hidden frame"):
        fit(soft, tmp_path, gap=1)


def test_a_training_that_diverges_is_one_line(soft, tmp_path):
    with pytest.raises(ModelError, match=r"training loss is .* try a smaller learning_rate"):
        fit(soft, tmp_path, learning_rate=1e30, degree=1)
