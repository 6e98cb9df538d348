"""An epoch of training, in a module that another process can import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from baselines.kinetics.lstm import Lstm
from benchmark.model import FitContext
from benchmark.tracks.kinetics.contract import StateTrajectories

LABELS, FRAMES = 4, 110_000  # enough frames for as many streams as in the tasks


def random_chains() -> tuple[StateTrajectories, StateTrajectories]:
    """Give a chain of independent labels to train on, and one to validate on."""
    rng = np.random.default_rng(0)
    train, validation = (
        StateTrajectories((rng.integers(LABELS, size=n).astype(np.uint8),), LABELS)
        for n in (FRAMES, FRAMES // 20)
    )
    return train, validation


def lstm_epoch(scratch: Path) -> None:
    """Train the LSTM for an epoch, in one thread."""
    torch.set_num_threads(1)
    Lstm(epochs=1).fit(*random_chains(), FitContext(task="speed", scratch=scratch))
