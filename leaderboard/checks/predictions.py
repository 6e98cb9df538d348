"""What lies of the predictions: a manifest that fits the result, and the audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import InputError
from benchmark.installed import is_installed
from benchmark.untrusted import LyingFileError, read_file, record_of, shown
from leaderboard.archive import AUDIT, FlatFolder, checked
from leaderboard.auditing import audit_units, size_faults
from leaderboard.checks.entry import MANIFEST, Entry
from leaderboard.duplicates import duplicate
from leaderboard.manifest import Manifest, is_older, manifest_faults, member

#: Where this very code lies.
ROOT = Path(__file__).resolve().parents[2]


def listing_faults(entry: Entry) -> Iterator[str]:
    """Read the manifest, and compare it with the units of the result.

    The manifest of a row that is older than manifests may lack units that are not audited.
    """
    home = entry.folder.resolve()
    older = is_older(home.parent.name, home.name)
    try:
        entry.manifest = record_of(read_file(entry.folder / MANIFEST), Manifest)
    except LyingFileError as error:
        yield from error.lines
        return
    faults = list(manifest_faults(entry.manifest, entry.result, older))
    yield from faults or _content_faults(entry)


def _content_faults(entry: Entry) -> Iterator[str]:
    yield from size_faults(entry.manifest, entry.tasks)
    for unit in audit_units(entry.result, entry.tasks):
        if unit not in entry.manifest.units:
            yield f"the manifest lacks {unit}, which is audited"


def audit_faults(entry: Entry) -> Iterator[str]:
    """Compare the files in ``audit/`` with those of the units that `audit_units` chooses.

    The rows that an installed package brings have none: their audits stay in the clone. A folder
    that only looks like a package, as one that a stranger sends may, is no reason to go without.
    """
    manifest, folder = entry.manifest, entry.folder / AUDIT
    if not folder.is_dir() and _is_brought(entry):
        return
    wanted = {
        member(unit, name): file
        for unit in audit_units(entry.result, entry.tasks)
        for name, file in manifest.units[unit].items()
    }
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(there - wanted.keys()):
        yield f"'{shown(name)}' is of no unit that is audited; take it out"
    for name in sorted(wanted.keys() & there):
        try:
            checked(FlatFolder(folder), name, wanted[name])
        except InputError as error:
            yield str(error)
    missing = sorted(wanted.keys() - there)
    if missing:
        yield f"{missing[0]} is missing ({len(missing)} of {len(wanted)} files)"


def _is_brought(entry: Entry) -> bool:
    """Say whether a row came with the installed package whose code this is."""
    # ROOT/leaderboard/submissions/TRACK/NAME
    return entry.folder.resolve().parents[3] == ROOT and is_installed(ROOT)


def own_faults(entry: Entry) -> Iterator[str]:
    """Look whether another row has the same predictions."""
    other = duplicate(entry.folder.resolve(), entry.result, entry.manifest)
    if other:
        yield other
