"""One unit of a run, in a process of its own: fit, answer, write.

This process runs a model's code. It holds no frozen data but what the model has asked for and may
see, which the run's own process hands out through a pipe.
"""

from __future__ import annotations

import errno
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import InputError, ModelError, one_line, said, where_raised
from benchmark.files import atomic_folder, write_text
from benchmark.job import Job, Phases
from benchmark.loading import load_model
from benchmark.registry import track_of
from benchmark.result import Cost, Status, Unit
from benchmark.run.folder import SCRATCH
from benchmark.run.line import Line
from benchmark.track import Ask, Report

#: Full disk, spent quota, file too large.
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

FITTED = "model"


def serve(line: Line, job: Job) -> None:
    """Do a job.

    Tells ``"progress", fraction, note`` now and then, asks where the model is to be shown
    something, and tells ``"unit"`` and its record at last.
    """
    last = 0.0

    def report(fraction: float, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1:
            last = now
            line.tell("progress", float(fraction), one_line(str(note)))

    line.tell("unit", do_unit(job, line.ask, report).model_dump(mode="json"))


def do_unit(job: Job, ask: Ask, report: Report) -> Unit:
    """Do one unit and write its files; never raises for what the model does."""
    phases = Phases()
    status: Status = "done"
    reason = ""
    parameters = None
    start = time.perf_counter()
    try:
        model, reason = _fit_and_answer(job, ask, report, phases)
        parameters = getattr(model, "parameters", None)
    except (ModelError, InputError) as error:
        status, reason = "failed", said(error)
    except MemoryError:
        status, reason = "failed", "out of memory"
    except BaseException as error:  # nobody interrupts this process but its own code
        status, reason = "failed", where_raised(error)
        if isinstance(error, OSError) and error.errno in NO_SPACE:  # no fault of the model
            reason = f"cannot write its files: {error.strerror}"
    return Unit(
        task=job.task.id,
        version=job.task.card.version,
        replica=job.replica,
        seed=job.seed,
        status=status,
        reason=reason,
        cost=_cost(phases, parameters, time.perf_counter() - start),
    )


def _cost(phases: Phases, parameters: Any, total_seconds: float) -> Cost:
    answering = phases.wall.get("sample", phases.wall.get("predict", 0.0))
    return Cost(
        parameters=int(parameters) if isinstance(parameters, int | np.integer) else None,
        fit_seconds=phases.wall.get("fit", float("nan")),
        predict_seconds=phases.wall.get("predict", float("nan")),
        sample_seconds=phases.wall.get("sample", float("nan")),
        cpu_seconds=phases.cpu,
        total_seconds=total_seconds,
        sampled_frames_per_second=phases.frames / answering if answering > 0 else float("nan"),
        peak_memory_bytes=_peak_memory(),
    )


def _fit_and_answer(job: Job, ask: Ask, report: Report, phases: Phases) -> tuple[Any, str]:
    """Write the prediction files; give the model, and why they count less than in full."""
    model = load_model(job.model, job.settings, job.task.card.track).build()
    _fit(model, job, ask, report, phases)
    return model, track_of(job.task).work.answer(model, job, ask, report, phases)


def fitted_model(job: Job, ask: Ask, report: Report) -> Any:
    """Give the model of a unit that is done: loaded, or fitted again if it has no ``save``.

    Raises
    ------
    InputError
        If the unit's folder lacks the fitted model, or the model cannot be found or built.
    """
    model = load_model(job.model, job.settings, job.task.card.track).build()
    if _keeps(model) and not (job.folder / FITTED / "seconds").exists():
        raise InputError(f"{job.folder / FITTED} is missing: no fitted model came with this run")
    with tempfile.TemporaryDirectory() as folder:
        # A run folder is only read here; a fit leaves nothing in it.
        at = job if _keeps(model) else replace(job, folder=Path(folder))
        _fit(model, at, ask, report, Phases())
    return model


def _keeps(model: Any) -> bool:
    return callable(getattr(model, "save", None)) and callable(getattr(model, "load", None))


def _fit(model: Any, job: Job, ask: Ask, report: Report, phases: Phases) -> None:
    """Fit, or load what an interrupted run has fitted already."""
    fitted = job.folder / FITTED
    if _keeps(model) and (fitted / "seconds").exists():
        model.load(fitted)
        wall, cpu = (fitted / "seconds").read_text().split()
        phases.wall["fit"], phases.cpu = float(wall), float(cpu)
        return
    report(0.0, "fit")
    scratch = job.folder / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    train, validation = ask("training")
    card = job.task.card
    context = track_of(job.task).context(
        card,
        task=card.id,
        replica=job.replica,
        frame_time=card.frame_time,
        time_unit=card.time_unit,
        seed=job.seed * 1000 + job.replica,  # every replica has a seed of its own
        device=job.device,
        effort=job.effort,
        scratch=scratch,
        seconds=job.seconds,
        progress=lambda fraction, note: report(fraction, f"fit {note}"),
    )
    with phases("fit"):
        model.fit(train, validation, context)
    if _keeps(model):
        with atomic_folder(fitted) as temporary:
            model.save(temporary)
            write_text(temporary / "seconds", f"{phases.wall['fit']} {phases.cpu}\n")


def _peak_memory() -> int:
    """Peak resident memory of this process, which does one unit, in bytes."""
    import resource  # Unix only
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
