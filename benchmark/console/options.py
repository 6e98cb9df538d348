"""Options that several commands have, and what their words mean."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.errors import InputError

ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="NAME, file.py, file.py:Class or package.module:Class",
        metavar="M",
    ),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="K=V", help="a setting of the model")
]
More = Annotated[
    list[str] | None,
    typer.Argument(metavar="[GLOB|K=V]…", help="more of --tasks (no '=') and --set (with '=')"),
]


def sort_arguments(
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


def require_seconds(timeout: float) -> None:
    """Refuse a ``--timeout`` that never comes."""
    from benchmark.result import LONGEST

    if not timeout <= LONGEST:
        raise InputError(f"--timeout {timeout:g}: expected seconds, {LONGEST:g} at most")
