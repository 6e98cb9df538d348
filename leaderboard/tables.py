"""How the pages write tables, and the numbers in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tabulate import tabulate

#: Stands where there is no number.
NO_VALUE = "–"


def table(rows: Sequence[Mapping[str, str]], left: int = 1) -> str:
    r"""Write a Markdown table; the first ``left`` columns are text, the others numbers.

    Parameters
    ----------
    rows : sequence of mapping of heading to cell
        At least one; the first gives the order of the columns.
    left : int

    Examples
    --------
    >>> table([{"model": "msm", "score": "0.5"}])
    '| model   |   score |\n|:--------|--------:|\n| msm     |     0.5 |\n'
    """
    align = ["left"] * left + ["right"] * (len(rows[0]) - left)
    # Cells are text already: tabulate must not read numbers into them.
    return tabulate(rows, "keys", tablefmt="pipe", colalign=align, disable_numparse=True) + "\n"


def rms_percent(shares: Sequence[float]) -> str:
    """Write the root mean square of shares, in per cent.

    Examples
    --------
    >>> rms_percent([0.03, 0.04])
    '3.5'
    """
    if not shares:
        return NO_VALUE
    return f"{100 * math.sqrt(sum(share**2 for share in shares) / len(shares)):.1f}"


def two_digits(value: float) -> str:
    """Write a number with two digits after the point, and no minus before a zero.

    Examples
    --------
    >>> two_digits(-0.001), two_digits(math.nan)
    ('0.00', '–')
    """
    return f"{round(value, 2) + 0.0:.2f}" if math.isfinite(value) else NO_VALUE


def span(low: float, high: float) -> str:
    """Write the smallest and largest of some whole numbers, once where they are equal.

    Examples
    --------
    >>> span(7, 7), span(1200, 3400)
    ('7', '1,200 – 3,400')
    """
    if not math.isfinite(low):
        return NO_VALUE
    return f"{int(low):,}" if low == high else f"{int(low):,} – {int(high):,}"


def seconds(value: float) -> str:
    """Write a duration in s: whole seconds from ten on, two digits below.

    Examples
    --------
    >>> seconds(1234.5), seconds(0.1234)
    ('1234', '0.12')
    """
    if not math.isfinite(value):
        return NO_VALUE
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
