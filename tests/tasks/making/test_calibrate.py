"""Which metrics a task's card lets count."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.task import Task
from benchmark.tracks.kinetics.data import kinetics_reference, load_replicas
from tasks.making.calibrate import calibrate


def from_chosen_starts(toy: Task, folder: Path) -> Task:
    """Give a copy of the toy task whose card says that training starts out of equilibrium."""
    shutil.copytree(toy.path.parent.parent, folder / "toy")
    card = toy.card.model_copy(update={"equilibrium": False})
    return Task(card, folder / "toy" / "cards" / toy.path.name)


def test_populations_are_shown_and_do_not_count_where_training_is_in_equilibrium(toy: Task):
    assert "populations" not in toy.card.counting
    assert toy.card.metrics["population_error"].group is None


def test_populations_are_a_group_where_training_starts_out_of_equilibrium(toy: Task, tmp_path):
    card = calibrate(from_chosen_starts(toy, tmp_path)).card
    for name, scale in card.metrics.items():
        before = toy.card.metrics[name]
        expected = before.group or "populations"
        assert (scale.group, scale.trivial) == (expected, before.trivial)


def test_floor_is_that_of_fresh_chains_alone_where_training_is_no_true_chain(toy: Task, tmp_path):
    card = calibrate(from_chosen_starts(toy, tmp_path)).card
    truth = kinetics_reference(toy).populations
    own = [row for chains in load_replicas(toy, "fresh")[toy.card.replicas :] for row in chains]
    ratios = [
        np.log((np.bincount(row, minlength=3) + 0.5) / (truth * len(row) + 0.5)) for row in own
    ]
    expected = np.sqrt(np.mean([np.mean(one**2) for one in ratios]))
    assert card.metrics["free_energy_error"].floor == pytest.approx(expected, rel=1e-5)
    # The toy has few fresh chains: in equilibrium its training chains join them.
    assert toy.card.metrics["free_energy_error"].floor != pytest.approx(expected, rel=1e-5)
