"""A submission that is another one: the same predictions under another name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.result import Result
from benchmark.untrusted import json_of, read_file
from leaderboard.manifest import Manifest

#: Metrics of a unit that all agree to the last digit are of the same predictions, if there are so
#: many; two deterministic models may share one.
FEWEST = 2

Values = Mapping[str, tuple[tuple[str, float], ...]]


def duplicate(home: Path, result: Result, manifest: Manifest) -> str:
    """Say which row beside a submission has its predictions; empty if none has.

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
    mine = _values(result.model_dump(mode="json"))
    files = {name: listed for name, listed in manifest.units.items() if listed}
    for other in sorted(path for path in home.parent.glob("*") if path.name != home.name):
        theirs = _read(other / "manifest.json").get("units", {})
        for unit in sorted(files.keys() & theirs.keys()):
            if {name: file.model_dump() for name, file in files[unit].items()} == theirs[unit]:
                return f"the predictions of {unit} are those of {other.name}, file by file"
        known = _values(_read(other / "results.json"))
        for unit in sorted(mine.keys() & known.keys()):
            if mine[unit] == known[unit]:
                return f"{unit} has all metrics of {other.name} to the last digit"
    return ""


def _values(result: Mapping[str, Any]) -> Values:
    """Give the metrics of the done units that have several."""
    found = {}
    for unit in result.get("units", []):
        name = f"{unit['task']}/r{unit['replica']}-s{unit['seed']}"
        values = tuple(sorted((key, one["value"]) for key, one in unit["metrics"].items()))
        if unit["status"] == "done" and len(values) >= FEWEST:
            found[name] = values
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a file of another row; nothing of one that is missing or damaged, which is its fault."""
    try:
        found = path.stat()
        return _parsed(path, found.st_mtime_ns, found.st_size)
    except (OSError, InputError, ValueError):
        return {}


@lru_cache(maxsize=256)
def _parsed(path: Path, changed: int, size: int) -> dict[str, Any]:
    content = json_of(read_file(path))
    return content if isinstance(content, dict) else {}
