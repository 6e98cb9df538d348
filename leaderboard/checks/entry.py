"""A submission while it is checked, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.result import Call, Result, TaskResult, Unit
from benchmark.task import Task
from leaderboard.card import SubmissionCard
from leaderboard.manifest import Manifest

CARD, RESULTS, MANIFEST = "card.yaml", "results.json", "manifest.json"


@dataclass
class Entry:
    """A submission, as far as it is known; a check that reads a part of it puts it here.

    Attributes
    ----------
    folder : Path
        ``TRACK/NAME``.
    tasks : mapping of task id to Task
        The tasks as they are now.
    card : SubmissionCard
        Once the check "card" has passed.
    result : Result
        Once the check "result" has passed.
    manifest : Manifest
        Once the check "listing" has passed.
    scores : dict of task id to TaskResult
        Recomputed from the units' metrics, once the check "scores" has passed.
    """

    folder: Path
    tasks: Mapping[str, Task]
    card: SubmissionCard = field(init=False, repr=False)
    result: Result = field(init=False, repr=False)
    manifest: Manifest = field(init=False, repr=False)
    scores: dict[str, TaskResult] = field(init=False, repr=False)

    def units(self, task: str) -> list[Unit]:
        """Give the units of one task."""
        return [unit for unit in self.result.units if unit.task == task]

    @property
    def calls(self) -> list[Call]:
        """The calls of ``run`` that it comes from, the latest last."""
        latest = Call.model_construct(config=self.result.config, provenance=self.result.provenance)
        return [*self.result.earlier, latest]


@dataclass(frozen=True)
class Check:
    """One thing that is checked of a submission.

    Attributes
    ----------
    name : str
        In a word; others name it in ``needs``.
    title : str
        What holds when it has passed.
    faults : callable (Entry)
        Give a line for each fault: what is wrong, and what to do.
    file : str
        The file that is at fault; empty if it is the folder.
    needs : tuple of str
        The checks that must have passed before it can be asked.
    """

    name: str
    title: str
    faults: Callable[[Entry], Iterable[str]]
    file: str = ""
    needs: tuple[str, ...] = ()
