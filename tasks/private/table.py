"""The table in a text file: its encoding, remarks, separator, decimal mark and header."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmark.errors import InputError, named
from tasks.private.layout import Layout, layout_of
from tasks.private.remarks import PLUMED, PLUMED_UNIT, names_in

#: Lines that hold no data: of NumPy, PLUMED, cpptraj (#), Grace (@, &), MATLAB (%), Fortran (!).
REMARK = re.compile(r"^[ \t]*[#@&%!].*$", re.MULTILINE)
#: A remark behind the numbers of a line.
TRAILING_REMARK = re.compile(r"[ \t]+#.*$", re.MULTILINE)
#: Grace separates data sets so.
NEXT_SET = re.compile(r"^[ \t]*&", re.MULTILINE)

#: Between two lines of numbers.
BLANK_LINE = re.compile(r"\n[ \t]*\n")

#: Byte-order marks; UTF-32's begins with UTF-16's.
ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

#: Lines from which separator, decimal mark and header are told.
SAMPLE = 50


@dataclass(frozen=True)
class Table:
    """Columns as they lie in a file.

    Attributes
    ----------
    name : str
        For messages.
    columns : tuple of arrays of shape (rows,)
        Numbers, or text where a cell is none.
    names : tuple of str
        One a column, "" where there is none; empty if no column has one.
    time_unit : str
        Of times whose column does not tell, as the program that wrote the file has it by default.
    """

    name: str
    columns: tuple[NDArray[Any], ...]
    names: tuple[str, ...] = ()
    time_unit: str = ""

    def title(self, at: int) -> str:
        """Say which column it is: by its number from 1, and its name."""
        name = self.names[at] if self.names else ""
        return f"column {at + 1}" + (f" '{name}'" if name else "")


def read_table(path: Path) -> Table:
    """Find the table in a text file.

    Remarks are left out wherever they stand. Columns get their names from a header, or from a
    remark that has as many words as there are columns: the legends of Grace's .xvg, the FIELDS of
    PLUMED, the first line of cpptraj or of ``numpy.savetxt``.

    Raises
    ------
    InputError
        If the file is no text or empty, its lines are of unequal length, the header has more or
        fewer words than the table columns, a comma may mean two things, lines among the numbers
        are blank, or several tables follow one another.
    """
    text = _decoded(path)
    remarks = [found.group().strip() for found in REMARK.finditer(text)]
    body = REMARK.sub("", text)
    if "#" in body:
        body = TRAILING_REMARK.sub("", body)
    sample = list(islice(((n, s) for n, s in enumerate(StringIO(body)) if s.strip()), SAMPLE))
    if not sample:
        raise InputError(f"{path} is empty")
    _require_one_set(path, text)
    lines = [line.strip("\n") for _, line in sample]
    layout = layout_of(path, lines, remarks)
    header = _header(path, lines, layout)
    first = sample[1 if header and len(sample) > 1 else 0][0]
    _require_no_gap(path, text, first)
    columns = _columns(path, body, layout, first) if not header or len(sample) > 1 else ()
    if not columns:
        raise InputError(f"{path} is empty but for its header")
    if header:
        return Table(path.name, columns, _checked_header(path, header, len(columns), layout))
    above = [line for line in text.split("\n", first)[:first] if REMARK.match(line)]
    names = names_in(path, remarks, above, len(columns), layout)
    by_plumed = any(PLUMED.match(line) for line in remarks)
    return Table(path.name, columns, names, PLUMED_UNIT if by_plumed else "")


def _decoded(path: Path) -> str:
    """Read text in the encoding that its first bytes tell, with Unix line ends."""
    raw = path.read_bytes()
    marked = next((name for mark, name in ENCODINGS.items() if raw.startswith(mark)), None)
    if marked is None and b"\0" in raw[:4096]:
        raise InputError(f"{path} is no text: it holds zero bytes; give its true suffix")
    try:
        text = raw.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        if marked:
            raise InputError(f"{path} is no {marked} text: {named(error)}") from error
        text = raw.decode("latin-1")  # names of old programs: µs, Å
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def _require_one_set(path: Path, text: str) -> None:
    mark = NEXT_SET.search(text)
    if mark and REMARK.sub("", text[mark.start() :]).strip():
        line = text.count("\n", 0, mark.start()) + 1
        raise InputError(
            f"{path} holds several data sets, the first ends at line {line} ('&'); give each as a "
            "file of its own"
        )


def _require_no_gap(path: Path, text: str, first: int) -> None:
    """Refuse blank lines among the numbers, which begin at line number ``first`` (from 0)."""
    begin = sum(map(len, islice(StringIO(text), first)))
    gap = BLANK_LINE.search(text, begin)
    if gap and REMARK.sub("", text[gap.end() :]).strip():
        line = text.count("\n", 0, gap.start()) + 2
        raise InputError(
            f"{path}: line {line} is blank, and numbers follow: is one missing there, or does "
            "another run begin? fill it in, or give each run as a file of its own"
        )


def _header(path: Path, lines: Sequence[str], layout: Layout) -> list[str]:
    """Give the words of the first line if it is a header, else none."""
    words = layout.split(lines[0])
    are_numbers = [layout.is_number(word) for word in words]
    if not any(are_numbers) and not any(map(_is_odd, words)):
        return words
    if len(lines) == 1:
        return []
    below = layout.split(lines[1])
    counted = [str(n) for n in range(len(words))]
    if words == counted and len(words) > 1 and any("." in cell for cell in below):
        return words  # pandas numbers the columns that have no names
    if words[0] == "" and words[1:] == counted[:-1]:
        return words  # … and leaves the place over its index blank
    if all(are_numbers) or are_numbers == [layout.is_number(word) for word in below]:
        return []
    raise InputError(
        f"{path}: the first line '{lines[0].strip()}' is neither a header nor numbers; mark a "
        "remark by '#', or leave it out"
    )


def _is_odd(word: str) -> bool:
    """Whether a word has digits and no letter, so that it is no name, though no number either."""
    return any(sign.isdigit() for sign in word) and not any(sign.isalpha() for sign in word)


def _columns(path: Path, body: str, layout: Layout, first: int) -> tuple[NDArray[Any], ...]:
    """Parse the lines from number ``first`` on (from 0, blank ones counted)."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            StringIO(body),
            sep=layout.separator or r"\s+",
            decimal=layout.decimal,
            header=None,
            skiprows=first,
            skipinitialspace=True,
            low_memory=False,
        )
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is no table of numbers: {named(error)}") from error
    columns = [frame[name].to_numpy() for name in frame.columns]
    ends_in_separator = body.split("\n", first + 1)[first].rstrip(" ").endswith(layout.separator)
    if layout.separator and ends_in_separator and frame.iloc[:, -1].isna().all():
        columns.pop()
    return tuple(columns)


def _checked_header(path: Path, words: list[str], n: int, layout: Layout) -> tuple[str, ...]:
    if len(words) == n + 1 and not words[-1]:
        words = words[:-1]
    if len(words) != n:
        raise InputError(
            f"{path}: the header has {len(words)} words, the table {n} columns; call each column "
            "by one word, such as time_ps, or separate by commas"
        )
    if not layout.separator and any(word[0] in "([" for word in words):
        raise InputError(
            f"{path}: the header '{' '.join(words)}' has blanks within names; call each column "
            "by one word, such as time_ps, or separate by commas"
        )
    return tuple(words)
