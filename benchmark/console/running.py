"""Commands that make a run, and score it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.console.engines import (
    ResourcesOption,
    SchedulerOption,
    ShardOption,
    end_of_shard,
    engine_of,
    opened_run,
    share_of,
)
from benchmark.console.missing import print_missing
from benchmark.console.options import (
    ModelOption,
    More,
    SetOption,
    require_seconds,
    sort_arguments,
)

if TYPE_CHECKING:
    from benchmark.job import Key
    from benchmark.model import ModelFacts
    from benchmark.result import Result, RunConfig
    from benchmark.run.folder import RunFile
    from benchmark.task import Task

# Commands import what they need when they run, so that `--help` need not wait for it.


def run(
    model: ModelOption,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--tasks", metavar="GLOB", help="such as 'potentials/*' [default: ranked]"),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, help="training replicas, at most 5")] = 5,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="seeds on replica 0")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="one replica, a fifth of the training; unranked")
    ] = False,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="rN-sM", help="only replica N with seed M; may be repeated"),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N or auto")] = "auto",
    workers: Annotated[
        int, typer.Option(min=0, help="units at a time; 0: one a core, or a GPU")
    ] = 0,
    threads: Annotated[int, typer.Option(min=1, help="of a unit; its last digits hang on it")] = 1,
    scheduler: SchedulerOption = None,
    resources: ResourcesOption = "",
    shard: ShardOption = None,
    timeout: Annotated[float, typer.Option(min=1, help="seconds a unit may take")] = 3600,
    set_: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="run folder [default: runs/MODEL]")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="throw away what --out holds")] = False,
    plots: Annotated[
        bool,
        typer.Option("--plots/--no-plots", help="draw answers into RUN/figures"),
    ] = True,
    more: More = None,
) -> None:
    """Fit, predict, sample and score a model; resumes what an earlier call has begun.

    Example: python -m benchmark run --model lstm --tasks 'potentials/*' --set hidden=128
    """
    # Loading what runs and scores takes seconds, which `--help` does not.
    from benchmark.console.show import RunDisplay
    from benchmark.machine import cores
    from benchmark.registry import select_tasks
    from benchmark.result import RunConfig
    from benchmark.run.folder import only, plan
    from benchmark.run.runner import execute
    from benchmark.score import verify

    globs, settings = sort_arguments(tasks, set_, more)
    matching = select_tasks(globs)
    require_seconds(timeout)
    part = share_of(shard, scheduler, fresh)
    found = {task.card.track for task in matching}
    track = found.pop() if len(found) == 1 else None
    with engine_of(scheduler, resources, workers, threads) as engine:
        facts = engine.described(model, settings, track, device)
        if facts.note:
            typer.echo(f"note: {facts.note}", err=True)
        chosen = _of_track(facts.track, matching, ranked_only=not globs)
        config = RunConfig(
            settings=facts.settings,
            replicas=1 if quick else replicas,
            seeds=1 if quick else seeds,
            quick=quick,
            device=facts.device,
            workers=engine.workers,
            threads=engine.threads,
            timeout=timeout,
            tasks=list(chosen),
        )
        keys = plan(list(chosen.values()), config.replicas, config.seeds)
        if unit:
            keys = only(keys, unit)
        wanted = _run_file(facts, model, settings, config, keys, engine.places[0]).model_copy(
            update={"data": {task.id: task.card.fingerprints for task in chosen.values()}}
        )
        own = part.of(keys) if part else keys
        for task_id in dict.fromkeys(key.task for key in own):
            verify(chosen[task_id])
        folder = (out or Path("runs") / (facts.name + ("-quick" if quick else ""))).absolute()
        opened = opened_run(folder, wanted, part, own, fresh)
        with RunDisplay(own, "run") as display:
            execute(own, chosen, wanted, folder, display.watch, engine)
    if part:
        end_of_shard(part, own, chosen, folder)
    else:
        _score(folder, opened, plots, engine.workers if scheduler else min(cores(), engine.workers))


def _of_track(track: str, tasks: Sequence[Task], ranked_only: bool) -> dict[str, Task]:
    return {
        task.id: task
        for task in tasks
        if task.card.track == track and (task.card.ranked or not ranked_only)
    }


def _run_file(
    facts: ModelFacts,
    spec: str,
    given: dict[str, str],
    config: RunConfig,
    keys: list[Key],
    place: dict[str, Any],
) -> RunFile:
    from benchmark.run.folder import RunFile, run_model

    return RunFile(
        model=run_model(facts),
        spec=spec,
        given=given,
        source_sha256=facts.source_sha256,
        config=config,
        provenance=place,
        units=keys,
    )


def score(
    run: Annotated[Path, typer.Argument(help="a run folder")],
    plots: Annotated[bool, typer.Option("--plots", help="draw answers into RUN/figures")] = False,
) -> None:
    """Compute a run's scores from its prediction files alone.

    Example: python -m benchmark score runs/lstm
    """
    from benchmark.run.folder import read_run

    _score(run, read_run(run), plots)


def _full_run(result: Result, cores: int) -> str:
    """Say how long all replicas would take, from what each task has taken quickly."""
    from benchmark.registry import find_task
    from benchmark.run.runner import QUICK_EFFORT

    seconds = [0.0]
    for unit in result.units:
        fit, total = unit.cost.fit_seconds, unit.cost.total_seconds
        if unit.status == "done" and math.isfinite(fit + total):
            one = total - fit + fit / QUICK_EFFORT
            seconds += [one] * find_task(unit.task).card.replicas
    # Units that take unlike times do not fill all cores to the end.
    hours = max(sum(seconds) / cores, max(seconds)) / 3600
    text = f"{hours:.1f} h" if hours >= 1 else f"{max(1, round(60 * hours))} min"
    return f"{text} on {cores} cores"


def _print_tracebacks(paths: list[Path]) -> None:
    kept = [path for path in paths if path.is_file()]
    if kept:
        more = f" (and {len(kept) - 1} more beside it)" if len(kept) > 1 else ""
        typer.echo(f"the whole traceback: {kept[0]}{more}")


def _write(folder: Path, result: Result, needed: bool) -> None:
    """Write the scores; where that cannot be and need not be, say so: the folder may be anybody's.

    Raises
    ------
    InputError
        If it need be.
    """
    from benchmark.errors import InputError
    from benchmark.run.scoring import write_result

    try:
        write_result(folder, result)
    except InputError as error:
        if needed:
            raise
        typer.echo(f"nothing is written: {error}", err=True)
        return
    typer.echo(f"written: {folder / 'results.json'}")
    typer.echo(f"again from the files alone: python -m benchmark score {folder}")


def _score(folder: Path, run: RunFile, plots: bool, cores: int = 0) -> None:
    """Score a run folder, print, and draw; exit code 1 if anything in it failed."""
    from benchmark.console.plots import draw_run
    from benchmark.console.show import RunDisplay, print_result
    from benchmark.registry import find_task, track_of
    from benchmark.run.folder import TRACEBACK
    from benchmark.run.scoring import scores_of

    with RunDisplay(run.units, "score") as display:
        result = scores_of(folder, display.watch)
    print_result(result)
    print_missing(folder, run, result)
    _write(folder, result, needed=cores > 0)
    if run.config.quick and cores:
        typer.echo(f"a full run of these tasks takes about {_full_run(result, cores)}")
    _print_tracebacks([key.folder(folder) / TRACEBACK for key in run.units])
    if plots and any(track_of(find_task(task.task)).work.draw_unit for task in result.tasks):
        with RunDisplay(run.units, "draw") as display:
            figures = draw_run(folder, result, display.watch)
        for figure in figures:
            typer.echo(f"drawn: {figure}")
    if any(unit.status != "done" or unit.reason for unit in result.units):
        raise typer.Exit(1)
