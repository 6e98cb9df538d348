"""A table of the site: rendered as HTML by a template, and the same to download."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.uncertainty import with_error
from leaderboard.markup import csv_cell
from leaderboard.site.latex import latex_table

#: A cell without a number is sorted as if it had this one.
LEAST = -1e300


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    heading : str
    number : bool
        Whether it is written flush right, and sorted by size, the largest first.
    about : str
        What it holds, where the heading is short.
    data : mapping of str to str
        What scripts may ask of it.
    extra : bool
        Whether a reader has to ask for it.
    """

    heading: str
    number: bool = True
    about: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    extra: bool = False

    def order(self, cell: Cell) -> float | str:
        """Give what a cell is sorted by: a number where it is one, else below all numbers."""
        if not self.number:
            return cell.text
        return cell.value if math.isfinite(cell.value) else LEAST


@dataclass(frozen=True)
class Cell:
    """A cell: the text that is read, and the number behind it.

    Attributes
    ----------
    text : str
    value, stderr : float
        In the unit of the column; nan where there is none.
    link : str
        A page of the site, relative to its first.
    look : str
        The class of its style.
    badge : str
        How far the row was verified, where the text is its badge; else empty.
    """

    text: str
    value: float = math.nan
    stderr: float = math.nan
    link: str = ""
    look: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Line:
    """A row: its cells in the order of the columns, and what scripts and styles may ask of it."""

    cells: Sequence[Cell]
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    name : str
        Of its files, and of the element.
    caption : str
    columns : sequence of Column
        The first names the rows.
    lines, foot : sequence of Line
        The foot stays below, however the lines are sorted.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    lines: Sequence[Line]
    foot: Sequence[Line] = ()

    @property
    def csv(self) -> str:
        """The table for programs: numbers with all their digits, and errors in columns beside."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        every = [*self.lines, *self.foot]
        errors = [
            any(math.isfinite(line.cells[place].stderr) for line in every)
            for place in range(len(self.columns))
        ]
        writer.writerow(
            name
            for column, has in zip(self.columns, errors, strict=True)
            for name in ([column.heading, f"{column.heading} stderr"] if has else [column.heading])
        )
        for line in every:
            writer.writerow(
                text
                for cell, has in zip(line.cells, errors, strict=True)
                for text in ([_number(cell), _digits(cell.stderr)] if has else [_number(cell)])
            )
        return written.getvalue()

    @property
    def latex(self) -> str:
        """The columns that are seen at first, as LaTeX."""
        seen = [place for place, column in enumerate(self.columns) if not column.extra]
        left = sum(not self.columns[place].number for place in seen)
        seen.sort(key=lambda place: self.columns[place].number)  # texts first
        rows = [
            {self.columns[place].heading: line.cells[place].text for place in seen}
            for line in [*self.lines, *self.foot]
        ]
        return latex_table(rows, left, self.caption, f"tab:{self.name}")


def measured(value: float, stderr: float = math.nan, look: str = "") -> Cell:
    """Make a cell of a number with its standard error."""
    return Cell(with_error(value, stderr), value, stderr, look=look)


def _number(cell: Cell) -> str:
    return _digits(cell.value) if math.isfinite(cell.value) else csv_cell(cell.text)


def _digits(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
