"""The fenced blocks of a page, with what the comments above them say; and how a block is run.

``<!-- file: NAME -->`` has a block of Python written to a file; ``<!-- slow -->`` is run with the
slow tests; ``<!-- not run: REASON -->`` never is, and says why. Every other command is run.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.plugs import ROOT, command

DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))

#: A run that names no task is tried on this one.
SMALL = "alanine/macro4-10ps"

FENCE = re.compile(
    r"(?P<marks>(?:^<!-- .*? -->\n)*)^```(?P<kind>bash|python)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!-- (file|slow|not run)(?:: (.*?))? -->")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    kind: str
    text: str
    file: str = ""
    slow: bool = False
    reason: str = ""  # why it is not run

    @property
    def commands(self) -> list[list[str]]:
        """The commands of a block of bash, word by word."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(page: str) -> list[Block]:
    """Read the blocks of a page of the docs, in order."""
    found = []
    for match in FENCE.finditer((DOCS / page).read_text("utf-8")):
        marks = dict(MARK.findall(match["marks"]))
        if len(marks) != match["marks"].count("<!--"):
            raise ValueError(f"{page}: a comment that means nothing: {match['marks']}")
        found.append(
            Block(
                page,
                match["kind"],
                match["text"],
                marks.get("file", ""),
                "slow" in marks,
                marks.get("not run", ""),
            )
        )
    return found


def run_block(block: Block, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Write a file, or run commands in a folder, as a reader would."""
    if block.file:
        (folder / block.file).write_text(block.text, "utf-8")
        compile(block.text, block.file, "exec")
    if block.reason or block.kind == "python":
        return
    for words in block.commands:
        if words[:3] == ["python", "-m", "benchmark"]:
            code, out, err = command(capsys, *_small(words[3:]))
            assert code == 0, f"{shlex.join(words)}\n{out[-2000:]}\n{err[-2000:]}"
        else:
            assert words[0] == "python", f"mark it or make it one of ours: {shlex.join(words)}"
            call = [sys.executable, *words[1:]]
            done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]


def _small(words: list[str]) -> list[str]:
    """Let a run that names no task, and would do all of them, do a small one."""
    if words[0] == "run" and "--tasks" not in words:
        return [*words, "--tasks", SMALL]
    return words
