"""The errors a person can cause, each a single line that says what to do."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

from benchmark.text import shows

#: Characters of one line of a message; whoever wrote it may have put a whole array into it.
LONGEST_LINE = 400


class InputError(Exception):
    """What was asked for cannot be done as asked: bad name, bad file, bad option (exit code 2)."""


class ModelError(Exception):
    """A model broke its contract on one unit; the unit scores as trivial, the run goes on."""


def named(error: BaseException) -> str:
    """Give an error's type and the first line of its message, whatever the error is."""
    advice = " (sys.exit was called; raise an error)" if isinstance(error, SystemExit) else ""
    return f"{one_line(type(error).__name__)}: {said(error) or 'no message'}{advice}"


def said(error: BaseException) -> str:
    """Give the first line of an error's message, which may be huge, or raise when it is asked."""
    try:
        text = "".join(str(error)[:10_000])
    except BaseException:  # a model's own class may raise anything
        return "a message that cannot be shown"
    return one_line(text)


def one_line(text: str) -> str:
    """Give the first line of a text, cut where it is long; what cannot be printed is escaped."""
    lines = text[:10_000].strip().splitlines()
    first = lines[0] if lines else ""
    if len(first) > LONGEST_LINE:
        first = first[: LONGEST_LINE - 1] + "…"
    return printable(first)


def printable(text: str) -> str:
    """Give a text in one line, with what does not show escaped."""
    return "".join(
        char if shows(char) else ascii(char)[1:-1] for char in " ".join(text.splitlines())
    )


def where_raised(error: BaseException) -> str:
    """One line: the error and the last line of the model's own code that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
    own = [frame for frame in frames if not frame.filename.startswith(("<", *libraries))]
    last = (own or frames)[-1]
    return f"{named(error)} (at {one_line(Path(last.filename).name)}:{last.lineno})"
