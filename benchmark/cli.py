"""The command line: ``python -m benchmark``."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import InputError
from benchmark.tracks.superresolution import commands as trajectory_commands
from tasks import commands as data_commands

if TYPE_CHECKING:
    from benchmark.run.folder import RunFile

app = typer.Typer(
    help="Benchmark suite and leaderboard for learned molecular dynamics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data_commands.app, name="data")

ModelOption = Annotated[
    str,
    typer.Option(
        "--model", "-m", help="NAME, file.py, file.py:Class or package.module:Class", metavar="M"
    ),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="K=V", help="a setting of the model")
]
More = Annotated[
    list[str] | None,
    typer.Argument(metavar="[GLOB|K=V]…", help="more of --tasks (no '=') and --set (with '=')"),
]


def main() -> None:
    """Run the command line; bad input is one line and exit code 2."""
    # OpenMP's threads wait by spinning, which on a busy machine takes the time of those that they
    # wait for. GNU's reads this when torch loads.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app()
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(2) from None
    except (KeyboardInterrupt, SystemExit) as stop:
        # Typer turns an interruption into exit code 130 and prints nothing.
        if isinstance(stop, SystemExit) and stop.code != 130:
            raise
        typer.echo("interrupted; the same command goes on from what is done", err=True)
        raise SystemExit(130) from None


@app.command("list")
def list_tasks(
    family: Annotated[str, typer.Option(help="only this family, such as potentials")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List the tasks.  Example: python -m benchmark list --family potentials."""
    from benchmark.task import select_tasks

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


@app.command()
def describe(
    task: Annotated[str, typer.Argument(help="a task's id, such as potentials/triangular3")],
    plot: Annotated[
        Path | None,
        typer.Option(help="draw data and reference into this file (.png, .pdf, .svg)"),
    ] = None,
) -> None:
    """Describe a task.  Example: python -m benchmark describe potentials/linear3 --plot l.png."""
    from benchmark.console.show import print_task
    from benchmark.task import find_task

    found = find_task(task)
    print_task(found)
    if plot is not None:
        from benchmark.console.plots import draw_task

        draw_task(found, plot)
        typer.echo(f"drawn: {plot}")


@app.command()
def check(model: ModelOption, set_: SetOption = None, more: More = None) -> None:
    """Check a model's contract on a tiny task, in seconds.

    Example: python -m benchmark check --model mymodel.py
    """
    from benchmark.check import check_model
    from benchmark.console.show import print_checks
    from benchmark.loading import load_model

    globs, settings = _sort_arguments(None, set_, more)
    if globs:
        raise InputError(f"check takes no tasks ('{globs[0]}'); it has a tiny one of its own")
    findings = check_model(load_model(model, settings))
    print_checks(findings)
    if any(finding.fault for finding in findings):
        raise typer.Exit(1)


@app.command()
def run(
    model: ModelOption,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--tasks", metavar="GLOB", help="such as 'potentials/*' [default: ranked]"),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, help="training replicas, at most 5")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="seeds on replica 0")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="one replica, a fifth of the training; unranked")
    ] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto")] = "auto",
    workers: Annotated[int, typer.Option(min=0, help="units at a time; 0: one a core")] = 0,
    timeout: Annotated[float, typer.Option(min=1, help="seconds a unit may take")] = 3600,
    set_: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="run folder [default: runs/MODEL]")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="throw away what --out holds")] = False,
    plots: Annotated[
        bool, typer.Option("--plots/--no-plots", help="draw super-resolution tasks: RUN/figures")
    ] = True,
    more: More = None,
) -> None:
    """Fit, predict, sample and score a model; resumes what an earlier call has begun.

    Example: python -m benchmark run --model lstm --tasks 'potentials/*' --set hidden=128
    """
    from benchmark.console.show import RunDisplay
    from benchmark.loading import load_model
    from benchmark.result import RunConfig
    from benchmark.run.folder import RunFile, open_run, plan, run_model
    from benchmark.run.provenance import run_on
    from benchmark.run.runner import execute
    from benchmark.score import verify
    from benchmark.task import select_tasks

    globs, settings = _sort_arguments(tasks, set_, more)
    matching = select_tasks(globs)
    tracks = {task.card.track for task in matching}
    loaded = load_model(model, settings, tracks.pop() if len(tracks) == 1 else None)
    chosen = {
        task.id: task
        for task in matching
        if task.card.track == loaded.track and (globs or task.card.ranked)
    }
    loaded.build()  # a setting that cannot be is found here, not in every unit
    if not math.isfinite(timeout):
        raise InputError(f"--timeout {timeout}: expected seconds")
    cores = os.cpu_count() or 1
    at_once = workers or cores
    config = RunConfig(
        settings=loaded.settings,
        replicas=1 if quick else replicas,
        seeds=1 if quick else seeds,
        quick=quick,
        device=_device(device),
        workers=at_once,
        threads=max(1, cores // at_once),
        timeout=timeout,
        tasks=list(chosen),
    )
    keys = plan(list(chosen.values()), config.replicas, config.seeds)
    wanted = RunFile(
        model=run_model(loaded),
        spec=model,
        given=settings,
        source_sha256=loaded.source_sha256,
        config=config,
        provenance=run_on(),
        units=keys,
    )
    for task in chosen.values():
        verify(task)
    folder = out or Path("runs") / (loaded.name + ("-quick" if quick else ""))
    opened = open_run(folder, wanted, fresh)
    with RunDisplay(keys, "run") as display:
        execute(keys, chosen, wanted, folder, display.watch)
    _score(folder, opened, plots)


@app.command()
def score(
    run: Annotated[Path, typer.Argument(help="a run folder")],
    plots: Annotated[
        bool, typer.Option("--plots", help="draw super-resolution tasks: RUN/figures")
    ] = False,
) -> None:
    """Compute a run's scores from its prediction files alone.

    Example: python -m benchmark score runs/lstm
    """
    from benchmark.run.folder import read_run

    _score(run, read_run(run), plots)


app.command()(trajectory_commands.export)
app.command()(trajectory_commands.upsample)


@app.command()
def leaderboard(
    check_only: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 if the board is stale")
    ] = False,
) -> None:
    """Render the leaderboard from the submissions.  Example: python -m benchmark leaderboard."""
    from importlib import import_module

    stale = import_module("leaderboard.site.render").render(write=not check_only)
    for path in stale:
        typer.echo(f"{'stale' if check_only else 'written'}: {path}")
    if not stale:
        typer.echo("the board is up to date")
    if check_only and stale:
        raise typer.Exit(1)


def _sort_arguments(
    tasks: list[str] | None, set_: list[str] | None, more: list[str] | None
) -> tuple[list[str], dict[str, str]]:
    """Tell globs from settings: ``--tasks a b --set k=v l=w`` leaves b and l=w behind."""
    globs, pairs = list(tasks or []), list(set_ or [])
    for argument in more or []:
        (pairs if "=" in argument else globs).append(argument)
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"--set takes name=value, not '{pair}'")
        settings[name] = value
    return globs, settings


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"--device {name}: torch sees no CUDA device here; use --device cpu")
    if name != "cpu" and not name.startswith("cuda"):
        raise InputError(f"--device {name}: expected cpu, cuda or auto")
    return name


def _score(folder: Path, run: RunFile, plots: bool) -> None:
    """Score a run folder, print, and draw; exit code 1 if anything in it failed."""
    from benchmark.console.show import RunDisplay, print_result
    from benchmark.run.runner import score_run

    with RunDisplay(run.units, "score") as display:
        result = score_run(folder, display.watch)
    print_result(result, folder)
    if plots and any("mae" in task.metrics for task in result.tasks):
        from benchmark.tracks.superresolution.plots import draw_run

        with RunDisplay(run.units, "draw") as display:
            figures = draw_run(folder, result, display.watch)
        for figure in figures:
            typer.echo(f"drawn: {figure}")
    if any(unit.status != "done" or unit.reason for unit in result.units):
        raise typer.Exit(1)
