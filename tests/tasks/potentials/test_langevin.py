import numpy as np
import pytest

from tasks.potentials.kramers import kramers_generator, langevin_timescales
from tasks.potentials.langevin import simulate, trajectories
from tasks.potentials.lattice import lattice_generator
from tasks.potentials.potentials import BETA, DIAMOND4, POTENTIALS, TRIANGULAR3, Potential

STIFFNESS = 0.16  # omega = 0.4 < gamma / 2: overdamped, both rates are real


def _label(x, y):
    return (np.asarray(x) > 0).astype(np.uint8)


def _flat_energy(x, y):
    return 0.0 * x * y


def _flat_force(x, y):
    return 0.0 * x, 0.0 * y


def _well_energy(x, y):
    return STIFFNESS * (x * x + y * y) / 2


def _well_force(x, y):
    return -STIFFNESS * x, -STIFFNESS * y


FLAT = Potential("flat", _flat_energy, _flat_force, _label, np.zeros((1, 2)))
WELL = Potential("well", _well_energy, _well_force, _label, np.zeros((1, 2)))


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean over independent rows, and its standard error."""
    rows = values.reshape(len(values), -1).mean(axis=1)
    return rows.mean(), rows.std(ddof=1) / np.sqrt(len(rows))


# ---- integrator


def test_harmonic_well_has_equipartition_in_place_and_velocity():
    x, v = trajectories(WELL, 3000, 40, seed=1)
    for values, exact in ((x**2, 1 / (BETA * STIFFNESS)), (v**2, 1 / BETA)):
        mean, error = mean_and_error(values)
        assert abs(mean - exact) < 4 * error
        assert error < 0.03 * exact
    mean, error = mean_and_error(x * v)  # place and velocity are independent
    assert abs(mean) < 4 * error


def test_noise_has_gaussian_moments_and_no_memory_beyond_the_friction():
    _, v = trajectories(FLAT, 2000, 40, seed=2, stride=50, burn_in=0)
    unit = v * np.sqrt(BETA)
    for power, exact in ((1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0), (6, 15.0)):
        mean, error = mean_and_error(unit**power)
        assert abs(mean - exact) < 4 * error, power
    for lag in (1, 4):  # exact for any time step: exp(-gamma t)
        mean, error = mean_and_error(unit[:, lag:] * unit[:, :-lag])
        assert abs(mean - np.exp(-0.5 * lag)) < 4 * error
    mean, error = mean_and_error(unit[..., 0] * unit[..., 1])  # x and y are independent
    assert abs(mean) < 4 * error


def test_free_particle_diffuses_as_ornstein_and_fuerth():
    # <dx^2> = 2 kT/(m gamma^2) (gamma t - 1 + exp(-gamma t))
    x, _ = trajectories(FLAT, 400, 100, seed=3, burn_in=0)
    for lag in (1, 10, 50):
        mean, error = mean_and_error((x[:, lag:] - x[:, :-lag]) ** 2)
        exact = 2 / BETA * (lag - 1 + np.exp(-lag))
        assert abs(mean - exact) < 4 * error, lag


def test_triangular3_visits_its_wells_with_their_boltzmann_weight():
    states = simulate(TRIANGULAR3, 30_000, 16, seed=4)
    _, pi, x, y = lattice_generator(TRIANGULAR3, 160, 4.5)
    exact = np.bincount(TRIANGULAR3.label(x, y), weights=pi)
    for well in range(3):
        mean, error = mean_and_error(states == well)
        assert abs(mean - exact[well]) < 4 * error
        assert error < 0.03


@pytest.mark.parametrize("potential", POTENTIALS.values(), ids=POTENTIALS)
def test_walkers_start_in_equilibrium(potential):
    x, v = trajectories(potential, 1, 1000, seed=5, stride=1, burn_in=0)
    _, pi, gx, gy = lattice_generator(potential, 160, 4.5)
    for found, exact in (
        (x[:, 0, 0] ** 2, pi @ gx**2),
        (x[:, 0, 1] ** 2, pi @ gy**2),
        (v[:, 0] ** 2, 1 / BETA),
    ):
        mean, error = mean_and_error(found)
        assert abs(mean - exact) < 4 * error


# ---- streams and shapes


def test_same_seed_gives_the_same_walkers_and_another_seed_others():
    first = simulate(DIAMOND4, 200, 3, seed=6)
    assert first.shape == (3, 200)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, simulate(DIAMOND4, 200, 3, seed=6))
    x, _ = trajectories(DIAMOND4, 200, 3, seed=6)
    np.testing.assert_array_equal(first, DIAMOND4.label(x[..., 0], x[..., 1]))
    more, _ = trajectories(DIAMOND4, 200, 5, seed=6)
    np.testing.assert_array_equal(more[:3], x)  # a walker does not depend on their number
    other, _ = trajectories(DIAMOND4, 200, 3, seed=7)
    assert not (other == x).any()


def test_walkers_and_seeds_are_uncorrelated():
    _, a = trajectories(FLAT, 3000, 8, seed=8, stride=300)
    _, b = trajectories(FLAT, 3000, 8, seed=9, stride=300)
    flat = np.concatenate([a[..., 0], b[..., 0]])
    correlation = np.corrcoef(flat)[np.triu_indices(16, 1)]
    # Velocities 3 / gamma apart keep exp(-3) of themselves: nearly independent frames.
    assert np.abs(correlation).max() < 5 * 1.1 / np.sqrt(3000)


def test_burn_in_only_cuts_the_start():
    x, _ = trajectories(TRIANGULAR3, 50, 2, seed=10, burn_in=0)
    late, _ = trajectories(TRIANGULAR3, 40, 2, seed=10, burn_in=10)
    np.testing.assert_array_equal(x[:, 10:], late)


@pytest.mark.parametrize(
    "bad", [{"n_frames": 0}, {"n_walkers": 0}, {"stride": 0}, {"burn_in": -1}], ids=str
)
def test_senseless_simulation_is_refused(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))}={next(iter(bad.values()))}"):
        simulate(TRIANGULAR3, **{"n_frames": 10, "n_walkers": 1, "seed": 0, **bad})


# ---- Klein-Kramers operator


def test_kramers_operator_keeps_the_boltzmann_state_and_is_dissipative():
    L = kramers_generator(TRIANGULAR3, 16, 4)
    symmetric = (L + L.T) / 2
    assert abs(symmetric - np.diag(symmetric.diagonal())).max() < 1e-12
    assert symmetric.diagonal().max() == 0
    h = 7.2 / 16
    c = -3.6 + h * (np.arange(16) + 0.5)
    x, y = np.meshgrid(c, c, indexing="ij")
    still = np.zeros(L.shape[0])
    still[:256] = np.exp(-BETA * TRIANGULAR3.energy(x, y) / 2).ravel()  # mode (0, 0) comes first
    assert np.abs(L @ still).max() < 1e-12 * abs(L).max() * still.max()
    assert np.abs(L.T @ still).max() < 1e-12 * abs(L).max() * still.max()


def test_kramers_timescales_of_a_harmonic_well_are_the_exact_ones():
    # rates (gamma -+ sqrt(gamma^2 - 4 k/m)) / 2 = 0.2, 0.8, their sums and multiples
    found = [langevin_timescales(WELL, 2, n, 6, half_width=3.6) for n in (15, 30)]
    np.testing.assert_allclose((4 * found[1] - found[0]) / 3, [5.0, 5.0], rtol=2e-3)


def test_kramers_timescales_of_triangular3_on_a_coarse_grid():
    # Overdamped motion would give 651 and 415.
    np.testing.assert_allclose(
        langevin_timescales(TRIANGULAR3, 2, 24, 6), [1042.3, 669.5], rtol=3e-3
    )


def test_kramers_timescales_become_overdamped_at_high_friction():
    gamma = 30.0
    found = langevin_timescales(TRIANGULAR3, 1, 30, 3, gamma=gamma)[0]
    assert found == pytest.approx(651.46 * gamma, rel=0.01)  # the Smoluchowski limit


def test_senseless_kramers_grid_is_refused():
    with pytest.raises(ValueError, match="max_order=0"):
        kramers_generator(TRIANGULAR3, 10, 0)


@pytest.mark.slow
def test_kramers_timescales_of_triangular3_on_a_fine_grid():
    np.testing.assert_allclose(
        langevin_timescales(TRIANGULAR3, 2, 50, 12), [1042.3, 669.5], rtol=2e-4
    )


@pytest.mark.slow
def test_simulated_timescales_agree_with_the_kramers_operator():
    states = simulate(TRIANGULAR3, 250_000, 40, seed=11)  # 1e9 steps
    lag = 500  # well beyond the motion inside a well: bias below 0.2 %
    joint = np.zeros((len(states), 3, 3))
    for walker, row in enumerate(states):
        np.add.at(joint[walker], (row[:-lag], row[lag:]), 1.0)

    def timescales(count):
        count = count + count.T
        values = np.linalg.eigvals(count / count.sum(1, keepdims=True)).real
        return -lag / np.log(np.sort(values)[::-1][1:])

    found = timescales(joint.sum(0))
    left_out = [timescales(joint.sum(0) - one) for one in joint]  # jackknife over walkers
    error = np.std(left_out, axis=0) * np.sqrt(len(joint) - 1)
    exact = langevin_timescales(TRIANGULAR3, 2, 40, 8)
    assert (np.abs(found - exact) < 4 * error).all(), (found, error, exact)
    assert error[0] < 0.03 * exact[0]
