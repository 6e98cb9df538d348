"""Two audits of whether predict and sample are one model: what they find, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.result import Unit
from benchmark.score import score_task
from benchmark.task import Task
from benchmark.tracks.kinetics.data import load_chains
from benchmark.tracks.kinetics.one_model import (
    BLOCK,
    consistency_fault,
    most_surprising_copy,
    novelty_fault,
    surprise,
)
from benchmark.tracks.kinetics.predictions import REFUSED, SAMPLES
from tests.plugs import MARKOV, do

CHAINS, FRAMES = 8, 12_500


def fitted(chain):
    counts = np.full((3, 3), 0.5)
    np.add.at(counts, (chain[:-1], chain[1:]), 1)
    return counts / counts.sum(1, keepdims=True)


def drawn(table, rng, chains=CHAINS, frames=FRAMES):
    ends, state = table.cumsum(1)[:, :-1], np.zeros(chains, int)
    out = np.empty((chains, frames), np.uint8)
    for frame, u in enumerate(rng.random((frames, chains, 1))):
        state = out[:, frame] = (u > ends[state]).sum(1)
    return out


def predicted(table, states):
    p = np.full((*states.shape, 3), 1 / 3, np.float32)
    p[:, 1:] = table[states[:, :-1]]
    return p


def faults(table, states, known):
    """Give what consistency and novelty say."""
    said, entropy, variance = (part[:, 1:] for part in surprise(predicted(table, states), states))
    copy = most_surprising_copy(said, states[:, 1:], known)
    return consistency_fault(said, entropy, variance), novelty_fault(copy)


# ---- surprise ---------------------------------------------------------------------------------


def test_surprise_is_that_of_a_plain_loop():
    rng = np.random.default_rng(0)
    p, states = rng.dirichlet(np.ones(4), (2, 7)), rng.integers(0, 4, (2, 7), np.uint8)
    said, entropy, variance = surprise(p, states)
    for chain, frame in np.ndindex(2, 7):
        ln = np.log(p[chain, frame])
        expected = -(p[chain, frame] @ ln)
        assert said[chain, frame] == pytest.approx(-ln[states[chain, frame]], rel=1e-4)
        assert entropy[chain, frame] == pytest.approx(expected, rel=1e-4)
        assert variance[chain, frame] == pytest.approx(p[chain, frame] @ ln**2 - expected**2, 1e-3)


def test_surprise_of_long_chains_is_that_of_their_parts():
    rng = np.random.default_rng(0)
    frames = BLOCK + 3
    p, states = rng.dirichlet(np.ones(2), (1, frames)), rng.integers(0, 2, (1, frames), np.uint8)
    whole, part = surprise(p, states), surprise(p[:, -5:], states[:, -5:])
    for one, other in zip(whole, part, strict=True):
        assert one[:, -5:] == pytest.approx(other)


# ---- copies -----------------------------------------------------------------------------------


def most_bits(bits, states, known):
    """Find the largest surprise of a shared window of 2ᵏ frames by looking at all of them."""
    found, length = 0.0, 1
    while length <= states.shape[1]:
        recorded = {
            tuple(chain[start : start + length])
            for one in known
            for chain in (one, one[::-1])
            for start in range(len(chain) - length + 1)
        }
        for row, start in np.ndindex(len(states), states.shape[1] - length + 1):
            if tuple(states[row, start : start + length]) in recorded:
                found = max(found, bits[row, start : start + length].sum())
        length *= 2
    return found


@pytest.mark.parametrize("seed", range(5))
def test_most_surprising_copy_is_that_of_a_plain_search(seed: int):
    rng = np.random.default_rng(seed)
    bits = rng.exponential(1.0, (3, 50))
    states = rng.integers(0, 3, (3, 50), np.uint8)
    known = [rng.integers(0, 3, length, np.uint8) for length in (60, 3, 1)]
    known[0][20:33] = states[1, 30:43][:: -1 if seed % 2 else 1]
    copy = most_surprising_copy(bits * np.log(2), states, known)
    assert copy.bits == pytest.approx(most_bits(bits, states, known))
    assert copy.bits == pytest.approx(bits[copy.chain, copy.frame : copy.frame + copy.frames].sum())


def test_nothing_shared_is_a_copy_of_no_frames():
    states = np.zeros((2, 9), np.uint8)
    copy = most_surprising_copy(np.ones((2, 9)), states, [np.ones(20, np.uint8)])
    assert (copy.frames, copy.bits) == (0, 0.0)


# ---- false alarms and power -------------------------------------------------------------------


@pytest.mark.slow
def test_hundred_honest_fits_raise_no_alarm(toy: Task):
    train = load_chains(toy, "train")
    rng = np.random.default_rng(0)
    found = []
    for fit in range(100):
        chain = train[fit % len(train)]
        table = fitted(chain)
        found += faults(table, drawn(table, rng, frames=6_000), [chain])
    assert found == [""] * 200


def replayed(chain, rng):
    return np.stack([np.roll(chain, -rng.integers(len(chain))) for _ in range(CHAINS)])


def backwards(chain, rng):
    return replayed(chain, rng)[:, ::-1]


def shuffled_blocks(chain, rng):
    starts = rng.integers(0, len(chain) - 1_000, (CHAINS, 10))
    return np.stack([np.concatenate([chain[s : s + 1_000] for s in row]) for row in starts])


def one_copy(chain, rng):
    """Draw honestly, and copy one stretch of a thousand frames."""
    states = drawn(fitted(chain), rng)
    states[3, 5_000:6_000] = chain[1_000:2_000]
    return states


@pytest.mark.parametrize("plant", [replayed, backwards, shuffled_blocks, one_copy])
def test_copied_training_data_are_found(toy: Task, plant):
    for seed, chain in enumerate(load_chains(toy, "train")):
        _, novelty = faults(fitted(chain), plant(chain, np.random.default_rng(seed)), [chain])
        assert "generated chains hold recorded ones" in novelty


def sharpened(table):
    power = table**1.05
    return power / power.sum(1, keepdims=True)


def sluggish(table):
    return 0.7 * table + 0.3 * np.eye(3)


def uniform(table):
    return np.full((3, 3), 1 / 3)


@pytest.mark.parametrize("other", [sharpened, sluggish, uniform])
def test_chains_of_another_model_are_found(toy: Task, other):
    for seed, chain in enumerate(load_chains(toy, "train")):
        table = fitted(chain)
        consistency, novelty = faults(
            table, drawn(other(table), np.random.default_rng(seed)), [chain]
        )
        assert "sample is not the model of predict" in consistency
        assert novelty == ""


def test_chains_of_the_truth_are_not_told_from_those_of_a_model_that_predicts_it(toy: Task):
    """What the audits cannot find: the surprise of true chains is what a Markov model expects."""
    fresh = np.stack(load_chains(toy, "fresh"))
    chain = load_chains(toy, "train")[0]
    assert faults(fitted(np.concatenate(fresh)), fresh, [chain]) == ("", "")


# ---- in a run ---------------------------------------------------------------------------------


@pytest.fixture
def hybrid(toy: Task, plug, tmp_path) -> Unit:
    body = MARKOV.replace("class Markov:", "class Hybrid:").replace(
        "        for chain in train.chains:\n",
        "        self.chain = train.chains[0]\n        for chain in train.chains:\n",
    )
    head = body[: body.index("    def sample")]
    return do(
        toy,
        plug(
            head
            + """
    def sample(self, prompt, n_frames, rng):
        starts = rng.integers(0, len(self.chain), len(prompt))
        return np.stack([np.resize(np.roll(self.chain, -k), n_frames) for k in starts])
"""
        ),
        tmp_path / "hybrid",
    )


def test_replay_under_a_good_likelihood_loses_rates_and_paths(toy: Task, hybrid: Unit, tmp_path):
    assert hybrid.status == "done"
    assert "generated chains hold recorded ones" in hybrid.reason
    assert list(hybrid.metrics) == ["nll_regret"]
    result = score_task(toy, [hybrid])
    assert (result.groups["rates"], result.groups["paths"]) == (0, 0)
    assert result.groups["likelihood"] > 0
    assert "generated chains hold recorded ones" in result.mark
    assert (tmp_path / "hybrid" / REFUSED).exists()
    assert not (tmp_path / "hybrid" / SAMPLES).exists()


@pytest.mark.parametrize("model", ["iid", "persistence", "msm", "ngram", "hmm"])
def test_shipped_models_are_one_model_each(toy: Task, model: str, tmp_path):
    unit = do(toy, model, tmp_path)
    assert (unit.status, unit.reason) == ("done", "")
    assert "mfpt_error" in unit.metrics


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "gru", "transformer"])
def test_shipped_networks_are_one_model_each(toy: Task, model: str, tmp_path):
    unit = do(toy, model, tmp_path, epochs="3")
    assert (unit.status, unit.reason) == ("done", "")
