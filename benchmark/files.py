"""Writing files so that a crash, a full disk or a second process never leaves half of one."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import InputError

#: How temporary files and folders are called, and what one of them has replaced.
LEFT = re.compile(r"\.(?P<name>.+)\.[a-z0-9_]{8}\.(?P<kind>tmp|old)")

#: Of `os.open`, where there is such a thing.
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success rename it to ``path``, else remove it.

    The temporary file is flushed to disk before the rename, so that after a power cut there is
    either the old file or the whole new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` (UTF-8, Unix line ends) to ``path``, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def create_text(path: Path, text: str, mark: str) -> bool:
    """Write ``text`` to ``path`` as `write_text` does, unless there is a file; say whether it did.

    Of several processes that do so at once, one does. What a killed one leaves behind `sweep`
    finds, and `left_by` those with its mark.

    Parameters
    ----------
    path : Path
    text : str
    mark : str
        Eight lower-case letters or digits that no other process uses at the same time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{mark}.tmp"
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        # A rename would replace what another process has written meanwhile; a link does not.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def stamp(path: Path) -> tuple[int, ...]:
    """Give what changes when a file is replaced or written to; empty if there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def left_by(mark: str, folder: Path) -> list[Path]:
    """Give what killed calls of `create_text` with this mark have left in a folder."""
    return list(folder.glob(f".*.{mark}.tmp"))


def read_small(path: Path, most: int = 1 << 25, follow: bool = True) -> bytes:
    """Read a file, if it is one and not large: what may lie there was written by anybody.

    Parameters
    ----------
    path : Path
    most : int
        Bytes at most.
    follow : bool
        Whether the file may be a link to one.

    Raises
    ------
    OSError
        If there is none, it is a pipe, a device or a folder, or has over ``most`` bytes.
    """
    if not follow and path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, not a file", str(path))
    # A pipe would be waited for; and what is looked at must be what is read.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else _NO_LINK))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(handle)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has over {most:,} bytes", str(path))
    return content


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``path``; on success rename it to ``path``, else remove it.

    Its files are flushed to disk before. What was at ``path`` is moved aside first, so that one of
    the two is there whole whenever the process is killed; `sweep` moves it back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    aside = temporary.with_suffix(".old")
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                with file.open("rb") as content:
                    os.fsync(content.fileno())
        if path.exists():
            path.rename(aside)
        temporary.rename(path)
    finally:
        for left in (temporary, aside):
            if left is temporary or path.exists():
                shutil.rmtree(left, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed writes have left below a folder; give back what they had moved aside."""
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            found, left = LEFT.fullmatch(name), Path(place, name)
            if found is None or left.is_symlink():
                continue
            if left.is_file():
                left.unlink(missing_ok=True)
            elif found["kind"] == "old" and not (home := Path(place, found["name"])).exists():
                left.rename(home)
            else:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def explained(path: Path) -> Iterator[Path]:
    """Give ``path``; if it cannot be written to (a full disk, say), explain that.

    Raises
    ------
    InputError
        With the path, the reason, and what to do.
    """
    try:
        yield path
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}; what is done stays, run again to go on"
        ) from error


def printable(text: str) -> str:
    """Replace what no UTF-8 file can hold, such as bytes of a file's name that are none."""
    return text.encode("utf-8", "replace").decode("utf-8")
