"""``verify``: how far the numbers of a row can be believed, found by doing them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError
from benchmark.result import Result
from benchmark.revision import git_commit
from benchmark.score import SCORER_VERSION
from benchmark.task import Task
from leaderboard.archive import AUDIT, open_source
from leaderboard.auditing import kept
from leaderboard.checks.entry import MANIFEST, RESULTS
from leaderboard.downloads import local_archive
from leaderboard.manifest import Manifest
from leaderboard.validation import examined
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
        The secret seed of a new draw; as many units as ``rerun``, at least one. It also has a part
        in which units are fitted again, so that no submitter can know them.
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
    report = examined(folder, tasks)
    report.require_valid()
    row, manifest = report.entry.result, report.entry.manifest
    track = folder.parent.name
    rescored = _rescored(folder, row, manifest, tasks, asked, watch)
    rerun, drawn = [], []
    if asked.rerun or asked.draw is not None:
        model = model_of(row, track, asked.model)
        key = manifest.sha256 if asked.draw is None else f"{manifest.sha256} {asked.draw}"
        for unit in chosen(row, key, asked.rerun):
            watch(f"fit {unit.task} r{unit.replica}-s{unit.seed} again")
            rerun.append(fitted_again(row, unit, tasks[unit.task], model))
        if asked.draw is not None:
            exact = {key: task for key, task in tasks.items() if _can_be_drawn(task)}
            units = chosen(row, key, max(1, asked.rerun), exact)
            watch(f"draw {', '.join(unit.task for unit in units) or 'nothing'} anew")
            drawn = drawn_again(row, units, tasks, model, asked.draw)
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


def _rescored(
    folder: Path,
    row: Result,
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
        place, units = folder / AUDIT, kept(manifest, row, tasks)
    if not units:
        return None
    with open_source(place, manifest) as source:
        return rescore_units(
            row,
            manifest,
            source,
            units,
            tasks,
            "archive" if asked.archive else "audit",
            lambda unit: watch(f"score {unit}"),
        )
