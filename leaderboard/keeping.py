"""Give older rows a manifest and an audit: run units again whose predictions were not kept.

    python -m leaderboard.keeping                            # every row of `older_rows.txt`
    python -m leaderboard.keeping kinetics/msm --list        # which units it would run
    python -m leaderboard.keeping kinetics/msm --without potentials/diamond4-langevin

Of each row the first unit by the hash of the list of its units is run again, by ``run`` as the row
says that it was; the next ones too, until one is small enough for ``audit/``, or `MOST` are run.
What a run gives replaces the unit in the row, whatever it is, and the row is scored again. What
the row has in ``audit/`` already stays listed. A row that lists its first unit is left as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, Unit, read_result
from benchmark.score import score_task
from benchmark.task import Task
from leaderboard.archive import AUDIT, FlatFolder, Joined, RunFolder, write_audit
from leaderboard.card import known_fields, read_card, write_card
from leaderboard.checks.entry import CARD, MANIFEST, RESULTS
from leaderboard.manifest import (
    AUDIT_BYTES,
    OLDER,
    Manifest,
    audit_units,
    by_hash,
    list_hash,
    make_manifest,
    unit_name,
)
from leaderboard.submission import SUBMISSIONS
from leaderboard.submitting import COUNTED, listed, put_in_place
from leaderboard.verification.rerun import model_of, run_unit

#: Units of a row that are run at most.
MOST = 3


@dataclass(frozen=True)
class Kept:
    """A unit that was run again: where, and what came of it."""

    run: Path
    result: Result
    unit: Unit


def order(result: Result, without: Collection[str] = ()) -> list[Unit]:
    """Give the done units of a row by the hash of the list of all its units."""
    done = {
        unit_name(unit): unit
        for unit in result.units
        if unit.status == "done" and unit.task not in without
    }
    return [done[name] for name in by_hash(list_hash(result), done)]


def keep(folder: Path, tasks: Mapping[str, Task], without: Collection[str] = ()) -> list[str]:
    """Run units of a row again, and put what they give into the row.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``.
    tasks : mapping of task id to Task
    without : collection of str
        Tasks of which no unit is run.

    Returns
    -------
    list of str
        The units that were run.

    Raises
    ------
    InputError
        If a run says that it cannot, or the row would not be valid.
    """
    result, known = read_result(folder), listed(folder)
    if not _wanted(result, known, without):
        return []
    with tempfile.TemporaryDirectory(prefix="stridebench-") as temporary:
        kept = list(_run(result, folder.parent.name, tasks, without, Path(temporary)))
        manifests = [make_manifest(one.run, [one.unit]) for one in kept]
        units = {unit: known.units[unit] for unit in audit_units(known)}
        units |= {unit: files for one in manifests for unit, files in one.units.items()}
        manifest = Manifest(kept="part", units=dict(sorted(units.items())))
        source = Joined(
            *(RunFolder(one.run, found) for one, found in zip(kept, manifests, strict=True)),
            FlatFolder(folder / AUDIT),
        )
        made = replaced(result, kept, tasks)
        fields = known_fields(made)
        card = read_card(folder / CARD).model_copy(update={name: fields[name] for name in COUNTED})
        with put_in_place(folder, tasks) as home:
            write_card(card, home / CARD)
            made.write(home / RESULTS)
            manifest.write(home / MANIFEST)
            write_audit(source, manifest, home / AUDIT)
    return [unit_name(one.unit) for one in kept]


def _wanted(result: Result, known: Manifest, without: Collection[str]) -> bool:
    """Whether the row lacks the predictions of its first unit by hash."""
    units = order(result, without)
    return bool(units) and unit_name(units[0]) not in known.units


def _run(
    result: Result,
    track: str,
    tasks: Mapping[str, Task],
    without: Collection[str],
    folder: Path,
) -> Iterator[Kept]:
    model = model_of(result, track, "")
    for number, unit in enumerate(order(result, without)[:MOST]):
        out = folder / str(number)
        said = run_unit(result, unit, model, out)
        try:
            found = read_result(out)
        except InputError as error:
            raise InputError(f"{unit_name(unit)}: run says: {said}") from error
        again = next(one for one in found.units if unit_name(one) == unit_name(unit))
        if again.status != "done":
            raise InputError(f"{unit_name(unit)} is {again.status} now: {again.reason}")
        yield Kept(out, found, again)
        if make_manifest(out, [again]).bytes_of(unit_name(again)) <= AUDIT_BYTES:
            return


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
    without: Annotated[list[str] | None, typer.Option(help="tasks to leave out")] = None,
    list_: Annotated[bool, typer.Option("--list", help="say what would be run, and stop")] = False,
    folder: Annotated[Path, typer.Option(help="of the submissions")] = SUBMISSIONS,
) -> None:
    """Run chosen units of older rows. Example: python -m leaderboard.keeping kinetics/msm."""
    tasks = shipped_tasks()
    try:
        for row in rows or OLDER.read_text("utf-8").split():
            home = folder / row
            if list_:
                chosen = order(read_result(home), without or ())[:MOST]
                typer.echo(f"{row}: {', '.join(unit_name(unit) for unit in chosen)}")
            else:
                ran = keep(home, tasks, without or ())
                typer.echo(f"{row}: {'ran ' + ', '.join(ran) if ran else 'has its audit'}")
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
