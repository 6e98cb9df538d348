"""A submission: a folder with a card and a result, believed only as far as it can be recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError
from benchmark.result import Result, TaskResult, Unit, read_result
from benchmark.task import Task
from leaderboard.card import SubmissionCard, read_card
from leaderboard.validation import recomputed

SUBMISSIONS = Path(__file__).parent / "submissions"

CARD, RESULTS = "card.yaml", "results.json"


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
    track = track_of_result(scores, tasks, folder / RESULTS)
    if track != folder.parent.name:
        raise InputError(f"{folder / RESULTS}: of the track {track}, but in {folder.parent}")
    return Submission(card, result, scores)


def track_of_result(scores: Mapping[str, TaskResult], tasks: Mapping[str, Task], path: Path) -> str:
    """Give the one track of the tasks of a result.

    Raises
    ------
    InputError
        If there are several.
    """
    found = sorted({tasks[task].card.track for task in scores})
    if len(found) > 1:
        raise InputError(f"{path}: tasks of the tracks {', '.join(found)}; submit them one by one")
    return found[0]
