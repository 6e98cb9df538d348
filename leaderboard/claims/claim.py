"""A claim of a paper as data: what was claimed, the rule, the tables, the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmark.result import Number


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Frozen):
    """A paragraph or a list, in our own Markdown."""

    kind: Literal["text"] = "text"
    text: str


class Table(_Frozen):
    """A table of finished cells; the first ``left`` columns are text, the others numbers."""

    kind: Literal["table"] = "table"
    left: int
    rows: list[dict[str, str]]


class Verdict(_Frozen):
    """One thing that a claim's rule decides; ``of`` says of what, and ``value`` from what."""

    of: dict[str, str]
    verdict: str
    value: Number
    stderr: Number


class Claim(_Frozen):
    """A claim of a paper, how the board decides it, and how it does."""

    id: str
    track: str
    title: str
    source: str
    blocks: list[Text | Table]
    verdicts: list[Verdict] = []


def text(words: str) -> Text:
    """Make a paragraph or a list."""
    return Text(text=words.strip("\n"))


def table(rows: Sequence[Mapping[str, str]], left: int = 1) -> Table:
    """Make a table of finished cells, in the order of its first row; at least one row."""
    return Table(left=left, rows=[dict(row) for row in rows])
