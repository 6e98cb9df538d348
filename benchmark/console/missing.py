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


def command_for(folder: Path, run: RunFile, units: Sequence[Unit]) -> list[str]:
    """Give the command that does units of a run, word by word."""
    words = ["python", "-m", "benchmark", "run", "--model", run.spec, "--out", str(folder)]
    for task in dict.fromkeys(unit.task for unit in units):
        words += ["--tasks", task]
    if run.config.quick:
        words.append("--quick")
    else:
        words += ["--replicas", str(1 + max(unit.replica for unit in units))]
        words += ["--seeds", str(1 + max(unit.seed for unit in units))]
    if run.config.threads > 1:
        words += ["--threads", str(run.config.threads)]
    for name, value in run.given.items():
        words += ["--set", f"{name}={value}"]
    return words
