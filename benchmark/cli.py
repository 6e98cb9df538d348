"""The command line: ``python -m benchmark``."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any, NoReturn

import typer

from benchmark.caches import writable_caches
from benchmark.console import inspecting, running
from benchmark.console.streams import open_streams
from benchmark.errors import InputError, one_line, printable
from benchmark.registry import tracks
from leaderboard import commands as board
from leaderboard import entering
from tasks import commands as data

app = typer.Typer(
    help="Benchmark suite and leaderboard for learned molecular dynamics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("list")(inspecting.list_tasks)
app.command()(inspecting.describe)
app.command()(inspecting.check)
app.command()(running.run)
app.command()(running.score)
for track in tracks().values():
    for name, command in track.commands.items():
        app.command(name)(command)
app.command()(board.validate)
app.command()(board.leaderboard)
app.command()(entering.submit)
app.command()(entering.verify)
app.command()(board.compare)
app.command()(board.cite)
app.add_typer(data.app, name="data")
data.app.command()(inspecting.verify)


def main() -> None:
    """Run the command line; bad input is one line and exit code 2."""
    # OpenMP's threads wait by spinning, which on a busy machine takes the time of those that they
    # wait for. GNU's reads this when torch loads.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    writable_caches()
    output = open_streams()
    try:
        _run_app()
    finally:
        if output is not None and output.fault:
            typer.echo(f"error: cannot print: {output.fault}", err=True)


@cache
def command_line() -> Any:
    """Give the command of all commands, which takes longer to make than most of them to run."""
    return typer.main.get_command(app)


def _run_app() -> None:
    try:
        for argument in sys.argv[1:]:
            _require_text(argument)
        command_line()()
    except InputError as error:
        _refuse(str(error))
    except OSError as error:  # a name too long, a folder that may not be read, a disk that is gone
        what = error.strerror or str(error)
        _refuse(f"{error.filename}: {what}" if error.filename else what)
    except MemoryError as error:
        _refuse(f"out of memory: {one_line(str(error)) or 'no more to be had'}; a damaged file may "
                "say that it holds more than it does")  # fmt: skip
    except (KeyboardInterrupt, SystemExit) as stop:
        # Typer turns an interruption into exit code 130 and prints nothing.
        if isinstance(stop, SystemExit) and stop.code != 130:
            raise
        typer.echo("interrupted; the same command goes on from what is done", err=True)
        raise SystemExit(130) from None


def _refuse(message: str) -> NoReturn:
    typer.echo(f"error: {printable(message)}", err=True)
    raise SystemExit(2) from None


def _require_text(argument: str) -> None:
    """Refuse what is no text: bytes of another encoding than the terminal's, or NUL."""
    if "\0" in argument or any("\ud800" <= char <= "\udfff" for char in argument):
        raise InputError(f"the argument '{argument}' is not text in {sys.getfilesystemencoding()}")
