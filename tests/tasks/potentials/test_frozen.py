"""The frozen potentials tasks are what their cards and their physics say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.registry import find_task, select_tasks
from benchmark.task import Task
from benchmark.tracks.kinetics.data import (
    ORACLE_UNIT,
    kinetics_reference,
    load_chains,
    load_replicas,
    load_test,
)
from tasks.potentials.generate import (
    FAMILY,
    LANGEVIN_PIECE_FRAMES,
    LANGEVIN_PIECE_WALKERS,
    LANGEVIN_PIECES,
    SPECS,
    Spec,
)
from tasks.potentials.kramers import langevin_timescales
from tasks.potentials.lattice import hidden_chain
from tasks.potentials.pieces import START_SHARES

TASKS = [f"potentials/{spec.name}" for spec in SPECS]
SPEC = {f"potentials/{spec.name}": spec for spec in SPECS}
LANGEVIN = [spec for spec in SPECS if spec.dynamics == "Langevin"]

#: Error of the operator on the coarse grid that the tests can afford, against finer ones.
OPERATOR = 2e-3
#: And that of a card whose slowest time came from labels: see the README.
FROM_LABELS = {"linear3-langevin": 0.021}


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    return find_task(request.param)


def test_the_family_has_twelve_tasks_and_takes_under_10_megabytes() -> None:
    assert sorted(task.id for task in select_tasks(["potentials/*"])) == sorted(TASKS)
    files = [path for path in (FAMILY / "data").glob("[!.]*/*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10e6


def test_every_split_holds_what_the_specification_says(task: Task) -> None:
    spec, card = SPEC[task.id], task.card
    pieces, frames = (spec.frames // spec.piece, spec.piece) if spec.piece else (1, spec.frames)
    assert [len(c) for c in load_chains(task, "train")] == [frames] * 5 * pieces
    assert [len(c) for c in load_chains(task, "validation")] == [frames] * max(1, pieces // 2)
    assert [len(c) for c in load_replicas(task, "train")] == [pieces] * 5
    assert [len(c) for c in load_replicas(task, "fresh")] == [1] * 30
    assert [len(c) for c in load_chains(task, "fresh")] == [spec.frames] * 30
    prompts = load_chains(task, "prompt")
    assert [len(c) for c in prompts] == [256] * card.generation.chains
    states, oracle = load_test(task)
    assert states.shape == oracle.shape == (10, 30_000)
    assert states.max() < card.labels
    assert (oracle <= 0).all()


def test_generation_is_at_least_eight_chains_of_ten_training_lengths(task: Task) -> None:
    generation = task.card.generation
    assert generation.chains >= 8
    assert generation.n_frames >= 10 * task.card.training_frames
    assert generation.burn_in >= 5 * task.card.slowest


def test_every_score_group_counts_and_populations_do_from_chosen_starts_alone(task: Task) -> None:
    from_chosen_starts = SPEC[task.id].piece > 0
    assert task.card.equilibrium is not from_chosen_starts
    groups = {"likelihood", "rates", "paths"}
    assert set(task.card.counting) == groups | ({"populations"} if from_chosen_starts else set())


def test_populations_of_the_test_chains_agree_with_the_reference(task: Task) -> None:
    states, _ = load_test(task)
    observed = np.array(task.card.observable)[states]
    truth = kinetics_reference(task).populations
    # The number of independent looks at the slowest process bounds the error of a population.
    looks = states.size / (2 * task.card.slowest)
    for state, expected in enumerate(truth):
        error = np.sqrt(expected * (1 - expected) / looks)
        assert abs((observed == state).mean() - expected) < 5 * error


def test_mfpt_reference_keeps_detailed_balance_of_cycles(task: Task) -> None:
    # In a reversible chain a cycle A → B → A takes as long as B → A → B, whatever it is made of.
    mfpt = kinetics_reference(task).mfpt
    np.testing.assert_allclose(mfpt + mfpt.T, (mfpt + mfpt.T).T)
    # and no passage is faster than one frame
    assert np.nanmin(mfpt) >= 1.0


@pytest.fixture(params=LANGEVIN, ids=lambda spec: spec.name)
def langevin(request: pytest.FixtureRequest) -> tuple[Spec, float]:
    """Give a Langevin task and its slowest relaxation time by the operator, frames."""
    spec = request.param
    return spec, float(langevin_timescales(spec.potential, 1, 24, 6)[0]) / spec.tau


def test_slowest_time_of_a_langevin_card_is_that_of_the_kramers_operator(langevin) -> None:
    spec, exact = langevin
    error = FROM_LABELS.get(spec.name, OPERATOR)
    assert find_task(f"potentials/{spec.name}").card.slowest == pytest.approx(exact, rel=error)


def test_langevin_reference_relaxes_as_the_kramers_operator_says(langevin) -> None:
    spec, exact = langevin
    reference = kinetics_reference(find_task(f"potentials/{spec.name}"))
    lags, implied = reference.lags[-2:], reference.timescales[-2:, 0]
    # Labels hide part of the motion, 1/t(τ) = 1/t₂ − ln a/τ: between two lags a cancels.
    found = np.diff(lags)[0] / np.diff(lags / implied)[0]
    frames = LANGEVIN_PIECES * LANGEVIN_PIECE_WALKERS * LANGEVIN_PIECE_FRAMES
    # The frames hold frames / 2t₂ independent looks at the slowest process.
    assert abs(found / exact - 1) < 4 * np.sqrt(2 * exact / frames) + OPERATOR


def test_ladder_of_strides_is_one_trajectory() -> None:
    fine, middle, coarse = (
        load_chains(find_task(f"potentials/diamond4-t{tau}"), "train") for tau in (1, 5, 25)
    )
    for one, five, all_25 in zip(fine, middle, coarse, strict=True):
        np.testing.assert_array_equal(one[::5], five)
        np.testing.assert_array_equal(one[::25], all_25)


@pytest.mark.parametrize("frames", [200, 40])
def test_pieces_start_where_they_were_sent_and_truth_is_elsewhere(frames: int) -> None:
    task = find_task(f"potentials/diamond4-pieces{frames}")
    found = np.array([share_of_starts(replica) for replica in load_replicas(task, "train")])
    np.testing.assert_allclose(found, np.tile(START_SHARES, (5, 1)), atol=1e-12)
    np.testing.assert_allclose(share_of_starts(load_chains(task, "validation")), START_SHARES)
    # As designed: 0.51 in label 0 for pieces of 200; shorter ones stay nearer to their starts.
    share = np.bincount(np.concatenate(load_chains(task, "train")))[0] / 500_000
    assert abs(share - 0.51) < 0.02 if frames == 200 else 0.53 < share < START_SHARES[0]
    assert kinetics_reference(task).populations[0] == pytest.approx(0.27, abs=0.01)


def share_of_starts(chains) -> np.ndarray:
    return np.bincount([chain[0] for chain in chains], minlength=4) / len(chains)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear3", "triangular3-x20", "diamond4-pieces40"])
def test_stored_oracle_is_the_exact_likelihood_of_the_lattice_chain(name: str) -> None:
    spec = SPEC[f"potentials/{name}"]
    task = find_task(f"potentials/{name}")
    states, oracle = load_test(task)
    exact = hidden_chain(spec.potential, spec.tau, spec.label).log_probabilities(states[:, :400])
    np.testing.assert_allclose(oracle[:, :400], exact, atol=0.51 * ORACLE_UNIT)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["triangular3", "diamond4-t25", "diamond4-pieces200"])
def test_stored_reference_is_that_of_the_lattice_chain(name: str) -> None:
    spec = SPEC[f"potentials/{name}"]
    reference = kinetics_reference(find_task(f"potentials/{name}"))
    chain = hidden_chain(spec.potential, spec.tau, spec.label).coarse(spec.observable)
    np.testing.assert_allclose(reference.populations, chain.populations(), rtol=1e-9)
    np.testing.assert_allclose(reference.mfpt, chain.cycle_mfpt(), rtol=1e-6)
