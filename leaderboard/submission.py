"""A submission: a folder with a card and a result, believed only as far as it can be recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.result import Result, TaskResult, Unit
from benchmark.task import Task
from leaderboard.card import SubmissionCard
from leaderboard.manifest import Manifest
from leaderboard.validation import examined
from leaderboard.verification.record import Level, Verification, read_verification

SUBMISSIONS = Path(__file__).parent / "submissions"


@dataclass(frozen=True)
class Submission:
    """A checked submission; ``tasks`` are the scores recomputed from the units' metrics.

    ``verification`` is what a maintainer found of it; None if nobody has looked. ``manifest`` lists
    its prediction files; None for rows that have none.
    """

    card: SubmissionCard
    result: Result
    tasks: dict[str, TaskResult]
    verification: Verification | None = None
    manifest: Manifest | None = None

    @property
    def level(self) -> Level:
        """The badge: how far it was verified."""
        return self.verification.level if self.verification else "self-reported"

    def units(self, task: str) -> list[Unit]:
        """Give the units of one task."""
        return [unit for unit in self.result.units if unit.task == task]


def on_board(path: Path) -> Path:
    """Give the folder of a row that is called ``TRACK/NAME`` as on the board; else the path itself.

    A folder that is there is meant before a row of the board.
    """
    row = SUBMISSIONS / path
    relative = not path.is_absolute() and ".." not in path.parts and len(path.parts) <= 2
    return row if relative and not path.exists() and row.is_dir() else path


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
        With the first thing that one of `CHECKS` finds at fault, or if what is recorded of its
        verification is damaged.
    """
    report = examined(folder, tasks)
    report.require_valid()
    entry = report.entry
    manifest = getattr(entry, "manifest", None)  # set by the check that reads it
    return Submission(entry.card, entry.result, entry.scores, read_verification(folder), manifest)
