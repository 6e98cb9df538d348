"""The manifest of a submission: every prediction file by its bytes and SHA-256.

What a row claims was computed from these very files. Which of them lie in ``audit/`` beside the row
says `leaderboard.auditing`, and the manifest has no part in it. Its hash chooses which units a
reviewer fits again. (Whoever makes up hashes of predictions that he does not have can move that
choice. Against it stand ``verify --archive``, which looks at every file, and ``verify --draw``,
whose seed a reviewer takes, and which then chooses the units too.)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from benchmark.errors import InputError
from benchmark.files import write_text
from benchmark.job import Key
from benchmark.result import Result, Unit
from leaderboard.card import web_address

#: Bytes of a prediction file, at most.
LARGEST_FILE = 1 << 28

#: Names the rows (``TRACK/NAME``, one a line) whose predictions were not kept when they were made.
OLDER = Path(__file__).parent / "older_rows.txt"

#: Files of a unit, at most.
MOST_FILES = 8

#: A DOI, perhaps with the name of a file after it.
DOI = re.compile(r"(?:doi:)?10\.[0-9]{4,9}/[A-Za-z0-9._;()/:-]+")

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*")

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}\.parquet$")]
UnitName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}/[a-z0-9.-]{1,60}/r[0-9]{1,3}-s[0-9]{1,3}$")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoredFile(_Strict):
    """A file: how long it is, and what it holds."""

    bytes: int = Field(ge=1, le=1 << 33)
    sha256: Hash


def archive_place(text: str) -> str:
    """Check where an archive is said to be: at an https address, a DOI, or a path; or nowhere.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if text.startswith("https://"):
        return web_address(text)
    if not text or DOI.fullmatch(text):
        return text
    if not PATH.fullmatch(text) or ".." in text.split("/"):
        raise ValueError("expected https://…, a DOI (10.5281/zenodo.…), or a path without ..")
    return text


class Archive(StoredFile):
    """Where all prediction files lie together, ``predictions.zip``.

    ``at`` is an https address, a DOI, or a path.
    """

    at: Annotated[str, Field(max_length=400), AfterValidator(archive_place)] = ""


class Manifest(_Strict):
    """``manifest.json``.

    ``kept`` says of which units there are files: "all" that are done, or a "part" of them, which
    only the rows may have that are older than manifests (`OLDER`).
    """

    manifest_version: Literal[1] = 1
    kept: Literal["all", "part"] = "all"
    units: dict[
        UnitName, Annotated[dict[FileName, StoredFile], Field(min_length=1, max_length=MOST_FILES)]
    ]
    archive: Archive | None = None

    @property
    def sha256(self) -> str:
        """The hash of what is listed, whatever the file looks like and wherever the archive is."""
        listed = {unit: _plain(files) for unit, files in self.units.items()}
        return _sha256(json.dumps(listed, sort_keys=True, separators=(",", ":")))

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_text(path, json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")


def _plain(files: dict[str, StoredFile]) -> dict[str, list[int | str]]:
    return {name: [file.bytes, file.sha256] for name, file in files.items()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def by_hash(key: str, units: Iterable[str]) -> list[str]:
    """Order units by the SHA-256 of a key and their name: no one can choose which comes first."""
    return sorted(units, key=lambda unit: _sha256(f"{key} {unit}"))


def unit_name(unit: Unit | Key) -> str:
    """Name a unit in a manifest: ``potentials/linear3/r0-s0``."""
    return f"{unit.task}/r{unit.replica}-s{unit.seed}"


def member(unit: str, file: str) -> str:
    """Name a prediction file where all lie flat, in an archive and in ``audit/``."""
    return f"{unit.replace('/', '--')}--{file}"


def list_hash(result: Result) -> str:
    """Give the hash of the list of units of a result, which orders them before any is run."""
    return _sha256("\n".join(sorted(unit_name(unit) for unit in result.units)))


def make_manifest(run: Path, units: Iterable[Unit]) -> Manifest:
    """List the prediction files of a run: of each unit that is done.

    Raises
    ------
    InputError
        If one has none.
    """
    listed = {}
    for unit in units:
        if unit.status == "done":
            folder = Key(task=unit.task, replica=unit.replica, seed=unit.seed).folder(run)
            listed[unit_name(unit)] = {path.name: stored_file(path) for path in _files(folder)}
    return Manifest(units=dict(sorted(listed.items())))


def _files(folder: Path) -> Iterator[Path]:
    found = sorted(path for path in folder.glob("*.parquet") if path.is_file())
    if not found:
        raise InputError(f"{folder} holds no predictions; run the unit again")
    yield from found


def stored_file(path: Path) -> StoredFile:
    """Measure a file."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return StoredFile(bytes=path.stat().st_size, sha256=digest)


def manifest_faults(manifest: Manifest, result: Result, older: bool = False) -> Iterator[str]:
    """Say where a manifest does not fit its result.

    Parameters
    ----------
    manifest : Manifest
    result : Result
    older : bool
        Whether the row may list a part of its units.
    """
    done = {unit_name(unit) for unit in result.units if unit.status == "done"}
    for unit in sorted(manifest.units.keys() - done):
        yield f"lists predictions of {unit}, which is not a done unit of the result"
    missing = sorted(done - manifest.units.keys())
    if missing and (manifest.kept == "all" or not older):
        yield f"lists no predictions of {missing[0]} ({len(missing)} of {len(done)} units)"
    large = [unit for unit, files in manifest.units.items() if _too_large(files)]
    if large:
        yield f"lists a file of over {LARGEST_FILE:,} bytes of {min(large)}"


def _too_large(files: dict[str, StoredFile]) -> bool:
    return any(file.bytes > LARGEST_FILE for file in files.values())


def is_older(track: str, name: str) -> bool:
    """Whether a row was made before predictions were kept."""
    return f"{track}/{name}" in OLDER.read_text("utf-8").split()
