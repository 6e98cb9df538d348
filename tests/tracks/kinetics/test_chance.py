"""What chance can do to a regret: exact where the odds are known, and never against the honest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.registry import shipped_tasks
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.chance import EVIDENCE, LARGEST_LOSS, regret_fault
from benchmark.tracks.kinetics.metrics.errors import nll_regret
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES


@pytest.fixture(scope="module")
def card() -> KineticsCard:
    return kinetics_card(shipped_tasks()["potentials/linear3"])


def least(card: KineticsCard) -> float:
    test = card.splits["test"]
    return -EVIDENCE / (test.frames - test.rows * SKIPPED_FRAMES)


@pytest.mark.parametrize("stderr", [1e-6, 1e-3, 0.05, 1.0])
def test_regret_below_the_evidence_is_impossible_whatever_its_error(
    card: KineticsCard, stderr: float
) -> None:
    assert "whatever its error" in regret_fault(card, -0.05, stderr)
    assert "whatever its error" in regret_fault(card, 1.001 * least(card), stderr)


def test_regret_within_the_evidence_is_possible(card: KineticsCard) -> None:
    assert regret_fault(card, 0.999 * least(card), 2e-5) == ""


@pytest.mark.parametrize("value", [0.0, 1e-4, 0.1])
def test_error_beyond_what_the_test_set_allows_is_impossible(
    card: KineticsCard, value: float
) -> None:
    assert regret_fault(card, value, 0.05 * value + 1e-5) == ""
    assert "on this test set it is" in regret_fault(card, value, 10.0)


def test_nothing_is_known_against_an_empirical_oracle(card: KineticsCard) -> None:
    empirical = card.model_copy(update={"oracle": "empirical"})
    assert regret_fault(empirical, -0.05, 0.05) == ""


def test_mean_square_of_a_loss_is_within_its_mean_times_the_constant() -> None:
    """Of any two distributions whose loss is bounded: the inequality behind the largest error."""
    rng = np.random.default_rng(1)
    constant = LARGEST_LOSS**2 / (math.exp(-LARGEST_LOSS) - 1 + LARGEST_LOSS)
    for sharpness in (0.1, 1.0, 8.0):
        p, q = rng.dirichlet(np.full(5, 1 / sharpness), (2, 2000))
        q = 0.999 * q + 0.001 / 5
        with np.errstate(divide="ignore", invalid="ignore"):
            loss = np.where(p > 0, np.log(p / q), 0.0)
        assert ((p * loss**2).sum(-1) <= constant * (p * loss).sum(-1) + 1e-12).all()


def test_wrong_models_on_small_test_sets_never_beat_the_evidence(card: KineticsCard) -> None:
    """A model that knows nothing of the test set; sets so small that noise is all there is."""
    rng = np.random.default_rng(2)
    chains, frames = 2, SKIPPED_FRAMES + 40
    test = card.splits["test"].model_copy(update={"rows": chains, "frames": chains * frames})
    small = card.model_copy(update={"splits": {**card.splits, "test": test}})
    for _ in range(2000):
        p, q = rng.dirichlet(np.ones(3), 2)
        labels = rng.choice(3, (chains, frames), p=p)
        found = nll_regret(np.log(q)[labels], np.log(p)[labels], 3)
        assert "whatever its error" not in regret_fault(small, found.value, found.stderr)
