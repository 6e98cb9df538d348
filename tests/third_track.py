"""A tiny third track as somebody else's package would bring it: one file, and an entry point.

Every task asks for the rest of a sampled tone. A model's ``forecast`` continues the beginnings of
test tones; ``offset`` is how far off it is, ``likeness`` how well it correlates (large is good).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmark.check import tried
from benchmark.errors import InputError, ModelError
from benchmark.job import Job, Phases
from benchmark.model import FitContext
from benchmark.store import predictions
from benchmark.task import Task, TaskCard
from benchmark.track import Ask, Finding, Listing, Metric, Report, Track, Work
from benchmark.uncertainty import Estimate

FRAMES, ANSWER = 40, "forecast.parquet"

METRICS = (
    Metric("offset", "V", "Offset, mV", factor=1000.0, heading="offset\nmV", group="closeness"),
    Metric("likeness", "", "Correlation", heading="like", group="shape", smaller_is_better=False),
)


class ToneCard(TaskCard):
    """What is known of a tone."""

    track: Literal["tones"]
    frequency: float


def tones(frequency: float, rows: int, seed: int) -> np.ndarray:
    """Sample tones of random phases, (rows, 2 FRAMES)."""
    phases = np.random.default_rng(seed).random((rows, 1)) * 2 * np.pi
    return np.sin(frequency * np.arange(2 * FRAMES) + phases)


def sha256(values: np.ndarray) -> str:
    """Fingerprint a split."""
    return hashlib.sha256(values.tobytes()).hexdigest()


def load(task: Task, split: str) -> np.ndarray:
    """Read a split."""
    values = np.load(task.data / f"{split}.npy")
    if sha256(values) != task.card.splits[split].sha256:
        raise InputError(f"{task.id}: {split} is not the frozen one")
    return values


def hand_out(job: Job, what: str) -> Any:
    """Give training tones, or the beginnings of the test tones."""
    if what == "training":
        return load(job.task, "train"), None
    return load(job.task, "test")[:, :FRAMES]


def checked(answer: Any, rows: int) -> np.ndarray:
    """Refuse what is no forecast."""
    if np.shape(answer) != (rows, FRAMES):
        raise ModelError(f"forecast gave shape {np.shape(answer)}, expected {(rows, FRAMES)}")
    return np.asarray(answer)


def answer(model: Any, job: Job, ask: Ask, report: Report, phases: Phases) -> str:
    """Let the model go on."""
    begun = ask("test")
    with phases("predict"):
        made = model.forecast(begun)
    predictions.write(job.folder, ANSWER, checked(made, len(begun)))
    return ""


def measure(task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
    """Compare with how the test tones went on."""
    true, found = load(task, "test")[:, FRAMES:], predictions.read(folder, ANSWER)
    if found is None:
        raise ModelError(f"{ANSWER} is missing")
    off = float(np.abs(found - true).mean())
    like = float(np.corrcoef(found.ravel(), true.ravel())[0, 1])
    return {"offset": Estimate(off, 0.01), "likeness": Estimate(like, 0.01)}, ""


def findings(model: Any, folder: Path, device: str) -> Iterator[Finding]:
    """Fit and forecast once."""
    data = tones(0.1, 3, seed=0)

    def forecast() -> np.ndarray:
        fitted = model.build()
        fitted.fit(data, None, FitContext(task="check/tiny", scratch=folder))
        return checked(fitted.forecast(data[:, :FRAMES]), len(data))

    _, fault = tried(forecast)
    yield Finding("forecast", fault, "the right shape")


def draw(figure: Any, task: Task) -> None:
    """Draw the training tones."""
    figure.subplots().plot(load(task, "train").T)


TRACK = Track(
    name="tones",
    title="Tones",
    method="forecast",
    card=ToneCard,
    metrics=METRICS,
    ends=("silence", "exact"),
    scale="0 = silence, 1 = exact",
    floor="exact (f)",
    listing=Listing(("frequency",), lambda card: (f"{card.frequency:g}",)),
    facts=lambda card: {"frequency": f"{card.frequency:g} per frame"},
    files=lambda task: set(task.data.glob("*")),
    load=lambda: Work(
        frozen=lambda task: [lambda: load(task, "train"), lambda: load(task, "test")],
        hand_out=hand_out,
        answer=answer,
        measure=measure,
        findings=findings,
        draw=draw,
    ),
)
