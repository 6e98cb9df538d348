"""Public data by URL and hash, for those who want them on their own machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError


@dataclass(frozen=True)
class PublicFile:
    """A file that others publish.

    Attributes
    ----------
    name : str
        What ``data fetch`` calls it.
    url : str
    bytes : int or None
    md5 : str
        Hexadecimal. None and empty where they were never published: then the caller writes down
        what the file holds when it first comes, says so, and refuses anything else later.
    about, licence, citation : str
    """

    name: str
    url: str
    bytes: int | None
    md5: str
    about: str
    licence: str
    citation: str

    @property
    def filename(self) -> str:
        """Name of the file itself."""
        return self.url.rpartition("/")[2]


FILES = {
    "alanine": PublicFile(
        name="alanine",
        url="https://ftp.imp.fu-berlin.de/pub/cmb-data/"
        "alanine-dipeptide-3x250ns-backbone-dihedrals.npz",
        bytes=6_000_544,
        md5="3fa7c72ba512213a3860f9691602cdc7",
        about="alanine dipeptide, 300 K: φ and ψ of 3 runs of 250 ns, every 1 ps (mdshare)",
        licence="CC BY 4.0",
        citation="mdshare: alanine dipeptide, 3 × 250 ns, https://ftp.imp.fu-berlin.de/pub/cmb-data/",
    )
}


def default_folder() -> Path:
    """Give the folder of fetched files."""
    import pooch  # slow to load

    return Path(pooch.os_cache("stridebench"))


def find_public(name: str, others: Sequence[str] = ()) -> PublicFile:
    """Find a file by what ``data fetch`` calls it.

    Raises
    ------
    InputError
        If there is none; names what there is, and ``others`` that the caller knows.
    """
    if name not in FILES:
        known = ", ".join([*FILES, *others])
        raise InputError(f"nothing to fetch is called '{name}'; available: {known}")
    return FILES[name]


def fetch(file: PublicFile, folder: Path, show: bool = True) -> Path:
    """Download a file unless it is there already, and verify it.

    The download is atomic: the file is whole or not there. What came of one that was interrupted
    lies beside it as ``FILE.part``, and the next call goes on from there.

    Parameters
    ----------
    file : PublicFile
    folder : Path
        Where it goes; made if need be.
    show : bool
        Show a progress bar.

    Returns
    -------
    Path
        Of the verified file.

    Raises
    ------
    InputError
        If the file there, or what the server sends, is not the one that is meant; if there is no
        connection. Says where to get the file and where to put it by hand.
    """
    import pooch  # slow to load

    from benchmark.resuming import ResumingDownloader

    path = folder / file.filename
    if path.exists():
        if fault := _fault(path, file):
            raise InputError(f"{path} {fault}; remove it, then fetch it again from {file.url}")
        return path
    by_hand = f"get it from {file.url} by other means and put it at {path}"
    try:
        pooch.get_logger().setLevel("WARNING")
        pooch.retrieve(
            file.url,
            known_hash=f"md5:{file.md5}" if file.md5 else None,
            fname=file.filename,
            path=folder,
            downloader=ResumingDownloader(folder / f"{file.filename}.part", show),
        )
    except ValueError as error:
        raise InputError(
            f"{file.url} sends something else than expected (MD5 is not {file.md5}); {by_hand}"
        ) from error
    except OSError as error:  # no connection, an answer that is an error, a full disk
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot fetch {file.filename} ({reason}); {by_hand}") from error
    return path


def _fault(path: Path, file: PublicFile) -> str:
    """Say how a file differs from the one that is meant; empty if it does not."""
    size = path.stat().st_size
    if file.bytes is not None and size != file.bytes:
        return f"has {size:,} bytes, expected {file.bytes:,}"
    if not file.md5:
        return ""
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "md5").hexdigest()
    return "" if found == file.md5 else f"has MD5 {found}, expected {file.md5}"
