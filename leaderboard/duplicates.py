"""A submission that is another one: the same predictions under another name."""

from __future__ import annotations

from pathlib import Path

from benchmark.result import Result, Unit
from benchmark.untrusted import read_record
from leaderboard.manifest import MANIFEST, Manifest, read_manifest, unit_name

#: Metrics of a unit that all agree to the last digit are of the same predictions, if there are so
#: many; two deterministic models may share one.
FEWEST = 2


def duplicate(home: Path, result: Result, manifest: Manifest | None) -> str:
    """Say which row beside a submission has its predictions; empty if none has.

    Parameters
    ----------
    home : Path
        ``TRACK/NAME``, of the submission; the others lie beside it.
    result : Result
    manifest : Manifest, optional

    Returns
    -------
    str
        The other row and a unit.
    """
    others = sorted(path for path in home.parent.glob("*") if (path / "results.json").is_file())
    mine = {unit_name(unit): unit for unit in result.units if unit.status == "done"}
    files = manifest.units if manifest else {}
    for other in others:
        if other.name == home.name:
            continue
        theirs = read_manifest(other).units if (other / MANIFEST).is_file() else {}
        for name in sorted(files.keys() & theirs.keys()):
            if files[name] == theirs[name]:
                return f"the predictions of {name} are those of {other.name}, file by file"
        for unit in read_record(other / "results.json", Result).units:
            own = mine.get(unit_name(unit))
            if own is not None and _same(own, unit):
                return (
                    f"{unit_name(unit)} has the metrics of {other.name} to the last digit: "
                    "these are its predictions"
                )
    return ""


def _same(one: Unit, other: Unit) -> bool:
    values = {name: metric.value for name, metric in one.metrics.items()}
    return (
        other.status == "done"
        and len(values) >= FEWEST
        and values == {name: metric.value for name, metric in other.metrics.items()}
    )
