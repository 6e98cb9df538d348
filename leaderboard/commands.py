"""Commands of the board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError


def leaderboard(
    check_only: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 if the board is stale")
    ] = False,
    site: Annotated[bool, typer.Option("--site", help="write the site, and nothing else")] = False,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="of the site; by default build/site")
    ] = None,
) -> None:
    """Render the leaderboard from the submissions.

    Example: python -m benchmark leaderboard --site
    """
    if site and not check_only:
        _write_site(folder or Path("build", "site"))
        return
    if site or folder is not None:
        raise InputError("a folder is for --site, and --site writes: leave out one of the options")
    from leaderboard.site.render import render  # takes pandas and matplotlib

    stale = render(write=not check_only)
    for path in stale:
        typer.echo(f"{'stale' if check_only else 'written'}: {path}")
    if not stale:
        typer.echo("the board is up to date")
    if check_only and stale:
        raise typer.Exit(1)


def _write_site(folder: Path) -> None:
    """Write the site of all submissions, and say where it is."""
    from leaderboard.site.web.command import write_site  # takes matplotlib

    first = write_site(folder)
    typer.echo(f"written: {first} and what it leads to; open it in a browser")
