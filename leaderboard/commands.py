"""Commands of the board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from leaderboard.validation import Report

BOARD = Path(__file__).parent / "board.json"

# Commands import what they need when they run, so that `--help` need not wait for it.


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
    from benchmark.errors import InputError
    from benchmark.installed import is_installed

    if site or folder is not None:
        raise InputError("a folder is for --site, and --site writes: leave out one of the options")
    if not check_only and is_installed(BOARD.parents[1]):
        raise InputError("the board is written in a clone of the repository; here: --check, --site")
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


def cite(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="M", help="rows of the board, or a glob [default: models]"),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--tasks", metavar="GLOB", help="such as 'potentials/*' [default: all]"),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="bibtex, latex, text or json")] = "bibtex",
    badge: Annotated[
        Path | None, typer.Option(help="write the badge of one row into this file (.svg)")
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="[M|GLOB]…", help="more of --model, and (with '/') of --tasks"),
    ] = None,
) -> None:
    """Cite the board: references, a table for a paper, a line of text; a badge for a README.

    Example: python -m benchmark cite --model lstm --tasks 'potentials/*' --format latex
    """
    from datetime import UTC, datetime

    from benchmark.errors import InputError
    from benchmark.registry import all_tasks, shipped_tasks
    from leaderboard.citation.choice import choose, sort_words
    from leaderboard.citation.formats import FORMATS
    from leaderboard.published import read_board

    if form not in FORMATS:
        raise InputError(f"--format {form}: expected {', '.join(FORMATS)}")
    if badge is not None and not badge.parent.is_dir():
        raise InputError(f"--badge {badge}: there is no folder {badge.parent}; make it first")
    board = read_board(BOARD)
    names, globs = sort_words(board, more or [])
    day = datetime.now(UTC).date()
    globs = [*(tasks or []), *globs]
    there = all_tasks() if globs else shipped_tasks()  # nobody's own tasks unless asked for
    cards = [task.card for task in there.values()]
    choice = choose(board, cards, day, [*(models or []), *names], globs)
    typer.echo(FORMATS[form](choice).rstrip())
    if badge is not None:
        from benchmark.files import explained, write_text
        from leaderboard.site.badge import badge_svg

        track, row = choice.only_row
        with explained(badge):
            write_text(badge, badge_svg(track, row, board.benchmark_version))
        typer.echo(f"written: {badge}", err=True)


def validate(
    path: Annotated[Path, typer.Argument(help="a submission, or a folder of submissions")],
    as_json: Annotated[bool, typer.Option("--json", help="for programs: one JSON object")] = False,
) -> None:
    """Check submissions, as far as it goes without their predictions; exit code 2 if refused.

    Example: python -m benchmark validate leaderboard/submissions/kinetics/msm
    """
    import json

    from benchmark.registry import shipped_tasks
    from leaderboard.submission import on_board
    from leaderboard.validation import as_fields, examined, submissions_below, verdict

    tasks = shipped_tasks()
    reports = []
    for folder in submissions_below(on_board(path)):
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
