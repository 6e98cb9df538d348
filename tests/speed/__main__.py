"""The speed table of this project: ``python -m tests.speed``.

Each figure stands beside a reference that does the same in the same run. Both are timed in
processor seconds of one thread, in turn, and the best of some rounds counts: other work on the
machine disturbs them least so. The process that decodes files is counted where there is one. Where
there are two threads, both are timed by the clock.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.kinetics._parts.linear_recurrence import recurrence, scan
from baselines.kinetics.lstm import Lstm
from benchmark.arrays import Labels
from benchmark.registry import find_task
from benchmark.run.descendants import descendants
from benchmark.run.provenance import run_on
from benchmark.score import score_unit
from benchmark.store.predictions import write
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.metrics.estimators import implied_timescales
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from tests.speed.epoch import FRAMES, LABELS, lstm_epoch

ROUNDS = 5
STREAMS, WINDOW, HIDDEN, EMBEDDING = 64, 100, 64, 32
CHAINS, STEPS = 1024, 512
SCORED = 5  # times in a row


class Line(NamedTuple):
    """A line of the table: what is done, how much of it, ours, and what stands beside."""

    title: str
    amount: float
    ours: Callable[[], object]
    reference: str
    beside: Callable[[], object]
    unit: str = "frames/s"
    threads: int = 1


def spent() -> float:
    """Give the processor seconds of this process and of those that it has started so far."""
    ticks = 0
    for process in descendants(os.getpid()):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # in user mode, in the kernel
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def best(*calls: Callable[[], object], clock: Callable[[], float]) -> list[float]:
    """Give the least seconds of each call, done in turn."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()  # compiles, and fills the caches
    for _ in range(ROUNDS):
        for kept, call in zip(seconds, calls, strict=True):
            begin = clock()
            call()
            kept.append(clock() - begin)
    return [min(kept) for kept in seconds]


def training(scratch: Path) -> Iterator[Line]:
    """Give an epoch of the LSTM beside a plain loop, and beside the matrix products in it.

    Where Keras is installed, also two of them at a time beside one of Keras by all cores.
    """
    title = f"LSTM of {HIDDEN} units, training"
    ours = partial(lstm_epoch, scratch)
    yield Line(title, FRAMES, ours, "plain torch loop", plain_training())
    yield Line(title, FRAMES, ours, "its matrix products alone", products())
    if find_spec("keras"):
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            yield Line(
                "… two at a time",
                2 * FRAMES,
                lambda: list(pool.map(lstm_epoch, [scratch / "one", scratch / "two"])),
                "Keras, all cores",
                keras_training(),
                threads=2,
            )


def plain_training() -> Callable[[], object]:
    """Give an epoch as a tutorial has it: same shapes, Adam, no validation."""
    embedding, cell = (
        nn.Embedding(LABELS + 1, EMBEDDING),
        nn.LSTM(EMBEDDING, HIDDEN, batch_first=True),
    )
    head = nn.Linear(HIDDEN, LABELS)
    optimizer = torch.optim.Adam([p for part in (embedding, cell, head) for p in part.parameters()])
    labels = torch.randint(LABELS, (STREAMS, FRAMES // STREAMS))

    def epoch() -> None:
        state = None
        for window in labels.split(WINDOW, dim=1):
            optimizer.zero_grad()
            outputs, state = cell(embedding(window[:, :-1]), state)
            logits, target = head(outputs).reshape(-1, LABELS), window[:, 1:].reshape(-1)
            nn.functional.cross_entropy(logits, target).backward()
            optimizer.step()
            state = tuple(part.detach() for part in state)

    return epoch


def keras_training() -> Callable[[], object]:
    """Give two epochs as the paper's code has them: Keras, a stateful layer, windows in turn."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    model = keras.Sequential(
        [
            keras.layers.Input(batch_shape=(STREAMS, None), dtype="int32"),
            keras.layers.Embedding(LABELS, EMBEDDING),
            keras.layers.LSTM(HIDDEN, return_sequences=True, stateful=True),
            keras.layers.Dense(LABELS),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = np.random.default_rng(0).integers(LABELS, size=(STREAMS, FRAMES // STREAMS))
    windows = labels[:, : labels.shape[1] // WINDOW * WINDOW].reshape(STREAMS, -1, WINDOW)
    rows = windows.transpose(1, 0, 2).reshape(-1, WINDOW)  # all streams' first window, second …
    return lambda: model.fit(
        rows[:, :-1], rows[:, 1:], epochs=2, batch_size=STREAMS, shuffle=False, verbose=0
    )


def products() -> Callable[[], object]:
    """Give the products that an epoch cannot do without: of steps, and of their slopes."""
    hidden, recurrent = torch.randn(STREAMS, HIDDEN), torch.randn(HIDDEN, 4 * HIDDEN)
    gates, back = torch.empty(STREAMS, 4 * HIDDEN), recurrent.T.contiguous()
    rows = STREAMS * WINDOW
    inputs, weights = torch.randn(rows, EMBEDDING), torch.randn(EMBEDDING, 4 * HIDDEN)
    slopes, outputs = torch.randn(rows, 4 * HIDDEN), torch.randn(rows, HIDDEN)
    sums = torch.empty(rows, 4 * HIDDEN), torch.empty(rows, EMBEDDING)

    def epoch() -> None:
        for _ in range(FRAMES // rows):
            for _ in range(WINDOW):
                torch.mm(hidden, recurrent, out=gates)
                torch.mm(gates, back, out=hidden.new_empty(hidden.shape))
            torch.mm(inputs, weights, out=sums[0])
            torch.mm(slopes, weights.T, out=sums[1])
            slopes.T @ inputs
            slopes.T @ outputs

    return epoch


def linear_recurrence() -> Iterator[Line]:
    """Give the recurrence of the state-space network and its gradient, beside a parallel scan."""
    size = (STREAMS, WINDOW, HIDDEN)
    driven = torch.randn(size, dtype=torch.complex64, requires_grad=True)
    factor = (0.9 * torch.randn(HIDDEN, dtype=torch.complex64).sgn()).requires_grad_()
    before, slopes = torch.zeros_like(driven[:, 0]), torch.randn(size, dtype=torch.complex64)

    def there_and_back(way: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        torch.autograd.grad(way(factor, driven, before), (factor, driven), slopes)

    yield Line(
        f"Linear recurrence of {HIDDEN} units, there and back",
        STREAMS * WINDOW,
        partial(there_and_back, recurrence),
        "parallel scan",
        partial(there_and_back, scan),
    )


@torch.inference_mode()
def plain_sampling(model: Lstm, prompt: np.ndarray) -> None:
    """Call the network once a frame, and draw by torch.multinomial."""
    logits, state = model.network(model.network.inputs(prompt, 0, prompt.shape[1] + 1))
    for _ in range(STEPS):
        now = torch.multinomial(torch.softmax(logits[:, -1], 1), 1)
        logits, state = model.network(now, state)


def sampling() -> Iterator[Line]:
    """Give the lines of generation, all chains side by side."""
    model = Lstm()
    model.network = model.build(LABELS).eval()
    prompt = np.zeros((CHAINS, 8), np.uint8)
    for threads, title in ((1, f"LSTM, generation of {CHAINS:,} chains"), (2, "… by two threads")):
        yield Line(
            title,
            CHAINS * STEPS,
            lambda: model.sample(prompt, STEPS, np.random.default_rng(0)),
            "the network called a frame, torch.multinomial",
            lambda: plain_sampling(model, prompt),
            threads=threads,
        )


def metastable(rng: np.random.Generator, frames: int) -> Labels:
    """Give a chain of so many frames that stays in a label for 20 on average."""
    runs = (rng.integers(1, LABELS, frames // 10).cumsum() % LABELS).astype(np.uint8)
    return runs.repeat(rng.geometric(0.05, len(runs)))[:frames]


def estimating() -> Iterator[Line]:
    """Give the line of implied timescales."""
    from deeptime.markov import TransitionCountEstimator
    from deeptime.markov.msm import MaximumLikelihoodMSM

    chain = metastable(np.random.default_rng(0), 10_000_000)
    wide = chain.astype(np.int32)

    def deeptime() -> None:
        counts = TransitionCountEstimator(50, "sliding", n_states=LABELS).fit_fetch(wide)
        MaximumLikelihoodMSM().fit_fetch(counts).timescales(2)

    yield Line(
        "Implied timescales at one lag",
        len(chain),
        lambda: implied_timescales(chain[None], LABELS, [50], 2),
        "deeptime: counts, estimate, timescales",
        deeptime,
    )


def scoring(folder: Path) -> Iterator[Line]:
    """Give the line of scoring units of one task, whose answers are made up."""
    task = find_task("potentials/diamond4-t1")
    card = kinetics_card(task)
    shape, test = card.generation, card.splits["test"]
    chain = metastable(np.random.default_rng(0), shape.n_frames)
    answers: dict[str, NDArray[Any]] = {
        SAMPLES: chain.reshape(shape.chains, shape.frames),
        LOG_PROB: np.full((test.rows, test.frames // test.rows), -np.log(4), np.float32),
    }
    for name, rows in answers.items():
        write(folder, name, rows)

    def ours() -> None:
        for _ in range(SCORED):
            score_unit(task, folder)

    def plain() -> None:
        for name in [*answers] * SCORED:
            pq.read_table(folder / name, use_threads=False)

    megabytes = SCORED * sum(rows.nbytes for rows in answers.values()) / 1e6
    title = f"Scoring a unit of {task.id}"
    yield Line(title, megabytes, ours, "reading its files, by Arrow", plain, "MB/s")


def main() -> None:
    """Measure and print."""
    print(f"One thread of {run_on()['processor']}, torch {torch.__version__}.\n")
    print("| what | ours | beside it | theirs | | ours / theirs |")
    print("|---|--:|---|--:|---|--:|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for lines in (
            training(place),
            linear_recurrence(),
            sampling(),
            estimating(),
            scoring(place),
        ):
            for line in lines:
                torch.set_num_threads(line.threads)
                clock = spent if line.threads == 1 else time.perf_counter
                took = best(line.ours, line.beside, clock=clock)
                ours, theirs = (line.amount / seconds for seconds in took)
                print(
                    f"| {line.title} | {ours:,.0f} | {line.reference} | {theirs:,.0f} "
                    f"| {line.unit} | {ours / theirs:.2f} |"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
