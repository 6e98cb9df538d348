"""Frames trained on per second by each kinetics network, with its default options.

Run with ``pytest tests/speed --benchmark-enable``; ``frames_per_second`` is in the extra info, and
includes the judging of the weights on a twentieth of the frames. The default budgets of `Lstm` and
`Gru` follow from these numbers; nothing is asserted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baselines.kinetics.gru import Gru
from baselines.kinetics.lstm import Lstm
from baselines.kinetics.ssm import Ssm
from baselines.kinetics.transformer import Transformer
from benchmark.model import FitContext
from tests.speed.epoch import FRAMES, random_chains


@pytest.mark.parametrize("network", [Lstm, Gru, Ssm, Transformer])
def test_training_for_one_epoch(network: Any, benchmark: Any, tmp_path: Path) -> None:
    train, validation = random_chains()
    context = FitContext(task="speed", scratch=tmp_path)
    benchmark.pedantic(
        lambda: network(epochs=1).fit(train, validation, context), rounds=3, warmup_rounds=1
    )
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["frames_per_second"] = FRAMES / benchmark.stats["min"]
