"""Archives of predictions at other places: a file or folder here, a URL, or a DOI.

Downloads are kept in the user's cache and go on where they were interrupted. Only https is
followed, and no more bytes are taken than the manifest says that the archive has; what came is
compared with its SHA-256 before it is opened.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import InputError, said
from benchmark.resuming import ResumingDownloader
from leaderboard.archive import ARCHIVE
from leaderboard.manifest import Archive

_DOI = re.compile(
    r"(?:doi:|https://doi\.org/)?(?P<doi>10\.[0-9]{4,9}/[A-Za-z0-9._-]+)(?P<file>/.+)?"
)


def local_archive(text: str, known: Archive | None, folder: Path | None = None) -> Path:
    """Give the path of an archive, downloaded if it is not here.

    Parameters
    ----------
    text : str
        A path, an https URL, or a DOI (of Zenodo, figshare or Dataverse), perhaps with the name of
        the file after it: ``10.5281/zenodo.123/predictions.zip``.
    known : Archive, optional
        What the manifest says of it.
    folder : Path, optional
        Where downloads go; by default the user's cache.

    Raises
    ------
    InputError
        If there is none, it is elsewhere than https, cannot be downloaded, or is another file than
        the manifest says.
    """
    if Path(text).exists():
        return Path(text)
    found = _DOI.fullmatch(text)
    if not found and "://" not in text:
        raise InputError(f"no archive at {text}; expected a file, a folder, https://… or a DOI")
    if known is None:
        raise InputError(f"the manifest names no archive to compare {text} with; download it first")
    url = _url_of(found["doi"], found["file"]) if found else text
    if not url.startswith("https://"):
        raise InputError(f"{url} is not an https address")
    return _downloaded(url, known, folder)


def _downloaded(url: str, known: Archive, folder: Path | None) -> Path:
    import pooch  # slow to load

    folder = folder or Path(pooch.os_cache("stridebench")) / "archives"
    name = f"{known.sha256}.zip"
    pooch.get_logger().setLevel("WARNING")
    fetch = ResumingDownloader(
        folder / f"{name}.part", show=True, most=known.bytes, https_only=True
    )
    try:
        return Path(
            pooch.retrieve(
                url, known_hash=f"sha256:{known.sha256}", fname=name, path=folder, downloader=fetch
            )
        )
    except ValueError as error:
        raise InputError(f"{url} sends another file than the manifest names") from error
    except OSError as error:
        reason = error.strerror or said(error) or type(error).__name__
        raise InputError(f"cannot fetch {url}: {reason}") from error


def _url_of(doi: str, file: str | None) -> str:
    """Ask the repository of a DOI where one of its files is."""
    from pooch.downloaders import doi_to_repository  # slow to load

    try:
        return str(doi_to_repository(doi).download_url((file or f"/{ARCHIVE}").removeprefix("/")))
    except (ValueError, OSError, KeyError) as error:
        raise InputError(f"doi:{doi}: {said(error)}") from error
