"""The folder of a run: what was asked, which units there are, how each has ended.

It holds ``run.json`` (what was asked; what else was asked while others went on lies in ``calls/``,
see `benchmark.run.sharing`), ``units/<task>/r<replica>-s<seed>/`` with the prediction
files and ``unit.json`` (written last: a unit without it is not done), ``results.json``, and
``figures/<task>.png`` of tracks that draw what a unit has answered.
Running again does what is missing; failures are tried again.
"""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmark.errors import InputError
from benchmark.files import explained, read_small, sweep, write_text
from benchmark.job import Key
from benchmark.model import ModelFacts
from benchmark.result import Call, Provenance, RunConfig, RunModel, Status, Unit
from benchmark.task import Task
from benchmark.untrusted import LyingFileError, record_of, shown

#: Of a task's frozen data: version, and SHA-256 by split.
Fingerprints = dict[str, str | int]

#: Of a unit that has failed: what Python says of it, at most so many characters.
TRACEBACK, LONGEST_TRACEBACK = "traceback.txt", 100_000

#: Of a run: what other calls have asked for while it went on, a file each.
CALLS = "calls"

#: Of a unit: what it needs only on the way.
SCRATCH = "scratch"


class RunFile(BaseModel):
    """``run.json``: what a run folder was made for. Runs of another model do not mix with it.

    ``spec`` and ``given`` are what ``--model`` and ``--set`` said; ``config`` and ``provenance``
    are of the latest call, ``earlier`` of those before it that asked for something else or ran on
    something else; ``units`` is all that was ever asked of this folder; ``data`` names the frozen
    data of each task.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: RunModel
    spec: str
    given: dict[str, str]
    source_sha256: str
    config: RunConfig
    provenance: Provenance
    earlier: list[Call] = []
    units: list[Key]
    data: dict[str, Fingerprints] = {}

    @property
    def call(self) -> Call:
        """What was asked for, and what it ran on."""
        return Call(config=self.config, provenance=self.provenance)


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


def only(keys: Sequence[Key], units: Sequence[str]) -> list[Key]:
    """Choose units by ``rN-sM``, replica and seed, of every task that has them.

    Raises
    ------
    InputError
        If no task has one of them; names those there are.
    """
    names = {f"r{key.replica}-s{key.seed}" for key in keys}
    if missing := [unit for unit in units if unit not in names]:
        raise InputError(f"no unit {missing[0]}; available: {', '.join(sorted(names))}")
    return [key for key in keys if f"r{key.replica}-s{key.seed}" in units]


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
        _clear(folder)
    if (folder / "run.json").exists():
        found = read_run(folder)
        require_same_run(folder, found, wanted)
        wanted = _widened(wanted, found)
        with explained(folder):
            sweep(folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty and is not a run; take another --out")
    with explained(folder / "run.json") as path:
        write_text(path, wanted.model_dump_json(indent=1) + "\n")
    return wanted


def _widened(run: RunFile, other: RunFile) -> RunFile:
    """Add to a run what another call has asked for, and what that one ran on."""
    units = sorted({*run.units, *other.units}, key=lambda u: (u.task, u.seed, u.replica))
    own, earlier = run.call, [*run.earlier]
    for call in [*other.earlier, other.call]:
        if call != own and call not in earlier:
            earlier.append(call)
    data = {**other.data, **run.data}
    return run.model_copy(update={"units": units, "earlier": earlier, "data": data})


def _clear(folder: Path) -> None:
    """Empty a run folder, which may be a link to one; its ``run.json`` goes last."""
    with explained(folder):
        for path in sorted(folder.iterdir(), key=lambda path: path.name == "run.json"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def require_same_data(folder: Path, found: RunFile, data: Mapping[str, Fingerprints]) -> None:
    """Compare the frozen data that a run was made on with those there are now.

    A task of another version is done again anyway.

    Raises
    ------
    InputError
        If a task has the same version and other data; names it and its splits.
    """
    for task in found.data.keys() & data.keys():
        one, other = found.data[task], data[task]
        changed = sorted(
            name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
        )
        if changed and "version" not in changed:
            raise InputError(
                f"{folder} holds a run on other data of {task} (another {', '.join(changed)}); "
                "take another --out, or --fresh to throw that run away"
            )


def require_same_run(folder: Path, found: RunFile, wanted: RunFile) -> None:
    """Compare a run with what is wanted of its folder.

    Raises
    ------
    InputError
        If it is of another model, code, settings or data.
    """
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
    require_same_data(folder, found, wanted.data)


def read_run(folder: Path) -> RunFile:
    """Read ``run.json``, and what ``calls/`` adds to it.

    Raises
    ------
    InputError
        If the folder is not a run.
    """
    run = _read_record(folder, "run.json")
    for path in sorted((folder / CALLS).glob("*.json")):
        run = _widened(run, _read_record(folder, f"{CALLS}/{path.name}"))
    return run


def _read_record(folder: Path, name: str) -> RunFile:
    try:
        return record_of(read_small(folder / name), RunFile)
    except FileNotFoundError as error:
        raise InputError(f"{folder} is not a run: it has no {name}") from error
    except OSError as error:
        what = f"{folder / name}: {error.strerror}"
        raise InputError(f"{folder} is not a run: cannot read {what}") from error
    except LyingFileError as error:
        raise InputError(
            f"{folder / name} is damaged; start over with --fresh ({error})"
        ) from error


def read_unit(folder: Path, task: Task) -> Unit | None:
    """Read a unit's record; None if it is missing, damaged, or of another unit or task version."""
    try:
        unit = record_of(read_small(folder / "unit.json"), Unit)
    except (OSError, LyingFileError):
        return None
    own = (unit.task, unit.version) == (task.id, task.card.version)
    return unit if own and folder.name == f"r{unit.replica}-s{unit.seed}" else None


def finish_unit(unit: Unit, folder: Path) -> None:
    """Record how a unit has ended; what it needed only on the way is removed."""
    with explained(folder / "unit.json") as path:
        write_text(path, unit.model_dump_json(indent=1) + "\n")
    if unit.status == "done":
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)
        (folder / TRACEBACK).unlink(missing_ok=True)


def keep_traceback(error: BaseException, folder: Path) -> None:
    """Write down where in its code a model has failed; a full disk keeps nothing."""
    lines = "".join(traceback.format_exception(error, limit=-50))
    text = lines.encode("utf-8", "backslashreplace").decode()[-LONGEST_TRACEBACK:]
    with suppress(OSError):
        write_text(folder / TRACEBACK, text)


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
    return RunModel(name=shown(facts.name, 200), **facts.card.model_dump())
