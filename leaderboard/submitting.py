"""Making a submission of a run: the folder for the board, and the archive of all predictions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import atomic_folder
from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, TaskResult, read_result
from benchmark.task import Task
from benchmark.untrusted import LyingFileError, read_file, record_of
from leaderboard.archive import (
    ARCHIVE,
    AUDIT,
    Joined,
    RunFolder,
    Source,
    open_source,
    units_in,
    write_archive,
    write_audit,
)
from leaderboard.auditing import audit_units, size_faults
from leaderboard.card import SubmissionCard, checked_card, known_fields, read_card, write_card
from leaderboard.checks.entry import CARD, MANIFEST, RESULTS
from leaderboard.manifest import (
    Archive,
    Manifest,
    archive_place,
    is_older,
    make_manifest,
    stored_file,
    unit_name,
)
from leaderboard.submission import SUBMISSIONS
from leaderboard.validation import examined, recomputed
from leaderboard.verification.rescored import rescore_units

#: Fields of a card that are more, the more tasks a result has.
COUNTED = ("parameters", "hardware")


@dataclass(frozen=True)
class Entry:
    """What `submit` has made.

    Attributes
    ----------
    folder : Path
        ``TRACK/NAME``, for the board.
    archive : Path
        All predictions, for an archive host.
    audit : list of str
        The units in ``audit/``.
    manifest : Manifest
    """

    folder: Path
    archive: Path
    audit: list[str]
    manifest: Manifest


def submit(
    run: Path,
    said: Mapping[str, Any],
    folder: Path = SUBMISSIONS,
    update: bool = False,
    tasks: Mapping[str, Task] | None = None,
    earlier: Path | None = None,
    at: str = "",
) -> Entry:
    """Make a submission of a run: its folder for the board, and ``RUN/predictions.zip``.

    Parameters
    ----------
    run : Path
        A finished run folder.
    said : mapping
        Fields of `SubmissionCard` that a run does not know, such as name, authors and code. With
        ``update`` the fields of the earlier card that are not said stay.
    folder : Path
        Where the submissions are.
    update : bool
        Widen the submission of this name that is there, or replace its tasks; never silently.
    tasks : mapping of task id to Task, optional
        By default the tasks of this repository.
    earlier : Path, optional
        With ``update``, the archive of the earlier submission: what it has on tasks that the run
        leaves out is in the new archive too.
    at : str
        Where the archive will lie, if that is known: a URL or a DOI.

    Raises
    ------
    InputError
        If ``at`` is no such place; the run or the card would be refused as a submission; one of
        the name is there and ``update`` is not asked for, or has other settings; another row has
        the same predictions; or predictions are missing, or do not give the metrics of the result.

    Examples
    --------
    >>> submit(Path("runs/msm"), {"name": "msm", "authors": ["A. Author"]})  # doctest: +SKIP
    """
    _require_place(at)
    tasks = shipped_tasks() if tasks is None else tasks
    result = rankable(run)
    scores = recomputed(result, tasks, run / RESULTS)
    home = folder / _track(scores, tasks, run / RESULTS) / str(said.get("name", ""))
    old = _earlier(home, update)
    manifest = make_manifest(run, result.units)
    _require_sizes(run, manifest, tasks)
    with ExitStack() as opened:
        source: Source = RunFolder(run, manifest)
        if old is not None:
            result = widened(old, result, home / RESULTS)
            recomputed(result, tasks, home / RESULTS)
            manifest, source = _joined(manifest, source, result, home, earlier, opened)
        card = _card(result, said, home if old is not None else None)
        archive = run / ARCHIVE
        write_archive(source, manifest, archive)
        file = stored_file(archive)
        manifest = manifest.model_copy(
            update={"archive": Archive(bytes=file.bytes, sha256=file.sha256, at=at)}
        )
        audited = audit_units(result, tasks)
        found = rescore_units(result, manifest, source, audited, tasks)
        for fault in found.faults:
            raise InputError(f"{run}: {fault}; score the run again (python -m benchmark score)")
        with put_in_place(home, tasks) as temporary:
            write_card(card, temporary / CARD)
            result.write(temporary / RESULTS)
            manifest.write(temporary / MANIFEST)
            write_audit(source, manifest, audited, temporary / AUDIT)
    return Entry(home, archive, audited, manifest)


def rankable(run: Path) -> Result:
    """Read the result of a run, which must not be a quick one.

    Raises
    ------
    InputError
        If it is a quick run; says how to rank it.
    """
    result = read_result(run)
    if result.config.quick:
        raise InputError(f"{run}: a quick run is never ranked; {_how_to_rank(result)}")
    return result


def _require_place(at: str) -> None:
    try:
        archive_place(at)
    except ValueError as error:
        raise InputError(f"--at {at}: {error}") from error


def _require_sizes(run: Path, manifest: Manifest, tasks: Mapping[str, Task]) -> None:
    for fault in size_faults(manifest, tasks):
        raise InputError(f"{run} {fault}; run the unit again")


def _how_to_rank(result: Result) -> str:
    globs = " ".join(f"--tasks {task}" for task in result.config.tasks[:3])
    more = " …" if len(result.config.tasks) > 3 else ""
    return f"run it in full: python -m benchmark run --model {result.model.name} {globs}{more}"


def _earlier(home: Path, update: bool) -> Result | None:
    """Give the result that is to be widened, None for a new submission."""
    there = (home / RESULTS).exists()
    if there and not update:
        raise InputError(
            f"{home} is there already: --update widens it or replaces its tasks; "
            "for another model take another --name"
        )
    if update and not there:
        raise InputError(f"nothing to update at {home}; leave --update out")
    return read_result(home) if there else None


def _joined(
    new: Manifest,
    source: Source,
    result: Result,
    home: Path,
    earlier: Path | None,
    opened: ExitStack,
) -> tuple[Manifest, Source]:
    """Add the earlier predictions of the tasks that a run leaves out."""
    left = {unit_name(unit) for unit in result.units if unit.status == "done"} - new.units.keys()
    older = is_older(home.parent.name, home.name)
    if not left:
        return new, source
    known = listed(home)
    if not older and earlier is None:
        raise InputError(
            f"{home} has predictions of {min(left)} that {source.where} lacks; give the archive "
            "that was submitted with it by --archive"
        )
    kept = known.units if earlier else units_in(home / AUDIT, known)
    before = {unit: files for unit, files in kept.items() if unit in left}
    old = opened.enter_context(open_source(earlier or home / AUDIT, known)) if before else None
    part = bool(left - before.keys())
    joined = Manifest(
        kept="part" if part else "all", units=dict(sorted({**before, **new.units}.items()))
    )
    return joined, Joined(source, old) if old else source


def _card(result: Result, said: Mapping[str, Any], home: Path | None) -> SubmissionCard:
    known = known_fields(result)
    try:
        if home is not None:
            before = read_card(home / CARD).model_dump()
            known = {**before, **{name: known[name] for name in COUNTED}}
        return checked_card({**known, **said})
    except LyingFileError as error:
        raise InputError(f"the card of the submission: {error}") from error


@contextmanager
def put_in_place(home: Path, tasks: Mapping[str, Task]) -> Iterator[Path]:
    """Give a folder to fill; what it then holds goes to ``home`` if it is a valid submission.

    Raises
    ------
    InputError
        With the first fault of it; ``home`` stays as it was.
    """
    with tempfile.TemporaryDirectory(prefix="stridebench-") as temporary:
        made = Path(temporary) / home.parent.name / home.name
        made.mkdir(parents=True)
        yield made
        for other in home.parent.glob("*"):
            # The checks look at the rows beside a submission.
            if other.name != home.name:
                (made.parent / other.name).symlink_to(other.absolute())
        try:
            examined(made, tasks).require_valid()
        except InputError as error:
            raise InputError(str(error).replace(str(made), str(home))) from error
        with atomic_folder(home) as final:
            shutil.copytree(made, final, dirs_exist_ok=True)
            final.chmod(0o755)  # temporary folders are private, submissions are not


def _track(scores: Mapping[str, TaskResult], tasks: Mapping[str, Task], path: Path) -> str:
    found = sorted({tasks[task].card.track for task in scores})
    if len(found) > 1:
        raise InputError(f"{path}: tasks of the tracks {', '.join(found)}; submit them one by one")
    return found[0]


def widened(old: Result, new: Result, path: Path) -> Result:
    """Give the new result, with the old one's tasks that it leaves out.

    Parameters
    ----------
    old, new : Result
    path : Path
        Where the old result lies, for messages.

    Raises
    ------
    InputError
        If the settings of the two differ.
    """
    if old.config.settings != new.config.settings:
        raise InputError(
            f"{path}: made with other settings ({old.config.settings}, not {new.config.settings}); "
            "take another name, or remove it"
        )
    redone = {task.task for task in new.tasks}
    kept = [task for task in old.tasks if task.task not in redone]
    if not kept:
        return new
    data = {task.task: old.provenance["data"][task.task] for task in kept}
    return new.model_copy(
        update={
            "provenance": {**new.provenance, "data": {**data, **new.provenance["data"]}},
            "earlier": [
                *old.earlier,
                Call(config=old.config, provenance={**old.provenance, "data": data}),
                *new.earlier,
            ],
            "units": [unit for unit in old.units if unit.task not in redone] + new.units,
            "tasks": sorted([*kept, *new.tasks], key=lambda task: task.task),
        }
    )


def steps(entry: Entry, archived: bool) -> Sequence[str]:
    """Give what is left to do for a person, one command or sentence a line."""
    track, name = entry.folder.parent.name, entry.folder.name
    lines = [
        f"git checkout -b submit-{track}-{name}",
        f"git add {_from_here(entry.folder)}",
        f'git commit -m "Submission: {name} ({track})"',
        f"git push -u origin submit-{track}-{name}",
        "open a pull request of that branch: the template says what is asked",
    ]
    if not archived:
        first = (
            f"put {_from_here(entry.archive)} on Zenodo or Hugging Face, then run this again with "
            "--at DOI_OR_URL --update (without it, what is not in audit/ stays self-reported)"
        )
        return [first, *lines]
    return lines


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def listed(home: Path) -> Manifest:
    """Read the manifest of a submission; one of nothing if it has none."""
    path = home / MANIFEST
    try:
        return record_of(read_file(path), Manifest) if path.exists() else Manifest(units={})
    except LyingFileError as error:
        raise InputError(f"{path}: {error}") from error
