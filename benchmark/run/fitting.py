"""A unit's fitted model: fitted, kept on disk, found again; thrown away where it is damaged."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, named, said
from benchmark.files import atomic_folder, read_small, write_text
from benchmark.job import Job, Phases
from benchmark.loading import LoadedModel, load_model
from benchmark.registry import track_of
from benchmark.run.folder import SCRATCH
from benchmark.track import Ask, Report

#: Full disk, spent quota, file too large.
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

FITTED = "model"


def silent(text: str) -> None:
    """Remark to nobody."""


@dataclass(frozen=True)
class Talk:
    """What a unit says while it goes on: how far it is, and what a person should know."""

    report: Report
    remark: Callable[[str], None] = silent


def is_full(error: BaseException) -> bool:
    """Whether an error is for want of space."""
    return isinstance(error, OSError) and error.errno in NO_SPACE


def fitted_model(job: Job, ask: Ask, report: Report) -> Any:
    """Give the model of a unit that is done: loaded, or fitted again if it has no ``save``.

    Raises
    ------
    InputError
        If the unit's folder lacks the fitted model, or the model cannot be found or built.
    """
    loaded = load_model(job.model, job.settings, job.task.card.track)
    model, talk = loaded.build(), Talk(report)
    if not _keeps(model):
        with tempfile.TemporaryDirectory() as folder:
            # A run folder is only read here; a fit leaves nothing in it.
            return fitted(loaded, model, replace(job, folder=Path(folder)), ask, talk, Phases())
    if not (job.folder / FITTED / "seconds").exists():
        raise InputError(f"{job.folder / FITTED} is missing: no fitted model came with this run")
    require_whole(job.folder / FITTED)
    model.load(job.folder / FITTED)
    return model


def _keeps(model: Any) -> bool:
    return callable(getattr(model, "save", None)) and callable(getattr(model, "load", None))


def fitted(loaded: LoadedModel, model: Any, job: Job, ask: Ask, talk: Talk, phases: Phases) -> Any:
    """Give a fitted model: what an interrupted run has fitted already, or ``model``, fitted now.

    What an interrupted run has left and what cannot be used is thrown away with a remark.
    """
    kept, scratch = job.folder / FITTED, job.folder / SCRATCH
    if _keeps(model) and kept.exists():
        try:
            return _load(model, kept, phases)
        except Exception as error:
            talk.remark(f"its fitted model does not load ({said(error)}) and is fitted again")
            shutil.rmtree(kept)
            model = loaded.build()
    resumed = scratch.exists() and any(scratch.iterdir())
    try:
        return _fit(model, job, ask, talk, phases)
    except Exception as error:
        if not resumed or isinstance(error, InputError | MemoryError) or is_full(error):
            raise
        talk.remark(f"it fails on an earlier run's checkpoint ({named(error)}) and starts afresh")
    shutil.rmtree(scratch)
    return _fit(loaded.build(), job, ask, talk, phases)


def _load(model: Any, kept: Path, phases: Phases) -> Any:
    require_whole(kept)
    model.load(kept)
    wall, cpu = (kept / "seconds").read_text().splitlines()[0].split()
    phases.wall["fit"], phases.cpu = float(wall), float(cpu)
    phases.before = phases.wall["fit"]
    return model


def _fit(model: Any, job: Job, ask: Ask, talk: Talk, phases: Phases) -> Any:
    talk.report(0.0, "fit")
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
        progress=lambda fraction, note: talk.report(fraction, f"fit {note}"),
    )
    with phases("fit"):
        model.fit(train, validation, context)
    if _keeps(model):
        with atomic_folder(job.folder / FITTED) as temporary:
            model.save(temporary)
            sums = check_sums(temporary)
            write_text(temporary / "seconds", f"{phases.wall['fit']} {phases.cpu}\n{sums}")
    return model


def check_sums(folder: Path) -> str:
    """Give a line for each file below a folder: its SHA-256, and its name there."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in files
        if file != folder / "seconds"
    ]
    return "".join(lines)


def require_whole(kept: Path) -> None:
    """Compare the files of a fitted model with those that were written.

    Raises
    ------
    InputError
        If one is missing, cut short, or changed.
    """
    try:
        _, *written = read_small(kept / "seconds").decode().splitlines(keepends=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{kept.name}/seconds is missing or damaged") from error
    found = set(check_sums(kept).splitlines(keepends=True))
    for line in written:
        if line not in found:
            name = line.split("  ", 1)[-1].strip()
            raise InputError(f"{kept.name}/{name} is missing or damaged")
