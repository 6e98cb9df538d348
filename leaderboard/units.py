"""The units of a row, each with what ran it: what stands behind the numbers of its page."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from benchmark.result import Call, Cost, Result, Status, Unit, UnitMetric
from leaderboard.manifest import unit_name
from leaderboard.markup import plain
from leaderboard.submission import Submission


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublishedUnit(_Frozen):
    """One fit of a row: a task, a training replica, a seed."""

    task: str
    replica: int
    seed: int
    status: Status
    reason: str
    commit: str = Field(description="of the repository that ran it, if known")
    date: str
    metrics: dict[str, UnitMetric]
    cost: Cost
    predictions: dict[str, str] = Field({}, description="SHA-256 of each prediction file")


class RowUnits(_Frozen):
    """The units of a row, and with which settings its model made them."""

    name: str
    model: str
    settings: dict[str, Any]
    units: list[PublishedUnit]


#: Of a unit, from the provenance of a run.
RAN = {"commit": "git_commit", "date": "date"}


def row_units(submission: Submission) -> RowUnits:
    """Publish the units of a submission, task by task."""
    result = submission.result
    return RowUnits(
        name=submission.card.name,
        model=plain(result.model.name),
        settings=result.config.settings,
        units=[
            PublishedUnit(
                task=unit.task,
                replica=unit.replica,
                seed=unit.seed,
                status=unit.status,
                reason=plain(unit.reason),
                metrics=unit.metrics,
                cost=unit.cost,
                predictions=_predictions(submission, unit),
                **_ran(result, unit.task),
            )
            for unit in sorted(result.units, key=lambda one: (one.task, one.replica, one.seed))
        ],
    )


def _predictions(submission: Submission, unit: Unit) -> dict[str, str]:
    """Give the SHA-256 of the files that the manifest lists of a unit."""
    listed = submission.manifest.units if submission.manifest else {}
    return {name: file.sha256 for name, file in listed.get(unit_name(unit), {}).items()}


def _ran(result: Result, task: str) -> dict[str, str]:
    """Say what ran a task: the latest call that was asked for it."""
    latest = Call(config=result.config, provenance=result.provenance)
    for call in (latest, *result.earlier):
        if task in call.config.tasks:
            return {
                field: plain(str(call.provenance.get(name) or "")) for field, name in RAN.items()
            }
    return dict.fromkeys(RAN, "")
