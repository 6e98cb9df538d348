"""What a run lacks, and the command that does it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.result import Result, Unit
    from benchmark.run.folder import RunFile

#: Missing units that are named.
NAMED = 3


def print_missing(folder: Path, run: RunFile, result: Result) -> None:
    """Say in a line which units have not been run, and how they are; nothing if all have."""
    missing = [unit for unit in result.units if unit.status == "skipped"]
    if not missing:
        return
    names = [f"{unit.task} r{unit.replica}-s{unit.seed}" for unit in missing[:NAMED]]
    more = ", …" if len(missing) > NAMED else ""
    typer.echo(
        f"missing: {len(missing)} of {len(result.units)} units ({', '.join(names)}{more}); run the "
        "shards that have not ended again, or all that is missing here: "
        f"{shlex.join(command_for(folder, run, missing))}"
    )


def command_for(folder: Path, run: RunFile, missing: Sequence[Unit]) -> list[str]:
    """Give the command that a run was made by, widened if need be to what is missing."""
    words = ["python", "-m", "benchmark", "run", "--model", run.spec, "--out", str(folder)]
    for glob in _globs({*run.config.tasks, *(unit.task for unit in missing)}):
        words += ["--tasks", glob]
    if run.config.quick:
        words.append("--quick")
    else:
        replicas = max(run.config.replicas, *(unit.replica + 1 for unit in missing))
        seeds = max(run.config.seeds, *(unit.seed + 1 for unit in missing))
        words += ["--replicas", str(replicas), "--seeds", str(seeds)]
    if run.config.threads > 1:
        words += ["--threads", str(run.config.threads)]
    for name, value in run.given.items():
        words += ["--set", f"{name}={value}"]
    return words


def _globs(tasks: set[str]) -> list[str]:
    """Name tasks in few words: a family that is there as a whole by one."""
    from benchmark.registry import all_tasks

    families: dict[str, set[str]] = {}
    for task in all_tasks().values():
        families.setdefault(task.card.family, set()).add(task.id)
    whole = {name for name, members in families.items() if len(members) > 1 and members <= tasks}
    family_of = {task: task.partition("/")[0] for task in tasks}
    return sorted({f"{family_of[one]}/*" if family_of[one] in whole else one for one in tasks})
