import numpy as np
import pytest
import scipy.linalg
from scipy.integrate import dblquad

from tasks.potentials.lattice import (
    hidden_chain,
    lattice_generator,
    relaxation_times,
    transition_matrix,
)
from tasks.potentials.potentials import (
    BETA,
    DIAMOND4,
    LINEAR3,
    POTENTIALS,
    TRIANGULAR3,
    Potential,
    x20_label,
)

EVERY = pytest.mark.parametrize("potential", POTENTIALS.values(), ids=POTENTIALS)
HARMONIC = Potential(
    "harmonic",
    lambda x, y: (x**2 + 2 * y**2) / 2,
    lambda x, y: (-x, -2 * y),
    lambda x, y: (np.asarray(x) > 0).astype(np.uint8),
    np.zeros((1, 2)),
)


def extrapolated(potential: Potential, half_width: float, k: int) -> np.ndarray:
    """Relaxation times at h -> 0 from lattices of 40, 80 and 160 cells, error of order h^6."""
    coarse, middle, fine = (
        relaxation_times(*lattice_generator(potential, n, half_width, min_weight=1e-13)[:2], k)
        for n in (40, 80, 160)
    )
    first, second = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    return (16 * second - first) / 15


# ---- potentials


@EVERY
def test_force_is_minus_the_gradient(potential):
    x, y = np.random.default_rng(0).uniform(-2.5, 2.5, (2, 50))
    d = 1e-5
    fx, fy = potential.force(x, y)
    slope_x = (potential.energy(x + d, y) - potential.energy(x - d, y)) / (2 * d)
    slope_y = (potential.energy(x, y + d) - potential.energy(x, y - d)) / (2 * d)
    np.testing.assert_allclose([fx, fy], [-slope_x, -slope_y], atol=1e-9)


def test_energies_match_the_formulas_written_out():
    def g(u, v):
        return np.exp(-((u - v) ** 2) / (2 * 0.8**2))

    x, y = np.random.default_rng(1).uniform(-3, 3, (2, 20))
    wall = 1e-4 * (x**6 + y**6)
    diamond = wall + g(x, 0) * g(y, 0) - g(x, 2) * g(y, -1) - g(x, 0.5) * g(y, 2)
    diamond += -g(x, -0.5) * g(y, -2) - g(x, -2) * g(y, 1)
    linear = wall - sum(g(x, c) * g(y, c) for c in (-1.5, 0, 1.5))
    triangle = wall - g(x, 1.5) * g(y, 1.8) - g(x, 0) * g(y, -1) - g(x, -1.5) * g(y, 1.5)
    np.testing.assert_allclose(DIAMOND4.energy(x, y), diamond, rtol=1e-13)
    np.testing.assert_allclose(LINEAR3.energy(x, y), linear, rtol=1e-13)
    np.testing.assert_allclose(TRIANGULAR3.energy(x, y), triangle, rtol=1e-13)


@EVERY
def test_each_well_center_has_its_own_label(potential):
    x, y = potential.centers.T
    np.testing.assert_array_equal(potential.label(x, y), np.arange(len(x)))
    assert potential.label(x, y).dtype == np.uint8


def test_x20_bins_are_0_3_wide_and_open_at_the_ends():
    x = np.array([-9.0, -2.999, -2.701, -2.699, -0.01, 0.01, 2.69, 2.71, 9.0])
    np.testing.assert_array_equal(x20_label(x, 0 * x), [0, 0, 0, 1, 9, 10, 18, 19, 19])


# ---- generator


@EVERY
def test_generator_is_reversible_connected_and_conserves_probability(potential):
    Q, pi, x, y = lattice_generator(potential, 30, 4.5)
    assert len(pi) == len(x) == len(y) < 900  # corners are dropped
    assert pi.sum() == pytest.approx(1, abs=1e-14)
    scale = abs(Q).max()
    assert np.abs(Q.sum(axis=1)).max() < 1e-14 * scale
    flux = (Q.toarray() * pi[:, None]) / scale
    np.testing.assert_allclose(flux, flux.T, rtol=1e-11, atol=1e-25)
    off = Q.toarray() - np.diag(Q.diagonal())
    assert off.min() == 0
    times = relaxation_times(Q, pi, 1)
    assert np.isfinite(times).all()  # a second part would relax never
    assert times[0] > 0


def test_islands_cut_off_by_light_cells_are_dropped():
    two_islands = Potential(
        "islands",
        lambda x, y: 100.0 * (np.abs(x) < 0.4) + 0.01 * x,
        HARMONIC.force,
        HARMONIC.label,
        np.zeros((1, 2)),
    )
    Q, _, x, _ = lattice_generator(two_islands, 20, 2.0)
    assert (x < 0).all() or (x > 0).all()
    assert Q.shape[0] == len(x) == 160


@EVERY
def test_lattice_populations_converge_to_quadrature(potential):
    _, pi, x, _ = lattice_generator(potential, 160, 4.0, min_weight=1e-13)

    def weight(v, u):
        return np.exp(-BETA * potential.energy(u, v))

    inside = dblquad(weight, 0, 4, -4, 4, epsabs=1e-7)[0]
    outside = dblquad(weight, -4, 0, -4, 4, epsabs=1e-7)[0]
    assert pi[x > 0].sum() == pytest.approx(inside / (inside + outside), abs=1e-5)


def test_harmonic_well_relaxes_with_force_constant_times_diffusion():
    # -1/eigenvalue = 1 / (D beta k), D = 1 / (beta gamma): gamma / k for k = 1 and 2.
    found = np.array(
        [
            relaxation_times(
                *lattice_generator(HARMONIC, n, 2.2, gamma=3.0, min_weight=1e-14)[:2], 2
            )
            for n in (60, 120)
        ]
    )
    np.testing.assert_allclose((4 * found[1] - found[0]) / 3, [3.0, 1.5], rtol=1e-4)


def test_triangular3_reaches_the_continuum_limit():
    assert extrapolated(TRIANGULAR3, 4.5, 1)[0] == pytest.approx(651.46, rel=2e-4)


def test_diamond4_reaches_the_continuum_limit():
    np.testing.assert_allclose(extrapolated(DIAMOND4, 4.5, 3), [5665.9, 422.5, 392.5], rtol=3e-4)


@EVERY
def test_default_box_and_weight_are_wide_enough(potential):
    # Same cells, wider box, nothing dropped: slow times move by less than the cells' own error.
    times = relaxation_times(*lattice_generator(potential, 56, 3.6)[:2], 2)
    wide = relaxation_times(*lattice_generator(potential, 70, 4.5, min_weight=1e-14)[:2], 2)
    np.testing.assert_allclose(times, wide, rtol=3e-3)


@pytest.mark.parametrize(
    ("n", "half_width", "beta", "gamma"),
    [(1, 3.6, 9.5, 1.0), (20, 0.0, 9.5, 1.0), (20, 3.6, -1.0, 1.0), (20, 3.6, 9.5, 0.0)],
)
def test_senseless_lattice_is_refused(n, half_width, beta, gamma):
    with pytest.raises(ValueError, match=f"n={n}, half_width={half_width}"):
        lattice_generator(LINEAR3, n, half_width, beta, gamma)


# ---- transition matrix


@pytest.mark.parametrize("tau", [0.05, 1.0, 25.0])
def test_transition_matrix_equals_the_matrix_exponential(tau):
    Q, pi, _, _ = lattice_generator(TRIANGULAR3, 12, 3.6)
    T = transition_matrix(Q, pi, tau)
    np.testing.assert_allclose(T, scipy.linalg.expm(Q.toarray() * tau), atol=1e-11)
    assert T.min() >= 0
    np.testing.assert_allclose(T.sum(axis=1), 1.0, rtol=0, atol=1e-15)
    np.testing.assert_allclose(pi @ T, pi, atol=1e-15)
    np.testing.assert_allclose(pi[:, None] * T, (pi[:, None] * T).T, atol=1e-15)


def test_transition_matrix_refuses_a_time_that_is_not_positive():
    Q, pi, _, _ = lattice_generator(TRIANGULAR3, 8, 3.6)
    with pytest.raises(ValueError, match="tau=0"):
        transition_matrix(Q, pi, 0)


def test_hidden_chain_has_the_generators_relaxation_times_whatever_the_frame_time():
    Q, pi, _, _ = lattice_generator(TRIANGULAR3, 24, 3.6)
    expected = relaxation_times(Q, pi, 2)
    for tau in (1.0, 5.0):
        chain = hidden_chain(TRIANGULAR3, tau, n=24)
        np.testing.assert_allclose(chain.relaxation_times(2) * tau, expected, rtol=1e-7)


def test_hidden_chain_takes_another_labelling_and_coarsens_to_it():
    fine = hidden_chain(TRIANGULAR3, 5.0, x20_label, n=24)
    assert fine.n_labels == 20
    thirds = fine.coarse(np.arange(20) * 3 // 20)
    assert thirds.implied_timescales([100], 1)[0, 0] < thirds.relaxation_times(1)[0]


def test_stride_of_the_chain_is_the_chain_of_the_longer_frame():
    one = hidden_chain(DIAMOND4, 1.0, n=20)
    five = hidden_chain(DIAMOND4, 5.0, n=20)
    np.testing.assert_allclose(one.correlation(10), five.correlation(2), atol=1e-12)


@pytest.mark.slow
def test_task_lattices_have_the_timescales_of_the_science_notes():
    # Slowest timescale in frames, at 48 cells an edge: linear3 45, triangular3 129, diamond4 5651.
    found = [
        hidden_chain(potential, tau, n=48).relaxation_times(1)[0]
        for potential, tau in ((LINEAR3, 1.0), (TRIANGULAR3, 5.0), (DIAMOND4, 1.0))
    ]
    np.testing.assert_allclose(found, [45, 129, 5651], rtol=6e-3)
