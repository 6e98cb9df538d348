"""Run independent pieces of work in separate single-threaded processes, resumably."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

# Two units side by side must not fight for cores, and a piece should not depend on how many there
# are; the variables are read when the libraries load, so they are set before a process starts.
SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class WorkUnit:
    """One piece: the file that says it is done, and the arguments that make it."""

    path: Path
    arguments: tuple[Any, ...] = field(default=())


def require(*packages: str) -> None:
    """End the program with one line and exit code 2 unless all `packages` can be imported."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        bad_input(f'{", ".join(missing)} not installed: pip install "stridebench[generate]"')


def bad_input(message: str) -> NoReturn:
    """End the program with a one-line message and exit code 2."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(2)


def parse_indices(text: str, n: int, what: str) -> list[int]:
    """Turn ``"0-3,7"`` into ``[0, 1, 2, 3, 7]``; every index must lie in 0 … n-1."""
    indices: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            bad_input(f'{what} "{text}" not understood: expected e.g. 0-3,7')
        indices.update(range(int(first), int(last or first) + 1))
    if not indices or max(indices) >= n:
        bad_input(f'{what} "{text}" out of range: there are 0-{n - 1}')
    return sorted(indices)


def write_table(table: Any, path: Path, **options: Any) -> None:
    """Write a `pyarrow.Table` atomically: a piece is either whole or not there."""
    import pyarrow.parquet as pq  # slow to load

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd", compression_level=12, **options)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def run_units(
    units: Sequence[WorkUnit],
    make: Callable[..., None],
    describe: Callable[[Path], str],
    workers: int,
) -> int:
    """Make every piece that is not there yet, at most `workers` at a time.

    Parameters
    ----------
    units
        Pieces in the order in which they are wanted.
    make
        Called as ``make(path, *arguments)`` in a fresh process; must be importable, and must
        write `path` atomically.
    describe
        One line about a finished piece, from its file.
    workers
        Number of processes.

    Returns
    -------
    int
        Exit code: 0 all there, 1 some failed (the others were still made), 130 interrupted.
    """
    os.environ.update(SINGLE_THREADED)
    # Stopping by `kill` must take the children along as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pending = deque(unit for unit in units if not unit.path.exists())
    failed = 0
    with _progress() as progress:
        note = partial(progress.console.print, soft_wrap=True)  # one line each in a log file
        bar = progress.add_task("pieces", total=len(units), completed=len(units) - len(pending))
        try:
            for unit, code in _made(pending, make, workers):
                if code == 0 and unit.path.exists():
                    note(f"{unit.path.stem}  {describe(unit.path)}")
                else:  # its traceback is on stderr already
                    failed += 1
                    note(f"{unit.path.stem}  FAILED ({code})")
                progress.advance(bar)
        except KeyboardInterrupt:
            note("stopped; the same command goes on from here")
            return 130
    return 1 if failed else 0


def _made(
    pending: deque[WorkUnit], make: Callable[..., None], workers: int
) -> Iterator[tuple[WorkUnit, int]]:
    """Make pieces in processes of their own; give each that has ended, with its exit code."""
    context = get_context("spawn")  # a fork would inherit the parent's threads and locks
    running: dict[Any, tuple[Any, WorkUnit]] = {}  # by the sentinel of the process
    try:
        while pending or running:
            while pending and len(running) < workers:
                unit = pending.popleft()
                process = context.Process(target=make, args=(unit.path, *unit.arguments))
                process.start()
                running[process.sentinel] = (process, unit)
            for sentinel in wait(list(running)):
                process, unit = running.pop(sentinel)
                process.join()
                yield unit, process.exitcode
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.join()


def _progress() -> Progress:
    # Loads slowly, and only making data needs it.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("pieces"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        speed_estimate_period=1e6,  # s: pieces take minutes, the default window is 30 s
    )
