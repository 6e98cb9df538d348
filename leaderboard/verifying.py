"""``verify``: how far the numbers of a row can be believed, found by doing them again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from benchmark.errors import InputError
from benchmark.result import Result, Unit
from benchmark.revision import git_commit
from benchmark.score import SCORER_VERSION
from benchmark.task import Task
from leaderboard.archive import AUDIT, open_source
from leaderboard.auditing import kept
from leaderboard.checks.entry import MANIFEST, RESULTS
from leaderboard.downloads import local_archive
from leaderboard.manifest import Manifest
from leaderboard.validation import examined
from leaderboard.verification.record import Verification, sha256_of
from leaderboard.verification.repeating import Draws, repeated
from leaderboard.verification.rerun import chosen, model_of
from leaderboard.verification.rescored import rescore_units
from leaderboard.verification.steps import Steps, Watch, unwatched


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
        in which units they are, so that no submitter can know them. They come first among those
        that are fitted again, so that one fit answers both.
    model : str
        What ``--model`` is to name, for a model that is not shipped.
    """

    archive: str = ""
    rerun: int = 0
    draw: int | None = None
    model: str = ""


def verify(
    folder: Path, tasks: Mapping[str, Task], asked: Asked, watch: Watch = unwatched
) -> Verification:
    """Find out how far a row can be believed.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``.
    tasks : mapping of task id to Task
    asked : Asked
    watch : callable, optional
        Told how many units are done, of how many, and what is done next.

    Raises
    ------
    InputError
        If the row is refused already without its predictions, its manifest does not fit it, or
        there is nothing to do what is asked with.
    """
    report = examined(folder, tasks)
    report.require_valid()
    row, manifest = report.entry.result, report.entry.manifest
    again, anew = _to_repeat(row, manifest, tasks, asked)
    model = model_of(row, folder.parent.name, asked.model) if again or anew else ""
    place, units = _to_score(folder, row, manifest, tasks, asked.archive)
    kind: Literal["archive", "audit"] = "archive" if asked.archive else "audit"
    steps = Steps(len(units) + max(len(again), len(anew)), watch)
    drawn_tasks = [tasks[unit.task] for unit in anew]
    opened = open_source(place, manifest) if units else nullcontext()
    # Tasks are drawn beside the scoring: each takes minutes, and a core.
    with opened as source, Draws(drawn_tasks, asked.draw) as draws:
        rescored = None
        if source:
            watched = partial(_score, steps)
            rescored = rescore_units(row, manifest, source, units, tasks, kind, watched)
        rerun, drawn = repeated(row, again, anew, tasks, model, draws, steps)
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


def _score(steps: Steps, unit: str) -> None:
    steps.next(f"score {unit}")


def _to_repeat(
    row: Result, manifest: Manifest, tasks: Mapping[str, Task], asked: Asked
) -> tuple[list[Unit], list[Unit]]:
    """Choose the units that are fitted again, and those whose task is drawn anew."""
    if asked.draw is None:
        return chosen(row, manifest.sha256, asked.rerun), []
    secret = f"{manifest.sha256} {asked.draw}"
    exact = {key: task for key, task in tasks.items() if _can_be_drawn(task)}
    anew = chosen(row, secret, max(1, asked.rerun), exact)
    others = [unit for unit in chosen(row, secret, len(row.units)) if unit not in anew]
    return [*anew, *others][: asked.rerun], anew


def _to_score(
    folder: Path, row: Result, manifest: Manifest, tasks: Mapping[str, Task], archive: str
) -> tuple[Path, list[str]]:
    """Say where predictions lie, and of which units they are scored again."""
    if not archive:
        return folder / AUDIT, kept(manifest, row, tasks)
    if not manifest.units:
        raise InputError(f"{folder} has no manifest to compare an archive with")
    return local_archive(archive, manifest.archive), list(manifest.units)
