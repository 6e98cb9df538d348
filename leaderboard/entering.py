"""Commands of whoever enters the board, and of whoever reviews: ``submit`` and ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import InputError

if TYPE_CHECKING:
    from leaderboard.verification.record import Repeated, Verification

# Commands import what they need when they run, so that `--help` need not wait for it.


def submit(
    run: Annotated[Path, typer.Argument(help="a finished run folder")],
    name: Annotated[str | None, typer.Option(help="on the board, and of the folder")] = None,
    author: Annotated[
        list[str] | None,
        typer.Option(metavar="'NAME[; AFFILIATION[; ORCID]]'", help="in order; may be repeated"),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(help="https://… where the model's code is; of a shipped one baselines/…"),
    ] = None,
    revision: Annotated[str | None, typer.Option(help="commit, tag or version of it")] = None,
    licence: Annotated[str | None, typer.Option(help="of the code, such as MIT")] = None,
    reads: Annotated[
        list[str] | None,
        typer.Option(help="what the model reads: labels, positions, velocities, forces"),
    ] = None,
    trained_on: Annotated[
        list[str] | None, typer.Option(help="other data than the tasks' training data, if any")
    ] = None,
    title: Annotated[str | None, typer.Option(help="default: of the model's card")] = None,
    description: Annotated[str | None, typer.Option(help="default: of the model's card")] = None,
    paper: Annotated[str | None, typer.Option(help="a DOI, arXiv:… or https://…")] = None,
    citation: Annotated[str | None, typer.Option(help="default: of the model's card")] = None,
    hardware: Annotated[str | None, typer.Option(help="default: the machines of the run")] = None,
    contact: Annotated[str | None, typer.Option(help="e-mail or https://…")] = None,
    at: Annotated[
        str, typer.Option(help="URL or DOI of predictions.zip, once it is put somewhere")
    ] = "",
    update: Annotated[
        bool, typer.Option("--update", help="widen the submission of that name, or replace tasks")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option(help="with --update: predictions.zip of the earlier submission"),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="folder of submissions")] = None,
) -> None:
    """Make a submission of a run: a folder for the board, and an archive of its predictions.

    Example: python -m benchmark submit runs/mine --name mine --author 'A. Author'
    """
    from leaderboard.asking import asked_fields, place_of_code
    from leaderboard.submission import SUBMISSIONS
    from leaderboard.submitting import rankable, steps
    from leaderboard.submitting import submit as make

    where = (place_of_code(code) if code else {}) | ({"revision": revision} if revision else {})
    given = {
        "name": name,
        "authors": [_author(text) for text in author or []] or None,
        "code": where or None,
        "licence": licence,
        "reads": reads,
        "trained_on": ["train", *trained_on] if trained_on else None,
        "title": title,
        "description": description,
        "paper": paper,
        "citation": citation,
        "hardware": hardware,
        "contact": contact,
    }
    said = {field: value for field, value in given.items() if value is not None}
    rankable(run)  # before anything is asked
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    said = asked_fields(run, said, update, typer.prompt if terminal else None)
    entry = make(run, said, to or SUBMISSIONS, update, earlier=archive, at=at)
    typer.echo(f"written: {entry.folder}")
    size = entry.archive.stat().st_size
    typer.echo(f"written: {entry.archive} ({size:,} bytes, {len(entry.manifest.units)} units)")
    typer.echo(f"in audit/: {', '.join(entry.audit) or 'no unit is small enough'}")
    typer.echo("next:")
    for step in steps(entry, bool(entry.manifest.archive and entry.manifest.archive.at)):
        typer.echo(f"  {step}")
    typer.echo(f"ready: {entry.folder.name} passes all checks and can be submitted")


def _author(text: str) -> dict[str, str]:
    """Take apart what ``--author`` says."""
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > 3:
        raise InputError(f"--author '{text}': expected NAME; AFFILIATION; ORCID")
    return {
        key: part
        for key, part in zip(("name", "affiliation", "orcid"), parts, strict=False)
        if part
    }


def verify(
    path: Annotated[
        Path, typer.Argument(help="a submission: its folder, or TRACK/NAME on the board")
    ],
    archive: Annotated[
        str, typer.Option(help="predictions.zip: a file, a folder, https://… or a DOI")
    ] = "",
    rerun: Annotated[int, typer.Option(min=0, help="units to fit again")] = 0,
    draw: Annotated[
        int | None,
        typer.Option(min=0, metavar="SEED", help="a secret: fit, and answer new test data of it"),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="code of a model that is not shipped")
    ] = "",
    record: Annotated[
        bool,
        typer.Option("--record", help="keep what was found beside the submissions"),
    ] = False,
) -> None:
    """Do the numbers of a submission again, from its predictions or from its model.

    Without options the units in audit/ are scored again; exit code 1 if anything disagrees.

    Example: python -m benchmark verify leaderboard/submissions/kinetics/msm --rerun 1 --draw 7
    """
    from benchmark.console.show import progress_bar
    from benchmark.registry import shipped_tasks
    from leaderboard.submission import on_board
    from leaderboard.verification.record import place
    from leaderboard.verifying import Asked
    from leaderboard.verifying import verify as find

    path = on_board(path)
    with progress_bar() as progress:
        bar = progress.add_task("")

        def watch(done: int, of: int, text: str) -> None:
            progress.update(bar, completed=done, total=of, description=text)

        found = find(path, shipped_tasks(), Asked(archive, rerun, draw, model), watch)
    for line in _lines(found):
        typer.echo(line)
    if draw is not None and not found.drawn:
        typer.echo("– no task of this row can be drawn anew")
    if record:
        found.write(place(path))
        typer.echo(f"written: {place(path)}")
    typer.echo(f"{path.name} is {found.said}")
    if not found.agrees:
        raise typer.Exit(1)


def _lines(found: Verification) -> list[str]:
    from leaderboard.verification.agreement import RULE

    lines = []
    if found.rescored is None:
        lines.append("– no predictions in audit/ to score again; give them by --archive")
    else:
        wrong = {fault.split(": ")[0] for fault in found.rescored.faults}
        good = [unit for unit in found.rescored.units if unit not in wrong]
        lines += [f"✓ {unit}: scored again, equal to rounding" for unit in good]
        lines += [f"✗ {fault}" for fault in found.rescored.faults]
    if found.rerun or found.drawn:
        lines.append(f"a value a of the row and b of another fit agree if {RULE}")
    for one in found.rerun:
        lines += _repeated(one, "fitted again")
    for one in found.drawn:
        lines += _repeated(one, f"fitted again, on test data of seed {one.seed}")
    return lines


def _repeated(one: Repeated, how: str) -> list[str]:
    lines = [f"{'✓' if one.agrees else '✗'} {one.unit}: {how}"]
    if one.fault:
        lines.append(f"    {one.fault}")
    return lines + [
        f"  {'✓' if metric.agrees else '✗'} {metric.metric}: {metric.submitted:.4g} in the row, "
        f"{metric.again:.4g} again, may differ by {metric.allowed:.2g}"
        for metric in one.metrics
    ]
