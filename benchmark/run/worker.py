"""One unit of a run, in a process of its own: fit, answer, write.

This process runs a model's code. It holds no frozen data but what the model has asked for and may
see, which the run's own process hands out through a pipe.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import InputError, ModelError, one_line, said, where_raised
from benchmark.job import Job, Phases
from benchmark.loading import load_model
from benchmark.registry import track_of
from benchmark.result import MOST_PARAMETERS, Cost, Status, Unit
from benchmark.run.code import (
    require_code_of_the_run,
    require_late_code_of_the_run,
    require_no_truth,
    truth_modules,
)
from benchmark.run.fitting import Talk, fitted, is_full, silent
from benchmark.run.folder import keep_traceback
from benchmark.run.line import Line
from benchmark.run.place import enter
from benchmark.track import Ask, Report


def serve(line: Line, job: Job, place: Path | None = None) -> None:
    """Do a job, where ``place`` is the working directory if it is not that of the parent.

    Tells ``"progress", fraction, note`` now and then and ``"remark", text`` where there is one,
    asks where the model is to be shown something, and tells ``"unit"`` and its record at last.
    """
    if place is not None:
        enter(place)
    last = 0.0

    def report(fraction: float, note: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1:
            last = now
            line.tell("progress", float(fraction), one_line(str(note)))

    def remark(text: str) -> None:
        line.tell("remark", text)

    line.tell("unit", do_unit(job, line.ask, report, remark).model_dump(mode="json"))


def do_unit(job: Job, ask: Ask, report: Report, remark: Callable[[str], None] = silent) -> Unit:
    """Do one unit and write its files; never raises for what the model does."""
    phases = Phases()
    status: Status = "done"
    reason = ""
    parameters = None
    start = time.perf_counter()
    try:
        model, reason = _fit_and_answer(job, ask, Talk(report, remark), phases)
        parameters = getattr(model, "parameters", None)
    except (ModelError, InputError) as error:
        status, reason = "failed", said(error)
    except MemoryError:
        status, reason = "failed", "out of memory"
    except BaseException as error:  # nobody interrupts this process but its own code
        status, reason = "failed", where_raised(error)
        keep_traceback(error, job.folder)
        if is_full(error):  # no fault of the model
            reason = f"cannot write its files: {one_line(str(getattr(error, 'strerror', '')))}"
    return Unit(
        task=job.task.id,
        version=job.task.card.version,
        replica=job.replica,
        seed=job.seed,
        status=status,
        reason=reason,
        cost=_cost(phases, parameters, time.perf_counter() - start),
    )


def _count(parameters: Any) -> int | None:
    """Give what a model calls its number of parameters; None if it is none that can be."""
    if not isinstance(parameters, int | np.integer) or not 0 <= parameters <= MOST_PARAMETERS:
        return None
    return int(parameters)


def _cost(phases: Phases, parameters: Any, total_seconds: float) -> Cost:
    answering = phases.wall.get("sample", phases.wall.get("predict", 0.0))
    return Cost(
        parameters=_count(parameters),
        fit_seconds=phases.wall.get("fit", float("nan")),
        predict_seconds=phases.wall.get("predict", float("nan")),
        sample_seconds=phases.wall.get("sample", float("nan")),
        cpu_seconds=phases.cpu,
        total_seconds=phases.before + total_seconds,
        sampled_frames_per_second=phases.frames / answering if answering > 0 else float("nan"),
        peak_memory_bytes=_peak_memory(),
    )


def _fit_and_answer(job: Job, ask: Ask, talk: Talk, phases: Phases) -> tuple[Any, str]:
    """Write the prediction files; give the model, and why they count less than in full."""
    before = truth_modules()
    loaded = load_model(job.model, job.settings, job.task.card.track)
    model = loaded.build()  # which may import more of its own
    require_code_of_the_run(loaded, job)
    model = fitted(loaded, model, job, ask, talk, phases)
    why = track_of(job.task).work.answer(model, job, ask, talk.report, phases)
    require_code_of_the_run(loaded, job)
    require_no_truth(before)
    require_late_code_of_the_run(loaded, job)
    return model, why


def _peak_memory() -> int:
    """Peak resident memory of this process, which does one unit, in bytes."""
    import resource  # Unix only
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
