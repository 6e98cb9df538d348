r"""Tables of the board in LaTeX, with the rules of booktabs (``\usepackage{booktabs}``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from leaderboard.markup import latex

HEAD = "% Needs \\usepackage{booktabs}; pdfTeX also \\usepackage[T1]{fontenc}, {textcomp}.\n"


def latex_table(
    rows: Sequence[Mapping[str, str]], left: int = 1, caption: str = "", label: str = ""
) -> str:
    r"""Write a table as LaTeX; the first ``left`` columns are text, the others numbers.

    Parameters
    ----------
    rows : sequence of mapping of heading to cell
        At least one; the first gives the order of the columns. All of it is text, whoever wrote
        it, and is escaped.
    left : int
    caption : str
        With one the table floats.
    label : str
        To refer to it by; letters, digits, colons and hyphens.

    Examples
    --------
    >>> print(latex_table([{"model": "msm", "score": "0.489(16)"}]))
    % Needs \usepackage{booktabs}; pdfTeX also \usepackage[T1]{fontenc}, {textcomp}.
    \begin{tabular}{lr}
    \toprule
    model & score \\
    \midrule
    msm & 0.489(16) \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    headings = list(rows[0])
    lines = [
        rf"\begin{{tabular}}{{{'l' * left}{'r' * (len(headings) - left)}}}",
        r"\toprule",
        _line(headings),
        r"\midrule",
        *[_line([row.get(heading, "") for heading in headings]) for row in rows],
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if caption:
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex(caption)}}}",
            *([rf"\label{{{_label(label)}}}"] if label else []),
            *lines,
            r"\end{table}",
        ]
    return HEAD + "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    # A hyphen before a number is a minus.
    written = [latex(re.sub(r"^-(?=\d)", "−", cell)) for cell in cells]
    # An empty group first: what follows a rule or \\\\ would be read as its option.
    start = "{}" if written[0].startswith(("[", "*")) else ""
    return start + " & ".join(written) + r" \\"


def _label(label: str) -> str:
    return "".join(char for char in label if char.isascii() and (char.isalnum() or char in ":-"))
