"""Ridge regression and Gaussian process: exact on harmonic molecules, symmetric, storable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.superresolution import gp as gp_module
from baselines.superresolution import ridge as ridge_module
from baselines.superresolution.gp import Gp
from baselines.superresolution.hermite3 import Hermite3
from baselines.superresolution.hermite5 import Hermite5
from baselines.superresolution.ridge import Ridge
from benchmark.errors import InputError, ModelError
from benchmark.tracks.superresolution.segments import DenseSegment
from tests.baselines.superresolution.molecules import (
    backwards,
    fit_context,
    harmonic_segment,
    moved,
)

GAP = 20
MODELS = (Ridge, Gp)
TRAIN = [harmonic_segment(seed) for seed in (1, 2, 3, 4, 5, 6)]
VALIDATION = [harmonic_segment(7)]
TEST = harmonic_segment(8, 801)


def fitted(cls: type, folder: Path, **settings: Any) -> Any:
    model = cls(**settings)
    model.fit(TRAIN, VALIDATION, fit_context(folder, GAP))
    return model


def error(model: Any, dense: DenseSegment = TEST) -> float:
    return float(np.abs(model.reconstruct(dense.coarse(GAP, model.reads)) - dense.positions).max())


@pytest.mark.parametrize("reads", ["positions", "velocities", "forces"])
def test_ridge_on_a_harmonic_molecule_is_exact(reads: str, tmp_path: Path):
    """Nine modes have 18 amplitudes; a window fixes them, and the hidden frames are linear in them.

    That holds for positions alone too: six kept frames are 54 numbers without rigid motion. What
    is left is the strength, which takes λ/(s + λ) of a direction whose feature variance is s, and
    the rounding of coefficients to single precision.
    """
    assert error(fitted(Ridge, tmp_path, reads=reads, strength=1e-12)) < 1e-6
    assert error(Hermite5()) > 1e-3


def test_gp_on_a_harmonic_molecule_is_nearly_exact(tmp_path: Path):
    """A coordinate has nine frequencies, 18 amplitudes, and as many observations with forces.

    With velocities there are 12, so that what is left is the weakest of its vibrations.
    """
    assert error(fitted(Gp, tmp_path, reads="forces")) < 1e-5
    assert error(fitted(Gp, tmp_path, reads="velocities")) < error(Hermite3()) / 30


def test_gp_weights_are_those_of_the_textbook():
    """Squared-exponential kernel, whose derivatives are known: Hermite polynomials times it."""
    gap, length, noise = 40, 100.0, 1e-2
    kernel = np.exp(-0.5 * (np.arange(5 * gap + 3) / length) ** 2)
    kept, hidden = gap * np.arange(6), np.arange(2 * gap + 1, 3 * gap)

    def derivative(lag: np.ndarray, order: int) -> np.ndarray:
        """dⁿc/dτⁿ = (−1)ⁿ Heₙ(τ/l) c / lⁿ."""
        hermite = np.polynomial.hermite_e.HermiteE.basis(order)(lag / length)
        return (-1 / length) ** order * hermite * np.exp(-0.5 * (lag / length) ** 2)

    # cov(x⁽ⁱ⁾(s), x⁽ʲ⁾(t)) = (−1)ʲ c⁽ⁱ⁺ʲ⁾(s − t), each derivative scaled by the gap.
    lags = kept[:, None] - kept
    blocks = [
        [(-1.0) ** j * derivative(lags, i + j) * gap ** (i + j) for j in range(3)] for i in range(3)
    ]
    K = np.block(blocks)
    K += noise * np.diag(np.diag(K))
    k = np.hstack([(-1.0) ** j * derivative(hidden[:, None] - kept, j) * gap**j for j in range(3)])
    textbook = k @ np.linalg.inv(K)  # (hidden, 3 * 6), by order, then kept frame
    weights = gp_module._posterior_weights(kernel, gap, 3, noise)[2 * (gap - 1) : 3 * (gap - 1)]
    by_order = weights.reshape(-1, 6, 3).transpose(0, 2, 1).reshape(len(hidden), -1)
    np.testing.assert_allclose(by_order, textbook, atol=2e-4)
    positions = gp_module._posterior_weights(kernel, gap, 1, noise)[2 * (gap - 1) : 3 * (gap - 1)]
    alone = k[:, :6] @ np.linalg.inv(K[:6, :6])
    np.testing.assert_allclose(positions, alone, atol=1e-12)


def test_gp_of_one_oscillator_fills_in_the_cosine():
    """The kernel cos ωτ has rank two: any two observations give the whole path."""
    gap, omega = 20, 0.21
    weights = gp_module._posterior_weights(np.cos(omega * np.arange(5 * gap + 3)), gap, 1, 1e-13)
    times = np.arange(5 * gap + 1)
    path = np.cos(omega * times + 0.4)
    hidden = path[times % gap > 0]
    np.testing.assert_allclose(weights @ path[::gap], hidden, atol=1e-9)


def test_gp_kernel_of_a_cosine_is_half_its_square_times_a_cosine():
    series = 3.0 * np.cos(0.3 * np.arange(4_000) + 1.0)[:, None]
    kernel = gp_module._tapered_autocovariance(series, 100)[:, 0]
    np.testing.assert_allclose(kernel, 4.5 * np.cos(0.3 * np.arange(100)), atol=0.02)


@pytest.mark.parametrize("cls", MODELS)
def test_kept_frames_are_exact(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    answer = model.reconstruct(TEST.coarse(GAP, model.reads))
    assert answer.shape == TEST.positions.shape
    np.testing.assert_array_equal(answer[::GAP], TEST.positions[::GAP])


@pytest.mark.parametrize("cls", MODELS)
def test_the_answer_turns_and_shifts_with_the_segment(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    other, move = moved(TEST)
    answer = model.reconstruct(TEST.coarse(GAP, model.reads))
    turned = model.reconstruct(other.coarse(GAP, model.reads))
    np.testing.assert_allclose(turned, move(answer), atol=1e-10)


@pytest.mark.parametrize("cls", MODELS)
def test_the_answer_to_a_reversed_segment_is_reversed(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    answer = model.reconstruct(TEST.coarse(GAP, model.reads))
    back = model.reconstruct(backwards(TEST).coarse(GAP, model.reads))
    np.testing.assert_allclose(back, answer[::-1], atol=1e-7)


@pytest.mark.parametrize("cls", MODELS)
def test_training_segments_may_lie_anyhow(cls: type, tmp_path: Path):
    model = cls(reads="velocities")
    turned = [moved(segment, seed)[0] for seed, segment in enumerate(TRAIN)]
    model.fit(turned, VALIDATION, fit_context(tmp_path, GAP))
    assert error(model) < error(Hermite3()) / 30


@pytest.mark.parametrize("cls", MODELS)
def test_a_segment_shorter_than_a_window_is_filled_by_hermite(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    for n_frames in (1, GAP + 1, 4 * GAP + 1):
        coarse = harmonic_segment(8, n_frames).coarse(GAP, model.reads)
        np.testing.assert_array_equal(model.reconstruct(coarse), Hermite5().reconstruct(coarse))


@pytest.mark.parametrize("cls", MODELS)
def test_the_shortest_window_is_filled_by_it(cls: type, tmp_path: Path):
    assert error(fitted(cls, tmp_path), harmonic_segment(8, 5 * GAP + 1)) < 1e-4


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("gap", [2, 3, 5])
def test_small_gaps_work(cls: type, gap: int, tmp_path: Path):
    model = cls()
    model.fit(TRAIN[:1], VALIDATION, fit_context(tmp_path, gap))
    dense = TEST.cut(gap)
    answer = model.reconstruct(dense.coarse(gap, model.reads))
    np.testing.assert_allclose(answer, dense.positions, atol=1e-4)


@pytest.mark.parametrize("cls", MODELS)
def test_atoms_that_never_move_do_no_harm(cls: type, tmp_path: Path):
    """Their features have no variance, which must not become a division by zero."""
    still = harmonic_segment(1, 801)
    still.padded[:] = still.padded[0]
    model = cls()
    model.fit([still], [still], fit_context(tmp_path, GAP))
    answer = model.reconstruct(still.coarse(GAP, model.reads))
    np.testing.assert_allclose(answer, still.positions, atol=1e-10)


@pytest.mark.parametrize("cls", MODELS)
def test_fitting_twice_and_loading_give_the_same_answer(cls: type, tmp_path: Path):
    first, second, loaded = fitted(cls, tmp_path), fitted(cls, tmp_path), cls()
    first.save(tmp_path / "model")
    loaded.load(tmp_path / "model")
    coarse = TEST.coarse(GAP, first.reads)
    answer = first.reconstruct(coarse)
    np.testing.assert_array_equal(second.reconstruct(coarse), answer)
    np.testing.assert_array_equal(loaded.reconstruct(coarse), answer)
    assert loaded.parameters == first.parameters > 0


@pytest.mark.parametrize("cls", MODELS)
def test_hidden_frames_cannot_reach_a_model(cls: type, tmp_path: Path):
    """Frames that are neither kept nor beside a kept one do not change the answer."""
    other = harmonic_segment(8, 801)
    place = (np.arange(len(other.padded)) - 1) % GAP
    other.padded[(place >= 2) & (place <= GAP - 2)] = np.nan
    model = fitted(cls, tmp_path)
    answers = [model.reconstruct(each.coarse(GAP, model.reads)) for each in (TEST, other)]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("cls", MODELS)
def test_validation_chooses_one_of_the_values_on_offer(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    if cls is Ridge:
        assert model.chosen_strength in ridge_module.STRENGTHS
        assert fitted(Ridge, tmp_path, strength=0.3).chosen_strength == 0.3
    else:
        assert model.chosen_noise in gp_module.NOISES
        assert fitted(Gp, tmp_path, noise=0.3).chosen_noise == 0.3


@pytest.mark.parametrize("cls", MODELS)
def test_reads_declares_what_it_includes(cls: type):
    assert cls(reads="positions").reads == {"positions"}
    assert cls(reads="velocities").reads == {"positions", "velocities"}
    assert cls().reads == {"positions", "velocities", "forces"}


@pytest.mark.parametrize(
    ("cls", "settings", "message"),
    [
        (Ridge, {"reads": "charges"}, "reads=charges: expected one of positions, velocities"),
        (Gp, {"reads": "force"}, "reads=force: expected one of positions, velocities, forces"),
        (Ridge, {"strength": -1.0}, "strength=-1.0: expected a number above 0"),
        (Ridge, {"strength": float("nan")}, "strength=nan: expected"),
        (Gp, {"noise": float("inf")}, "noise=inf: expected a number above 0"),
    ],
)
def test_wrong_settings_are_one_line(cls: type, settings: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        cls(**settings)


@pytest.mark.parametrize("cls", MODELS)
def test_wrong_segments_are_one_line(cls: type, tmp_path: Path):
    model = fitted(cls, tmp_path)
    with pytest.raises(ModelError, match="reads forces, and the segment holds none"):
        model.reconstruct(TEST.coarse(GAP, frozenset({"positions", "velocities"})))
    with pytest.raises(ModelError, match="fitted to gap 20, the segment has gap 10"):
        model.reconstruct(TEST.coarse(10, model.reads))
    fewer = DenseSegment(TEST.padded[:, :4], TEST.time_step, TEST.numbers[:4], TEST.masses[:4])
    with pytest.raises(ModelError, match="fitted to 5 atoms, the segment has 4"):
        model.reconstruct(fewer.coarse(GAP, model.reads))
    with pytest.raises(InputError, match=r"100 frames is too short .* need 101"):
        cls().fit([harmonic_segment(1, 100)], VALIDATION, fit_context(tmp_path, GAP))
