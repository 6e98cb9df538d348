"""Downloads that go on where they were interrupted, for pooch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmark

if TYPE_CHECKING:
    import requests

#: Bytes written at a time; of an interrupted download, the last so many are lost.
CHUNK = 1 << 14

#: Hosts of archives refuse who does not say what he is.
USER_AGENT = f"stridebench/{benchmark.__version__}"

#: Seconds without a byte before a download is given up.
TIMEOUT = 30

TOO_FAR = 416  # HTTP: the range asked for begins beyond the end of the file
PARTIAL = 206  # HTTP: what follows is the range, not the whole file


@dataclass(frozen=True)
class ResumingDownloader:
    """A downloader for `pooch.retrieve`, which itself starts anew every time.

    What was received stays in ``part`` when the connection breaks, and the next call asks for the
    rest (RFC 9110, section 14: Range). A server that does not know ranges sends everything again.
    Nothing here says whether two halves belong together: that is for the file's fingerprint.

    Attributes
    ----------
    part : Path
        Where an unfinished download lies.
    show : bool
        Show a progress bar on stderr.
    most : int, optional
        Bytes after which it is given up, whatever the server says.
    https_only : bool
        Do not follow a redirection to an address that is not https.
    """

    part: Path
    show: bool = False
    most: int | None = None
    https_only: bool = False

    def __call__(self, url: str, output_file: str, pooch: Any = None) -> None:
        """Download ``url`` to the path ``output_file``.

        Raises
        ------
        OSError
            If there is no connection, it breaks, or the server's answer is an error.
        """
        import requests  # slow to load

        have = self.part.stat().st_size if self.part.exists() else 0
        # A packed answer would be counted in other bytes than the file.
        headers = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.Session() as session, ExitStack() as opened:
            if self.https_only:
                session.mount("http://", _refusing())
            answer = opened.enter_context(
                session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
            )
            whole = _whole(answer)
            if answer.status_code == TOO_FAR and have != whole:
                self.part.unlink()  # longer than the file on the server: not a part of it
                return self(url, output_file, pooch)
            if answer.status_code != TOO_FAR:
                answer.raise_for_status()
                self._receive(answer, have if answer.status_code == PARTIAL else 0, whole)
        self.part.replace(output_file)
        return None

    def _receive(self, answer: requests.Response, have: int, whole: int | None) -> None:
        with self.part.open("ab" if have else "wb") as file, self._bar(have, whole) as advance:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if self.most is not None and file.tell() > self.most:
                    raise ConnectionAbortedError(f"over {self.most:,} bytes came")
        size = self.part.stat().st_size
        if whole is not None and size != whole:
            raise ConnectionError(f"{size:,} of {whole:,} bytes came")

    @contextmanager
    def _bar(self, have: int, whole: int | None) -> Iterator[Any]:
        from rich.console import Console  # slow to load
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        columns = (BarColumn(bar_width=24), DownloadColumn(), TransferSpeedColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not self.show) as progress:
            bar = progress.add_task("download", total=whole, completed=have)
            yield lambda count: progress.advance(bar, count)


def _refusing() -> Any:
    """Make what stands for the connection to an address that is not followed."""
    from requests.adapters import BaseAdapter  # slow to load

    class Refusing(BaseAdapter):
        def send(self, request: Any, *given: Any, **more: Any) -> Any:
            raise ConnectionRefusedError(f"{request.url} is not an https address")

        def close(self) -> None:
            pass

    return Refusing()


def _whole(answer: requests.Response) -> int | None:
    """Give the size of the whole file that an answer is about, None if it does not say."""
    if answer.status_code in (PARTIAL, TOO_FAR):
        found = re.search(r"/(\d+)$", answer.headers.get("Content-Range", ""))
        return int(found[1]) if found else None
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None
