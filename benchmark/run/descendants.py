"""The processes below another one: kept within reach, and ended with it.

A child that calls ``setsid`` leaves the group of its parent, and is handed on when that one ends.
On Linux a process can ask to be handed such orphans, so that all that a model starts stays below
one process of ours whatever it does. Elsewhere only the members of its group are found: a child
that has left it goes on.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

#: Of Linux's prctl: orphans below the caller become its children.
SET_CHILD_SUBREAPER = 36

#: Whether processes and their parents can be looked up.
HAS_PROC = Path("/proc/self/stat").exists()

#: Seconds after which whoever forks faster than it is killed is left alone.
PATIENCE = 2.0


def adopt_orphans() -> bool:
    """Have processes below this one handed to it when their parent ends; say whether that works."""
    if sys.platform != "linux" or not HAS_PROC:
        return False
    import ctypes  # slow to load, and not everywhere

    try:
        return ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def descendants(process: int) -> list[int]:
    """Give the processes below one, by ``/proc``; those that have ended are left out."""
    children: dict[int, list[int]] = {}
    ended = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):  # it is gone by now
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                children.setdefault(int(parent), []).append(int(entry.name))
                if state in "ZX":  # it keeps its children until its last thread has ended
                    ended.add(int(entry.name))
    found, todo = [], [process]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return [one for one in found if one not in ended]


def end_all_below(process: int) -> None:
    """Kill every process below one, and what they start meanwhile."""
    end = time.monotonic() + PATIENCE
    # What is found is a while old: one may have started another and ended since the list was made.
    # So nothing is left only where two looks, one after the other, find nothing.
    nothing = 0
    while nothing < 2 and time.monotonic() < end:
        found = descendants(process)
        nothing = 0 if found else nothing + 1
        for one in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGKILL)


def end_as(status: int) -> NoReturn:
    """End this process as another has ended, by its wait status."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with suppress(OSError, ValueError):  # a signal that cannot be handled anyhow
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)
