"""A submission: a folder with a card and a result, believed only as far as it can be recomputed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.errors import InputError
from benchmark.files import atomic_folder, write_text
from benchmark.registry import shipped_tasks
from benchmark.result import Call, Result, RunModel, TaskResult, Unit, read_result
from benchmark.task import Task
from leaderboard.validation import recomputed

SUBMISSIONS = Path(__file__).parent / "submissions"

CARD, RESULTS = "card.yaml", "results.json"


class SubmissionCard(BaseModel):
    """``card.yaml``: who is on the board. ``role`` "control" is a yardstick, shown unranked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="the folder's name")
    title: str
    authors: list[str] = Field(min_length=1)
    description: str
    url: str = ""
    citation: str = ""
    role: Literal["model", "control"] = "model"


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
    card = _read_card(folder / CARD)
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
    name: str,
    authors: Sequence[str],
    folder: Path = SUBMISSIONS,
    url: str = "",
    tasks: Mapping[str, Task] | None = None,
) -> Path:
    """Make a submission folder of a run: its ``results.json``, and a card from its model's card.

    A submission of this name that is there already is widened: what it has on tasks that the run
    leaves out stays. So a board of many tasks can be filled family by family.

    Parameters
    ----------
    run : Path
        A finished run folder.
    name : str
        Name on the board.
    authors : sequence of str
    folder : Path
        Where the submissions are.
    url : str
        Where the model's code or paper is.
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
    >>> add(Path("runs/msm"), "msm", ["The stridebench developers"])  # doctest: +SKIP
    """
    result, tasks = read_result(run), shipped_tasks() if tasks is None else tasks
    scores = recomputed(result, tasks, run / RESULTS)
    home = folder / _track(scores, tasks, run / RESULTS) / name
    if (home / RESULTS).exists():
        result = widened(read_result(home), result, home / RESULTS)
        recomputed(result, tasks, home / RESULTS)
    fields = _card_fields(result.model, name, authors, url)
    _checked_card(fields, home / CARD)
    with atomic_folder(home) as temporary:
        text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=98)
        write_text(temporary / CARD, text)
        result.write(temporary / RESULTS)
        temporary.chmod(0o755)  # temporary folders are private, submissions are not
    return home


def _card_fields(
    model: RunModel, name: str, authors: Sequence[str], url: str
) -> dict[str, str | list[str]]:
    return {
        "name": name,
        "title": model.title or name,
        "authors": list(authors),
        "description": model.description,
        "url": url,
        "citation": model.citation,
        "role": model.role,
    }


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


def _read_card(path: Path) -> SubmissionCard:
    try:
        return _checked_card(yaml.safe_load(path.read_text("utf-8")), path)
    except OSError as error:
        raise InputError(f"no card at {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML card: {str(error).splitlines()[0]}") from error


def _checked_card(fields: Any, path: Path) -> SubmissionCard:
    try:
        return SubmissionCard.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "card"
        raise InputError(f"{path}: {where}: {first['msg']}") from error
