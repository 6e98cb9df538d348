"""Where an archive may come from, and what is refused before anything is asked of a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.resuming import ResumingDownloader
from leaderboard.downloads import local_archive
from leaderboard.manifest import Archive

KNOWN = Archive(bytes=10, sha256="0" * 64)


def test_path_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    assert local_archive(str(tmp_path), None) == tmp_path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing.zip", r"no archive at nothing\.zip; expected a file"),
        ("http://example.org/predictions.zip", "is not an https address"),
        ("file:///etc/passwd", "is not an https address"),
        ("ftp://example.org/predictions.zip", "is not an https address"),
    ],
)
def test_what_is_no_place_of_an_archive_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        local_archive(text, KNOWN)


def test_download_that_nothing_can_be_compared_with_is_refused() -> None:
    with pytest.raises(InputError, match="names no archive to compare"):
        local_archive("https://example.org/predictions.zip", None)


def test_address_that_is_not_https_is_not_followed(tmp_path: Path) -> None:
    fetch = ResumingDownloader(tmp_path / "part", https_only=True)
    with pytest.raises(ConnectionRefusedError, match="is not an https address"):
        fetch("http://example.org/predictions.zip", str(tmp_path / "out"))
