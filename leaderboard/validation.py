"""What can be said of a submission without its predictions: that it is whole, possible, adds up.

`CHECKS` is the list of everything that is asked; ``validate``, ``leaderboard`` and whoever makes a
submission ask it alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, printable
from benchmark.registry import tracks
from benchmark.result import Result, TaskResult
from benchmark.task import Task
from leaderboard.archive import AUDIT
from leaderboard.checks.belonging import model_faults, name_faults, track_faults
from leaderboard.checks.calls import call_faults, rank_faults, scorer_faults, task_faults
from leaderboard.checks.costs import cost_faults
from leaderboard.checks.entry import CARD, MANIFEST, RESULTS, Check, Entry
from leaderboard.checks.files import KNOWN, card_faults, file_faults, result_faults
from leaderboard.checks.metrics import metric_faults
from leaderboard.checks.origin import origin_faults
from leaderboard.checks.predictions import audit_faults, listing_faults, own_faults
from leaderboard.checks.scores import score_faults
from leaderboard.checks.units import unit_faults

#: Faults of one check that are listed; the rest are counted.
MOST_LISTED = 20

#: Faults of one check that are looked for.
MOST_SOUGHT = 10_000

#: What needs nothing but a result; the order is that in which faults are told.
OF_THE_RESULT = (
    Check("calls", "nothing quick in it, one model with one setting", call_faults, RESULTS),
    Check("origin", "made on days, devices and versions that there are", origin_faults, RESULTS),
    Check("scorer", "scored by the current scorer", scorer_faults, RESULTS),
    Check("tasks", "made on the tasks of today: version, card, data", task_faults, RESULTS),
    Check("units", "all replicas, seeds as they come", unit_faults, RESULTS, ("tasks",)),
    Check("metrics", "metrics that exist, with values that can be", metric_faults, RESULTS,
          ("tasks",)),
    Check("costs", "seconds and memory that can be", cost_faults, RESULTS),
    Check("scores", "scores that follow from the units", score_faults, RESULTS,
          ("scorer", "tasks", "units", "metrics")),
    Check("rank", "ranked by the run's own word", rank_faults, RESULTS),
)  # fmt: skip

#: All that is checked of a submission. A check that is to come is added here.
CHECKS = (
    Check("files", "the files of a submission, and no others", file_faults),
    Check("card", "a card that says who, what, and from what", card_faults, CARD),
    Check("result", "a result of the current schema", result_faults, RESULTS),
    Check("name", "a name of its own", name_faults, CARD, ("card",)),
    *(
        Check(one.name, one.title, one.faults, one.file, (*one.needs, "result"))
        for one in OF_THE_RESULT
    ),
    Check("track", "tasks of one track, in its folder", track_faults, RESULTS, ("tasks",)),
    Check("model", "a card that fits the model that ran", model_faults, CARD,
          ("card", "result", "tasks")),
    Check("listing", "a manifest of the predictions of all units", listing_faults, MANIFEST,
          ("result", "tasks")),
    Check("audit", "predictions of the units that the rule chooses", audit_faults, AUDIT,
          ("listing",)),
    Check("own", "predictions of its own", own_faults, RESULTS, ("listing",)),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a check has ended.

    Attributes
    ----------
    check : Check
    faults : tuple of str
        A line for each.
    waits_for : tuple of str
        The checks that did not pass, so that this one could not be asked.
    """

    check: Check
    faults: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it was asked, and nothing is at fault."""
        return not self.faults and not self.waits_for

    @property
    def listed(self) -> list[str]:
        """The faults, the file first; where there are many, the first and how many more."""
        file = f"{self.check.file}: " if self.check.file else ""
        lines = [file + fault for fault in self.faults[:MOST_LISTED]]
        more = len(self.faults) - MOST_LISTED
        return [*lines, f"{file}and {more:,} more of the kind"] if more > 0 else lines


@dataclass(frozen=True)
class Report:
    """All that was found of a submission.

    Attributes
    ----------
    entry : Entry
        What was read; whole if it is ``valid``.
    outcomes : tuple of Outcome
        One a check, in their order.
    """

    entry: Entry
    outcomes: tuple[Outcome, ...]

    @property
    def valid(self) -> bool:
        """Whether it may go on the board."""
        return all(outcome.passed for outcome in self.outcomes)

    def require_valid(self) -> None:
        """Refuse a submission with a fault.

        Raises
        ------
        InputError
            With the first one, and the file that is at fault.
        """
        for outcome in self.outcomes:
            for fault in outcome.faults:
                raise InputError(f"{self.entry.folder / outcome.check.file}: {fault}")


def examined(folder: Path, tasks: Mapping[str, Task]) -> Report:
    """Check a submission; all faults are found, not the first alone.

    Parameters
    ----------
    folder : Path
        ``TRACK/NAME``, holds ``card.yaml`` and ``results.json``.
    tasks : mapping of task id to Task
        The tasks as they are now.
    """
    return _asked(CHECKS, Entry(folder, tasks))


def _asked(checks: Sequence[Check], entry: Entry) -> Report:
    outcomes: dict[str, Outcome] = {}
    for check in checks:
        waits_for = tuple(name for name in check.needs if not outcomes[name].passed)
        if waits_for:
            outcomes[check.name] = Outcome(check, waits_for=waits_for)
        else:
            faults = tuple(islice(check.faults(entry), MOST_SOUGHT))
            outcomes[check.name] = Outcome(check, faults)
    return Report(entry, tuple(outcomes.values()))


def recomputed(result: Result, tasks: Mapping[str, Task], path: Path) -> dict[str, TaskResult]:
    """Check a result and score its tasks again from its units' metrics.

    Parameters
    ----------
    result : Result
    tasks : mapping of task id to Task
        The tasks as they are now.
    path : Path
        Where the result lies, for messages.

    Raises
    ------
    InputError
        If the run was quick, is incomplete, or was scored on other tasks, task versions, data or by
        another scorer; a unit has what cannot be; or the stored scores do not follow from the
        units' metrics.
    """
    entry = Entry(path.parent, tasks)
    entry.result = result
    for outcome in _asked(OF_THE_RESULT, entry).outcomes:
        for fault in outcome.faults:
            raise InputError(f"{path}: {fault}")
    return entry.scores


def submissions_below(path: Path) -> list[Path]:
    """Find the folders of submissions: ``path`` itself, or those of its tracks, sorted.

    Raises
    ------
    InputError
        If there is no such folder, or nothing in it is a submission.
    """
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; give the folder of a submission")
    if path.resolve().parent.name in tracks() or any((path / name).exists() for name in KNOWN):
        return [path]
    homes = [path] if path.resolve().name in tracks() else [path / name for name in tracks()]
    found = sorted(one for home in homes if home.is_dir() for one in home.iterdir() if one.is_dir())
    if not found:
        raise InputError(f"{path}: no submission in it; expected TRACK/NAME/{CARD}")
    return found


def verdict(reports: Sequence[Report]) -> str:
    """Say in one line what comes of some reports."""
    refused = [report for report in reports if not report.valid]
    if not refused:
        return "valid: all that can be said without predictions holds"
    faults = sum(len(outcome.faults) for report in refused for outcome in report.outcomes)
    many = f"{len(refused)} of {len(reports)} submissions, " if len(reports) > 1 else ""
    return f"refused: {many}{faults:,} fault{'s' if faults > 1 else ''}; mend what is marked ✗"


def as_fields(reports: Sequence[Report]) -> dict[str, Any]:
    """Give reports as fields of JSON."""
    return {
        "valid": all(report.valid for report in reports),
        "verdict": verdict(reports),
        "submissions": [
            {
                "path": printable(str(report.entry.folder)),
                "valid": report.valid,
                "checks": [
                    {
                        "name": outcome.check.name,
                        "title": outcome.check.title,
                        "passed": outcome.passed,
                        "faults": outcome.listed,
                        "waits_for": list(outcome.waits_for),
                    }
                    for outcome in report.outcomes
                ],
            }
            for report in reports
        ],
    }
