"""Names of columns that stand in the remarks of a table, as many programs write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import InputError
from tasks.private.layout import Layout

GRACE_LABEL = re.compile(r'^@\s*([xy])axis\s+label\s+"(.*)"')
GRACE_LEGEND = re.compile(r'^@\s*s\d+\s+legend\s+"(.*)"')
PLUMED = re.compile(r"^#!\s*FIELDS\b(.*)")
#: PLUMED counts time in ps unless its input says otherwise, which its output does not tell.
PLUMED_UNIT = "ps"


def names_in(
    path: Path, remarks: Sequence[str], above: Sequence[str], n: int, layout: Layout
) -> tuple[str, ...]:
    """Find the names of columns in remarks.

    Parameters
    ----------
    path : Path
        For errors.
    remarks, above : sequence of str
        All, and those above the table.
    n : int
        Columns.
    layout : Layout

    Returns
    -------
    tuple of str
        One a column, "" where none is given; empty if no remark fits.

    Raises
    ------
    InputError
        If PLUMED's FIELDS are of another number than the columns, or not all the same.
    """
    fields = {found[1] for line in remarks if (found := PLUMED.match(line))}
    if len(fields) > 1:
        raise InputError(f"{path} has FIELDS of several kinds; give each run as a file of its own")
    if fields:
        words = fields.pop().split()
        if len(words) != n:
            raise InputError(f"{path}: FIELDS names {len(words)} columns, the table has {n}")
        return tuple(words)
    labels = {found[1]: found[2] for line in remarks if (found := GRACE_LABEL.match(line))}
    if labels.get("x"):
        legends = [found[1] for line in remarks if (found := GRACE_LEGEND.match(line))]
        if not legends and n == 2:
            legends = [labels.get("y", "")]
        return (labels["x"], *legends, *[""] * n)[:n]
    for line in reversed(above):
        words = _words(line.lstrip("#%! \t"), layout)
        # A single word may be anything.
        if n > 1 and line.lstrip()[0] in "#%!" and len(words) == n:
            return () if all(map(layout.is_number, words)) else tuple(words)
    return ()


def _words(line: str, layout: Layout) -> list[str]:
    """Cut a remark into names; a unit in brackets belongs to the word before it."""
    if layout.separator and layout.separator in line:
        return layout.split(line)
    joined = re.sub(r"\s+(?=[(\[][^)\]]*[)\]])", "\0", line)
    return [word.replace("\0", " ") for word in joined.split()]
