"""What the units say that they took: seconds, processor time and memory that there can be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.result import Call, Cost, Unit
from leaderboard.checks.entry import Entry

#: By how much two clocks of one machine may differ: a share, and seconds.
SHARE, SECONDS = 0.01, 1.0

#: Seconds that a unit takes beside fit and answers: to load software, data and a fitted model.
LOADING = 120.0

#: Seconds that a unit may take to end once its time is up.
ENDING = 60.0

#: Bytes: Python with numpy alone takes more.
LEAST_MEMORY = 10_000_000

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


def _least(cost: Cost) -> float:
    """Give the seconds that the parts of a unit took at least, by a clock that runs slow."""
    parts = cost.fit_seconds, cost.predict_seconds, cost.sample_seconds
    return sum(map(_known, parts)) * (1 - SHARE) - SECONDS


def _seconds_faults(unit: Unit, calls: list[Call]) -> Iterator[str]:
    """Compare the parts with the whole.

    A fit that an interrupted call had ended and kept is taken up by the next one. Its seconds are
    then those of that call, and the whole is what is left: loading it, and the answers.
    """
    cost, total = unit.cost, unit.cost.total_seconds
    for name in ("fit_seconds", "predict_seconds", "sample_seconds", "total_seconds"):
        if unit.status == "done" and getattr(cost, name) == 0:
            yield f"{name} is 0; whatever was done took some time"
    answers = _known(cost.predict_seconds) + _known(cost.sample_seconds)
    if answers * (1 - SHARE) - SECONDS > total:
        yield f"took {answers:,.1f} s to answer, but {total:,.1f} s in all"
    elif _least(cost) > total and total - answers > LOADING:
        yield (
            f"fit, predict and sample took {_known(cost.fit_seconds) + answers:,.1f} s, "
            f"but all together {total:,.1f} s"
        )
    most = max((call.config.timeout for call in calls), default=math.inf)
    for what, seconds in (("it", total), ("its fit", cost.fit_seconds)):
        if unit.status == "done" and _known(seconds) * (1 - SHARE) - ENDING > most:
            yield f"{what} took {seconds:,.0f} s, but was to be stopped after {most:,.0f} s"


def _machine_faults(cost: Cost, calls: list[Call]) -> Iterator[str]:
    """Compare processor time and memory with what a machine has."""
    cores = [call.provenance.get("cores") for call in calls]
    wall = max(_known(cost.total_seconds), _least(cost) + SECONDS)
    if calls and all(cores) and wall > 0:
        most = max(one for one in cores if one)
        if cost.cpu_seconds * (1 - SHARE) - SECONDS * most > wall * most:
            yield (
                f"cpu_seconds is {cost.cpu_seconds:,.0f}, more than {most} cores have in "
                f"{wall:,.1f} s"
            )
    if cost.peak_memory_bytes is not None and cost.peak_memory_bytes < LEAST_MEMORY:
        yield (
            f"peak_memory_bytes is {cost.peak_memory_bytes:,}; no unit runs in less than "
            f"{LEAST_MEMORY:,}"
        )


def _frames(unit: Unit) -> float:
    """Give the frames that a done unit has generated, by its seconds; 0 if it does not say."""
    cost = unit.cost
    seconds = cost.predict_seconds if math.isnan(cost.sample_seconds) else cost.sample_seconds
    made = seconds * cost.sampled_frames_per_second
    return made if unit.status == "done" and math.isfinite(made) else 0.0
