"""What a GPU brings to networks of labels: ``python -m tests.speed.on_cuda [MODEL …]``.

Frames a second by the clock, on the GPU and on the processor of the same machine (on one core or
all of them, whichever is faster): of an epoch of training, and of generation of as many chains as
the task wants. And by how much ln p of a test frame differs between the two for the same weights,
on average; once more where the GPU may round the factors of its products to ten bits (TF32).
Without a GPU the columns of the processor remain.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from baselines._torch import device_named
from baselines.kinetics._parts.drawing import BLOCK, draw_frames
from baselines.kinetics._parts.network_model import NetworkModel
from baselines.kinetics.gru import Gru
from baselines.kinetics.lstm import Lstm
from baselines.kinetics.ssm import Ssm
from baselines.kinetics.transformer import Transformer
from benchmark.arrays import Labels
from benchmark.registry import find_task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.contract import StateTrajectories
from benchmark.tracks.kinetics.data import load_replicas, load_test
from tests.speed.chosen import chosen

TASKS = ("potentials/triangular3", "riboswitch/34-0.1ms")
PAPER = {"width": 512, "heads": 8, "layers": 2, "context": 100, "window": 100, "dropout": 0.1}
MODELS: dict[str, Callable[[], NetworkModel]] = {
    "lstm": Lstm,
    "gru": Gru,
    "ssm": Ssm,
    "transformer": Transformer,
    "lstm hidden=1024 embedding=128": lambda: Lstm(hidden=1024, embedding=128),
    "transformer as published": lambda: Transformer(**PAPER),
}
#: Frames of an epoch: of small networks, of those with millions of weights, of these on a processor
FRAMES, LARGE, FEW = 200_000, 100_000, 20_000
#: Frames of a chain generated, on a GPU and on processor cores; frames of the test set read.
LONG, SHORT, READ = 40 * BLOCK, 256, 20_000
GPU, CPU = torch.device("cuda"), torch.device("cpu")


class Data(NamedTuple):
    """Of a task."""

    task: str
    train: Labels
    test: Labels
    labels: int
    chains: int


def data_of(name: str) -> Data:
    """Read a task: enough frames of its first replica, and of its test set."""
    task = find_task(name)
    card = kinetics_card(task)
    train = np.concatenate(load_replicas(task, "train")[0])
    test = np.stack(load_test(task)[0])[:, :READ]
    return Data(name, train, test, card.labels, card.generation.chains)


def seconds(call: Callable[[], object]) -> float:
    """Time a call by the clock, what it leaves to the GPU included."""
    begin = time.perf_counter()
    call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begin


@contextmanager
def ten_bits(allowed: bool) -> Iterator[None]:
    """Let products of a GPU round their factors to ten bits, or not."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def training(model: NetworkModel, data: Data, device: torch.device, frames: int) -> float:
    """Give the frames a second of an epoch, after a short one."""
    model.network = model.build(data.labels).to(device)
    rates = []
    for part in (min(frames, FEW), frames):
        chain = StateTrajectories((np.resize(data.train, part),), data.labels)
        run = model.descent(chain, StateTrajectories((data.train[:1000],), data.labels), 1.0)
        run.network.train()
        rates.append(part / seconds(lambda run=run: run.epoch(np.random.default_rng(0))))
    run.network.eval()
    return rates[-1]


@torch.inference_mode()
def generation(model: NetworkModel, data: Data, frames: int, graphs: bool) -> float:
    """Give the frames a second of all chains, recorded steps replayed or not."""
    prompt = np.resize(data.test, (data.chains, 256))

    def draw() -> None:
        now, advance = model.after(prompt)
        period = model.period if graphs else None
        draw_frames(now, advance, frames, np.random.default_rng(0), period)

    draw()
    return data.chains * frames / seconds(draw)


def mean_log(model: NetworkModel, test: Labels) -> float:
    """Give the mean ln p of a test frame, in nats."""
    law = model.predict(test)
    return float(np.log(np.take_along_axis(law, test[..., None].astype(int), 2)).mean(dtype=float))


def measured(name: str, data: Data) -> Iterator[str]:
    """Give the cells of a model on a task."""
    torch.manual_seed(0)
    model = MODELS[name]()
    large = sum(weight.numel() for weight in model.build(2).parameters()) > 1e6
    found: dict[str, Any] = {}
    if torch.cuda.is_available():
        frames = LARGE if large else FRAMES
        with ten_bits(True):
            found["train, ten bits"] = training(model, data, GPU, frames)
        with ten_bits(False):
            found["train"] = training(model, data, GPU, frames)
            found["stepwise"] = generation(model, data, 4 * BLOCK, graphs=False)
            found["graphs"] = generation(model, data, LONG, graphs=True)
            exact = mean_log(model, data.test)
        with ten_bits(True):
            found["off, ten bits"] = mean_log(model, data.test)
        model.network.to(CPU)
        onto = mean_log(model, data.test)
        found |= {"off": abs(exact - onto), "off, ten bits": abs(found["off, ten bits"] - onto)}
    for threads in {len(os.sched_getaffinity(0))} | (set() if large else {1}):
        torch.set_num_threads(threads)
        rates = (
            training(model, data, CPU, FEW if large else FRAMES // 4),
            generation(model, data, SHORT, graphs=False),
        )
        for key, rate in zip(("train, processor", "processor"), rates, strict=True):
            found[key] = max(found.get(key, 0.0), rate)
    for key in ("train, processor", "train", "train, ten bits", "processor", "stepwise", "graphs"):
        yield f"{found[key]:,.0f}" if key in found else "–"
    for key in ("off", "off, ten bits"):
        yield f"{found[key]:.1e}" if key in found else "–"


def main() -> None:
    """Measure and print, for the models that are named, or all."""
    names = chosen(MODELS)
    cores = len(os.sched_getaffinity(0))
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    if torch.cuda.is_available():
        device_named("cuda")  # as a run does
    print(f"{card}, {cores} processor cores, torch {torch.__version__}.\n")
    print(
        "| model | task | training, processor | GPU | GPU, TF32 | generation, processor "
        "| GPU, step by step | GPU, replayed | Δ ln p | Δ ln p, TF32 |"
    )
    print("|---|---|" + "--:|" * 8)
    for task in TASKS:
        data = data_of(task)
        for name in names:
            print(f"| `{name}` | `{task}` | " + " | ".join(measured(name, data)) + " |", flush=True)


if __name__ == "__main__":
    main()
