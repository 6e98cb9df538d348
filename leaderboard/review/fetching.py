"""Fetch the submissions of a pull request by GitHub's API at one commit, as files and nothing else.

Run: ``python -m leaderboard.review.fetching --repository OWNER/NAME --number N --commit SHA
--to FOLDER``, with a token that may read in the variable GITHUB_TOKEN. ``--others FILE`` gets what
else the request changes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import atomic, write_text

API = "https://api.github.com"

#: Where submissions lie in the repository; what else a request changes is for people to read.
FOLDER = re.compile(r"leaderboard/submissions/[^/]+/[^/]+/.+", re.DOTALL)

#: One part of a path: no hidden file, no way up, nothing that a shell or a page could read into it.
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

#: How git calls a plain file, and one that may be executed (which it is not).
PLAIN = ("100644", "100755")

SHA = re.compile(r"[0-9a-f]{40}")

#: Files of one request, bytes of one file and of all together.
MOST_FILES, MOST_BYTES, MOST_IN_ALL = 300, 8 << 20, 32 << 20

#: Seconds that the host may be silent.
SILENCE = 60


@dataclass(frozen=True)
class Request:
    """A pull request at one commit.

    Attributes
    ----------
    repository : str
        OWNER/NAME of the repository that it is made to.
    number : int
    commit : str
        The head that is looked at, 40 hexadecimal digits: what is pushed later is another request.
    api : str
        Address of the API.
    token : str
        May be empty; only reads.
    """

    repository: str
    number: int
    commit: str
    api: str = API
    token: str = ""


def fetch(request: Request, folder: Path) -> list[Path]:
    """Write the files of a request's submissions below a folder.

    Parameters
    ----------
    request : Request
    folder : Path
        Gets ``TRACK/NAME/…``.

    Returns
    -------
    list of Path
        The folders of the submissions, sorted.

    Raises
    ------
    InputError
        If there are too many files or bytes, a path is not one of a submission, an entry is no
        plain file, or the host fails.
    """
    if not SHA.fullmatch(request.commit):
        raise InputError(f"'{request.commit}' is no commit; expected 40 hexadecimal digits")
    homes, total = set(), 0
    plain = _plain_files(request)
    for name in _changed(request):
        place = _place(name)
        if name not in plain:
            raise InputError(f"'{name}' is no plain file of at most {MOST_BYTES:,} bytes")
        blob = f"/repos/{request.repository}/git/blobs/{plain[name]}"
        content = _get(request, blob, {}, "application/vnd.github.raw+json")
        total += len(content)
        if total > MOST_IN_ALL:
            raise InputError(f"the files of the request have over {MOST_IN_ALL:,} bytes together")
        with atomic(folder / place) as temporary:
            temporary.write_bytes(content)
        homes.add(folder.joinpath(*place.parts[:2]))
    return sorted(homes)


def others(request: Request) -> list[str]:
    """Give what a request changes beside the submissions that it holds.

    A record of verification, which gives a row its badge, would be among them, and so would the row
    of somebody else that is taken away.

    Returns
    -------
    list of str
        ``changes PATH`` or ``removes PATH``.

    Raises
    ------
    InputError
        If there are too many files, or the host fails.
    """
    entries = list(_entries(request))
    homes = {_home(entry["filename"]) for entry in entries if entry["status"] != "removed"}
    found = []
    for entry in entries:
        gone = entry["status"] == "removed"
        before = entry["filename"] if gone else entry.get("previous_filename")
        if before and (_home(before) is None or _home(before) not in homes):
            found.append(f"removes {before}")
        if not gone and _home(entry["filename"]) is None:
            found.append(f"changes {entry['filename']}")
    return found


def _home(name: str) -> str | None:
    """Give the folder of the submission that a path belongs to; None if it belongs to none."""
    return "/".join(name.split("/")[:4]) if FOLDER.fullmatch(name) else None


def _changed(request: Request) -> Iterator[str]:
    """Give the paths of the files of submissions that a request adds or changes."""
    found = 0
    for entry in _entries(request):
        if entry["status"] != "removed" and FOLDER.fullmatch(entry["filename"]):
            found += 1
            if found > MOST_FILES:
                raise InputError(f"the request has over {MOST_FILES} files of submissions")
            yield entry["filename"]


def _entries(request: Request) -> Iterator[dict[str, Any]]:
    """Give what GitHub says of every file that a request touches."""
    for page in range(1, 2 + MOST_FILES // 100):
        path = f"/repos/{request.repository}/pulls/{request.number}/files"
        entries = json.loads(_get(request, path, {"per_page": 100, "page": page}))
        yield from entries
        if len(entries) < 100:
            return
    raise InputError(f"the request changes over {MOST_FILES} files; split it")


def _place(name: str) -> Path:
    """Give where a file of a submission belongs below the folder of submissions."""
    parts = name.split("/")[2:]
    if not all(PART.fullmatch(part) for part in parts):
        raise InputError(f"'{name}': expected letters, digits, '.', '_' and '-' in a path")
    return Path(*parts)


def _plain_files(request: Request) -> dict[str, str]:
    """Give the hash of every file of the commit that is one, and no link, module or large file."""
    # The commit is reachable here as the head of the request, also from a fork.
    path = f"/repos/{request.repository}/git/trees/{request.commit}"
    tree = json.loads(_get(request, path, {"recursive": 1}))
    if tree.get("truncated"):
        raise InputError("the commit has more files than GitHub lists")
    return {
        entry["path"]: entry["sha"]
        for entry in tree["tree"]
        if entry["mode"] in PLAIN and SHA.fullmatch(entry["sha"]) and entry["size"] <= MOST_BYTES
    }


def _get(
    request: Request, path: str, query: dict[str, Any], kind: str = "application/vnd.github+json"
) -> bytes:
    """Ask the API, and read what it answers, up to a limit."""
    import requests  # slow to load

    headers = {"Accept": kind, "X-GitHub-Api-Version": "2022-11-28"}
    if request.token:
        headers["Authorization"] = f"Bearer {request.token}"
    content = bytearray()
    try:
        with requests.get(
            request.api + path, params=query, headers=headers, timeout=SILENCE, stream=True
        ) as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(1 << 16):
                content += piece
                if len(content) > MOST_BYTES:
                    raise InputError(f"{path}: over {MOST_BYTES:,} bytes")
    except requests.RequestException as error:
        raise InputError(f"GitHub does not answer for {path}: {type(error).__name__}") from error
    return bytes(content)


def main() -> None:
    """Fetch, print the folders, and write down what the request changes beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--others", type=Path)
    given = parser.parse_args()
    token = os.environ.get("GITHUB_TOKEN", "")
    api = os.environ.get("GITHUB_API_URL", API)
    try:
        request = Request(given.repository, given.number, given.commit, api, token)
        for home in fetch(request, given.to):
            print(home)
        if given.others:
            write_text(given.others, json.dumps(others(request)))
    except InputError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
