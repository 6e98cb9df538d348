"""What ``compare`` prints: Markdown tables and a sentence a pair, or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from benchmark.uncertainty import with_error
from leaderboard.comparison import Cell
from leaderboard.side_by_side.claim import claim
from leaderboard.side_by_side.pairs import LEVELS, Pair
from leaderboard.tables import NO_VALUE, table

HEADINGS = {
    "families": "By family",
    "tasks": "By task",
}

RULE = (
    "Differences are those of the second less the first, training replica by replica, with 95 % "
    "intervals by Student's t. *better* stands where a difference counts at 5 % after Holm's "
    "correction for all cells of its table."
)


def text(pairs: Sequence[Pair]) -> str:
    """Write all pairs as Markdown, the sentences last: there a terminal shows them."""
    parts = []
    for pair in pairs:
        names = (pair.one.name, pair.other.name)
        parts.append(f"## {names[0]} and {names[1]}\n")
        parts.append(_table([*pair.cells["overall"], *pair.cells["groups"]], names))
        for level, heading in HEADINGS.items():
            parts += [f"### {heading}\n", _table(pair.cells[level], names)]
    return "\n".join([*parts, RULE, *(f"\n{claim(pair)}" for pair in pairs)])


def _table(cells: Sequence[Cell], names: tuple[str, str]) -> str:
    return table([_line(cell, names) for cell in cells], left=2)


def _line(cell: Cell, names: tuple[str, str]) -> dict[str, str]:
    found = cell.found
    better = {"one": names[0], "other": names[1], None: ""}[cell.better]
    return {
        "where": cell.place,
        "group": cell.group,
        "tasks": str(found.tasks),
        # A model may be compared with itself under another folder, but not under one heading.
        f"1: {names[0]}": with_error(found.one.value, found.one.stderr),
        f"2: {names[1]}": with_error(found.other.value, found.other.stderr),
        "difference": with_error(found.difference.value, found.difference.stderr),
        "95 % interval": _interval(found.difference.value, found.half_width),
        "better": better,
    }


def _interval(value: float, half: float) -> str:
    if not math.isfinite(half):
        return NO_VALUE
    return f"{value - half:+.3f} … {value + half:+.3f}"


def json_text(pairs: Sequence[Pair]) -> str:
    """Write all pairs as JSON: claims, caveats and every cell by level; what is unknown is null."""
    return json.dumps([_fields(pair) for pair in pairs], indent=1, ensure_ascii=False)


def _fields(pair: Pair) -> dict[str, Any]:
    return {
        "one": pair.one.name,
        "other": pair.other.name,
        "track": pair.one.track,
        "tasks": [card.id for card in pair.cards],
        "replicas": list(pair.replicas),
        "claim": claim(pair),
        "caveats": list(pair.caveats),
        "cells": {level: [_cell_fields(cell) for cell in pair.cells[level]] for level in LEVELS},
    }


def _cell_fields(cell: Cell) -> dict[str, Any]:
    found = cell.found
    numbers = {
        "one": found.one.value,
        "one_stderr": found.one.stderr,
        "other": found.other.value,
        "other_stderr": found.other.stderr,
        "difference": found.difference.value,
        "stderr": found.difference.stderr,
        "half_width": found.half_width,
        "freedom": found.difference.freedom,
        "p": found.difference.p_value,
    }
    shown = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    return {
        "place": cell.place,
        "group": cell.group,
        "tasks": found.tasks,
        **shown,
        "better": cell.better,
    }
