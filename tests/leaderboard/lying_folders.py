"""Reads one lying submission after another; prints for each its faults, and the CPU seconds.

Run in a process of its own, whose memory is limited: ``python -m tests.leaderboard.lying_folders
FOLDER GIB``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark.registry import shipped_tasks
from benchmark.untrusted import LARGE, MOST_VALUES, SMALL
from leaderboard.validation import examined

Make = Callable[[Path], object]


def holding(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def filled(start: bytes, part: bytes, end: bytes, most: int) -> bytes:
    """Repeat a part as often as a file of so many bytes can hold."""
    return start + part * ((most - len(start) - len(end)) // len(part)) + end


def laughs() -> bytes:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)]
    return b"\n".join(lines)


def fields(template: bytes, most: int) -> bytes:
    """Write as many fields of different names as there may be."""
    number = min(MOST_VALUES - 10, most // (len(template) + 8))
    return b",".join(template % n for n in range(number))


CARDS: dict[str, Make] = {
    "aliases of aliases": holding(laughs()),
    "deep flow": holding(b"a: " + b"[" * (SMALL - 10)),
    "deep mappings": holding(b"a: " + b"{b: " * (SMALL // 5)),
    "deep blocks": holding(b"- " * (SMALL // 2 - 10)),
    "one long word": holding(b"title: " + b"x" * (SMALL - 10)),
    "one long comment": holding(b"#" * SMALL),
    "many fields": holding(b"\n".join(b"f%d: 1" % n for n in range(SMALL // 11))),
    "one field again and again": holding(b"a: 1\n" * (SMALL // 5)),
    "many authors": holding(b"authors:\n" + b"- x\n" * (SMALL // 4 - 10)),
    "many wrong authors": holding(b"authors:\n" + b"- 1\n" * (SMALL // 4 - 10)),
    "accents": holding(b"title: a" + "\u0323\u0301".encode() * (SMALL // 4 - 10)),
    "minutes of minutes": holding(b"parameters: 1" + b":1" * (SMALL // 2 - 20)),
    "an endless number": holding(b"parameters: " + b"9" * (SMALL - 20)),
    "an endless hexadecimal number": holding(b"parameters: 0x" + b"f" * (SMALL - 20)),
    "quotes": holding(b'a: "' + b'\\"' * (SMALL // 2 - 20)),
    "brackets of a licence": holding(b"licence: '" + b"(" * (SMALL - 20) + b"'"),
    "merged mappings": holding(b"<<: [" + b"{a: 1}, " * (SMALL // 9) + b"]"),
    "ten megabytes": holding(b"title: " + b"x" * 10_000_000),
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
}

RESULTS: dict[str, Make] = {
    "ten megabytes of text": holding(b'{"model": "' + b"x" * 10_000_000 + b'"}'),
    "a long text": holding(filled(b'{"model": {"name": "', b"x", b'"}}', LARGE)),
    "a long text of escapes": holding(filled(b'{"model": {"name": "', b"\\u0041", b'"}}', LARGE)),
    "a long text of quotes": holding(filled(b'{"model": {"name": "', b'\\"', b'"}}', LARGE)),
    "a text without an end": holding(filled(b'{"model": "', b'\\"', b"", LARGE)),
    "accents": holding(filled(b'{"model": {"name": "', "a\u0323\u0301".encode(), b'"}}', LARGE)),
    "deep lists": holding(filled(b"", b"[", b"", LARGE)),
    "deep objects": holding(filled(b"", b'{"a":', b"", LARGE)),
    "unknown fields": holding(b"{" + fields(b'"f%d":1', LARGE) + b"}"),
    "one field again and again": holding(filled(b'{"a":0', b',"a":1', b"}", LARGE)),
    "units that are numbers": holding(b'{"units": [' + b"1," * (MOST_VALUES - 10) + b"1]}"),
    "units that are empty": holding(b'{"units": [' + b"{}," * (MOST_VALUES // 2 - 10) + b"{}]}"),
    "tasks that are empty": holding(b'{"tasks": [' + b"{}," * (MOST_VALUES // 2 - 10) + b"{}]}"),
    "calls that are empty": holding(b'{"earlier": [' + b"{}," * (MOST_VALUES // 2 - 10) + b"{}]}"),
    "tasks of a call": holding(
        b'{"config": {"tasks": [' + b'"a/b",' * (MOST_VALUES - 10) + b'"a/b"]}}'
    ),
    "settings": holding(b'{"config": {"settings": {' + fields(b'"f%d":1e-3', LARGE) + b"}}}"),
    "packages": holding(b'{"provenance": {"packages": {' + fields(b'"f%d":1', LARGE) + b"}}}"),
    "data": holding(b'{"provenance": {"data": {' + fields(b'"a/%d":{}', LARGE // 2) + b"}}}"),
    "an endless number": holding(filled(b'{"schema_version": ', b"9", b"}", LARGE)),
    "an endless fraction": holding(filled(b'{"ranked": 0.', b"9", b"}", LARGE)),
    "blanks": holding(filled(b"{", b" ", b"}", LARGE)),
    "nothing but zeros": lambda path: os.truncate(path, 1 << 40),
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/urandom"),
}


def lies(home: Path) -> Iterator[str]:
    """Put one lie after another into a submission; gives its name while it is there."""
    for name, makers in {"card.yaml": CARDS, "results.json": RESULTS}.items():
        for lie, make in makers.items():
            path = home / name
            if lie == "nothing but zeros":
                path.touch()
            make(path)
            yield f"{name}: {lie}"
            path.rmdir() if path.is_dir() else path.unlink()


def peak() -> int:
    """Give the most memory of this program, in KiB; getrusage would count whoever started it."""
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main() -> None:
    home, gib = Path(sys.argv[1]), int(sys.argv[2])
    tasks = shipped_tasks()
    resource.setrlimit(resource.RLIMIT_AS, (gib << 30, gib << 30))
    found = {}
    for lie in lies(home):
        begin = time.process_time()
        report = examined(home, tasks)
        faults = [fault for outcome in report.outcomes for fault in outcome.listed]
        found[lie] = (time.process_time() - begin, report.valid, faults)
    print(json.dumps({"lies": found, "kibibytes": peak()}))


if __name__ == "__main__":
    main()
