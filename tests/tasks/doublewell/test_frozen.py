"""The frozen doublewell tasks are what their cards and their physics say."""

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
from tasks.doublewell import model
from tasks.doublewell.generate import FAMILY, SPECS
from tests.tasks.doublewell.test_generate import held_passage

SPEC = {f"doublewell/{spec.name}": spec for spec in SPECS}


@pytest.fixture(params=SPEC)
def task(request: pytest.FixtureRequest) -> Task:
    return find_task(request.param)


def test_the_family_has_eight_tasks_and_takes_under_25_megabytes() -> None:
    assert sorted(task.id for task in select_tasks(["doublewell/*"])) == sorted(SPEC)
    files = [path for path in (FAMILY / "data").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6


def test_every_split_holds_what_the_specification_says(task: Task) -> None:
    spec, card = SPEC[task.id], task.card
    assert [len(c) for c in load_chains(task, "train")] == [spec.frames] * 5
    assert [len(c) for c in load_chains(task, "validation")] == [spec.frames]
    assert [len(c) for c in load_chains(task, "fresh")] == [spec.frames] * 30
    assert [len(c) for c in load_chains(task, "prompt")] == [256] * card.generation.chains
    states, oracle = load_test(task)
    assert states.shape == oracle.shape == (10, 30_000)
    assert states.max() < card.labels
    assert (oracle <= 0).all()


def test_card_follows_the_chain(task: Task) -> None:
    spec, card = SPEC[task.id], task.card
    assert card.observable == spec.observable
    assert card.labels == spec.chain.n_labels
    assert card.hold == spec.hold
    assert card.slowest * card.frame_time == pytest.approx(1000.0)
    assert spec.chain.relaxation_times(1)[0] == pytest.approx(card.slowest, rel=1e-6)
    assert card.generation.n_frames >= 10 * card.training_frames
    assert card.generation.burn_in >= 5 * card.slowest


def test_rates_and_paths_count_and_the_likelihood_where_frames_can_teach_it(task: Task) -> None:
    likelihood = set() if task.id == "doublewell/d2-t100" else {"likelihood"}
    assert set(task.card.counting) == {"rates", "paths"} | likelihood


def test_stored_oracle_is_the_exact_likelihood(task: Task) -> None:
    states, oracle = load_test(task)
    frames = 20 if task.id == "doublewell/d3" else 300
    exact = SPEC[task.id].chain.log_probabilities(states[:, :frames])
    np.testing.assert_allclose(oracle[:, :frames], exact, atol=0.51 * ORACLE_UNIT)


def test_labels_are_populated_as_the_chain_says(task: Task) -> None:
    exact = SPEC[task.id].chain.populations()
    chains = load_chains(task, "fresh")
    found = np.bincount(np.concatenate(chains), minlength=task.card.labels) / sum(map(len, chains))
    looks = sum(map(len, chains)) / (2 * task.card.slowest)  # at the slowest process
    error = np.sqrt(exact * (1 - exact) / looks) + 1 / np.sqrt(sum(map(len, chains)))
    assert (np.abs(found - exact) < 5 * error).all()


def test_both_sides_are_alike_in_the_reference(task: Task) -> None:
    reference = kinetics_reference(task)
    events = 1e8 / (reference.mfpt[0, 1] + reference.mfpt[1, 0]) / task.card.frame_time
    np.testing.assert_allclose(reference.populations, 0.5, atol=0.01)
    assert reference.mfpt[0, 1] == pytest.approx(reference.mfpt[1, 0], rel=0.02 + 5 / events**0.5)


def test_reference_agrees_with_the_fresh_chains(task: Task) -> None:
    reference = kinetics_reference(task)
    sides = observe(task.card, load_chains(task, "fresh"))
    shares = np.array([side.mean() for side in sides])
    error = shares.std(ddof=1) / np.sqrt(len(shares))
    assert abs(shares.mean() - reference.populations[1]) < 5 * error
    jumps = sum(int(np.count_nonzero(np.diff(side.astype(int)))) for side in sides)
    expected = sum(map(len, sides)) / ((reference.mfpt[0, 1] + reference.mfpt[1, 0]) / 2)
    assert abs(jumps - expected) < 5 * np.sqrt(expected)


@pytest.mark.parametrize("name", ["d0", "d2-macro2"])
def test_reference_of_a_side_that_x_alone_decides_is_the_exact_one(name: str) -> None:
    line = model.slow()
    exact = held_passage(line.transition, line.stationary, model.side(line.sites), hold=20)
    found = kinetics_reference(find_task(f"doublewell/{name}")).mfpt
    events = 1e8 / (2 * exact)
    np.testing.assert_allclose([found[0, 1], found[1, 0]], exact, rtol=5 / events**0.5)


def test_intervals_and_partitions_are_of_one_trajectory() -> None:
    fine, tenth, hundredth, sides = (
        load_chains(find_task(f"doublewell/{name}"), "train")
        for name in ("d2", "d2-t10", "d2-t100", "d2-macro2")
    )
    observable = np.array(find_task("doublewell/d2").card.observable)
    for one, ten, hundred, side in zip(fine, tenth, hundredth, sides, strict=True):
        np.testing.assert_array_equal(one[::10], ten)
        np.testing.assert_array_equal(one[::100], hundred)
        assert (observable[one] == side).mean() > 0.99
