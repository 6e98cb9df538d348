"""The lines, and the last of two cores: against dense linear algebra written out here."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import scipy.linalg

from tasks.doublewell import model
from tasks.making.milestoning import NO_CORE


def eigen_times(transition: np.ndarray, k: int) -> np.ndarray:
    values = np.sort(np.linalg.eigvals(transition).real)[::-1]
    return -1 / np.log(values[1 : k + 1])


def dense_generator(energy: np.ndarray, h: float) -> np.ndarray:
    """Scharfetter–Gummel rates of unit diffusion, one by one."""
    n = len(energy)
    Q = np.zeros((n, n))
    for i, j in product(range(n), repeat=2):
        if abs(i - j) == 1:
            u = energy[j] - energy[i]
            Q[i, j] = (1.0 if u == 0 else u / np.expm1(u)) / h**2
    np.fill_diagonal(Q, -Q.sum(1))
    return Q


@pytest.mark.parametrize(
    ("line", "energy", "slowest"),
    [
        (model.slow(), lambda x: 4.5 * (x**2 - 1) ** 2, 1000.0),
        (model.fast(), lambda u: u**2 / 2, 10.0),
    ],
)
def test_line_is_the_exponential_of_its_generator_with_the_time_it_should_have(
    line, energy, slowest
) -> None:
    Q = dense_generator(energy(line.sites), line.sites[1] - line.sites[0])
    rate = np.sort(-np.linalg.eigvals(Q).real)[1]
    np.testing.assert_allclose(line.transition, scipy.linalg.expm(Q / (rate * slowest)), atol=1e-10)
    np.testing.assert_allclose(line.stationary @ line.transition, line.stationary, atol=1e-13)
    weight = np.exp(-energy(line.sites))
    np.testing.assert_allclose(line.stationary, weight / weight.sum(), rtol=1e-12)
    assert eigen_times(line.transition, 1)[0] == pytest.approx(slowest, rel=1e-6)


def test_relaxation_within_a_well_is_two_hundred_times_faster_than_between_them() -> None:
    np.testing.assert_allclose(
        eigen_times(model.slow().transition, 3), [1000.0, 5.6347, 3.5164], rtol=1e-4
    )


def test_fast_coordinate_has_unit_variance_but_for_its_lattice() -> None:
    line = model.fast()
    assert line.stationary @ line.sites**2 == pytest.approx(1.0, abs=0.04)


def test_places_run_in_the_order_of_joint_states() -> None:
    parts = model.lines(2)
    places = model.places(parts)
    index = np.ravel_multi_index((7, 3, 9), (40, 10, 10))
    expected = [parts[0].sites[7], parts[1].sites[3], parts[2].sites[9]]
    np.testing.assert_array_equal(places[index], expected)


# ---- the last of two cores


@pytest.fixture(scope="module")
def small() -> model.Line:
    """Nine sites; the middle three lie in no core."""
    sites = np.linspace(-1.6, 1.6, 9)
    Q, stationary = model.diffusion(lambda x: 2.0 * (x**2 - 1) ** 2, sites, 30.0)
    return model.Line(scipy.linalg.expm(Q.toarray()), sites, stationary)


def last_core_of(line: model.Line) -> np.ndarray:
    """P(last core is 1 | x): in a reversible chain, that core 1 is reached before core 0."""
    core = model.core(line.sites)
    between = core == NO_CORE
    step = line.transition[np.ix_(between, between)]
    into = line.transition[np.ix_(between, core == 1)].sum(1)
    right = (core == 1).astype(float)
    right[between] = np.linalg.solve(np.eye(between.sum()) - step, into)
    return right


def cored_likelihood(line: model.Line, labels: np.ndarray) -> float:
    """P(labels), from x alone: a label that changes says in which core x is, else where it is not.

    No joint state of (x, core) is used.
    """
    core = model.core(line.sites)
    right = last_core_of(line)
    weight = line.stationary * (right if labels[0] else 1 - right)
    for before, now in pairwise(labels):
        allowed = core == now if now != before else core != 1 - now
        weight = (weight @ line.transition) * allowed
    return float(weight.sum())


def test_likelihood_of_last_cores_is_that_of_all_paths_of_x(small) -> None:
    chain = model.cored_chain(small)
    everything = np.array(list(product((0, 1), repeat=7)), np.uint8)
    exact = np.array([cored_likelihood(small, labels) for labels in everything])
    assert exact.sum() == pytest.approx(1.0)
    found = np.exp(chain.log_probabilities(everything).sum(1))
    np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_passages_between_last_cores_take_as_long_as_those_between_cores(small) -> None:
    # From where a core is entered to the other: the mean time of a hitting problem in x alone.
    core, T = model.core(small.sites), small.transition
    times, enters = [], []
    for target in (0, 1):
        outside = core != target
        inverse = np.linalg.inv(np.eye(outside.sum()) - T[np.ix_(outside, outside)])
        times.append(np.zeros(len(core)))
        times[target][outside] = inverse.sum(1)
        enters.append(np.zeros((len(core), len(core))))
        enters[target][np.ix_(outside, ~outside)] = inverse @ T[np.ix_(outside, ~outside)]
    entry = np.eye(len(core))[0]  # in core 0; cycles forget where they begin
    for _ in range(200):
        entry = entry @ enters[1] @ enters[0]
    found = model.cored_chain(small).cycle_mfpt()
    assert found[0, 1] == pytest.approx(entry @ times[1], rel=1e-9)
    assert found[1, 0] == pytest.approx((entry @ enters[1]) @ times[0], rel=1e-9)


def test_last_cores_of_drawn_paths_have_the_law_of_their_chain(small) -> None:
    rng = np.random.default_rng(0)
    paths = model.HiddenChain(small.transition, np.zeros(9, np.uint8)).sample(4, 40_000, rng)
    labels = model.cored_labels(paths, small, rng)
    words = labels @ [8, 4, 2, 1]
    exact = np.array([cored_likelihood(small, one) for one in product((0, 1), repeat=4)])
    found = np.bincount(words, minlength=16) / len(words)
    error = np.sqrt(exact * (1 - exact) / len(words))
    assert (np.abs(found - exact) < 5 * error + 1e-12).all()


def test_last_core_of_the_family_is_even_and_slow() -> None:
    chain = model.cored_chain(model.slow())
    np.testing.assert_allclose(chain.populations(), 0.5)
    plain = model.HiddenChain(model.slow().transition, model.side(model.slow().sites))
    assert chain.cycle_mfpt()[0, 1] > 3 * plain.cycle_mfpt()[0, 1]  # recrossings are gone
    assert chain.relaxation_times(1)[0] == pytest.approx(1000.0)
