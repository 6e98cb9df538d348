"""Where a run is done: options for a cluster and for job arrays, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import InputError

if TYPE_CHECKING:
    from benchmark.job import Key
    from benchmark.run.engine import Engine
    from benchmark.run.folder import RunFile
    from benchmark.run.shards import Shard
    from benchmark.task import Task

SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="a dask scheduler, tcp://HOST:PORT or its file; its workers do the units",
    ),
]
ResourcesOption = Annotated[
    str,
    typer.Option(
        "--resources",
        metavar="'K=N …'",
        help="what a unit takes of its dask worker, such as 'cores=2 memory=4e9 GPU=1'",
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="only the I-th of N shares; auto: as the job array's variables say; see score",
    ),
]


def share_of(shard: str | None, scheduler: str | None, fresh: bool) -> Shard | None:
    """Read ``--shard``; None without it.

    Raises
    ------
    InputError
        If it is no shard, or stands beside an option that would disturb the others.
    """
    from benchmark.run.shards import shard_of

    if shard is None:
        return None
    if scheduler is not None:
        raise InputError("--shard and --scheduler: a scheduler shares a run out itself; take one")
    if fresh:
        raise InputError(
            "--shard and --fresh: it would throw away what other shards have done; "
            "remove the run folder before they start"
        )
    return shard_of(shard)


def resources_of(text: str) -> dict[str, float]:
    """Read ``--resources``, ``K=N`` separated by blanks or commas.

    Raises
    ------
    InputError
        If a part is not of this kind.
    """
    found = {}
    for part in text.replace(",", " ").split():
        name, _, amount = part.partition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            found[name] = math.nan
        if not name or not 0 <= found[name] < math.inf:
            raise InputError(f"--resources '{part}': expected NAME=NUMBER, such as GPU=1")
    return found


@contextmanager
def engine_of(
    scheduler: str | None, resources: str, workers: int, threads: int
) -> Iterator[Engine]:
    """Give what does the units: processes here, or the workers of a cluster.

    Raises
    ------
    InputError
        If the options contradict each other, or there is no such cluster.
    """
    needs = resources_of(resources)
    if scheduler is not None:
        if not scheduler:
            raise InputError(
                "--scheduler is empty (a variable that is not set?): "
                "expected tcp://HOST:PORT or a file"
            )
        if workers:
            raise InputError("--workers and --scheduler: a cluster has its own workers; take one")
        from benchmark.run.distributed import connected

        with connected(scheduler, threads, needs, lambda text: typer.echo(text, err=True)) as one:
            yield one
        return
    if needs:
        raise InputError("--resources: only units of a --scheduler take resources")
    from benchmark.run.local import Local

    yield Local(workers, threads)


def opened_run(
    folder: Path, wanted: RunFile, part: Shard | None, own: Sequence[Key], fresh: bool
) -> RunFile:
    """Make or open the run folder: alone, or beside the other shards of the run."""
    if part is None:
        from benchmark.run.folder import open_run

        return open_run(folder, wanted, fresh)
    from benchmark.run.sharing import join_run

    return join_run(folder, wanted, own, part.mark)


def end_of_shard(part: Shard, own: Sequence[Key], tasks: Mapping[str, Task], folder: Path) -> None:
    """Say how a shard has ended, and what is done when all have; exit code 1 if a unit failed."""
    from benchmark.run.folder import read_unit

    units = [read_unit(key.folder(folder), tasks[key.task]) for key in own]
    done = sum(unit is not None and unit.status == "done" for unit in units)
    typer.echo(f"shard {part}: {done} of {len(own)} units done")
    typer.echo(f"when all shards have ended: python -m benchmark score {folder}")
    if done < len(own):
        raise typer.Exit(1)
