"""Commands of the board."""

from __future__ import annotations

from typing import Annotated

import typer


def leaderboard(
    check_only: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 if the board is stale")
    ] = False,
) -> None:
    """Render the leaderboard from the submissions.  Example: python -m benchmark leaderboard."""
    from leaderboard.site.render import render  # takes pandas and matplotlib

    stale = render(write=not check_only)
    for path in stale:
        typer.echo(f"{'stale' if check_only else 'written'}: {path}")
    if not stale:
        typer.echo("the board is up to date")
    if check_only and stale:
        raise typer.Exit(1)
