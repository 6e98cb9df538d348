"""Tables of pages that are copies of the board's, and must stay so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE, BOARD, CLAIMS, WELLS, THERMOSTATS = (
    (ROOT / path).read_text("utf-8")
    for path in (
        "docs/board.md",
        "leaderboard/README.md",
        "leaderboard/CLAIMS.md",
        "tasks/doublewell/README.md",
        "tasks/md17_nvt/README.md",
    )
)

Table = dict[tuple[str, str], str]


def tables(text: str) -> Iterator[Table]:
    """Read every Markdown table of a text: from (row, column) to what stands there."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        header, _, *rows = [
            [plain(cell) for cell in line.strip().strip("|").split("|")]
            for line in block.splitlines()
        ]
        yield {
            (row[0], column): cell
            for row in rows
            for column, cell in zip(header[1:], row[1:], strict=True)
        }


def plain(cell: str) -> str:
    return re.sub(r"\[(.*)\]\(submissions/.*\)", r"\1", cell.strip().strip("*")).strip("`")


def test_regrets_are_those_of_the_board() -> None:
    board: Table = {}
    for section in BOARD.split("\n### "):
        if section.startswith("Likelihood: regret"):
            board |= next(tables(section))
    shown: Table = {}
    for table in tables(PAGE):
        if any(("lstm", task) in table for task in ("linear3", "3-0.1ms")):
            shown |= table
    assert len(shown) == 12 * (7 + 4)
    for key, cell in shown.items():
        assert cell == board[key], key


def test_errors_of_filled_in_frames_are_those_of_the_claims() -> None:
    gaps = {"5 fs": "k = 10", "10 fs": "k = 20", "20 fs": "k = 40"}
    claims = next(table for table in tables(CLAIMS) if ("linear", "k = 10") in table)
    shown = next(table for table in tables(PAGE) if ("linear", "5 fs") in table)
    assert len(shown) == 12 * 3
    for (model, gap), cell in shown.items():
        assert cell.replace(")", " of 8)") == claims[model, gaps[gap]], (model, gap)


def test_passage_times_of_double_wells_are_those_of_the_board() -> None:
    doublewell = BOARD.split("\n## Doublewell\n")[1]
    board = next(tables(doublewell.split("\n### Rates: mean first passage times")[1]))
    shown = next(table for table in tables(WELLS) if ("lstm", "d2-t100") in table)
    assert len(shown) >= 12 * 8
    for key, cell in shown.items():
        assert cell == board[key], key


def test_errors_under_thermostats_are_those_of_the_claims() -> None:
    noise = CLAIMS.split("The error itself over f")[1]
    claims = next(table for table in tables(noise) if ("bi-lstm", "global") in table)
    shown = next(table for table in tables(THERMOSTATS) if ("bi-lstm", "global") in table)
    assert len(shown) == 11 * 3
    for key, cell in shown.items():
        assert cell == claims[key], key
