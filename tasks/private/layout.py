"""How the lines of a text table are cut: by which separator, with which decimal mark."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.errors import InputError

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+")

#: Cells that hold a value, though no number: one that is missing, or a truth value.
VALUES = frozenset(["na", "n/a", "#n/a", "<na>", "null", "none", "true", "false"])


class Layout(NamedTuple):
    """How a line is cut into words, and which of them are numbers.

    Attributes
    ----------
    separator : str
        "" for white space.
    decimal : str
        "." or ",".
    """

    separator: str
    decimal: str

    def split(self, line: str) -> list[str]:
        """Cut a line into words, without quotes and blanks around them."""
        if not self.separator:
            return [word.strip('"') for word in line.split()]
        words = next(csv.reader([line], delimiter=self.separator, skipinitialspace=True))
        return [word.strip() for word in words]

    def is_number(self, word: str) -> bool:
        """Whether a word is a value: a number, one that is missing, or a truth value."""
        try:
            float(word.replace(self.decimal, "."))
        except ValueError:
            return word.lower() in VALUES
        return "_" not in word  # float() takes 1_000


def layout_of(path: Path, lines: Sequence[str], remarks: Sequence[str]) -> Layout:
    """Tell separator and decimal mark from the first lines.

    Parameters
    ----------
    path : Path
        For errors.
    lines : sequence of str
        The first may be a header.
    remarks : sequence of str
        The last may give names.

    Raises
    ------
    InputError
        If commas may separate or mark decimals.
    """
    rows = lines[1:] or lines
    for separator in (";", "\t"):
        counts = {line.rstrip("\t ").count(separator) for line in rows}
        if 0 not in counts and (separator == ";" or len(counts) == 1):
            cells = [cell for line in rows for cell in Layout(separator, ".").split(line)]
            commas = any(DECIMAL_COMMA.fullmatch(cell) for cell in cells)
            points = any("." in cell for cell in cells)
            return Layout(separator, "," if commas and not points else ".")
    if not any("," in line for line in rows):
        return Layout("", ".")
    words = [line.split() for line in rows]
    numbers = all(DECIMAL_COMMA.fullmatch(w) or WHOLE.fullmatch(w) for row in words for w in row)
    if not numbers or any(
        line.count(",") > len(row) for line, row in zip(rows, words, strict=True)
    ):
        return Layout(",", ".")
    if max(map(len, words)) > 1:
        return Layout("", ",")
    # One number with a decimal comma, or two whole ones? The names of the columns tell.
    if not DECIMAL_COMMA.fullmatch(lines[0].strip()):
        return Layout(",", ".") if "," in lines[0] else Layout("", ",")
    first = [int(line.partition(",")[0]) for line in rows]
    numbered = len(set(np.diff(first))) == 1 and first[0] < first[-1]  # frames, then a label
    if numbered or any(len(line.split(",")) == 2 for line in remarks[-1:]):
        return Layout(",", ".")
    raise InputError(
        f"{path}: '{lines[0].strip()}' may be one number with a decimal comma, or two columns; "
        "give it a header, or save it with decimal points"
    )
