"""What the units say that they took: seconds, processor time and memory that there can be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.result import Call, Cost, Unit
from leaderboard.checks.entry import Entry

#: By how much two clocks of one machine may differ: a share, and seconds.
SHARE, SECONDS = 0.01, 1.0

#: Seconds that a unit may take to end once its time is up.
ENDING = 60.0

#: Bytes: Python with numpy alone takes more than the one, and hardly a machine has the other.
LEAST_MEMORY, MOST_MEMORY = 10_000_000, 10**13

#: Of frames generated, by which rounded seconds may miss them.
ROUNDING = 1e-6


def cost_faults(entry: Entry) -> Iterator[str]:
    """Compare the parts of each unit's cost with one another and with what it ran on."""
    frames: dict[str, float] = {}
    for unit in entry.result.units:
        name = f"{unit.task}, replica {unit.replica}, seed {unit.seed}"
        calls = [call for call in entry.calls if unit.task in call.config.tasks]
        for fault in [*_seconds_faults(unit, calls), *_machine_faults(unit.cost, calls)]:
            yield f"{name}: {fault}"
        made = _frames(unit)
        first = frames.setdefault(unit.task, made) if made else made
        if not math.isclose(made, first, rel_tol=ROUNDING):
            yield (
                f"{name}: its seconds and sampled_frames_per_second make {made:,.0f} frames, "
                f"{first:,.0f} in another unit; score the run again"
            )


def _known(seconds: float) -> float:
    return 0.0 if math.isnan(seconds) else seconds


def _seconds_faults(unit: Unit, calls: list[Call]) -> Iterator[str]:
    """Compare the parts with the whole, and with the time that a unit was given.

    A fit that a call had ended and kept when it was interrupted is taken up by the next one; the
    whole holds it too. Each call has the time that ``--timeout`` gives.
    """
    cost, total = unit.cost, unit.cost.total_seconds
    if unit.status != "done":
        return
    parts = {name: getattr(cost, f"{name}_seconds") for name in ("fit", "predict", "sample")}
    for name, seconds in {**parts, "cpu": cost.cpu_seconds, "total": total}.items():
        if seconds == 0:
            yield f"{name}_seconds is 0; whatever was done took some time"
    together = sum(map(_known, parts.values()))
    if together * (1 - SHARE) - SECONDS > total:
        yield (
            f"fit, predict and sample took {together:,.1f} s, but all of it {total:,.1f} s; "
            "run the unit again"
        )
    most = max((call.config.timeout for call in calls), default=math.inf)
    for what, seconds in (("fit", _known(parts["fit"])), ("all but fit", total - parts["fit"])):
        if seconds * (1 - SHARE) - ENDING > most:
            yield f"{what} took {seconds:,.0f} s, but was to be stopped after {most:,.0f} s"


def _machine_faults(cost: Cost, calls: list[Call]) -> Iterator[str]:
    """Compare processor time and memory with what a machine has."""
    cores = [call.provenance.get("cores") for call in calls]
    wall = _known(cost.total_seconds)
    if calls and all(cores) and wall > 0:
        most = max(one for one in cores if one)
        if cost.cpu_seconds * (1 - SHARE) > (wall + SECONDS) * most:
            yield (
                f"cpu_seconds is {cost.cpu_seconds:,.0f}, more than {most} cores have in "
                f"{wall:,.1f} s"
            )
    memory = cost.peak_memory_bytes
    if memory is not None and not LEAST_MEMORY <= memory <= MOST_MEMORY:
        yield (f"peak_memory_bytes is {memory:,}; a unit takes {LEAST_MEMORY:,} … {MOST_MEMORY:,}")


def _frames(unit: Unit) -> float:
    """Give the frames that a done unit has generated, by its seconds; 0 if it does not say."""
    cost = unit.cost
    seconds = cost.predict_seconds if math.isnan(cost.sample_seconds) else cost.sample_seconds
    made = seconds * cost.sampled_frames_per_second
    return made if unit.status == "done" and math.isfinite(made) else 0.0
