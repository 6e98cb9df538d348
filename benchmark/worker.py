"""One unit of a run, in a process of its own: fit, sample, predict, audit, write."""

from __future__ import annotations

import errno
import sysconfig
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import predictions, splits
from benchmark.audit import causality_fault, normalisation_fault
from benchmark.errors import InputError, ModelError, named
from benchmark.files import atomic_folder, write_text
from benchmark.loading import load_model
from benchmark.model import FitContext, Labels, Probabilities, StateTrajectories
from benchmark.result import Cost, Status, Unit
from benchmark.task import Task

#: A predict call gets as many whole chains as keep its answer under this many values.
PREDICT_VALUES = 16_000_000

#: Full disk, spent quota, file too large.
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

FITTED = "model"
SCRATCH = "scratch"


@dataclass(frozen=True)
class Job:
    """What a worker needs to know to do one unit."""

    task: Task
    replica: int
    seed: int
    model: str
    settings: dict[str, str]
    folder: Path
    device: str
    effort: float
    seconds: float


class Phases:
    """Wall and CPU seconds of each phase of a unit."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu = 0.0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add what the block takes to phase ``name``."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
            self.cpu += time.process_time() - cpu


def serve(connection: Connection, job: Job) -> None:
    """Do a job; sends ``("progress", fraction, note)`` now and then, ``("unit", Unit)`` at last."""
    last = 0.0

    def report(fraction: float, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1:
            last = now
            connection.send(("progress", float(fraction), str(note)))

    connection.send(("unit", do_unit(job, report)))


def do_unit(job: Job, report: Callable[[float, str], None]) -> Unit:
    """Do one unit and write its files; never raises for what the model does."""
    phases = Phases()
    status: Status = "done"
    reason = ""
    parameters = None
    start = time.perf_counter()
    try:
        model, reason = _sample_and_predict(job, report, phases)
        parameters = getattr(model, "parameters", None)
    except (ModelError, InputError) as error:
        status, reason = "failed", str(error)
    except MemoryError:
        status, reason = "failed", "out of memory"
    except Exception as error:
        status, reason = "failed", _where(error)
        if isinstance(error, OSError) and error.errno in NO_SPACE:  # no fault of the model
            reason = f"cannot write its files: {error.strerror}"
    sampled = job.task.card.generation
    frames = sampled.chains * (sampled.burn_in + sampled.frames)
    sample_seconds = phases.wall.get("sample", float("nan"))
    cost = Cost(
        parameters=int(parameters) if isinstance(parameters, int | np.integer) else None,
        fit_seconds=phases.wall.get("fit", float("nan")),
        predict_seconds=phases.wall.get("predict", float("nan")),
        sample_seconds=sample_seconds,
        cpu_seconds=phases.cpu,
        total_seconds=time.perf_counter() - start,
        sampled_frames_per_second=frames / sample_seconds if sample_seconds > 0 else float("nan"),
        peak_memory_bytes=_peak_memory(),
    )
    return Unit(
        task=job.task.id,
        version=job.task.card.version,
        replica=job.replica,
        seed=job.seed,
        status=status,
        reason=reason,
        cost=cost,
    )


def _sample_and_predict(
    job: Job, report: Callable[[float, str], None], phases: Phases
) -> tuple[Any, str]:
    """Write the prediction files; give the model and why it has no likelihood, if it has none."""
    card = job.task.card
    model = load_model(job.model, job.settings).build()
    _fit(model, job, report, phases)

    # Sampling comes first: a model that has seen the test chains in predict could replay them.
    report(0.0, "sample")
    prompt = np.stack(splits.load_chains(job.task, "prompt"))
    rng = np.random.default_rng([job.seed, job.replica])
    burn_in, frames = card.generation.burn_in, card.generation.frames
    with phases("sample"):
        drawn = model.sample(prompt, burn_in + frames, rng)
    drawn = predictions.checked_samples(drawn, len(prompt), burn_in + frames, card.labels)
    predictions.write(job.folder, predictions.SAMPLES, drawn[:, burn_in:])

    reason = ""
    (job.folder / predictions.LOG_PROB).unlink(missing_ok=True)
    if callable(getattr(model, "predict", None)):
        states, _ = splits.load_test(job.task)
        report(0.0, "predict")

        def predict(rows: Labels) -> Probabilities:
            with phases("predict"):
                return _predict(model, rows, card.labels)

        probabilities = predict(states)
        seed = (job.seed, job.replica, zlib.crc32(card.id.encode()))
        reason = normalisation_fault(probabilities) or causality_fault(
            predict, states, probabilities, card.labels, np.random.default_rng(seed)
        )
        if not reason:
            log_prob = predictions.realised_log_prob(probabilities, states)
            predictions.write(job.folder, predictions.LOG_PROB, log_prob)
    return model, reason


def _fit(model: Any, job: Job, report: Callable[[float, str], None], phases: Phases) -> None:
    """Fit, or load what an interrupted run has fitted already."""
    card = job.task.card
    fitted = job.folder / FITTED
    scratch = job.folder / SCRATCH
    keeps = callable(getattr(model, "save", None)) and callable(getattr(model, "load", None))
    if keeps and (fitted / "seconds").exists():
        model.load(fitted)
        wall, cpu = (fitted / "seconds").read_text().split()
        phases.wall["fit"], phases.cpu = float(wall), float(cpu)
        return
    report(0.0, "fit")
    scratch.mkdir(parents=True, exist_ok=True)
    context = FitContext(
        task=card.id,
        replica=job.replica,
        n_labels=card.labels,
        frame_time=card.frame_time,
        time_unit=card.time_unit,
        seed=job.seed * 1000 + job.replica,  # every replica has a seed of its own
        device=job.device,
        effort=job.effort,
        scratch=scratch,
        seconds=job.seconds,
        progress=lambda fraction, note: report(fraction, f"fit {note}"),
    )
    train = splits.load_replicas(job.task, "train")[job.replica]
    validation = splits.load_chains(job.task, "validation")
    with phases("fit"):
        model.fit(
            StateTrajectories(train, card.labels),
            StateTrajectories(tuple(validation), card.labels),
            context,
        )
    if keeps:
        with atomic_folder(fitted) as temporary:
            model.save(temporary)
            write_text(temporary / "seconds", f"{phases.wall['fit']} {phases.cpu}\n")


def _predict(model: Any, states: Labels, n_labels: int) -> Probabilities:
    chains, frames = states.shape
    rows = max(1, PREDICT_VALUES // (frames * n_labels))
    parts = []
    for start in range(0, chains, rows):
        part = states[start : start + rows]
        answer = model.predict(part.copy())
        parts.append(predictions.checked_probabilities(answer, part, n_labels))
    return np.concatenate(parts)


def _where(error: Exception) -> str:
    """One line: the error and the last line of the model's own code that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
    own = [frame for frame in frames if not frame.filename.startswith(("<", *libraries))]
    last = (own or frames)[-1]
    return f"{named(error)} (at {Path(last.filename).name}:{last.lineno})"


def _peak_memory() -> int:
    """Peak resident memory of this process, which does one unit, in bytes."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
