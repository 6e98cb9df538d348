"""Scoring the units of a row again from their prediction files: equal to rounding, or not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from benchmark.errors import InputError, ModelError, said
from benchmark.registry import track_of
from benchmark.result import Result, Unit, UnitMetric
from benchmark.score import score_unit
from benchmark.task import Task
from leaderboard.archive import Source, unit_folder
from leaderboard.checks.scores import RELATIVE_TOLERANCE
from leaderboard.manifest import Manifest, unit_name
from leaderboard.verification.record import Rescored


def rescore_units(
    result: Result,
    manifest: Manifest,
    source: Source,
    units: Sequence[str],
    tasks: Mapping[str, Task],
    kind: Literal["audit", "archive"] = "audit",
    watch: Callable[[str], None] = lambda unit: None,
) -> Rescored:
    """Score units again and compare with the row.

    Parameters
    ----------
    result : Result
        Of the row.
    manifest : Manifest
    source : Source
        Of the prediction files.
    units : sequence of str
        Names of the units to look at.
    tasks : mapping of task id to Task
    kind : str
        What the source is.
    watch : callable, optional
        Told each unit when it is begun.
    """
    known = {unit_name(unit): unit for unit in result.units}
    faults = []
    for name in units:
        watch(name)
        if name not in known:
            faults.append(f"{name} is no unit of the result")
            continue
        fault = _unit_fault(known[name], manifest, source, tasks, result.model.role)
        if fault:
            faults.append(f"{name}: {fault}")
    return Rescored(source=kind, units=list(units), of=len(result.units), faults=faults)


def _unit_fault(
    unit: Unit, manifest: Manifest, source: Source, tasks: Mapping[str, Task], role: str
) -> str:
    """Say what is wrong with a unit first; empty if its files give what the row says."""
    task = tasks[unit.task]
    try:
        with unit_folder(source, manifest, unit_name(unit)) as folder:
            metrics, fault = score_unit(task, folder)
            if fault and not unit.reason:
                return f"the row does not say that {fault}"
            suspect = track_of(task).work.suspect
            # A control may replay: that is what it shows.
            found = suspect(task, unit.replica, folder) if suspect and role != "control" else ""
            return next(_differences(unit.metrics, metrics), found)
    except (InputError, ModelError) as error:
        return said(error)
    except MemoryError:
        return "its files do not fit into memory"


def _differences(
    submitted: Mapping[str, UnitMetric], again: Mapping[str, UnitMetric]
) -> Iterator[str]:
    for name in sorted(submitted.keys() ^ again.keys()):
        yield f"{name} is {'not in the row' if name in again else 'not in the predictions'}"
    for name in sorted(submitted.keys() & again.keys()):
        for field in ("value", "stderr", "bias"):
            one, other = getattr(submitted[name], field), getattr(again[name], field)
            if not _same(one, other):
                yield f"{name}: {field} is {one:.6g} in the row, {other:.6g} from the predictions"


def _same(one: float, other: float) -> bool:
    if math.isnan(one) and math.isnan(other):
        return True
    return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=RELATIVE_TOLERANCE)
