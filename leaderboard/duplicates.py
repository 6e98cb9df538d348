"""A submission that is another one: mostly the same predictions under another name."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

from benchmark.result import Result
from benchmark.untrusted import LyingFileError, Model, read_file, record_of, shown
from leaderboard.manifest import Manifest, unit_name

#: Metrics of a unit that all agree to the last digit are of the same predictions, if there are so
#: many; two deterministic models may share one.
FEWEST = 2

#: Share of its units that a row may have in common with another one.
MOST = 0.5

#: Metrics and their values as text, by unit.
Values = dict[str, tuple[tuple[str, str], ...]]


def duplicate(home: Path, result: Result, manifest: Manifest) -> str:
    """Say which row beside a submission has most of its predictions; empty if none has.

    A model may contain another one, and be it where that is best: an n-gram of one frame is a
    Markov chain. So some units may be those of another row.

    Parameters
    ----------
    home : Path
        ``TRACK/NAME``, of the submission; the others lie beside it.
    result : Result
    manifest : Manifest
        Its files are compared where another row lists them too, else its metrics are.

    Returns
    -------
    str
        The other row and a unit.
    """
    mine = _values(result)
    files = {name: listed for name, listed in manifest.units.items() if listed}
    units = {*mine, *files}
    for other in sorted(path for path in home.parent.glob("*") if path.name != home.name):
        listed = _read(other / "manifest.json", Manifest)
        theirs = listed.units if listed else {}
        row = _read(other / "results.json", Result)
        known = _values(row) if row else {}
        by_file = [unit for unit in files if files[unit] == theirs.get(unit)]
        by_value = [unit for unit in mine if mine[unit] == known.get(unit)]
        shared = sorted({*by_file, *by_value})
        if len(shared) > MOST * len(units):
            name, unit = shown(other.name), shared[0]
            what = (
                f"the predictions of {unit} are those of {name}, file by file"
                if unit in by_file
                else f"{unit} has all metrics of {name} to the last digit"
            )
            return f"{what}; so it is with {len(shared)} of {len(units)} units"
    return ""


def _values(result: Result) -> Values:
    """Give the metrics of the done units that have several."""
    return {
        unit_name(unit): tuple(sorted((key, repr(one.value)) for key, one in unit.metrics.items()))
        for unit in result.units
        if unit.status == "done"
        and sum(math.isfinite(one.value) for one in unit.metrics.values()) >= FEWEST
    }


def _read(path: Path, model: type[Model]) -> Model | None:
    """Read a file of another row; nothing of one that is missing or damaged, which is its fault."""
    try:
        found = path.stat()
        return _parsed(path, model, found.st_mtime_ns, found.st_size)
    except (OSError, LyingFileError):
        return None


@lru_cache(maxsize=256)
def _parsed(path: Path, model: type[Model], changed: int, size: int) -> Model:
    return record_of(read_file(path), model)
