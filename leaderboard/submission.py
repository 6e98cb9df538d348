"""A submission: a folder with a card and a result, believed only as far as it can be recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmark.errors import InputError
from benchmark.files import atomic_folder
from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, TaskResult, Unit, read_result
from benchmark.task import Task
from benchmark.untrusted import faults
from leaderboard.card import SubmissionCard, checked_card, known_fields, read_card, write_card
from leaderboard.validation import recomputed

SUBMISSIONS = Path(__file__).parent / "submissions"

CARD, RESULTS = "card.yaml", "results.json"

#: Fields of a card that are more, the more tasks a result has.
COUNTED = ("parameters", "hardware")


@dataclass(frozen=True)
class Submission:
    """A checked submission; ``tasks`` are the scores recomputed from the units' metrics."""

    card: SubmissionCard
    result: Result
    tasks: dict[str, TaskResult]

    def units(self, task: str) -> list[Unit]:
        """Give the units of one task."""
        return [unit for unit in self.result.units if unit.task == task]


def read_submissions(folder: Path, tasks: Mapping[str, Task]) -> list[Submission]:
    """Read every submission of a folder: ``TRACK/NAME``, sorted.

    Raises
    ------
    InputError
        If one of them is refused: a board is rendered whole or not at all.
    """
    found = sorted(path for path in folder.glob("*/*") if path.is_dir())
    return [read_submission(path, tasks) for path in found]


def read_submission(folder: Path, tasks: Mapping[str, Task]) -> Submission:
    """Read one submission and check everything that can be checked without its predictions.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``, holds ``card.yaml`` and ``results.json``. Models of two tracks may have one
        name.
    tasks : mapping of task id to Task
        The tasks as they are now.

    Raises
    ------
    InputError
        If a file is missing or invalid; name or track are not the folder's; the run was quick,
        is incomplete, or was scored on other tasks, task versions, data or by another scorer; or
        the stored scores do not follow from the units' metrics.
    """
    card = read_card(folder / CARD)
    if card.name != folder.name:
        raise InputError(f"{folder / CARD}: name is '{card.name}', but the folder '{folder.name}'")
    result = read_result(folder / RESULTS)
    scores = recomputed(result, tasks, folder / RESULTS)
    track = _track(scores, tasks, folder / RESULTS)
    if track != folder.parent.name:
        raise InputError(f"{folder / RESULTS}: of the track {track}, but in {folder.parent}")
    return Submission(card, result, scores)


def _track(scores: Mapping[str, TaskResult], tasks: Mapping[str, Task], path: Path) -> str:
    found = sorted({tasks[task].card.track for task in scores})
    if len(found) > 1:
        raise InputError(f"{path}: tasks of the tracks {', '.join(found)}; submit them one by one")
    return found[0]


def add(
    run: Path,
    said: Mapping[str, Any],
    folder: Path = SUBMISSIONS,
    tasks: Mapping[str, Task] | None = None,
) -> Path:
    """Make a submission folder of a run: its ``results.json``, and a card from its model's card.

    A submission of this name that is there already is widened: what it has on tasks that the run
    leaves out stays. So a board of many tasks can be filled family by family.

    Parameters
    ----------
    run : Path
        A finished run folder.
    said : mapping
        Fields of `SubmissionCard` that a run does not know, such as name, authors and code.
    folder : Path
        Where the submissions are.
    tasks : mapping of task id to Task, optional
        By default the tasks of this repository.

    Returns
    -------
    Path
        The new folder, ``folder/TRACK/NAME``.

    Raises
    ------
    InputError
        If the run or the name would be refused as a submission, or the submission of this name is
        of a model with other settings.

    Examples
    --------
    >>> add(Path("runs/msm"), {"name": "msm", "authors": ["A. Author"]})  # doctest: +SKIP
    """
    result, tasks = read_result(run), shipped_tasks() if tasks is None else tasks
    scores = recomputed(result, tasks, run / RESULTS)
    card = _card({**known_fields(result), **said})
    home = folder / _track(scores, tasks, run / RESULTS) / card.name
    if (home / RESULTS).exists():
        result = widened(read_result(home), result, home / RESULTS)
        recomputed(result, tasks, home / RESULTS)
        known = known_fields(result)
        card = card.model_copy(update={name: known[name] for name in COUNTED})
    with atomic_folder(home) as temporary:
        write_card(card, temporary / CARD)
        result.write(temporary / RESULTS)
        temporary.chmod(0o755)  # temporary folders are private, submissions are not
    return home


def _card(fields: Mapping[str, Any]) -> SubmissionCard:
    try:
        return checked_card(fields)
    except ValidationError as error:
        raise InputError(f"the card of the submission: {faults(error, 'card')[0]}") from error


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
