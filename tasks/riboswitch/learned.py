"""What a model has made of measured traces: its errors on their private tasks, against f.

    python -m tasks.riboswitch.learned RUN --out leaderboard/evidence/traces.json

The traces may not be a part of this project, and of the tasks that `data import` makes of them only
numbers are kept: errors of a run, a replica each, and what fresh data of the same length give.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.result import Result, read_result
from benchmark.task import Task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from tasks.evidence import write_evidence

FAMILY = "private"


def errors_on(task: Task, result: Result) -> dict[str, Any]:
    """Collect the errors of a run on a private task, a replica each, beside their f."""
    card = kinetics_card(task)
    units = sorted(
        (one for one in result.units if one.task == task.id and one.seed == 0),
        key=lambda one: one.replica,
    )
    if failed := [one for one in units if one.status != "done"]:
        raise InputError(f"{task.id}: {len(failed)} of {len(units)} units are not done; run again")
    known = [name for name, scale in card.metrics.items() if scale.floor]
    metrics = {
        name: [one.metrics[name].value for one in units]
        for name in known
        if all(name in one.metrics for one in units)
    }
    return {
        "trace": card.name,
        "frames": sum(card.splits[name].frames for name in ("train", "validation", "test")),
        "labels": card.labels,
        "macrostates": card.macrostates,
        "slowest": card.slowest,
        "metrics": {
            name: {
                "floor": card.metrics[name].floor,
                "floor_stderr": card.metrics[name].floor_stderr,
                "tells": card.metrics[name].counts,
                "errors": [float(f"{value:.6g}") for value in values],
            }
            for name, values in metrics.items()
            if values and all(value == value for value in values)  # nan: nothing was measured
        },
    }


def main(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="folder of a run on private tasks")],
    out: Annotated[Path, typer.Option(help="what the claims read (.json)")],
) -> None:
    """Collect a model's errors on measured traces. Example: learned runs/lstm --out found.json."""
    try:
        result = read_result(run)
        tasks = [find_task(one) for one in sorted({unit.task for unit in result.units})]
        tasks = [
            one for one in tasks if one.card.family == FAMILY and isinstance(one.card, KineticsCard)
        ]
        if not tasks:
            raise InputError(f"{run} has run no private task; see tasks/riboswitch/README.md")
        found = [errors_on(task, result) for task in tasks]
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    record = {"model": result.model.name, "traces": found}
    write_evidence(out, record, "trace")
    for one in found:
        ratios = ", ".join(
            f"{name} {max(each['errors']) / each['floor']:.2f}"
            for name, each in one["metrics"].items()
        )
        typer.echo(f"{one['trace']}: largest E/f of a replica: {ratios}")


if __name__ == "__main__":
    typer.run(main)
