"""Commands of the board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from leaderboard.validation import Report

# Commands import what they need when they run, so that `--help` need not wait for it.


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


def validate(
    path: Annotated[Path, typer.Argument(help="a submission, or a folder of submissions")],
    as_json: Annotated[bool, typer.Option("--json", help="for programs: one JSON object")] = False,
) -> None:
    """Check submissions, as far as it goes without their predictions; exit code 2 if refused.

    Example: python -m benchmark validate leaderboard/submissions/kinetics/msm
    """
    import json

    from benchmark.registry import shipped_tasks
    from leaderboard.validation import as_fields, examined, submissions_below, verdict

    tasks = shipped_tasks()
    reports = []
    for folder in submissions_below(path):
        reports.append(examined(folder, tasks))
        if not as_json:
            _print_report(reports[-1])
    if as_json:
        typer.echo(json.dumps(as_fields(reports), indent=1))
    else:
        typer.echo(verdict(reports))
    if not all(report.valid for report in reports):
        raise typer.Exit(2)


def _print_report(report: Report) -> None:
    from benchmark.errors import printable

    typer.echo(printable(str(report.entry.folder)))
    for outcome in report.outcomes:
        sign = "✓" if outcome.passed else "✗" if outcome.faults else "–"
        typer.echo(f"{sign} {outcome.check.name:<8} {outcome.check.title}")
        for fault in outcome.listed:
            typer.echo(f"    {fault}")
        if outcome.waits_for:
            typer.echo(f"    not asked before {' and '.join(outcome.waits_for)} is mended")


def compare(
    names: Annotated[
        list[str],
        typer.Argument(metavar="A B…", help="rows of the board, run folders; A against the others"),
    ],
    plot: Annotated[
        Path | None, typer.Option(help="draw the differences into this file (.png, .pdf, .svg)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Compare rows of the board and runs, replica by replica; says what may be claimed.

    Example: python -m benchmark compare lstm transformer --plot lstm-transformer.svg
    """
    from benchmark.errors import InputError
    from benchmark.registry import all_tasks
    from leaderboard.side_by_side.entrants import entrants
    from leaderboard.side_by_side.pairs import pairs
    from leaderboard.side_by_side.report import json_text, text

    if len(set(names)) < 2:
        raise InputError(f"compare takes two different rows or runs; got {' '.join(names)}")
    tasks = all_tasks()
    found = pairs(entrants(names, tasks), tasks)
    typer.echo(json_text(found) if as_json else text(found))
    if plot is not None:
        from leaderboard.side_by_side.figure import draw_pairs

        draw_pairs(found, plot)
        typer.echo(f"drawn: {plot}", err=as_json)
