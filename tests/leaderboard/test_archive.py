"""Archives of predictions: the same run makes the same bytes, and a lying one is refused in a line.

What an attacker may send is written here by hand, with `zipfile` or byte by byte.
"""

from __future__ import annotations

import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.errors import InputError
from leaderboard.archive import (
    FlatFolder,
    Joined,
    RunFolder,
    checked,
    members,
    open_source,
    unit_folder,
    write_archive,
    write_audit,
)
from leaderboard.manifest import Manifest, make_manifest
from tests.leaderboard.synthetic import MakeResult

UNIT = "left/a/r0-s0"
NAME = "left--a--r0-s0--samples.parquet"


@pytest.fixture
def run(tmp_path: Path, make_result: MakeResult) -> Path:
    """Write a run with two short prediction files for each unit."""
    folder = tmp_path / "run"
    for unit in make_result({"left/a": 0.5}).units:
        home = folder / "units" / "left--a" / f"r{unit.replica}-s{unit.seed}"
        home.mkdir(parents=True)
        for name in ("log_prob", "samples"):
            (home / f"{name}.parquet").write_bytes(f"{name} of {unit.replica}".encode() * 10)
    return folder


@pytest.fixture
def manifest(run: Path, make_result: MakeResult) -> Manifest:
    return make_manifest(run, make_result({"left/a": 0.5}).units)


@pytest.fixture
def archive(run: Path, manifest: Manifest, tmp_path: Path) -> Path:
    """Write the archive of the run."""
    path = tmp_path / "predictions.zip"
    write_archive(RunFolder(run, manifest), manifest, path)
    return path


def read_all(path: Path, manifest: Manifest) -> None:
    """Read every file of an archive or folder."""
    with open_source(path, manifest) as source:
        for name, file in members(manifest).items():
            checked(source, name, file)


def test_archive_holds_the_files_flat_stored_sorted_and_of_one_date(
    archive: Path, manifest: Manifest, run: Path
) -> None:
    with zipfile.ZipFile(archive) as found:
        entries = found.infolist()
        assert [entry.filename for entry in entries] == sorted(members(manifest))
        assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        content = (run / "units/left--a/r0-s0/samples.parquet").read_bytes()
        assert found.read(NAME) == content


def test_same_run_makes_the_same_bytes(run: Path, manifest: Manifest, archive: Path) -> None:
    first = archive.read_bytes()
    for path in run.rglob("*.parquet"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    write_archive(RunFolder(run, manifest), manifest, archive)
    assert archive.read_bytes() == first


def test_file_that_has_changed_since_the_manifest_is_refused(
    run: Path, manifest: Manifest, tmp_path: Path
) -> None:
    path = run / "units/left--a/r0-s0/samples.parquet"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(InputError, match=f"{NAME} has another SHA-256"):
        write_archive(RunFolder(run, manifest), manifest, tmp_path / "predictions.zip")
    assert not (tmp_path / "predictions.zip").exists()


def test_unit_is_read_from_archive_folder_and_audit_alike(
    run: Path, archive: Path, manifest: Manifest, tmp_path: Path
) -> None:
    write_audit(RunFolder(run, manifest), manifest, [UNIT], tmp_path / "audit")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(archive) as found:
        found.extractall(unpacked)
    for place in (archive, unpacked, tmp_path / "audit"):
        with (
            open_source(place, manifest) as source,
            unit_folder(source, manifest, UNIT) as folder,
        ):
            found_files = {path.name: path.read_bytes() for path in folder.iterdir()}
        home = run / "units/left--a/r0-s0"
        assert found_files == {path.name: path.read_bytes() for path in home.iterdir()}


def test_joined_sources_give_what_either_has(
    run: Path, archive: Path, manifest: Manifest, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with open_source(archive, manifest) as whole:
        source = Joined(FlatFolder(empty), whole)
        assert checked(source, NAME, members(manifest)[NAME])


# ---- attacks on an archive ----------------------------------------------------------------------


def rewritten(archive: Path, change: Callable[[zipfile.ZipInfo, bytes], object]) -> None:
    """Write an archive again with members changed; None leaves one out."""
    with zipfile.ZipFile(archive) as old:
        content = [(entry, old.read(entry)) for entry in old.infolist()]
    with zipfile.ZipFile(archive, "w") as new:
        for entry, data in content:
            made = change(entry, data)
            if made is not None:
                new.writestr(entry, made)  # type: ignore[arg-type]


def spoil_content(archive: Path) -> None:
    rewritten(archive, lambda entry, data: data[::-1] if entry.filename == NAME else data)


def swap_two(archive: Path) -> None:
    other = NAME.replace("r0", "r1")
    with zipfile.ZipFile(archive) as old:
        swapped = {NAME: old.read(other), other: old.read(NAME)}
    rewritten(archive, lambda entry, data: swapped.get(entry.filename, data))


def leave_out(archive: Path) -> None:
    rewritten(archive, lambda entry, data: None if entry.filename == NAME else data)


def shorten(archive: Path) -> None:
    rewritten(archive, lambda entry, data: data[:-1] if entry.filename == NAME else data)


def rename(to: str) -> Callable[[Path], None]:
    def change(archive: Path) -> None:
        def renamed(entry: zipfile.ZipInfo, data: bytes) -> bytes:
            if entry.filename == NAME:
                entry.filename = to
            return data

        rewritten(archive, renamed)

    return change


def compress(archive: Path) -> None:
    def deflated(entry: zipfile.ZipInfo, data: bytes) -> bytes:
        entry.compress_type = zipfile.ZIP_DEFLATED
        return data

    rewritten(archive, deflated)


def bomb(archive: Path) -> None:
    def inflated(entry: zipfile.ZipInfo, data: bytes) -> bytes:
        entry.compress_type = zipfile.ZIP_DEFLATED
        return b"\0" * 50_000_000 if entry.filename == NAME else data

    rewritten(archive, inflated)


def link(archive: Path) -> None:
    def linked(entry: zipfile.ZipInfo, data: bytes) -> bytes:
        if entry.filename == NAME:
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        return data

    rewritten(archive, linked)


def twice(archive: Path) -> None:
    with zipfile.ZipFile(archive) as old:
        content = [(entry, old.read(entry)) for entry in old.infolist()]
    content[-1] = content[0]
    with warnings.catch_warnings(), zipfile.ZipFile(archive, "w") as new:
        warnings.simplefilter("ignore")
        for entry, data in content:
            new.writestr(entry, data)


def add_file(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as found:
        found.writestr("setup.py", "print()")


def encrypt(archive: Path) -> None:
    """Set the flag of every member in the directory, and before it."""
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    archive.write_bytes(content)


def comment(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as found:
        found.comment = b"x" * 1000


def cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-30])


def hide_data(archive: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[:-22] + b"\0" * 100 + content[-22:])


def many_members(archive: Path) -> None:
    """Say in the last record that there are as many members as one can say."""
    content = archive.read_bytes()
    fields = list(struct.unpack("<4s4H2LH", content[-22:]))
    fields[3] = fields[4] = 65_535
    archive.write_bytes(content[:-22] + struct.pack("<4s4H2LH", *fields))


def no_zip(archive: Path) -> None:
    archive.write_bytes(b"PK\x05\x06 is how the end of one begins")


def huge(archive: Path) -> None:
    """Write a file of 10 GB, of which the disk holds nothing."""
    with archive.open("ab") as file:
        file.truncate(10_000_000_000)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_content, "has another SHA-256 than in the manifest"),
        (swap_two, "has another SHA-256 than in the manifest"),
        (leave_out, "holds 5 files, the manifest lists 6"),
        (shorten, "has 179 bytes, the manifest says 180|has 119 bytes, the manifest says 120"),
        (rename("../../evil.parquet"), r"holds '\.\./\.\./evil\.parquet', which the manifest"),
        (rename("/etc/passwd"), "holds '/etc/passwd', which the manifest does not list"),
        (rename("a\\..\\b.parquet"), "which the manifest does not list"),
        (compress, "is compressed; `submit` stores files as they are"),
        (bomb, "is compressed|has .* bytes; the files of the manifest take"),
        (link, "is a link or a device, not a file"),
        (twice, "holds left--a--r0-s0--log_prob.parquet 2 times"),
        (add_file, "holds 7 files, the manifest lists 6"),
        (encrypt, "is encrypted"),
        (comment, "is not a zip file as `submit` writes it"),
        (cut, "is not a zip file as `submit` writes it, or is cut short"),
        (hide_data, "its directory is not where it should be"),
        (many_members, "holds 65,535 files, the manifest lists 6"),
        (no_zip, "is not a zip file"),
        (huge, "has 10,000,000,"),
    ],
)
def test_spoilt_archive_is_refused_in_one_line(
    spoil: Callable[[Path], None], message: str, archive: Path, manifest: Manifest
) -> None:
    spoil(archive)
    with pytest.raises(InputError, match=message) as caught:
        read_all(archive, manifest)
    assert "\n" not in str(caught.value)


def test_archive_of_another_run_is_refused(
    archive: Path, manifest: Manifest, run: Path, make_result: MakeResult
) -> None:
    path = run / "units/left--a/r2-s0/samples.parquet"
    path.write_bytes(path.read_bytes().replace(b"2", b"3"))
    other = make_manifest(run, make_result({"left/a": 0.5}).units)
    with pytest.raises(InputError, match=r"r2-s0--samples\.parquet has another SHA-256"):
        read_all(archive, other)


def test_link_in_a_folder_is_refused(archive: Path, manifest: Manifest, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with zipfile.ZipFile(archive) as found:
        found.extractall(folder)
    (folder / NAME).rename(tmp_path / "elsewhere")
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="it is a link, not a file"):
        read_all(folder, manifest)


def test_pipe_for_an_archive_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="neither a folder nor a file"):
        read_all(tmp_path / "pipe", manifest)


def test_missing_archive_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no archive at .*nothing\.zip"):
        read_all(tmp_path / "nothing.zip", manifest)
