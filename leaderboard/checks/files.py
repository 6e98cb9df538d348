"""The files of a submission: what there is, and whether it can be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from benchmark.result import Result
from benchmark.untrusted import LyingFileError, read_file, record_of, shown
from leaderboard.archive import AUDIT
from leaderboard.card import read_card
from leaderboard.checks.entry import CARD, MANIFEST, RESULTS, Entry

#: What may lie in the folder of a submission, and whether it is a folder.
KNOWN = {CARD: False, RESULTS: False, MANIFEST: False, AUDIT: True}


def file_faults(entry: Entry) -> Iterator[str]:
    """Look at what lies in the folder; that something is missing, whoever reads it says."""
    folder = entry.folder
    try:
        if folder.is_symlink():
            yield "the folder is a link; put the folder itself there"
            return
        with os.scandir(folder) as found:
            there = {one.name: one.stat(follow_symlinks=False).st_mode for one in found}
    except OSError as error:
        yield f"cannot look into the folder: {error.strerror}"
        return
    for name, mode in sorted(there.items()):
        if name not in KNOWN:
            yield f"'{shown(name)}' does not belong here; take it out"
        elif not (stat.S_ISDIR if KNOWN[name] else stat.S_ISREG)(mode):
            yield f"{name} is not a {'folder' if KNOWN[name] else 'file'}; links are none either"


def card_faults(entry: Entry) -> Iterator[str]:
    """Read the card."""
    try:
        entry.card = read_card(entry.folder / CARD)
    except LyingFileError as error:
        yield from error.lines


def result_faults(entry: Entry) -> Iterator[str]:
    """Read the result."""
    try:
        entry.result = record_of(read_file(entry.folder / RESULTS), Result)
    except LyingFileError as error:
        yield from error.lines
