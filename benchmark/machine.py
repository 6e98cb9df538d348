"""What this machine has to give."""

from __future__ import annotations

import os


def cores() -> int:
    """Count the cores that this process may use: a batch system gives a job some of a node's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
