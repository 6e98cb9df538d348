"""The folder of a run: what was asked, which units there are, how each has ended.

It holds ``run.json`` (what was asked), ``units/<task>/r<replica>-s<seed>/`` with the prediction
files and ``unit.json`` (written last: a unit without it is not done), ``results.json``, and
``figures/<task>.png`` of tracks that draw what a unit has answered.
Running again does what is missing; failures are tried again.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError
from benchmark.files import explained, write_text
from benchmark.job import Key
from benchmark.model import ModelFacts
from benchmark.result import Call, RunConfig, RunModel, Status, Unit
from benchmark.task import Task

#: Of a unit: what it needs only on the way.
SCRATCH = "scratch"


class RunFile(BaseModel):
    """``run.json``: what a run folder was made for. Runs of another model do not mix with it.

    ``spec`` and ``given`` are what ``--model`` and ``--set`` said; ``config`` and ``provenance``
    are of the latest call, ``earlier`` of those before it that asked for something else or ran on
    something else; ``units`` is all that was ever asked of this folder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: RunModel
    spec: str
    given: dict[str, str]
    source_sha256: str
    config: RunConfig
    provenance: dict[str, Any]
    earlier: list[Call] = []
    units: list[Key]


def plan(tasks: Sequence[Task], replicas: int, seeds: int) -> list[Key]:
    """List the units of a run: every replica with seed 0, replica 0 with the other seeds too.

    A task with fewer replicas than asked for gives all it has.
    """
    keys = []
    for task in tasks:
        wanted = min(replicas, task.card.replicas)
        keys += [Key(task=task.id, replica=replica, seed=0) for replica in range(wanted)]
        keys += [Key(task=task.id, replica=0, seed=seed) for seed in range(1, seeds)]
    return keys


def open_run(folder: Path, wanted: RunFile, fresh: bool) -> RunFile:
    """Make the run folder, or widen the one there by what is asked now.

    Returns
    -------
    RunFile
        With the units of all requests so far.

    Raises
    ------
    InputError
        If the folder holds a run of another model, code or settings, or is not a run folder.
    """
    if fresh and (folder / "run.json").exists():
        shutil.rmtree(folder)
    if (folder / "run.json").exists():
        found = read_run(folder)
        _require_same(folder, found, wanted)
        units = sorted({*found.units, *wanted.units}, key=lambda u: (u.task, u.seed, u.replica))
        latest = Call(config=wanted.config, provenance=wanted.provenance)
        calls = [*found.earlier, Call(config=found.config, provenance=found.provenance)]
        earlier = [call for call in calls if call != latest]
        wanted = wanted.model_copy(update={"units": units, "earlier": earlier})
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty and is not a run; take another --out")
    with explained(folder / "run.json") as path:
        write_text(path, wanted.model_dump_json(indent=1) + "\n")
    return wanted


def _require_same(folder: Path, found: RunFile, wanted: RunFile) -> None:
    differences = {
        "model": (found.spec, wanted.spec),
        "settings": (found.config.settings, wanted.config.settings),
        "--quick": (found.config.quick, wanted.config.quick),
        "version of the model's file": (found.source_sha256, wanted.source_sha256),
    }
    names = [name for name, (one, other) in differences.items() if one != other]
    if names:
        raise InputError(
            f"{folder} holds a run with another {', another '.join(names)}; "
            "take another --out, or --fresh to throw that run away"
        )


def read_run(folder: Path) -> RunFile:
    """Read ``run.json``.

    Raises
    ------
    InputError
        If the folder is not a run.
    """
    try:
        return RunFile.model_validate_json((folder / "run.json").read_bytes())
    except OSError as error:
        raise InputError(f"{folder} is not a run: it has no run.json") from error
    except ValidationError as error:
        raise InputError(f"{folder / 'run.json'} is damaged; start over with --fresh") from error


def read_unit(folder: Path, task: Task) -> Unit | None:
    """Read a unit's record; None if it is missing, half written, or of another task version."""
    try:
        unit = Unit.model_validate_json((folder / "unit.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return unit if unit.version == task.card.version else None


def finish_unit(unit: Unit, folder: Path) -> None:
    """Record how a unit has ended; what it needed only on the way is removed."""
    with explained(folder / "unit.json") as path:
        write_text(path, unit.model_dump_json(indent=1) + "\n")
    if unit.status == "done":
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)


def blank_unit(key: Key, task: Task, status: Status, reason: str) -> Unit:
    """Make the record of a unit that has no results."""
    return Unit(
        task=task.id,
        version=task.card.version,
        replica=key.replica,
        seed=key.seed,
        status=status,
        reason=reason,
    )


def run_model(facts: ModelFacts) -> RunModel:
    """Describe a model in a result."""
    return RunModel(name=facts.name, **facts.card.model_dump())
