"""Which units' predictions lie in ``audit/``: by the tasks' cards and the list of units alone.

The units are ordered by the hash of their list. What a submitter says of his files has no part in
it: neither how long they are nor what they hold. How much fits says the card of each task, by the
bytes that its files can take at most (`benchmark.track.Track.stored`); a file that is said to be
longer is refused. So two rows of the same units have the same audit, and whoever makes a file
longer than it need be pushes no unit out.

Who knows the rule knows beforehand what is looked at. An audit shows that so many units of so many
(the board says how many) give the numbers of the row; it shows nothing of the others. Against who
invents these stand ``verify --archive``, which scores every unit, and ``verify --draw``, whose seed
a reviewer takes. The list itself can be bent, at a price: a task that is left out counts 0, a unit
that is said to have failed counts as trivial and is passed over, and one more seed of a task is one
more unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmark.registry import track_of
from benchmark.result import Result, Unit
from benchmark.task import Task
from leaderboard.manifest import Manifest, by_hash, list_hash, unit_name

#: Bytes that the files in ``audit/`` can take together.
AUDIT_BYTES = 1_000_000

#: Where no unit of a row is within that, one of the smallest is audited if it is within this, which
#: all are today. Measured: super-resolution of 9 atoms takes 0.7 MB of 3.3, of 21 atoms 1.4 of 7.6;
#: kinetics 0.02–1.7 MB of 6.4 (potentials), up to 3 of 18 (``alanine/*-0.1ps``).
LONE_BYTES = 25_000_000


def most_bytes(task: Task) -> int:
    """Give the bytes that the files of a unit of a task can take together; 0 if nobody knows."""
    return sum(track_of(task).stored(task.card).values())


def order(result: Result) -> list[Unit]:
    """Give the done units of a result by the hash of the list of all its units."""
    done = {unit_name(unit): unit for unit in result.units if unit.status == "done"}
    return [done[name] for name in by_hash(list_hash(result), done)]


def audit_units(result: Result, tasks: Mapping[str, Task]) -> list[str]:
    """Choose the units whose predictions lie in ``audit/``.

    In `order`, of the tasks whose units can take `AUDIT_BYTES` at most, as many units as can take
    that together; where there is no such task, the first unit of those that can take the least, if
    that is no more than `LONE_BYTES`; else none: the row is checked from its archive.

    Parameters
    ----------
    result : Result
    tasks : mapping of task id to Task
        Those of the result, at least.

    Returns
    -------
    list of str
        Names of units; see `unit_name`.
    """
    units = order(result)
    sizes = {unit.task: most_bytes(tasks[unit.task]) for unit in units}
    sizes = {task: size for task, size in sizes.items() if 0 < size <= LONE_BYTES}
    most = max(AUDIT_BYTES, min(sizes.values(), default=0))
    chosen, total = [], 0
    for unit in units:
        if sizes.get(unit.task, LONE_BYTES) <= most:
            total += sizes[unit.task]
            if total > most:
                break
            chosen.append(unit_name(unit))
    return chosen


def size_faults(manifest: Manifest, tasks: Mapping[str, Task]) -> Iterator[str]:
    """Say which files a manifest lists that no unit of its task can have.

    Parameters
    ----------
    manifest : Manifest
    tasks : mapping of task id to Task
        Those of the units that it lists, at least.
    """
    for unit, files in manifest.units.items():
        task = tasks[unit.rpartition("/")[0]]
        known = track_of(task).stored(task.card)
        for name, file in files.items():
            if known and name not in known:
                yield f"lists {name} of {unit}; a unit's files are {', '.join(known)}"
            elif known and file.bytes > known[name]:
                yield (
                    f"lists {file.bytes:,} bytes of {name} of {unit}; on this task it takes "
                    f"{known[name]:,} at most"
                )
