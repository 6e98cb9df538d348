"""The files of a unit as they travel from a machine that shares no folder with the run's own."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from benchmark.errors import InputError
from benchmark.files import atomic_folder, explained
from benchmark.run.folder import SCRATCH

#: Of files: name below the unit's folder, and content.
Parcel = dict[str, bytes]


def packed(folder: Path) -> Parcel:
    """Read the files below a unit's folder; links, and what it needed only on the way, stay."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    return {
        name.as_posix(): (folder / name).read_bytes()
        for name in names
        if SCRATCH not in name.parts
        and (folder / name).is_file()
        and not (folder / name).is_symlink()
    }


def unpack(parcel: Parcel, folder: Path) -> None:
    """Put files in the place of a unit's folder, all of them at once.

    Raises
    ------
    InputError
        If a name leads out of the folder, or they cannot be written.
    """
    with explained(folder), atomic_folder(folder) as temporary:
        temporary.chmod(0o755)
        for name, content in parcel.items():
            _require_inside(name)
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _require_inside(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"a worker sent a file called {name}: it leads out of the unit's folder")
