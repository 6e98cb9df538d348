"""A task drawn anew: the same question about other chains of the same process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.registry import DRAWN_VARIABLE, find_task
from benchmark.score import verify
from benchmark.task import Task
from benchmark.tracks.kinetics.data import ORACLE_UNIT, load_chains, load_test
from tasks.drawing import SHORTER, chain_of, draw
from tests.conftest import TOY, toy_chain


def test_drawn_test_chains_and_prompts_are_new_and_all_else_is_the_same(
    toy: Task, tmp_path: Path
) -> None:
    drawn = draw(toy, toy_chain(), 7, tmp_path)
    verify(drawn)
    for split in ("train", "validation", "fresh"):
        assert drawn.card.splits[split] == toy.card.splits[split]
    for split in ("test", "prompt"):
        old, new = (np.stack(load_chains(task, split)) for task in (toy, drawn))
        assert len(old) == len(new)
        assert not np.array_equal(old[:, : new.shape[1]], new)
    same = {"splits", "ranked"}
    assert drawn.card.model_dump(exclude=same) == toy.card.model_dump(exclude=same)
    assert not drawn.card.ranked


def test_oracle_of_drawn_chains_is_that_of_the_process(toy: Task, tmp_path: Path) -> None:
    states, oracle = load_test(draw(toy, toy_chain(), 7, tmp_path))
    assert states.shape == (4, max(3_000 // SHORTER, 256))
    exact = toy_chain().log_probabilities(states)
    assert np.abs(oracle - exact).max() <= ORACLE_UNIT / 2 + 1e-12


def test_seed_decides_what_is_drawn(toy: Task, tmp_path: Path) -> None:
    drawn = [
        draw(toy, toy_chain(), seed, tmp_path / str(n)).card.splits
        for n, seed in enumerate((7, 7, 8))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0]["test"] != drawn[2]["test"]
    assert drawn[0]["prompt"] != drawn[2]["prompt"]


def test_drawn_task_takes_the_place_of_the_frozen_one_where_the_variable_says(
    toy: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = draw(toy, toy_chain(), 7, tmp_path)
    assert find_task(TOY).card == toy.card
    monkeypatch.setenv(DRAWN_VARIABLE, str(tmp_path))
    assert find_task(TOY).card == drawn.card


@pytest.mark.parametrize("name", ["potentials/linear3-langevin", "alanine/cored4-1ps"])
def test_task_without_an_exact_generator_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} has no exact generator"):
        chain_of(find_task(name))


@pytest.mark.parametrize("name", ["riboswitch/3-0.1ms", "doublewell/d0"])
def test_process_of_a_family_has_the_populations_of_the_frozen_data(name: str) -> None:
    task = find_task(name)
    found = np.bincount(load_chains(task, "train")[0], minlength=chain_of(task).n_labels)
    assert np.abs(found / found.sum() - chain_of(task).populations()).max() < 0.1
