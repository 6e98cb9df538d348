"""Print what both audits of one model have measured in the units of runs.

    python -m benchmark.tracks.kinetics.audits runs/msm runs/lstm

A row a unit: the deviation of the generated chains' surprise from what the model expects, in
standard deviations, and the most surprising stretch that they share with the training or validation
data. An honest model stays within 5 σ and below 100 bits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError
from benchmark.files import read_small
from benchmark.tracks.kinetics.one_model import CONSISTENT_SIGMAS, NOVEL_BITS, ONE_MODEL

HEAD = "| model | task | unit | σ | bits | frames | one model |\n|---|---|---|--:|--:|--:|---|"


def rows(run: Path) -> Iterator[str]:
    """Give a row of the table for each audited unit of a run.

    Parameters
    ----------
    run : Path
        The run's folder; its name stands for the model.

    Raises
    ------
    InputError
        If it holds no audited unit, or a damaged record of one.
    """
    found = sorted(run.glob(f"units/*/*/{ONE_MODEL}"))
    if not found:
        raise InputError(f"{run} holds no unit with {ONE_MODEL}; give a run of a kinetics model")
    for path in found:
        try:
            measured = json.loads(read_small(path))
            sigmas, copy = float(measured["sigmas"]), measured["copy"]
            bits, frames = float(copy["bits"]), int(copy["frames"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged; run the unit again") from error
        passed = abs(sigmas) <= CONSISTENT_SIGMAS and bits <= NOVEL_BITS
        task = path.parents[1].name.replace("--", "/")
        yield (
            f"| {run.name} | {task} | {path.parent.name} | {sigmas:+.2f} | {bits:.0f} | {frames} | "
            f"{'yes' if passed else '**no**'} |"
        )


def main(runs: Annotated[list[Path], typer.Argument(help="folders of runs")]) -> None:
    """Print the audits of runs. Example: python -m benchmark.tracks.kinetics.audits runs/msm."""
    try:
        typer.echo("\n".join([HEAD, *(row for run in runs for row in rows(run))]))
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
