"""Give older rows the audit that the rule of all rows asks for: run its units again.

    python -m leaderboard.keeping                            # every row of `older_rows.txt`
    python -m leaderboard.keeping kinetics/msm --list        # which units it would run
    python -m leaderboard.keeping kinetics/msm --run runs/new    # widen the row by a run's tasks

Of each row the units that `leaderboard.auditing` chooses and that its ``audit/`` lacks are run
again, by ``run`` as the row says that it was. What a run gives replaces the unit in the row,
whatever it is, and the row is scored again. What the row has in ``audit/`` already, and the rule
still wants, stays. A wider row has another list of units, and so another audit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, Unit, read_result
from benchmark.score import score_task
from benchmark.task import Task
from leaderboard.archive import (
    AUDIT,
    FlatFolder,
    Joined,
    RunFolder,
    Source,
    units_in,
    write_audit,
)
from leaderboard.auditing import audit_units
from leaderboard.card import known_fields, read_card, write_card
from leaderboard.checks.entry import CARD, MANIFEST, RESULTS
from leaderboard.manifest import OLDER, Manifest, make_manifest, unit_name
from leaderboard.submission import SUBMISSIONS
from leaderboard.submitting import COUNTED, listed, put_in_place, rankable, widened
from leaderboard.verification.rerun import model_of, run_unit


@dataclass(frozen=True)
class Kept:
    """A unit that was run again: where, and what came of it."""

    run: Path
    result: Result
    unit: Unit


@dataclass(frozen=True)
class AtHand:
    """A row, and which of its predictions are at hand.

    Attributes
    ----------
    result : Result
    manifest : Manifest
        The files that it knows.
    source : Source
    units : set of str
        Those of which ``source`` has every file.
    """

    result: Result
    manifest: Manifest
    source: Source
    units: set[str]


def lacking(result: Result, have: Container[str], tasks: Mapping[str, Task]) -> list[Unit]:
    """Give the units of a row that are to be audited, and whose predictions nobody has.

    Parameters
    ----------
    result : Result
        Of the row.
    have : container of str
        Names of the units whose predictions are at hand.
    tasks : mapping of task id to Task
    """
    units = {unit_name(unit): unit for unit in result.units}
    return [units[name] for name in audit_units(result, tasks) if name not in have]


def at_hand(folder: Path, run: Path | None = None) -> AtHand:
    """Give a row, and which of its predictions are at hand.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``.
    run : Path, optional
        A run folder that widens the row, or replaces some of its tasks.

    Raises
    ------
    InputError
        If the run is a quick one, or has other settings than the row.
    """
    row, known, audit = read_result(folder), listed(folder), FlatFolder(folder / AUDIT)
    whole = {*units_in(folder / AUDIT, known)}
    if run is None:
        return AtHand(row, known, audit, whole)
    new = rankable(run)
    result, brought = (
        widened(row, as_asked(new, row), folder / RESULTS),
        make_manifest(run, new.units),
    )
    left = {unit_name(unit) for unit in result.units}
    files = {unit: found for unit, found in known.units.items() if unit in left} | brought.units
    manifest = Manifest(kept="part", units=dict(sorted(files.items())))
    return AtHand(
        result, manifest, Joined(RunFolder(run, brought), audit), {*brought.units, *whole}
    )


def keep(folder: Path, tasks: Mapping[str, Task], run: Path | None = None) -> list[str]:
    """Run units of a row again, and put what they give into the row.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``.
    tasks : mapping of task id to Task
    run : Path, optional
        A run folder, by which the row is widened first.

    Returns
    -------
    list of str
        The units that were run.

    Raises
    ------
    InputError
        If a run says that it cannot, or the row would not be valid.
    """
    found = at_hand(folder, run)
    units = lacking(found.result, found.units, tasks)
    if not units and run is None:
        return []
    with tempfile.TemporaryDirectory(prefix="stridebench-") as temporary:
        kept = list(_run(found.result, folder.parent.name, units, Path(temporary)))
        manifests = [make_manifest(one.run, [one.unit]) for one in kept]
        files = {unit: files for one in manifests for unit, files in one.units.items()}
        manifest = Manifest(
            kept="part", units=dict(sorted({**found.manifest.units, **files}.items()))
        )
        again = [RunFolder(one.run, its) for one, its in zip(kept, manifests, strict=True)]
        source = Joined(*again, found.source)
        made = replaced(found.result, kept, tasks)
        fields = known_fields(made)
        card = read_card(folder / CARD).model_copy(update={name: fields[name] for name in COUNTED})
        with put_in_place(folder, tasks) as home:
            write_card(card, home / CARD)
            made.write(home / RESULTS)
            manifest.write(home / MANIFEST)
            write_audit(source, manifest, audit_units(made, tasks), home / AUDIT)
    return [unit_name(one.unit) for one in kept]


def _run(result: Result, track: str, units: Sequence[Unit], folder: Path) -> Iterator[Kept]:
    model = model_of(result, track, "")
    for number, unit in enumerate(units):
        out = folder / str(number)
        said = run_unit(result, unit, model, out)
        try:
            found = read_result(out)
        except InputError as error:
            raise InputError(f"{unit_name(unit)}: run says: {said}") from error
        again = next(one for one in found.units if unit_name(one) == unit_name(unit))
        if again.status != "done":
            raise InputError(f"{unit_name(unit)} is {again.status} now: {again.reason}")
        yield Kept(out, as_asked(found, result), again)


def as_asked(found: Result, row: Result) -> Result:
    """Give a result with the settings that its row asked for.

    A model may have gained a setting since, whose default is what it did before.

    Parameters
    ----------
    found, row : Result
        Of the new run, and of the row.

    Raises
    ------
    InputError
        If one that the row has is another now.
    """
    new, old = found.config.settings, row.config.settings
    apart = [name for name in old if name not in new or new[name] != old[name]]
    if apart:
        raise InputError(
            f"the setting {apart[0]} is {new.get(apart[0])} now, and {old[apart[0]]} in the row; "
            "run the whole row again"
        )
    config = found.config.model_copy(update={"settings": old})
    return found.model_copy(update={"config": config})


def replaced(result: Result, kept: Sequence[Kept], tasks: Mapping[str, Task]) -> Result:
    """Give a result with units as they were run again, and scored again.

    Parameters
    ----------
    result : Result
    kept : sequence of Kept
    tasks : mapping of task id to Task
    """
    again = {unit_name(one.unit): one.unit for one in kept}
    units = [again.get(unit_name(unit), unit) for unit in result.units]
    scores = [
        score_task(tasks[score.task], [unit for unit in units if unit.task == score.task])
        for score in result.tasks
    ]
    calls = [Call(config=one.result.config, provenance=one.result.provenance) for one in kept]
    update = {"units": units, "tasks": scores, "earlier": [*result.earlier, *calls]}
    return result.model_copy(update=update)


def main(
    rows: Annotated[list[str] | None, typer.Argument(help="TRACK/NAME; default: all")] = None,
    run: Annotated[Path | None, typer.Option(help="widen the row by a run's tasks")] = None,
    list_: Annotated[bool, typer.Option("--list", help="say what would be run, and stop")] = False,
    folder: Annotated[Path, typer.Option(help="of the submissions")] = SUBMISSIONS,
) -> None:
    """Run chosen units of older rows. Example: python -m leaderboard.keeping kinetics/msm."""
    tasks = shipped_tasks()
    try:
        if run is not None and len(rows or []) != 1:
            raise InputError("--run widens one row; name it, such as kinetics/msm")
        for row in rows or OLDER.read_text("utf-8").split():
            home = folder / row
            if list_:
                found = at_hand(home, run)
                units = lacking(found.result, found.units, tasks)
                chosen = ", ".join(unit_name(unit) for unit in units)
                typer.echo(f"{row}: {chosen or 'has its audit'}")
            else:
                ran = keep(home, tasks, run)
                typer.echo(f"{row}: {'ran ' + ', '.join(ran) if ran else 'has its audit'}")
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
