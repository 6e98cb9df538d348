"""Prediction files outside of a run: ``predictions.zip``, the folder ``audit/``, and reading them.

The archive is stored, not compressed (Parquet is already), flat, sorted, and of one date, so that
one run makes one archive, byte for byte. Nothing in an archive decides anything: which files there
are, how long they are and what they hold says the manifest, and what is not as it says is refused.
An archive is never unpacked: one unit at a time is read, its size and hash are compared, and then
it is written under names of ours.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from benchmark.errors import InputError, said
from benchmark.files import atomic, read_small
from benchmark.job import Key
from leaderboard.manifest import Manifest, StoredFile, member

ARCHIVE, AUDIT = "predictions.zip", "audit"

#: Of every member: the first date that a zip file can hold, and a file that all may read.
_DATE, _MODE, _UNIX = (1980, 1, 1, 0, 0, 0), (stat.S_IFREG | 0o644) << 16, 3

#: Bytes that a member takes beside its content, at most: two headers and its name twice.
_PER_MEMBER = 1 << 10

#: The end of a zip file without a comment (APPNOTE.TXT 6.3.10, section 4.3.16).
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"

#: A zip file of more members or bytes is written in another way, which is not read here.
_MOST_MEMBERS, _MOST_BYTES = (1 << 16) - 2, (1 << 32) - 2


class Source(Protocol):
    """Where prediction files are read from, by their flat names; ``where`` is for messages."""

    where: str

    def read(self, name: str, most: int) -> bytes:
        """Give what a file holds; raises OSError if it is none, or has over ``most`` bytes."""


def units_in(folder: Path, manifest: Manifest) -> dict[str, dict[str, StoredFile]]:
    """Give the units of a manifest of which a flat folder has every file."""
    there = {path.name for path in folder.glob("*")}
    return {
        unit: files
        for unit, files in manifest.units.items()
        if all(member(unit, name) in there for name in files)
    }


def members(manifest: Manifest) -> dict[str, StoredFile]:
    """Give the files of a manifest by their flat names, sorted."""
    found = {
        member(unit, name): file
        for unit, files in manifest.units.items()
        for name, file in files.items()
    }
    return dict(sorted(found.items()))


def write_archive(source: Source, manifest: Manifest, path: Path) -> None:
    """Write the prediction files of a manifest as ``predictions.zip``, atomically.

    Raises
    ------
    InputError
        If a file is not as the manifest says, or there is more than a plain zip file can hold.
    """
    wanted = members(manifest)
    total = sum(file.bytes + _PER_MEMBER for file in wanted.values())
    if len(wanted) > _MOST_MEMBERS or total > _MOST_BYTES:
        raise InputError(f"{total:,} bytes of predictions: submit the families one by one")
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, file in wanted.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr, entry.create_system = _MODE, _UNIX
            archive.writestr(entry, checked(source, name, file))


def write_audit(source: Source, manifest: Manifest, units: Iterable[str], folder: Path) -> None:
    """Write the files of some units into ``audit/``."""
    folder.mkdir(exist_ok=True)
    for unit in units:
        for name, file in manifest.units[unit].items():
            content = checked(source, member(unit, name), file)
            with atomic(folder / member(unit, name)) as temporary:
                temporary.write_bytes(content)


def checked(source: Source, name: str, file: StoredFile) -> bytes:
    """Read a file and compare it with the manifest.

    Raises
    ------
    InputError
        If it is missing, or is another file than the manifest's.
    """
    try:
        content = source.read(name, file.bytes)
    except (OSError, KeyError, zipfile.BadZipFile, EOFError, ValueError) as error:
        reason = getattr(error, "strerror", None) or said(error)
        raise InputError(f"{source.where}: cannot read {name}: {reason}") from error
    if len(content) != file.bytes:
        raise InputError(
            f"{source.where}: {name} has {len(content):,} bytes, the manifest says {file.bytes:,}"
        )
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(f"{source.where}: {name} has another SHA-256 than in the manifest")
    return content


class RunFolder:
    """The units' own folders in a run."""

    def __init__(self, run: Path, manifest: Manifest) -> None:
        self.where = str(run)
        self._paths = {
            member(unit, name): _unit_key(unit).folder(run) / name
            for unit, files in manifest.units.items()
            for name in files
        }

    def read(self, name: str, most: int) -> bytes:
        """Give what a file holds."""
        return read_small(self._paths[name], most)


def _unit_key(unit: str) -> Key:
    task, _, numbers = unit.rpartition("/")
    replica, seed = numbers.split("-")
    return Key(task=task, replica=int(replica[1:]), seed=int(seed[1:]))


class FlatFolder:
    """A folder with files under their flat names, such as ``audit/``; links are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.where = folder, str(folder)

    def read(self, name: str, most: int) -> bytes:
        """Give what a file holds."""
        return read_small(self._folder / name, most, follow=False)


class Joined:
    """Several sources, of which the first that has a file gives it."""

    def __init__(self, *sources: Source) -> None:
        self._sources, self.where = sources, " and ".join(source.where for source in sources)

    def read(self, name: str, most: int) -> bytes:
        """Give what a file holds."""
        for source in self._sources:
            with suppress(KeyError, FileNotFoundError):
                return source.read(name, most)
        raise KeyError(f"there is no {name}")


class ZipArchive:
    """A ``predictions.zip`` whose directory is what the manifest says; read member by member."""

    def __init__(self, file: IO[bytes], manifest: Manifest, path: Path) -> None:
        self._wanted, self.where = members(manifest), str(path)
        _require_plain_end(file, self._wanted, path)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise InputError(f"{path} is not a zip file: {said(error)}") from error
        for fault in _directory_faults(self._zip.infolist(), self._wanted):
            raise InputError(f"{path}: {fault}")

    def read(self, name: str, most: int) -> bytes:
        """Give what a member holds."""
        with self._zip.open(name) as content:
            return content.read(most + 1)


def _require_plain_end(file: IO[bytes], wanted: dict[str, StoredFile], path: Path) -> None:
    """Look at the end of a zip file before anything takes its directory into memory."""
    size = file.seek(0, os.SEEK_END)
    most = sum(one.bytes + _PER_MEMBER for one in wanted.values()) + _END.size
    if size > most:
        raise InputError(f"{path} has {size:,} bytes; the files of the manifest take {most:,}")
    file.seek(max(0, size - _END.size))
    end = file.read(_END.size)
    if len(end) < _END.size or not end.startswith(_END_SIGNATURE):
        raise InputError(f"{path} is not a zip file as `submit` writes it, or is cut short")
    _, disk, first, here, total, length, offset, comment = _END.unpack(end)
    if (disk, first, comment) != (0, 0, 0) or here != total:
        raise InputError(f"{path} is not a zip file as `submit` writes it")
    if total != len(wanted):
        raise InputError(f"{path} holds {total:,} files, the manifest lists {len(wanted):,}")
    if offset + length + _END.size != size or length > _PER_MEMBER * total:
        raise InputError(f"{path}: its directory is not where it should be, or too long")


def _directory_faults(
    entries: list[zipfile.ZipInfo], wanted: dict[str, StoredFile]
) -> Iterator[str]:
    names = [entry.filename for entry in entries]
    for name in sorted(set(names) - wanted.keys()):
        yield f"holds {name!a}, which the manifest does not list"
    for name in wanted:
        if names.count(name) != 1:
            yield f"holds {name} {names.count(name)} times"
    for entry in entries:
        if entry.flag_bits & 1:
            yield f"{entry.filename} is encrypted"
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            yield f"{entry.filename} is compressed; `submit` stores files as they are"
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield f"{entry.filename} is a link or a device, not a file"
        if entry.file_size != wanted[entry.filename].bytes:
            yield (
                f"{entry.filename} has {entry.file_size:,} bytes, the manifest says "
                f"{wanted[entry.filename].bytes:,}"
            )


@contextmanager
def open_source(path: Path, manifest: Manifest) -> Iterator[Source]:
    """Open a folder or an archive of prediction files.

    Raises
    ------
    InputError
        If it is neither, or an archive is not one of the manifest's files.
    """
    if path.is_dir():
        yield FlatFolder(path)
        return
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is neither a folder nor a file")
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"no archive at {path}: {error.strerror}") from error
    with file:
        yield ZipArchive(file, manifest, path)


@contextmanager
def unit_folder(source: Source, manifest: Manifest, unit: str) -> Iterator[Path]:
    """Give a temporary folder with the prediction files of one unit, compared with the manifest.

    Raises
    ------
    InputError
        See `checked`.
    """
    with tempfile.TemporaryDirectory(prefix="stridebench-") as temporary:
        for name, file in manifest.units[unit].items():
            content = checked(source, member(unit, name), file)
            (Path(temporary) / name).write_bytes(content)
        yield Path(temporary)
