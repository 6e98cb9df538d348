"""p: the error of the true process itself, in every card between nothing and f."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.registry import find_task, shipped_tasks
from benchmark.result import read_result
from benchmark.task import Task
from benchmark.tracks.kinetics.data import kinetics_reference, observe
from benchmark.tracks.kinetics.metrics.errors import kinetics_errors
from tasks.making.calibrate import PERFECT_SHARE
from tasks.oracles.hidden_chain import HiddenChain
from tasks.perfect import YARDSTICK, likelihood_resolution, perfect_errors, process_of
from tests.shipped import KINETICS

#: Where the process can be drawn again.
DRAWN = [name for name in KINETICS if not name.startswith("alanine/")]


@pytest.fixture
def fair_coin(toy: Task):
    """Draw from a process that is not the toy's."""
    chain = HiddenChain(np.full((3, 3), 1 / 3), np.arange(3, dtype=np.uint8))
    return lambda chains, frames, rng: chain.label(chain.sample(frames, chains, rng))


def test_every_kinetics_card_has_p_of_every_metric_that_has_f():
    for name in KINETICS:
        for metric, scale in shipped_tasks()[name].card.metrics.items():
            assert scale.perfect is not None, (name, metric)


@pytest.mark.parametrize("name", KINETICS)
def test_truth_that_generates_more_is_better_than_the_data(name):
    for metric, scale in find_task(name).card.metrics.items():
        if scale.counts:
            assert scale.perfect <= scale.floor, metric
            assert scale.highest >= 1, metric


def test_rule_holds_where_p_is_known_as_well():
    """f/√10 against what was measured: right on average, and within a factor of two."""
    ratios = []
    for name in DRAWN:
        for metric, scale in shipped_tasks()[name].card.metrics.items():
            # Of a few true chains with a few events each, f itself is known to a third or worse.
            known = scale.counts and scale.floor_stderr < 0.15 * scale.floor
            if known and metric != "nll_regret":
                ratios.append(math.log(scale.perfect / (PERFECT_SHARE * scale.floor)))
    assert len(ratios) > 40
    assert abs(np.mean(ratios)) < 0.1
    assert max(map(abs, ratios)) < math.log(2)


def test_p_is_the_rms_error_over_draws(toy: Task, fair_coin):
    seen = []

    def draw(chains, frames, rng):
        seen.append(fair_coin(chains, frames, rng))
        return seen[-1]

    value, stderr = perfect_errors(toy, draw)["mfpt_error"]
    shape = toy.card.generation
    assert {states.shape for states in seen} == {(shape.chains, shape.frames)}
    errors = [
        kinetics_errors(observe(toy.card, one), kinetics_reference(toy), shape.n_frames)
        for one in seen
    ]
    assert value == pytest.approx(math.sqrt(np.mean([e["mfpt_error"].value ** 2 for e in errors])))
    assert 0 < stderr < value / 10


def test_draws_are_the_same_every_time(toy: Task, fair_coin):
    assert perfect_errors(toy, fair_coin) == perfect_errors(toy, fair_coin)


def test_measured_p_comes_out_again():
    task = find_task("potentials/diamond4-rare")
    draw = process_of(task)
    assert draw is not None
    for name, (value, stderr) in perfect_errors(task, draw).items():
        scale = task.card.metrics[name]
        # To the noise of a few draws: another processor may take another way at a tie.
        assert value == pytest.approx(scale.perfect, abs=3 * math.hypot(stderr, 0.1 * value))


def test_resolution_of_the_likelihood_lies_between_a_tenth_of_f_and_f(toy: Task):
    hmm = read_result(YARDSTICK)
    for name in {task.task for task in hmm.tasks}:
        found = likelihood_resolution(find_task(name), hmm)
        floor = find_task(name).card.metrics["nll_regret"].floor
        assert 0.1 * floor <= found <= floor
    assert likelihood_resolution(toy, hmm) is None


def test_alanine_cannot_be_drawn_again():
    assert process_of(find_task("alanine/cored4-1ps")) is None
