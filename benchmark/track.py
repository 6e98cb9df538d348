"""What differs between the tracks: what a model is shown and asked, and how that is measured.

The runner, the worker and the scorer know a track only by the functions of `Track`, which each of
the modules here has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from benchmark.task import Task
from benchmark.uncertainty import Estimate

if TYPE_CHECKING:
    from benchmark.run.worker import Job, Phases

Report = Callable[[float, str], None]


class Track(Protocol):
    """The functions of a track's module."""

    #: Unit of each metric, in the order in which they are shown.
    UNITS: dict[str, str]

    def verify(self, task: Task) -> None:
        """Read everything frozen of a task; raises InputError if something is damaged."""

    def training(self, task: Task, replica: int) -> tuple[Any, Any, dict[str, Any]]:
        """Give training data, validation data, and what the FitContext holds besides."""

    def answer(self, model: Any, job: Job, report: Report, phases: Phases) -> str:
        """Put the task's questions to a fitted model and write what it answers.

        Returns why an answer counts less than in full; empty if it does not. ``phases`` counts
        seconds and frames.
        """

    def unit_errors(self, task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
        """Measure the prediction files of a unit; gives metrics, and a fault as `answer` does."""

    def remarks(self, metrics: Sequence[set[str]]) -> list[str]:
        """Say what done units without fault lack, given the names of the metrics of each."""


def track_of(task: Task) -> Track:
    """Give the module of a task's track."""
    return cast(Track, import_module(f"benchmark.tracks.{task.card.track}"))
