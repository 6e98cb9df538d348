"""Commands that look and change nothing: list, describe, check, data verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.console.options import (
    ModelOption,
    More,
    SetOption,
    require_seconds,
    sort_arguments,
)
from benchmark.errors import InputError
from benchmark.machine import cores

if TYPE_CHECKING:
    from benchmark.task import Task

# Commands import what they need when they run, so that `--help` need not wait for it.


def list_tasks(
    family: Annotated[str, typer.Option(help="only this family, such as potentials")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List the tasks.  Example: python -m benchmark list --family potentials."""
    from benchmark.registry import select_tasks

    tasks = select_tasks([f"{family}/*"] if family else [])
    if as_json:
        rows = [
            {
                "id": task.id,
                "family": task.card.family,
                "track": task.card.track,
                "oracle": task.card.oracle,
                "ranked": task.card.ranked,
                "version": task.card.version,
                "title": task.card.title,
                "training_frames": task.card.training_frames,
                "replicas": task.card.replicas,
                **task.card.particulars,
            }
            for task in tasks
        ]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from benchmark.console.show import print_tasks

    print_tasks(tasks)


def describe(
    task: Annotated[str, typer.Argument(help="a task's id, such as potentials/triangular3")],
    plot: Annotated[
        Path | None,
        typer.Option(help="draw data and reference into this file (.png, .pdf, .svg)"),
    ] = None,
) -> None:
    """Describe a task.  Example: python -m benchmark describe potentials/linear3 --plot l.png."""
    from benchmark.console.show import print_task
    from benchmark.registry import find_task

    found = find_task(task)
    print_task(found)
    if plot is not None:
        from benchmark.console.plots import draw_task

        draw_task(found, plot)
        typer.echo(f"drawn: {plot}")


def check(
    model: ModelOption,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N or auto")] = "auto",
    timeout: Annotated[float, typer.Option(min=1, help="seconds it may take")] = 3600,
    set_: SetOption = None,
    more: More = None,
) -> None:
    """Check a model's contract on a tiny task, in seconds.

    Example: python -m benchmark check --model mymodel.py
    """
    from benchmark.console.show import print_check
    from benchmark.run.checking import checked
    from benchmark.run.process import processes

    globs, settings = sort_arguments(None, set_, more)
    if globs:
        raise InputError(f"check takes no tasks ('{globs[0]}'); it has a tiny one of its own")
    require_seconds(timeout)
    faults = 0
    context = processes(cores(), model)
    for finding in checked(context, model, settings, device, timeout):
        print_check(finding)
        faults += bool(finding.fault)
    if faults:
        raise typer.Exit(1)


def verify(
    globs: Annotated[list[str] | None, typer.Argument(metavar="[GLOB]…", help="of tasks")] = None,
) -> None:
    """Check all frozen data against the cards.

    Example: python -m benchmark data verify 'potentials/*'
    """
    from benchmark.console.show import progress_bar
    from benchmark.registry import select_tasks

    tasks = select_tasks(globs or [])
    width = max(len(task.id) for task in tasks)
    damaged = 0
    with progress_bar() as progress:
        bar = progress.add_task("verify", total=len(tasks))
        for task in tasks:
            progress.update(bar, description=task.id, refresh=True)
            faults = _faults(task)
            damaged += bool(faults)
            splits = task.card.splits.values()
            progress.console.print(
                f"{task.id:<{width}}  {sum(split.rows for split in splits):>6,} rows  "
                f"{sum(split.frames for split in splits):>12,} frames  "
                f"{_bytes(task):>12,} bytes  {'[red]damaged[/]' if faults else 'ok'}",
                soft_wrap=True,
            )
            for fault in faults:
                progress.console.print(f"  {fault}", markup=False, soft_wrap=True)
            progress.advance(bar)
    if damaged:
        typer.echo(f"error: {damaged} of {len(tasks)} tasks are damaged", err=True)
        raise typer.Exit(1)


def _faults(task: Task) -> list[str]:
    """List everything that is wrong with the frozen data of a task."""
    from benchmark.registry import track_of

    faults = []
    for read in track_of(task).work.frozen(task):
        try:
            read()
        except InputError as error:
            faults.append(str(error))
    return faults


def _bytes(task: Task) -> int:
    from benchmark.registry import track_of

    return sum(path.stat().st_size for path in track_of(task).files(task) if path.is_file())
