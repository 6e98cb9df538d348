"""Frames generated per second by the Transformer, with and without its keys and values at hand.

Run with ``pytest tests/speed --benchmark-enable``; ``frames_per_second`` is in the extra info. The
reference reads the last ``context`` frames of every chain afresh for each new frame, which is what
a decoder without a cache has to do. With a context of 512 frames the cache is to win by a factor
of 20 at least; nothing is asserted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from baselines.kinetics.transformer import Transformer

LABELS = 3
CONTEXT, CHAINS = 512, 16  # where both are measured


def untrained(**options: int) -> Transformer:
    torch.manual_seed(0)
    model = Transformer(**options)
    model.network = model.build(LABELS).eval()
    return model


def measure(benchmark: Any, sample: Any, prompt: np.ndarray, frames: int) -> None:
    states = benchmark.pedantic(
        sample, (prompt, frames, np.random.default_rng(0)), rounds=3, warmup_rounds=1
    )
    assert states.shape == (len(prompt), frames)
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["frames_per_second"] = states.size / benchmark.stats["min"]


def test_sampling_with_default_options(benchmark):
    measure(benchmark, untrained().sample, np.zeros((256, 64), np.uint8), 500)


def test_sampling_with_cache(benchmark):
    model = untrained(context=CONTEXT)
    measure(benchmark, model.sample, np.zeros((CHAINS, CONTEXT), np.uint8), 500)


def test_sampling_without_cache(benchmark):
    model = untrained(context=CONTEXT)

    @torch.inference_mode()
    def sample(prompt: np.ndarray, n_frames: int, rng: np.random.Generator) -> np.ndarray:
        read = torch.from_numpy(prompt.astype(np.int64))
        for _ in range(n_frames):
            logits, _ = model.network(read[:, -CONTEXT:])
            cumulative = torch.softmax(logits[:, -1], 1).cumsum(1)[:, :-1]
            uniform = torch.from_numpy(rng.random((len(prompt), 1), np.float32))
            read = torch.cat([read, (cumulative <= uniform).sum(1, keepdim=True)], 1)
        return read[:, prompt.shape[1] :].to(torch.uint8).numpy()

    measure(benchmark, sample, np.zeros((CHAINS, CONTEXT), np.uint8), 5)
