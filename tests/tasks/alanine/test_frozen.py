"""The frozen alanine tasks are what their cards, the runs and the physics say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.registry import find_task, select_tasks
from benchmark.task import Task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, load_chains, load_test, observe
from benchmark.tracks.kinetics.metrics.errors import cycle_mfpt
from tasks.alanine.freeze import (
    REFERENCE,
    REPLICA_RUNS,
    SKIPPED,
    TEST,
    TEST_FRAMES,
    TRAIN,
    read_runs,
    slowest_time,
    specs,
)
from tasks.alanine.generate import DEFAULT_OUT
from tasks.alanine.partitions import BASINS, find_states, read_states
from tasks.alanine.report import core_crossings

SPEC = {f"alanine/{spec.name}": spec for spec in specs(read_states())}
RUN_FRAMES = 200_000


@pytest.fixture(scope="module")
def runs():
    return read_runs()


@pytest.fixture(params=SPEC)
def task(request: pytest.FixtureRequest) -> Task:
    return find_task(request.param)


@pytest.fixture(scope="module")
def cored(runs) -> list:
    """Label the reference runs by the core visited last, every 0.1 ps."""
    spec = next(spec for spec in SPEC.values() if spec.name == "cored4-0.1ps")
    return [spec.label(runs[run]) for run in REFERENCE]


def test_the_family_has_twelve_tasks() -> None:
    assert sorted(task.id for task in select_tasks(["alanine/*"])) == sorted(SPEC)
    assert len(SPEC) == 12


def test_reference_crosses_phi_0_five_hundred_times(cored) -> None:
    assert core_crossings(cored) >= 500


def test_passage_times_between_the_four_cores_are_known_to_a_tenth(cored) -> None:
    _, events = cycle_mfpt(cored, len(BASINS))
    seen = events[~np.eye(len(BASINS), dtype=bool)]
    assert (1 / np.sqrt(seen) < 0.1).all()


@pytest.mark.slow
def test_states_and_slowest_time_are_those_of_the_reference_runs(runs) -> None:
    found, frozen = find_states([runs[run] for run in REFERENCE]), read_states()
    np.testing.assert_array_equal(found.cores, frozen.cores)
    np.testing.assert_array_equal(found.basins, frozen.basins)
    slowest = slowest_time(runs, frozen)
    for name, spec in SPEC.items():
        card = kinetics_card(find_task(name))
        assert card.slowest * spec.frame_time == pytest.approx(slowest, abs=1e-3 * spec.frame_time)


def test_every_split_holds_the_runs_that_the_readme_names(task: Task, runs) -> None:
    spec, card = SPEC[task.id], kinetics_card(task)
    frames = (RUN_FRAMES - SKIPPED) // spec.stride
    train = load_chains(task, "train")
    assert [len(chain) for chain in train] == [frames] * 10
    assert card.training_frames == REPLICA_RUNS * frames
    assert [len(chain) for chain in load_chains(task, "validation")] == [frames] * 3
    assert [len(chain) for chain in load_chains(task, "fresh")] == [frames] * 40
    np.testing.assert_array_equal(train[1], spec.label(runs[TRAIN[1]]))
    states, oracle = load_test(task)
    length = min(frames, TEST_FRAMES // len(TEST))
    assert states.shape == oracle.shape == (len(TEST), length)
    np.testing.assert_array_equal(states[2], spec.label(runs[TEST[2]])[:length])
    assert (oracle <= 0).all()


def test_generation_is_long_enough_in_every_task(task: Task) -> None:
    card = kinetics_card(task)
    assert card.generation.chains >= 8
    assert card.generation.n_frames >= 10 * card.training_frames
    assert card.generation.burn_in >= 5 * card.slowest


def test_populations_never_count_and_rates_do(task: Task) -> None:
    assert "rates" in task.card.counting
    assert task.card.metrics["population_error"].group is None


def test_strides_of_a_partition_show_the_same_frames() -> None:
    # Cores are visited at what was saved: the coarse labels are not those of the fine ones there.
    for partition in ("phi20", "fine100", "macro4"):
        fine, middle, coarse = (
            load_chains(find_task(f"alanine/{partition}-{stride}ps"), "train")[0]
            for stride in ("0.1", "1", "10")
        )
        np.testing.assert_array_equal(fine[::10], middle)
        np.testing.assert_array_equal(fine[::100], coarse)


def test_every_task_sees_the_same_passages_in_physical_time() -> None:
    # A hold of 10 ps takes recrossings out, whatever the partition. A frame every 10 ps meets it at
    # once, so that there some are left unless the labels are cores.
    slow = {
        name: kinetics_reference(find_task(name)).mfpt[-1, 0] * spec.frame_time
        for name, spec in SPEC.items()
    }
    finest = slow["alanine/cored4-0.1ps"]
    for name, time in slow.items():
        loose = name.endswith("-10ps") and "cored4" not in name
        assert abs(np.log(time / finest)) < (0.4 if loose else 0.2), (name, time, finest)


def test_populations_of_the_fresh_chains_are_those_of_the_reference(task: Task) -> None:
    reference = kinetics_reference(task)
    chains = observe(kinetics_card(task), load_chains(task, "fresh"))
    K = len(reference.populations)
    shares = np.stack([np.bincount(chain, minlength=K) / len(chain) for chain in chains])
    error = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
    assert (np.abs(shares.mean(axis=0) - reference.populations) < 5 * error).all()


def test_no_visit_is_shorter_than_the_hold(task: Task) -> None:
    reference, hold = kinetics_reference(task), kinetics_card(task).hold
    assert hold * SPEC[task.id].frame_time == pytest.approx(10.0)
    assert (reference.dwell_cdf[:, reference.dwell_edges < hold] == 0).all()


OLDER = ("alanine", "potentials", "riboswitch")


@pytest.mark.parametrize(("families", "megabytes"), [(OLDER, 60), (("doublewell",), 25)])
def test_frozen_kinetics_data_take_no_more_than_planned(
    families: tuple[str, ...], megabytes: int
) -> None:
    tasks = select_tasks([f"{family}/*" for family in families])
    folders = [task.data for task in tasks] + [DEFAULT_OUT] * ("alanine" in families)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < megabytes * 1e6
