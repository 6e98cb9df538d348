"""Output that cannot be written (full disk, closed pipe, signs the terminal lacks) ends no run."""

from __future__ import annotations

import io
import os
import sys
from typing import Any


class Forgiving(io.FileIO):
    """A file descriptor that goes on when it cannot be written to, and remembers why."""

    fault = ""

    def write(self, data: Any) -> int:
        """Write, or remember why not."""
        try:
            return super().write(data) or 0
        except OSError as error:
            self.fault = error.strerror or str(error)
            return memoryview(data).nbytes


def open_streams() -> Forgiving | None:
    """Make sure that there is an output to write to; give what stands in for it, if it is ours.

    A descriptor that was closed before Python began would be given to the next file opened, into
    which everything printed would then go. Signs that the terminal lacks are replaced.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.stdout is not None and sys.stdout is not sys.__stdout__:
        return None  # somebody else's
    raw = Forgiving(1, "w", closefd=False)
    old = sys.stdout
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=old.encoding if old else "utf-8",
        errors="replace",
        line_buffering=True,
    )
    return raw
