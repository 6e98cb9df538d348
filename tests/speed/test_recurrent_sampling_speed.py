"""Frames generated per second by recurrent models; beside the LSTM, torch's own cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from baselines.kinetics._parts.switching import SwitchingChain
from baselines.kinetics.ar_hmm import ArHmm
from baselines.kinetics.hmm_lstm import HmmLstm
from baselines.kinetics.lstm import Lstm
from baselines.kinetics.ssm import Ssm

CHAINS, FRAMES, LABELS = 256, 1_000, 3


@pytest.fixture
def model() -> Lstm:
    torch.manual_seed(0)
    model = Lstm()
    model.network = model.build(LABELS).eval()
    return model


def measure(benchmark: Any, sample: Any) -> None:
    prompt = np.zeros((CHAINS, 8), np.uint8)
    states = benchmark.pedantic(
        sample, (prompt, FRAMES, np.random.default_rng(0)), rounds=3, warmup_rounds=1
    )
    assert states.shape == (CHAINS, FRAMES)
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["frames_per_second"] = states.size / benchmark.stats["mean"]


def test_lstm_sampling_speed(benchmark, model):
    measure(benchmark, model.sample)


def test_lstm_sampling_speed_of_plain_torch(benchmark, model):
    """Reference: the network called once a frame, labels drawn by torch.multinomial."""

    @torch.inference_mode()
    def sample(prompt: np.ndarray, n_frames: int, rng: np.random.Generator) -> np.ndarray:
        network = model.network
        logits, state = network(network.inputs(prompt, 0, prompt.shape[1] + 1))
        drawn = []
        for _ in range(n_frames):
            now = torch.multinomial(torch.softmax(logits[:, -1], 1), 1)
            drawn.append(now)
            logits, state = network(now, state)
        return torch.cat(drawn, 1).to(torch.uint8).numpy()

    measure(benchmark, sample)


def test_diagonal_recurrence_sampling_speed(benchmark):
    model = Ssm(hidden=64)
    model.network = model.build(LABELS).eval()
    measure(benchmark, model.sample)


@pytest.mark.parametrize(("labels", "hidden"), [(LABELS, 3), (100, 16)])
def test_corrected_hmm_sampling_speed(benchmark, labels: int, hidden: int):
    """The filter of the hidden Markov model and the network go side by side."""
    rng, model = np.random.default_rng(0), HmmLstm()
    law = rng.dirichlet(np.ones(labels), (labels, hidden)).transpose(0, 2, 1)
    model.base.family, model.base.model = "ar-hmm", ArHmm()
    model.base.model.model = SwitchingChain(
        np.full((labels, hidden), 1.0 / (labels * hidden)),
        rng.dirichlet(np.ones(hidden), hidden),
        np.ascontiguousarray(law),
    )
    model.network = model.build(labels).eval()
    measure(benchmark, model.sample)
