"""The frozen riboswitch tasks are what their cards and their physics say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.registry import find_task, select_tasks
from benchmark.task import Task
from benchmark.tracks.kinetics.data import (
    ORACLE_UNIT,
    kinetics_reference,
    load_chains,
    load_test,
    observe,
)
from tasks.riboswitch.generate import FRAMES, SPECS, Spec, simulated_reference
from tasks.riboswitch.partition import flickering_mfpt, folding_mfpt, partition_error

SPEC = {f"riboswitch/{spec.name}": spec for spec in SPECS}


@pytest.fixture(params=SPEC)
def task(request: pytest.FixtureRequest) -> Task:
    return find_task(request.param)


def test_the_family_has_four_tasks() -> None:
    assert sorted(task.id for task in select_tasks(["riboswitch/*"])) == sorted(SPEC)


def test_every_split_holds_what_the_specification_says(task: Task) -> None:
    card = task.card
    assert [len(c) for c in load_chains(task, "train")] == [FRAMES] * 5
    assert [len(c) for c in load_chains(task, "validation")] == [FRAMES]
    assert [len(c) for c in load_chains(task, "fresh")] == [FRAMES] * 25
    prompts = load_chains(task, "prompt")
    assert [len(c) for c in prompts] == [256] * card.generation.chains
    states, oracle = load_test(task)
    assert states.shape == oracle.shape == (10, 30_000)
    assert states.max() < card.labels
    assert (oracle <= 0).all()


def test_card_follows_the_chain(task: Task) -> None:
    spec, card = SPEC[task.id], task.card
    assert card.observable == spec.observable
    assert card.labels == spec.chain.n_labels
    assert card.hold == spec.hold == {0.1: 7, 1.0: 2}[spec.frame_time]
    assert card.slowest * card.frame_time == pytest.approx(35.0)  # ms: the drift
    assert card.generation.n_frames >= 10 * card.training_frames
    assert card.generation.burn_in >= 5 * card.slowest


def test_every_score_group_counts_and_populations_never_do(task: Task) -> None:
    assert set(task.card.counting) == {"likelihood", "rates", "paths"}
    assert task.card.metrics["population_error"].group is None


def test_stored_oracle_is_the_exact_likelihood_of_the_product_chain(task: Task) -> None:
    states, oracle = load_test(task)
    exact = SPEC[task.id].chain.log_probabilities(states[:, :300])
    np.testing.assert_allclose(oracle[:, :300], exact, atol=0.51 * ORACLE_UNIT)


def test_labels_of_the_training_chains_are_populated_as_the_chain_says(task: Task) -> None:
    exact = SPEC[task.id].chain.populations()
    chains = load_chains(task, "train")
    found = np.bincount(np.concatenate(chains), minlength=task.card.labels) / (5 * FRAMES)
    # The drift is the slowest process: so many independent looks at it bound the error.
    looks = 5 * FRAMES / (2 * task.card.slowest)
    assert (np.abs(found - exact) < 5 * np.sqrt(exact * (1 - exact) / looks) + 1e-6).all()


def test_held_reference_agrees_with_the_fresh_chains(task: Task) -> None:
    reference = kinetics_reference(task)
    macrostates = observe(task.card, load_chains(task, "fresh"))
    shares = np.stack([np.bincount(chain, minlength=3) / len(chain) for chain in macrostates])
    error = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
    assert (np.abs(shares.mean(axis=0) - reference.populations) < 5 * error).all()


def test_no_visit_is_shorter_than_the_hold(task: Task) -> None:
    reference, hold = kinetics_reference(task), task.card.hold
    assert (reference.dwell_cdf[:, reference.dwell_edges < hold] == 0).all()
    assert (reference.thresholds >= hold).all()


def test_hold_brings_passage_times_near_those_of_the_folding_states(task: Task) -> None:
    spec = SPEC[task.id]
    held = kinetics_reference(task).mfpt * spec.frame_time
    assert partition_error(held, folding_mfpt(spec.molecule)) < 0.55


def test_coarse_task_sees_the_trajectories_of_the_fine_one() -> None:
    fine, coarse = (
        load_chains(find_task(f"riboswitch/{n}"), "train") for n in ("34-0.1ms", "3-0.1ms")
    )
    for bins, levels in zip(fine, coarse, strict=True):
        # Bins 19 and 24 are cut by a mid-level; every other belongs to one level.
        assert (levels[bins < 19] == 0).all()
        assert (levels[(bins > 19) & (bins < 24)] == 1).all()
        assert (levels[bins > 24] == 2).all()


@pytest.mark.slow
def test_without_hold_the_simulated_reference_is_the_exact_one() -> None:
    class Flickering(Spec):
        hold = 1  # type: ignore[assignment]

    spec = Flickering(**vars(SPECS[2]))
    simulated = simulated_reference(spec, 20_000_000).mfpt * spec.frame_time
    np.testing.assert_allclose(simulated, flickering_mfpt(spec), rtol=0.02)
