from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.oracles.hidden_chain import HiddenChain
from tasks.private.labelling import Asked, label
from tasks.private.macrostates import (
    default_lag,
    default_memberships,
    markov_model,
    milestoned,
)
from tasks.private.partition import microstates, numbered
from tasks.private.recording import Recording

FRAME = Time(1, "ps")
RNG = np.random.default_rng(5)


def recording(values, kind="numbers", name="x"):
    array = np.asarray(values)
    return Recording(name, array.reshape(len(array), -1), kind)


def two_basins():
    """Six microstates in a row, two sets of three; the middle two are the way between the sets."""
    rates = np.diag([0.2, 0.02, 0.3, 0.3, 0.2], 1) + np.diag([0.2, 0.3, 0.3, 0.02, 0.2], -1)
    np.fill_diagonal(rates, 1 - rates.sum(1))
    return HiddenChain(rates, np.arange(6, dtype=np.uint8))


@pytest.fixture(scope="module")
def basins():
    chain = two_basins()
    return list(chain.label(chain.sample(20_000, 2, np.random.default_rng(1))))


# ---- microstates ------------------------------------------------------------------------------


def test_bins_have_equal_width_and_the_outer_ones_take_the_rest():
    x = np.concatenate([np.linspace(0, 10, 10_001), [-100.0, 200.0]])
    labels = microstates([recording(x)], "bins", 5)[0][0]
    low, high = np.percentile(x, [0.1, 99.9])
    edges = low + (high - low) / 5 * np.arange(1, 5)
    assert np.array_equal(labels, np.searchsorted(edges, x, side="right"))
    assert labels[-2:].tolist() == [0, 4]


def test_bins_never_visited_are_no_labels():
    x = np.repeat([0.0, 1.0, 9.5], 1000)
    assert np.unique(microstates([recording(x)], "bins", 10)[0][0]).tolist() == [0, 1, 2]


def test_states_are_numbered_in_their_order():
    found = microstates(
        [recording([7, -1, 7], "states"), recording([3, 3], "states")], "states", None
    )[0]
    assert [chain.tolist() for chain in found] == [[2, 0, 2], [1, 1]]


def test_clusters_of_angles_know_that_the_circle_is_closed():
    angles = np.concatenate([RNG.normal(np.pi, 0.1, 500), RNG.normal(0, 0.1, 500)])
    wrapped = np.angle(np.exp(1j * angles))
    labels = microstates([recording(wrapped, "angles")], "kmeans", 2)[0][0]
    assert len(set(labels[:500].tolist())) == 1
    assert (labels[:500] != labels[500:]).all()


def test_clusters_are_the_same_every_time():
    x = RNG.normal(size=(3000, 2))
    one, two = (microstates([recording(x)], "kmeans", 20)[0][0] for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(
    ("values", "partition", "states", "message"),
    [
        (np.zeros(500), "bins", None, "every frame holds 0"),
        (np.zeros((500, 2)), "bins", None, "needs one column, there are 2"),
        (np.arange(50.0), "kmeans", 100, "there are 50; give fewer --states"),
    ],
)
def test_partition_that_does_not_suit_is_refused(values, partition, states, message):
    with pytest.raises(InputError, match=message):
        microstates([recording(values)], partition, states)


def test_one_state_only_is_refused():
    with pytest.raises(InputError, match="every frame is in the same state \\(4\\)"):
        numbered([np.full(10, 4), np.full(5, 4)])


# ---- macrostates ------------------------------------------------------------------------------


def test_markov_model_of_a_known_chain_has_its_timescales_and_populations(basins):
    exact = two_basins()
    model = markov_model(basins, 1)
    assert model.timescales[0] == pytest.approx(exact.relaxation_times(1)[0], rel=0.1)
    assert model.populations == pytest.approx(exact.populations(), abs=0.03)
    assert np.allclose(model.transition.sum(1), 1)


def test_pcca_finds_the_two_basins(basins):
    found = markov_model(basins, 1).memberships(2).argmax(1)
    assert len(set(found[:3])) == len(set(found[3:])) == 1
    assert found[0] != found[3]


def test_gap_of_the_timescales_chooses_two(basins):
    assert markov_model(basins, 1).choose() == 2


def test_lag_of_a_markov_chain_is_one_frame(basins):
    assert default_lag(basins) == 1


def test_lag_of_a_chain_with_memory_is_longer_but_never_beyond_the_trajectory():
    slow = two_basins()
    hidden = slow.sample(20_000, 2, np.random.default_rng(2))
    noisy = [np.where(RNG.random(20_000) < 0.05, 5 - row, row) for row in slow.label(hidden)]
    assert 1 < default_lag([row.astype(np.uint8) for row in noisy]) <= 1000


def test_set_that_is_never_entered_in_the_held_out_data_is_merged(basins):
    # A seventh label is visited once, in the data that are not held out.
    rare = basins[0].copy()
    rare[5000:5400] = 6
    model = markov_model([rare, basins[1]], 1)
    found = default_memberships(model, [basins[1]])
    assert found.shape == (7, 2)
    assert np.allclose(found.sum(1), 1)
    assert len(set(found.argmax(1)[:3])) == len(set(found.argmax(1)[3:6])) == 1


def test_cores_milestone_without_a_look_ahead():
    memberships = np.array([[0.95, 0.05], [0.5, 0.5], [0.02, 0.98]])
    chains = [np.array(row, np.uint8) for row in ([1, 0, 1, 2, 1, 0], [1, 1], [2, 1])]
    found = milestoned(chains, memberships)
    assert [row.tolist() for row in found] == [[0, 0, 1, 1, 0], [1, 1]]


def test_macrostate_without_a_core_is_refused():
    with pytest.raises(InputError, match=r"macrostate 1 has no core, .* 0\.80"):
        milestoned([np.array([0, 1], np.uint8)], np.array([[0.95, 0.05], [0.2, 0.8]]))


# ---- all together -----------------------------------------------------------------------------


def labelled(chains, **asked):
    return label([recording(c, "states", "run") for c in chains], Asked(**asked), FRAME, 2)


def test_few_labels_are_macrostates_themselves(basins):
    found = labelled(basins)
    assert found.observable == list(range(6))
    assert all(np.array_equal(a, b) for a, b in zip(found.chains, basins, strict=True))


def test_macrostates_asked_for_are_pcca_sets_of_the_labels(basins):
    observable = labelled(basins, macrostates=2).observable
    assert observable in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


def test_cores_replace_the_labels_and_remove_recrossings(basins):
    found = labelled(basins, cores=True, macrostates=2)
    assert found.observable == [0, 1]
    jumps = [np.count_nonzero(np.diff(chain.astype(int))) for chain in found.chains]
    raw = [np.count_nonzero(np.diff((c >= 3).astype(int))) for c in basins]
    assert 0 < sum(jumps) < sum(raw)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"macrostates": 7}, "7 macrostates of 6 labels"),
        ({"cores": True, "macrostates": 6}, "6 labels have no cores"),
        ({"states": 4}, "--partition states takes what is there"),
        ({"lag": Time(20, "ns")}, "run has 20,000 frames, too short for the lag of 20,000"),
    ],
)
def test_labels_that_cannot_be_are_refused(basins, asked, message):
    with pytest.raises(InputError, match=message):
        labelled(basins, **asked)
