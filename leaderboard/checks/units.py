"""The units of a result: all that ``run`` makes, none twice, none chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmark.result import Unit
from leaderboard.checks.entry import Entry


def unit_faults(entry: Entry) -> Iterator[str]:
    """Compare the units of each task with what its replicas and the calls of the run ask for."""
    for stored in entry.result.tasks:
        units = entry.units(stored.task)
        for fault in [
            *_number_faults(units, entry.tasks[stored.task].card.replicas),
            *_seed_faults(stored.task, units, entry),
            *_status_faults(units),
        ]:
            yield f"{stored.task}: {fault}"


def _number_faults(units: Sequence[Unit], replicas: int) -> Iterator[str]:
    counted = Counter((unit.replica, unit.seed) for unit in units)
    repeated = [key for key, n in counted.items() if n > 1]
    if repeated:
        replica, seed = repeated[0]
        yield f"holds replica {replica}, seed {seed} more than once; score the run again"
    found = {unit.replica for unit in units}
    missing = set(range(replicas)) - found
    if missing:
        yield f"incomplete: {len(missing)} of {replicas} training replicas are missing; run them"
    beyond = found - set(range(replicas))
    if beyond:
        yield f"holds replica {max(beyond)}, but there are only {replicas}; score the run again"
    skipped = sum(unit.status == "skipped" for unit in units)
    if skipped:
        yield f"incomplete: {skipped} of {len(units)} units were not run; run them"


def _seed_faults(task: str, units: Sequence[Unit], entry: Entry) -> Iterator[str]:
    """Every replica has seed 0, and replica 0 as many more, from 1 on, as a call asked for."""
    others = sorted({unit.seed for unit in units if unit.replica == 0} | {0})
    if any(unit.replica > 0 and unit.seed > 0 for unit in units):
        yield "more seeds than one are of replica 0 alone; score the run again"
    if not all(any(u.replica == replica and u.seed == 0 for u in units)
               for replica in {unit.replica for unit in units}):  # fmt: skip
        yield "a replica lacks seed 0; run it"
    if others != list(range(len(others))):
        yield f"seeds {', '.join(map(str, others))} of replica 0 were chosen; run them from 0 on"
    asked = [call.config for call in entry.calls if task in call.config.tasks]
    if not asked:
        yield "no call of the run names it; the history of the row was cut: put the calls back"
        return
    if len(others) > max(config.seeds for config in asked):
        yield f"{len(others)} seeds, but no call of the run asked for so many"
    if len(others) < asked[-1].seeds:
        yield f"{len(others)} seeds, but the run was asked for {asked[-1].seeds}; run the others"
    replicas = len({unit.replica for unit in units})
    if replicas > max(config.replicas for config in asked):
        yield f"{replicas} replicas, but no call of the run asked for so many"


def _status_faults(units: Sequence[Unit]) -> Iterator[str]:
    for unit in units:
        name = f"replica {unit.replica}, seed {unit.seed}"
        if unit.status == "done" and not unit.metrics:
            yield f"{name} is done, but has no metrics; score the run again"
        if unit.status not in ("done", "skipped") and unit.metrics:
            yield f"{name} is {unit.status}, but has metrics; score the run again"
        if unit.status != "done" and not unit.reason:
            yield f"{name} is {unit.status}, but no reason is given; score the run again"
