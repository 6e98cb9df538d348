"""Code that a file names, and not the person who types: run only with their consent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError, printable
from benchmark.loading import shipped_models

TrustOption = Annotated[
    bool, typer.Option("--trust", help="run the code of a model that is not shipped")
]


def require_trust(run: Path, spec: str, track: str, trusted: bool) -> None:
    """Ask, at a terminal, whether the model of a run folder may be imported; nothing else does so.

    A shipped model needs no consent: its code is here, and what it loads is arrays.

    Parameters
    ----------
    run : Path
        The folder whose ``run.json`` names the model.
    spec : str
        What it says ``--model`` was.
    track : str
    trusted : bool
        Whether the person has said yes already.

    Raises
    ------
    InputError
        If they have not, and do not.
    """
    if trusted or spec in shipped_models(track):
        return
    what = (
        f"{run} names a model that is not shipped, {printable(spec)}, and this runs its code with "
        "all that you may do yourself"
    )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(f"{what}; if you trust it, add --trust")
    if not typer.confirm(f"{what}. Do you trust it?", default=False, err=True):
        raise InputError(f"{what}; not trusted")
