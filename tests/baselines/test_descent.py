"""The loop that trains every network: judging, patience, checkpoints, divergence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines import _descent
from baselines._descent import Descent, descend, schedule
from baselines._options import Training
from benchmark.errors import ModelError
from benchmark.model import FitContext

TRAINING = Training(frames=1.0, learning_rate=0.05, weight_decay=0.0, average=3.0)
TRUTH = torch.tensor([1.0, -2.0, 0.5])


class Line(Descent):
    """Learns y = truth · x from noisy samples, three updates an epoch, with a dropout."""

    PROGRESS = (*Descent.PROGRESS, "done")

    done = 0

    def __init__(
        self, total: int, losses: list[float] | None = None, training: Training = TRAINING
    ) -> None:
        network = nn.Sequential(nn.Dropout(0.1), nn.Linear(3, 1, bias=False))
        nn.init.zeros_(network[1].weight)
        super().__init__(network, training, training.learning_rate, total, 3 * total)
        self.losses, self.begun, self.modes = losses, 0, []

    @property
    def note(self) -> str:
        return f"epoch {self.done}"

    def begin(self) -> None:
        self.begun += 1

    def epoch(self, rng: np.random.Generator) -> None:
        self.modes.append(self.network.training)
        for _ in range(3):
            x = torch.from_numpy(rng.normal(size=(8, 3))).float()
            self.step((self.network(x)[:, 0] - x @ TRUTH).square().mean())
        self.done += 1

    def validation_loss(self) -> float:
        self.modes.append(self.network.training)
        if self.losses is not None:
            return self.losses[self.done - 1]
        return float((self.weight() - TRUTH).abs().mean())

    def weight(self) -> Tensor:
        return self.network[1].weight[0].detach().clone()


def context(folder: Path, **options: object) -> FitContext:
    return FitContext("toy/toy", folder, **options)  # type: ignore[arg-type]


def trained(folder: Path, run: Line, **options: object) -> Line:
    torch.manual_seed(99)  # of no consequence
    descend(run, "identity", context(folder, **options))
    return run


def stop_after(epochs: int) -> Callable[[float, str], None]:
    def stop(fraction: float, note: str) -> None:
        if note == f"epoch {epochs}":
            raise KeyboardInterrupt

    return stop


def test_a_line_is_learned_and_the_network_left_with_the_best_average(tmp_path: Path):
    run = trained(tmp_path, Line(60))
    assert (run.done, run.updates) == (60, 180)
    assert not run.network.training
    assert run.best_loss < 0.1
    assert float((run.weight() - TRUTH).abs().mean()) == pytest.approx(run.best_loss)


def test_networks_learn_in_training_mode_and_are_judged_in_evaluation_mode(tmp_path: Path):
    assert trained(tmp_path, Line(3)).modes == [True, False] * 3


def test_progress_is_told_after_every_epoch(tmp_path: Path):
    told: list[tuple[float, str]] = []
    trained(tmp_path, Line(4), progress=lambda share, note: told.append((share, note)))
    assert told == [(0.25, "epoch 1"), (0.5, "epoch 2"), (0.75, "epoch 3"), (1.0, "epoch 4")]


def test_weights_of_the_best_epoch_are_kept(tmp_path: Path):
    best = trained(tmp_path / "two", Line(2, [3.0, 1.0]))
    # The schedule is that of four epochs: only its begin may be compared.
    run = Line(4, [3.0, 1.0, 1.0, 2.0])
    run.planned = best.planned
    trained(tmp_path / "four", run)
    assert (run.best_at, run.best_loss, run.done) == (2, 1.0, 4)
    torch.testing.assert_close(run.weight(), best.weight(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("patience", "losses", "epochs"),
    [
        (0.0, [3.0, 2.0, 2.0, 1.0, 0.0], 3),
        (0.2, [3.0, 2.0, 2.0, 2.0, 0.0], 4),
        (0.4, [3.0, 2.0, 2.0, 2.0, 2.0], 5),
        (0.2, [3.0, 4.0, 2.0, 4.0, 1.0], 5),
        (float("inf"), [0.0, 1.0, 1.0, 1.0, 1.0], 5),
    ],
)
def test_training_ends_when_a_share_of_it_has_brought_nothing(
    patience: float, losses: list[float], epochs: int, tmp_path: Path
):
    run = Line(5, losses)
    run.patience = patience
    assert trained(tmp_path, run).done == epochs


@pytest.mark.parametrize("epochs", [1, 4, 6])
def test_resumed_training_equals_uninterrupted_training(epochs: int, tmp_path: Path, monkeypatch):
    """That includes what dropout draws, the averages and the optimizer's memory."""
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    whole = trained(tmp_path / "whole", Line(7))
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", Line(7), progress=stop_after(epochs))
    assert (tmp_path / "cut" / "checkpoint.pt").is_file()
    resumed = trained(tmp_path / "cut", Line(7))
    assert (resumed.begun, len(resumed.modes)) == (0, 2 * (7 - epochs))
    assert (resumed.best_at, resumed.best_loss) == (whole.best_at, whole.best_loss)
    torch.testing.assert_close(resumed.weight(), whole.weight(), rtol=0, atol=0)
    assert list((tmp_path / "cut").iterdir()) == []


def test_training_that_ran_out_of_patience_does_not_go_on_when_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(_descent, "CHECKPOINT_SECONDS", 0.0)
    runs = [Line(5, [1.0, 2.0, 2.0, 0.0, 0.0]) for _ in range(2)]
    for run in runs:
        run.patience = 0.2
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, runs[0], progress=stop_after(3))
    assert (trained(tmp_path, runs[1]).done, runs[1].modes) == (3, [])


def test_no_checkpoint_is_written_before_its_time(tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, Line(4), progress=stop_after(2))
    assert list(tmp_path.iterdir()) == []


def test_seed_decides_the_training(tmp_path: Path):
    one, same, other = (trained(tmp_path, Line(3), seed=seed).weight() for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_diverging_training_says_what_to_do(tmp_path: Path):
    wild = Training(frames=1.0, learning_rate=1e30, weight_decay=0.0, average=3.0)
    with pytest.raises(ModelError, match=r"in update \d+ with .* up to 1e\+30; try a smaller"):
        trained(tmp_path, Line(20, training=wild))


def test_learning_rate_rises_shortly_and_falls_to_nearly_nothing():
    done = np.linspace(0.0, 1.0, 1_001)
    rates = np.array([schedule(share) for share in done])
    assert rates[0] == pytest.approx(0.05)
    assert done[rates.argmax()] < 0.05
    assert rates.max() <= 1.0
    assert (np.diff(rates[done > 0.05]) < 0.0).all()
    assert schedule(1.0) == schedule(1.3) == pytest.approx(0.02)
