"""``verify``: how far the numbers of a row can be believed, found by doing them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError
from benchmark.revision import git_commit
from benchmark.score import SCORER_VERSION
from benchmark.task import Task
from leaderboard.archive import AUDIT, open_source
from leaderboard.downloads import local_archive
from leaderboard.manifest import (
    MANIFEST,
    Manifest,
    audit_units,
    is_older,
    manifest_faults,
    read_manifest,
)
from leaderboard.submission import RESULTS, Submission, read_submission
from leaderboard.verification.record import Rescored, Verification, sha256_of
from leaderboard.verification.rerun import chosen, drawn_again, fitted_again, model_of
from leaderboard.verification.rescored import rescore_units


@dataclass(frozen=True)
class Asked:
    """What a reviewer asks for.

    Attributes
    ----------
    archive : str
        A file, folder, URL or DOI; empty: ``audit/`` alone is scored again.
    rerun : int
        How many units to fit again.
    draw : int, optional
        The secret seed of a new draw; as many units as ``rerun``, at least one.
    model : str
        What ``--model`` is to name, for a model that is not shipped.
    """

    archive: str = ""
    rerun: int = 0
    draw: int | None = None
    model: str = ""


def verify(
    folder: Path,
    tasks: Mapping[str, Task],
    asked: Asked,
    watch: Callable[[str], None] = lambda text: None,
) -> Verification:
    """Find out how far a row can be believed.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``.
    tasks : mapping of task id to Task
    asked : Asked
    watch : callable, optional
        Told what is done next.

    Raises
    ------
    InputError
        If the row is refused already without its predictions, its manifest does not fit it, or
        there is nothing to do what is asked with.
    """
    row = read_submission(folder, tasks)
    manifest = _manifest(folder, row)
    track = folder.parent.name
    rescored = _rescored(folder, row, manifest, tasks, asked, watch)
    rerun, drawn = [], []
    if asked.rerun or asked.draw is not None:
        model = model_of(row.result, track, asked.model)
        for unit in chosen(row.result, manifest.sha256, asked.rerun):
            watch(f"fit {unit.task} r{unit.replica}-s{unit.seed} again")
            rerun.append(fitted_again(row.result, unit, tasks[unit.task], model))
        if asked.draw is not None:
            exact = {key: task for key, task in tasks.items() if _can_be_drawn(task)}
            key = f"{manifest.sha256} {asked.draw}"
            units = chosen(row.result, key, max(1, asked.rerun), exact)
            if not units:
                raise InputError(f"{folder}: no unit of a task that can be drawn again")
            watch(f"draw {', '.join(unit.task for unit in units)} anew")
            drawn = drawn_again(row.result, units, tasks, model, asked.draw)
    return Verification(
        results_sha256=sha256_of(folder / RESULTS),
        manifest_sha256=sha256_of(folder / MANIFEST),
        commit=git_commit(),
        scorer_version=SCORER_VERSION,
        rescored=rescored,
        rerun=rerun,
        drawn=drawn,
    )


#: Families whose exact generator `tasks.drawing` knows.
DRAWN_FAMILIES = frozenset({"potentials", "riboswitch", "doublewell"})


def _can_be_drawn(task: Task) -> bool:
    return task.card.oracle == "exact" and task.card.family in DRAWN_FAMILIES


def _manifest(folder: Path, row: Submission) -> Manifest:
    if not (folder / MANIFEST).exists():
        return Manifest(units={})
    manifest = read_manifest(folder)
    older = is_older(folder.parent.name, folder.name)
    for fault in manifest_faults(manifest, row.result, older):
        raise InputError(f"{folder / MANIFEST} {fault}")
    return manifest


def _rescored(
    folder: Path,
    row: Submission,
    manifest: Manifest,
    tasks: Mapping[str, Task],
    asked: Asked,
    watch: Callable[[str], None],
) -> Rescored | None:
    """Score again what there is; None where there is nothing."""
    if asked.archive:
        if not manifest.units:
            raise InputError(f"{folder} has no manifest to compare an archive with")
        place, units = local_archive(asked.archive, manifest.archive), list(manifest.units)
    else:
        place, units = folder / AUDIT, audit_units(manifest)
    if not units:
        return None
    with open_source(place, manifest) as source:
        return rescore_units(
            row.result,
            manifest,
            source,
            units,
            tasks,
            "archive" if asked.archive else "audit",
            lambda unit: watch(f"score {unit}"),
        )
