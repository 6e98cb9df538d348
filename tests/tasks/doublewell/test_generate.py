"""The tasks' chains and references: against dense matrices, and against what is held exactly."""

from __future__ import annotations

from dataclasses import astuple, replace
from functools import reduce

import numpy as np
import pytest

from tasks.doublewell import model
from tasks.doublewell.generate import SPECS, Spec, simulated_reference
from tasks.doublewell.partition import CENTRES, DIMENSIONS, nearest, read_centres

SPEC = {spec.name: spec for spec in SPECS}


def dense(spec: Spec) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joint transition matrix, weights and labels of cells, without any of the oracles."""
    parts = model.lines(spec.dimension)
    transition = reduce(np.kron, [part.transition for part in parts])
    transition = np.linalg.matrix_power(transition, spec.stride)
    weight = reduce(np.kron, [part.stationary for part in parts])
    places = model.places(parts)
    centres = read_centres(spec.dimension)
    distance = np.linalg.norm(places[:, None] - centres[None], axis=2)
    return transition, weight, distance.argmin(1)


def held_passage(transition: np.ndarray, weight: np.ndarray, side: np.ndarray, hold: int) -> float:
    """Mean first passage time (frames) between two even sides that are held, exactly.

    The held side, and how long the other side has lasted, make x a Markov chain again. A cycle of
    two visits has one switch each way, so that half of the time over the flux is a visit.
    """
    n = len(weight)
    states = [(i, h, r) for i in range(n) for h in (0, 1) for r in range(hold)]
    number = {state: k for k, state in enumerate(states)}
    joint = np.zeros((len(states), len(states)))
    switches = np.zeros(len(states))
    for (i, h, r), k in number.items():
        for j in range(n):
            if side[j] == h:
                target = (j, h, 0)
            elif r + 1 < hold:
                target = (j, h, r + 1)
            else:
                target = (j, 1 - h, 0)
                switches[k] += transition[i, j] * (h == 0)
            joint[k, number[target]] += transition[i, j]
    equations = np.vstack([joint.T - np.eye(len(states)), np.ones(len(states))])
    right = np.zeros(len(equations))
    right[-1] = 1.0
    stationary = np.linalg.lstsq(equations, right, rcond=None)[0]
    return 0.5 / float(stationary @ switches)


@pytest.mark.parametrize(
    "spec", [SPEC["d0"], SPEC["d1"], replace(SPEC["d1"], name="d1-t10", stride=10)]
)
def test_chain_gives_the_likelihood_and_kinetics_of_the_dense_joint_matrix(spec) -> None:
    transition, weight, labels = dense(spec)
    chain = spec.chain
    member = np.eye(len(spec.observable))[labels]
    np.testing.assert_allclose(chain.populations(), weight @ member, rtol=1e-9)

    states = chain.label(chain.sample(25, 2, np.random.default_rng(1)))
    for row, found in zip(states, chain.log_probabilities(states), strict=True):
        alpha = weight
        for t, label in enumerate(row):
            alpha = (alpha if t == 0 else alpha @ transition) * (labels == label)
            assert found[t] == pytest.approx(np.log(alpha.sum()), rel=1e-9)
            alpha = alpha / alpha.sum()


def test_sides_without_hold_have_the_timescales_and_passages_of_the_dense_matrix() -> None:
    spec = replace(SPEC["d1"], name="d1-short", stride=100)  # short chains see many passages
    transition, weight, labels = dense(spec)
    side = np.array(spec.observable)[labels]
    joint = np.array([[weight[side == a] @ transition[side == a][:, side == b].sum(1)
                       for b in (0, 1)] for a in (0, 1)])  # fmt: skip
    assert spec.hold == 1
    found = simulated_reference(spec, 10_000_000)
    # P(A)/flux is a visit's mean length; the second eigenvalue of a 2 × 2 matrix is its trace − 1.
    passage = joint.sum(1) / joint[0, 1]
    events = 10_000_000 / passage.sum()
    np.testing.assert_allclose([found.mfpt[0, 1], found.mfpt[1, 0]], passage, rtol=5 / events**0.5)
    eigenvalue = np.trace(joint / joint.sum(1, keepdims=True)) - 1
    assert found.lags[0] == 1
    assert found.timescales[0, 0] == pytest.approx(-1 / np.log(eigenvalue), rel=0.01)
    np.testing.assert_allclose(found.populations, joint.sum(1), atol=0.005)


def test_held_passages_of_a_simulation_are_the_exact_ones() -> None:
    line = model.slow()
    exact = held_passage(line.transition, line.stationary, model.side(line.sites), hold=5)

    class Short(Spec):
        hold = 5  # type: ignore[assignment]

    found = simulated_reference(Short(*astuple(SPEC["d2-macro2"])), 20_000_000).mfpt
    error = (2 * exact / 20_000_000) ** 0.5
    np.testing.assert_allclose([found[0, 1], found[1, 0]], exact, rtol=5 * error)


# ---- paths and partitions


def test_partitions_and_strides_of_a_dimension_see_the_same_paths() -> None:
    fine, sides, cores, tenth = (
        SPEC[name].draw(2, frames, "test-of-paths")
        for name, frames in (("d2", 3_000), ("d2-macro2", 3_000), ("d2-cored2", 3_000),
                             ("d2-t10", 300))
    )  # fmt: skip
    np.testing.assert_array_equal(fine[:, ::10], tenth)
    centre_sides = np.array(SPEC["d2"].observable)[fine]
    assert (centre_sides == sides).mean() > 0.99  # a cell may reach over the barrier
    entered = np.diff(cores.astype(int), axis=1) != 0
    assert (cores[:, 1:] == sides[:, 1:])[entered].all()  # a core lies on its own side
    assert entered.sum() < (np.diff(sides.astype(int), axis=1) != 0).sum() / 2


def test_streams_of_two_splits_and_of_two_dimensions_differ() -> None:
    spec = SPEC["d1"]
    assert (spec.draw(1, 500, "a") != spec.draw(1, 500, "b")).any()
    assert (SPEC["d2"].draw(1, 500, "a") != SPEC["d3"].draw(1, 500, "a")).any()


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_cell_has_a_state_and_the_nearest_centre(dimension) -> None:
    centres = read_centres(dimension)
    places = model.places(model.lines(dimension))
    labels = nearest(places, centres)
    assert len(centres) == CENTRES[dimension]
    assert (np.bincount(labels, minlength=len(centres)) > 0).all()
    some = np.random.default_rng(0).choice(len(places), 50)
    distance = np.linalg.norm(places[some, None] - centres[None], axis=2)
    np.testing.assert_array_equal(labels[some], distance.argmin(1))
    assert (np.diff(centres[:, 0]) >= 0).all()


def test_hold_is_the_same_time_at_every_stride_or_a_frame() -> None:
    found = {name: spec.hold * spec.stride for name, spec in SPEC.items()}
    assert found == dict.fromkeys(SPEC, 20) | {"d2-t100": 100}
