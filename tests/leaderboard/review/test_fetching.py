"""Files of a request from a host that answers as GitHub's API does; nothing of them is trusted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmark.errors import InputError
from leaderboard.review import fetching
from leaderboard.review.fetching import Request, fetch, others

COMMIT = "c" * 40
HOME = "leaderboard/submissions/kinetics/mine"

# Path in the repository → (mode, content).
Files = dict[str, tuple[str, bytes]]
Serve = Callable[..., Request]


def answers(files: Files, changed: list[str], truncated: bool) -> dict[str, Any]:
    """Give what the host answers, by path."""
    blobs = {f"{number:040x}": content for number, (_, content) in enumerate(files.values())}
    tree = [
        {"path": name, "mode": mode, "type": "blob", "sha": sha, "size": len(content)}
        for (name, (mode, content)), sha in zip(files.items(), blobs, strict=True)
    ]
    entries = [
        {"filename": name, "status": "added" if name in files else "removed"} for name in changed
    ]
    return {
        f"/repos/a/b/git/trees/{COMMIT}": {"tree": tree, "truncated": truncated},
        "/repos/a/b/pulls/7/files": entries,
        **{f"/repos/a/b/git/blobs/{sha}": content for sha, content in blobs.items()},
    }


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a host of a request's files; give the request."""
    servers = []

    def start(files: Files, changed: list[str] | None = None, truncated: bool = False) -> Request:
        known = answers(files, list(files) if changed is None else changed, truncated)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                found = known.get(parts.path)
                if isinstance(found, list):  # the changed files, page by page
                    page = int(parse_qs(parts.query)["page"][0])
                    found = found[100 * (page - 1) : 100 * page]
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(found if isinstance(found, bytes) else json.dumps(found).encode())

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Request("a/b", 7, COMMIT, f"http://127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_files_of_submissions_are_written_and_nothing_else(serve: Serve, tmp_path: Path) -> None:
    request = serve(
        {
            f"{HOME}/card.yaml": ("100644", b"name: mine"),
            f"{HOME}/audit/unit.parquet": ("100755", b"\0data"),
            "benchmark/score.py": ("100644", b"SCORER_VERSION = 99"),
            ".github/workflows/evil.yml": ("100644", b"on: push"),
        }
    )
    assert fetch(request, tmp_path) == [tmp_path / "kinetics" / "mine"]
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"kinetics/mine/card.yaml", "kinetics/mine/audit/unit.parquet"}
    assert (tmp_path / "kinetics/mine/audit/unit.parquet").read_bytes() == b"\0data"
    assert not any(path.stat().st_mode & 0o111 for path in tmp_path.rglob("*") if path.is_file())


def test_what_a_request_changes_beside_its_submissions_is_named(serve: Serve) -> None:
    forged = "leaderboard/verifications/kinetics/mine.json"
    files = {f"{HOME}/card.yaml": ("100644", b"name: mine"), forged: ("100644", b"{}")}
    foreign = "leaderboard/submissions/kinetics/lstm/results.json"
    request = serve(files, [*files, f"{HOME}/audit/old.parquet", foreign])
    assert others(request) == [f"changes {forged}", f"removes {foreign}"]


@pytest.mark.parametrize(
    "name",
    [
        f"{HOME}/../../../../benchmark/score.py",
        f"{HOME}/.hidden",
        f"{HOME}/a b",
        f"{HOME}/x\u202ey",
        f"{HOME}//x",
        "leaderboard/submissions/kinetics/-rf/card.yaml",
        "leaderboard/submissions/../submissions/mine/card.yaml",
    ],
)
def test_path_that_is_none_of_a_submission_is_refused(
    serve: Serve, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=r"in a path|no plain file"):
        fetch(serve({name: ("100644", b"x")}), tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("mode", ["120000", "160000", "040000"])
def test_link_module_and_folder_are_refused(serve: Serve, tmp_path: Path, mode: str) -> None:
    with pytest.raises(InputError, match="no plain file"):
        fetch(serve({f"{HOME}/card.yaml": (mode, b"/etc/passwd")}), tmp_path / "to")


def test_sizes_and_numbers_are_limited(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 30_000)
    monkeypatch.setattr(fetching, "MOST_IN_ALL", 40_000)
    monkeypatch.setattr(fetching, "MOST_FILES", 3)
    large = {f"{HOME}/large": ("100644", b"x" * 30_001)}
    both = {f"{HOME}/{name}": ("100644", b"x" * 25_000) for name in "ab"}
    many = {f"{HOME}/{name}": ("100644", b"x") for name in "abcd"}
    for files, message in (
        (large, "no plain file of at most"),
        (both, "together"),
        (many, "over 3"),
    ):
        with pytest.raises(InputError, match=message):
            fetch(serve(files), tmp_path)


def test_host_that_says_a_file_is_smaller_than_it_is_is_cut_off(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = serve({f"{HOME}/card.yaml": ("100644", b"x" * 3_000_000)})
    monkeypatch.setattr(fetching, "MOST_BYTES", 100_000)
    monkeypatch.setattr(fetching, "_plain_files", lambda _: {f"{HOME}/card.yaml": "0" * 40})
    with pytest.raises(InputError, match="over 100,000 bytes"):
        fetch(request, tmp_path)


def test_commit_with_more_files_than_are_listed_is_refused(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more files than GitHub lists"):
        fetch(serve({f"{HOME}/card.yaml": ("100644", b"x")}, truncated=True), tmp_path)


def test_request_of_more_pages_than_files_may_be_is_refused(serve: Serve, tmp_path: Path) -> None:
    names = [f"docs/{number}.md" for number in range(500)]
    with pytest.raises(InputError, match="split it"):
        fetch(serve({f"{HOME}/card.yaml": ("100644", b"x")}, names), tmp_path)


@pytest.mark.parametrize("commit", ["main", "c" * 39, "../" + "c" * 37])
def test_what_is_no_commit_is_refused(tmp_path: Path, commit: str) -> None:
    with pytest.raises(InputError, match="no commit"):
        fetch(Request("a/b", 7, commit, "http://127.0.0.1:9"), tmp_path)


def test_host_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not answer for /repos/a/b"):
        fetch(Request("a/b", 7, COMMIT, "http://127.0.0.1:9"), tmp_path)
