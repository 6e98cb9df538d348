"""The parts of the extension have the physics that they are said to have, and so do the labels."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from scipy.stats import norm

from tasks.riboswitch import model
from tasks.riboswitch.model import MOLECULE_1, MOLECULE_2, Molecule, Part

MOLECULES = {"molecule 1": MOLECULE_1, "molecule 2": MOLECULE_2}
AT_20_MS = 200  # frames


@pytest.fixture(params=MOLECULES)
def molecule(request: pytest.FixtureRequest) -> Molecule:
    return MOLECULES[request.param]


def plain_autocorrelation(molecule: Molecule, lag: int) -> float:
    """Folding with white noise of the same variance."""
    variances = [part.autocovariance([0])[0] for part in molecule.parts]
    return float(molecule.folding.autocovariance([lag])[0] / sum(variances))


# ---- folding


def test_folding_is_the_exponential_of_a_chain_in_detailed_balance(molecule: Molecule) -> None:
    k12, k21, k23, k32 = molecule.rates
    weights = np.array([1, k12 / k21, k12 / k21 * k23 / k32])
    np.testing.assert_allclose(molecule.folding.stationary, weights / weights.sum(), rtol=1e-10)
    np.testing.assert_allclose(molecule.generator.sum(1), 0, atol=1e-15)
    assert molecule.generator[0, 2] == molecule.generator[2, 0] == 0
    second = scipy.linalg.expm(molecule.generator * 1000)
    np.testing.assert_allclose(molecule.folding.strided(10_000).transition, second, atol=1e-9)


# ---- drift and bead noise


@pytest.mark.parametrize("sites", [5, 17, 33])
def test_drift_on_any_lattice_has_the_continuum_autocovariance(sites: int) -> None:
    lags = np.array([0, 1, 10, 350, 2000])
    expected = model.DRIFT_SD**2 * np.exp(-lags * model.SAMPLING / model.DRIFT_TIME)
    np.testing.assert_allclose(model.drift(sites).autocovariance(lags), expected, rtol=1e-9)


def test_bead_noise_keeps_sd_and_autocorrelation_of_the_continuum() -> None:
    bead = model.bead_noise()
    covariance = bead.autocovariance([0, 1, 2, 3])
    assert np.sqrt(covariance[0]) == pytest.approx(model.BEAD_SD, rel=1e-3)
    powers = model.BEAD_CORRELATION ** np.arange(4)
    np.testing.assert_allclose(covariance / covariance[0], powers, rtol=2e-3)


def test_error_of_the_bead_lattice_is_its_ends_alone() -> None:
    wide = model.bead_noise(sites=84).autocovariance([0, 1])  # ±8.5 σ at the same spacing
    exact = model.BEAD_SD**2 * np.array([1, model.BEAD_CORRELATION])
    np.testing.assert_allclose(wide, exact, rtol=1e-12)


@pytest.mark.parametrize("part", [model.drift(), model.bead_noise()], ids=["drift", "beads"])
def test_noise_is_reversible_unbiased_and_gaussian_up_to_its_kurtosis(part: Part) -> None:
    flux = part.stationary[:, None] * part.transition
    np.testing.assert_allclose(flux, flux.T, atol=1e-15)
    assert part.mean == pytest.approx(0, abs=1e-12)
    variance, fourth = (part.stationary @ part.values**n for n in (2, 4))
    excess = -2 / (model.DRIFT_SITES - 1) if len(part.values) == model.DRIFT_SITES else 0
    assert fourth / variance**2 - 3 == pytest.approx(excess, abs=0.02)


def test_stride_is_a_power_of_every_part(molecule: Molecule) -> None:
    for part in molecule.parts:
        fine, coarse = part, part.strided(10)
        np.testing.assert_allclose(
            coarse.autocovariance([1, 5]), fine.autocovariance([10, 50]), rtol=1e-9, atol=1e-9
        )


# ---- extension


def test_joint_chain_has_about_2000_states_and_no_dense_matrix(molecule: Molecule) -> None:
    chain = model.product_chain(molecule.parts, model.bin_labels(model.extension(molecule.parts)))
    assert chain.shape == (3, 17, 42)
    assert chain.n_labels == 34
    assert max(matrix.size for matrix in chain.transitions) < 2000


def test_autocorrelation_at_20_ms_is_that_of_real_traces_not_of_three_states_in_white_noise(
    molecule: Molecule,
) -> None:
    (ours,) = model.autocorrelation(molecule.parts, [AT_20_MS])
    assert 0.1 < ours < 0.2
    assert plain_autocorrelation(molecule, AT_20_MS) < 0.05


def test_autocorrelation_is_that_of_the_sampled_extension() -> None:
    parts = MOLECULE_1.parts
    nm = model.extension(parts)
    chain = model.product_chain(parts, model.bin_labels(nm))
    x = nm[chain.sample(100_000, 10, np.random.default_rng(0))]
    x -= nm @ chain.stationary
    lags = np.array([1, 10, AT_20_MS])
    found = [(x[:, :-lag] * x[:, lag:]).mean() / (x**2).mean() for lag in lags]
    # 100 s hold some 1400 independent looks at the drift: 3 % of a correlation is one sd.
    np.testing.assert_allclose(found, model.autocorrelation(parts, lags), atol=0.02)


def test_labels_are_populated_as_in_the_continuum(molecule: Molecule) -> None:
    nm = model.extension(molecule.parts)
    found = model.product_chain(molecule.parts, model.bin_labels(nm)).populations()
    edges = model.FIRST_EDGE + model.BIN_WIDTH * np.arange(1, model.BINS)
    sd = np.hypot(model.DRIFT_SD, model.BEAD_SD)
    below = molecule.folding.stationary @ norm.cdf(edges, np.array(molecule.levels)[:, None], sd)
    exact = np.diff(below, prepend=0, append=1)
    assert np.abs(found - exact).sum() / 2 < 0.005  # total variation
    seen = exact > 0.01
    np.testing.assert_allclose(found[seen], exact[seen], rtol=0.05)


def test_no_extension_lies_on_an_edge_where_rounding_would_decide(molecule: Molecule) -> None:
    nm = model.extension(molecule.parts)
    for edge in [*(model.FIRST_EDGE + model.BIN_WIDTH * np.arange(1, 34)), *molecule.thresholds]:
        assert np.abs(nm - edge).min() > 0.01


# ---- labels and macrostates


def test_bins_are_1_5_nm_wide_and_the_outer_two_open() -> None:
    assert model.bin_labels([685.1, 686.4, 686.6, 733.0, 735.9]).tolist() == [0, 0, 1, 32, 33]
    assert model.bin_labels([-1e3, 0.0, 1e3]).tolist() == [0, 0, 33]


def test_macrostates_follow_the_mid_levels(molecule: Molecule) -> None:
    low, high = molecule.thresholds
    for label, state in enumerate(model.bin_observable(molecule)):
        left = model.FIRST_EDGE + model.BIN_WIDTH * label
        expected = 0 if left + model.BIN_WIDTH < low else 2 if left > high else 1
        assert state == expected
    around = [low - 0.1, low + 0.1, high - 0.1, high + 0.1]
    assert model.level_labels(around, molecule).tolist() == [0, 1, 1, 2]
