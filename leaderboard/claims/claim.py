"""A claim of a paper as data: what was claimed, the rule, tables and figures, the verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmark.result import Number

#: "in part": an effect that is there but too small to matter, or true of some of what is asked.
Decision = Literal["holds", "does not hold", "in part", "undecided"]


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


class Panel(_Frozen):
    """A column of dots with the ends of their bars, a dot a line of the figure."""

    title: str
    values: list[Number]
    low: list[Number]
    high: list[Number]

    @classmethod
    def of_logarithms(cls, title: str, logs: Sequence[tuple[float, float] | None]) -> Panel:
        """Make a panel of logarithms and their standard errors; a line without one stays empty."""
        known = [one or (math.nan, math.nan) for one in logs]
        return cls(
            title=title,
            values=[math.exp(value) for value, _ in known],
            low=[math.exp(value - stderr) for value, stderr in known],
            high=[math.exp(value + stderr) for value, stderr in known],
        )


class Dots(_Frozen):
    """A figure of numbers: a line a label, from the top, and a panel a question."""

    kind: Literal["dots"] = "dots"
    name: str = Field(description="of its file, without suffix")
    caption: str
    axis: str
    log: bool = False
    marks: list[float] = Field([], description="where a line stands in every panel")
    labels: list[str]
    bold: list[str] = []
    panels: list[Panel]


class Cloud(_Frozen):
    """Points of the plane, each of a group."""

    title: str
    points: list[tuple[float, float]]
    groups: list[int]


class Points(_Frozen):
    """A figure of points in the plane, coloured by group: a panel a cloud."""

    kind: Literal["points"] = "points"
    name: str = Field(description="of its file, without suffix")
    caption: str
    axes: tuple[str, str]
    group: str = Field(description="what a group is")
    panels: list[Cloud]


Figure = Dots | Points

Block = Text | Table | Dots | Points


class Verdict(_Frozen):
    """One thing that a claim's rule decides; ``of`` says of what, and ``value`` from what."""

    of: dict[str, str]
    verdict: str
    value: Number
    stderr: Number


class Part(_Frozen):
    """A claim where it is decided: by how much, with a 95 % interval, and from how many data."""

    of: str
    verdict: Decision
    value: Number
    low: Number
    high: Number
    size: str


class Answer(_Frozen):
    """What the board says of a claim, part by part; ``code`` is its number in the overview."""

    code: str
    statement: str
    quantity: str = Field(description="what the values of its parts are")
    parts: list[Part]


class Claim(_Frozen):
    """A claim of a paper, how the board decides it, and how it does."""

    id: str
    track: str
    title: str
    source: str
    blocks: list[Block]
    verdicts: list[Verdict] = []
    answers: list[Answer] = []

    @property
    def figures(self) -> list[Figure]:
        """Its figures, in order."""
        return [block for block in self.blocks if isinstance(block, Dots | Points)]


def text(words: str) -> Text:
    """Make a paragraph or a list."""
    return Text(text=words.strip("\n"))


def table(rows: Sequence[Mapping[str, str]], left: int = 1) -> Table:
    """Make a table of finished cells, in the order of its first row; at least one row."""
    return Table(left=left, rows=[dict(row) for row in rows])
