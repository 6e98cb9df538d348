"""How the benchmark itself is cited; ``CITATION.cff`` says the same."""

from __future__ import annotations

from datetime import date

from benchmark import __version__

TITLE = "stridebench: a benchmark suite and leaderboard for learned molecular dynamics"

AUTHORS = "The stridebench developers"

#: Of the archived release; empty until there is one.
DOI = ""

KEY = "stridebench"


def software_entry(board: str, day: date) -> str:
    """Give the BibTeX entry of this version and board.

    Parameters
    ----------
    board : str
        The fingerprint of the board, in short.
    day : date
        When the board was looked at.
    """
    fields = {
        "author": f"{{{AUTHORS}}}",
        "title": f"{{stridebench}}: {TITLE.partition(': ')[2]}",
        "version": __version__,
        "year": str(day.year),
        "note": f"Board {board}, seen on {day.isoformat()}",
        "doi": DOI,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{KEY},", ",\n".join(lines), "}"])
