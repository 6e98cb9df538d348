"""A download that breaks goes on where it stopped, and ends with the same bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.resuming import CHUNK
from tasks.making.download import PublicFile, fetch

CONTENT = np.random.default_rng(0).bytes(100_000)


@dataclass
class Site:
    """A server of one file: what it sends, and what it was asked."""

    content: bytes = CONTENT
    knows_ranges: bool = True
    breaks_after: int | None = None
    ranges: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def file(self) -> PublicFile:
        url = f"http://127.0.0.1:{self.port}/frames.npz"
        return PublicFile("frames", url, None, "", "", "", "")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            site.ranges.append(asked)
            size, first = len(site.content), 0
            if asked and site.knows_ranges:
                first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first and first >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
            self.send_header("Content-Length", str(size - first))
            self.end_headers()
            self.wfile.write(site.content[first : site.breaks_after])

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site.port = server.server_port
        yield site
        server.shutdown()


def interrupted(site: Site, folder: Path, after: int) -> int:
    """Break a download; give how many bytes are kept, which are the first of the file."""
    site.breaks_after = after
    with pytest.raises(InputError, match=r"cannot fetch frames\.npz .* put it at"):
        fetch(site.file, folder, show=False)
    site.breaks_after = None
    site.ranges.clear()
    (part,) = folder.iterdir()
    assert part.name == "frames.npz.part"
    kept = part.read_bytes()
    assert after - CHUNK < len(kept) <= after
    assert kept == CONTENT[: len(kept)]
    return len(kept)


def test_interrupted_download_goes_on_with_the_rest(site: Site, tmp_path: Path):
    kept = interrupted(site, tmp_path, 40_000)
    path = fetch(site.file, tmp_path, show=False)
    assert path.read_bytes() == CONTENT
    assert site.ranges == [f"bytes={kept}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["frames.npz"]


def test_download_may_be_interrupted_twice(site: Site, tmp_path: Path):
    interrupted(site, tmp_path, 40_000)
    kept = interrupted(site, tmp_path, 70_000)
    assert fetch(site.file, tmp_path, show=True).read_bytes() == CONTENT
    assert site.ranges == [f"bytes={kept}-"]


def test_server_without_ranges_sends_all_of_it_again(site: Site, tmp_path: Path):
    interrupted(site, tmp_path, 40_000)
    site.knows_ranges = False
    assert fetch(site.file, tmp_path, show=False).read_bytes() == CONTENT


def test_part_that_is_all_of_it_is_taken(site: Site, tmp_path: Path):
    (tmp_path / "frames.npz.part").write_bytes(CONTENT)
    assert fetch(site.file, tmp_path, show=False).read_bytes() == CONTENT
    assert site.ranges == [f"bytes={len(CONTENT)}-"]


def test_part_longer_than_the_file_is_thrown_away(site: Site, tmp_path: Path):
    (tmp_path / "frames.npz.part").write_bytes(CONTENT + b"more")
    assert fetch(site.file, tmp_path, show=False).read_bytes() == CONTENT
    assert site.ranges == [f"bytes={len(CONTENT) + 4}-", None]
