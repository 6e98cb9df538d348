"""A run folder that several calls work in at once: no daemon, no locks, no file of two writers.

The first call makes ``run.json``, and none changes it while others go on. A call that asks for
something else, or runs on something else, adds ``calls/<digest>.json``, named after its content;
`benchmark.run.folder.read_run` puts all of them together. A unit's folder belongs to one call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import LEFT, create_text, explained, left_by, sweep
from benchmark.job import Key
from benchmark.run.folder import CALLS, RunFile, read_run, require_same_run


def join_run(folder: Path, wanted: RunFile, own: Iterable[Key], mark: str) -> RunFile:
    """Make the run folder, or join the calls that work in the one there.

    Parameters
    ----------
    folder : Path
    wanted : RunFile
        The whole run, and not only what this call does of it.
    own : iterable of Key
        The units that this call does, and no other call at the same time.
    mark : str
        Eight letters or digits that tell this call from all others of the run.

    Returns
    -------
    RunFile
        With the units of all requests so far.

    Raises
    ------
    InputError
        If the folder holds a run of another model, code or settings, is not a run folder, or
        cannot be written to.
    """
    run_file = folder / "run.json"
    with explained(run_file):
        for left in [*left_by(mark, folder), *left_by(mark, folder / CALLS)]:
            left.unlink(missing_ok=True)
        if not run_file.exists():
            _require_room(folder)
            if create_text(run_file, _text(wanted), mark):
                return wanted
    found = read_run(folder)
    require_same_run(folder, found, wanted)
    with explained(folder):
        for key in own:
            sweep(key.folder(folder))
    return add_call(folder, found, wanted, mark)


def add_call(folder: Path, found: RunFile, wanted: RunFile, mark: str) -> RunFile:
    """Write down what a call asks for or runs on, if that is not known yet.

    Returns
    -------
    RunFile
        The run with it.

    Raises
    ------
    InputError
        If that cannot be written.
    """
    known = {*found.units}
    units = [key for key in wanted.units if key not in known]
    data = {task: those for task, those in wanted.data.items() if task not in found.data}
    if not units and not data and wanted.call in [found.call, *found.earlier]:
        return found
    text = _text(wanted.model_copy(update={"units": units, "data": data, "earlier": []}))
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    with explained(folder / CALLS / f"{name}.json") as path:
        create_text(path, text, mark)
    return read_run(folder)


def ran_on(wanted: RunFile, provenance: dict[str, Any]) -> RunFile:
    """Give the same request with what else it has run on."""
    return wanted.model_copy(update={"provenance": provenance})


def _text(run: RunFile) -> str:
    return run.model_dump_json(indent=1) + "\n"


def _require_room(folder: Path) -> None:
    """Refuse what holds anything but what another call has just begun to write."""
    if not folder.exists():
        return
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name]
    # Whatever else is there may be another call's, which has made ``run.json`` by now.
    if not all(map(LEFT.fullmatch, names)) and not (folder / "run.json").exists():
        raise InputError(f"{folder} is not empty and is not a run; take another --out")
