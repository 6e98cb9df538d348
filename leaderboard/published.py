"""``board.json``: what every page, table and figure is written from, and nothing else.

The models below are its schema. A file read back says what the object said that it was written
from, so that a page is a function of either. Numbers have twelve significant digits, more than any
page shows; what does not exist is null. The units of a row are elsewhere; see `leaderboard.units`.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.errors import InputError
from benchmark.result import Number, TaskMetric
from leaderboard.card import SubmissionCard
from leaderboard.claims.claim import Claim
from leaderboard.verification.record import Level

#: Significant digits of a number in the file: the CSV shows six.
DIGITS = 12


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublishedMetric(_Frozen):
    """A metric of a track; see `benchmark.track.Metric`."""

    name: str
    unit: str = Field(description="of stored values")
    title: str = Field(description="with the unit in which pages show it")
    factor: float = Field(description="from the stored unit to the shown one")
    group: str | None
    smaller_is_better: bool
    shared_noise: bool
    method: str = Field(description="of a model that may do without; empty if it may not")
    plural: str


class Scale(_Frozen):
    """The marks of a metric on a task: E₀, f and p with standard errors, in the stored unit."""

    group: str | None
    counts: bool
    trivial: Number
    trivial_stderr: Number
    floor: Number
    floor_stderr: Number
    perfect: Number
    perfect_stderr: Number
    ratio: Number = Field(description="E₀/f: a metric counts from 3 on")


class Gap(_Frozen):
    """How much lower than the leader's a model's score is, paired by training replica."""

    value: Number
    stderr: Number
    low: Number = Field(description="end of the 95 % interval by Student's t")
    high: Number
    p_value: Number


class Standing(_Frozen):
    """Who leads on some tasks, and by how much, among the models that have run all of them."""

    leader: str | None
    behind: dict[str, Gap]
    resolution: Number = Field(description="the smallest difference that the tasks can tell")


class PublishedSplit(_Frozen):
    """One frozen file of a task."""

    rows: int
    frames: int
    sha256: str


class PublishedTask(_Frozen):
    """A task: what it asks, and by which marks answers are scored."""

    id: str
    version: int
    family: str
    name: str
    title: str
    description: str
    citations: list[str]
    oracle: str
    replicas: int
    frame_time: float
    time_unit: str
    facts: dict[str, str] = Field(description="as `describe` says them")
    generator: str
    splits: dict[str, PublishedSplit]
    fingerprint: str = Field(description="SHA-256 of all of the card that can change a number")
    counting: dict[str, list[str]] = Field(description="the metrics of the score, by group")
    metrics: dict[str, Scale]
    standing: Standing


class PublishedFamily(_Frozen):
    """Tasks that share their training data."""

    name: str
    tasks: list[str]
    standing: Standing


class Value(_Frozen):
    """A score with its standard error, and that of each group."""

    value: Number
    stderr: Number
    groups: dict[str, Number]


class CellMetric(TaskMetric):
    """A metric of a row on a task."""

    model_config = ConfigDict(frozen=True)

    measured: bool = Field(description="whether any unit has it; else `value` is E₀")


class Cell(_Frozen):
    """A row on a task that it has run; costs are over its done units."""

    score: Number
    stderr: Number
    groups: dict[str, Number]
    without: list[dict[str, Number]] = Field(description="groups with each replica left out")
    metrics: dict[str, CellMetric]
    units: int
    failed: int
    parameters: int | None = Field(description="largest")
    fit_seconds: Number = Field(description="median")
    sampled_frames_per_second: Number = Field(description="median")
    peak_memory_bytes: int | None = Field(description="largest")


class Costs(_Frozen):
    """What the units of a row took, over all tasks."""

    fewest_parameters: Number
    most_parameters: Number
    fit_seconds: Number = Field(description="median")
    sampled_frames_per_second: Number = Field(description="median")
    failed: int
    units: int


class Trouble(_Frozen):
    """Why units failed, or lack a metric; ``tasks`` has one entry a unit."""

    trouble: str
    tasks: list[str]


class PublishedRow(_Frozen):
    """A submission on the board of its track; ``rank`` is null for controls and doubted rows."""

    name: str
    role: Literal["model", "control"]
    verification: Level
    verified: str = Field("", description="what was looked at for it, in a line, if anything was")
    share: str = Field("", description="of its units, how many were looked at, if any was")
    rank: int | None
    card: SubmissionCard
    overall: Value
    families: dict[str, Value]
    missing: dict[str, Number] = Field(description="share of units without an optional metric")
    doubts: list[str]
    troubles: list[Trouble]
    costs: Costs
    tasks: dict[str, Cell]
    results: str = Field(description="its units, relative to this file")

    @property
    def checked(self) -> str:
        """The badge, and of what it is one: "re-scored (2 of 130 units)"."""
        return f"{self.verification} ({self.share})" if self.share else self.verification


class PublishedTrack(_Frozen):
    """A kind of task, its tasks, and its rows in the order of their scores."""

    name: str
    title: str
    figure: str
    ends: tuple[str, str]
    scale: str
    floor: str
    meaning: str
    noise: str
    all_groups: list[str] = Field(description="of the track, in order: a colour each")
    groups: list[str] = Field(description="that count on one of its tasks, in the same order")
    metrics: list[PublishedMetric]
    families: list[PublishedFamily]
    tasks: list[PublishedTask]
    rows: list[PublishedRow]
    standing: Standing


class Published(_Frozen):
    """``board.json``."""

    schema_version: Literal[1] = 1
    benchmark_version: str
    scorer_version: int
    tracks: list[PublishedTrack] = Field(description="that have tasks, in the order of the pages")
    claims: list[Claim]

    @property
    def shown(self) -> list[PublishedTrack]:
        """The tracks that have a row."""
        return [track for track in self.tracks if track.rows]

    @cached_property
    def text(self) -> str:
        """The file: the same bytes for the same board."""
        return _json(self.model_dump(mode="json"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def rounded(value: Any) -> Any:
    """Round every number in nested lists and mappings to `DIGITS` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0  # no minus before a zero
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value


def board_schema() -> str:
    """Give the JSON Schema of ``board.json``."""
    return _json(Published.model_json_schema())


def read_board(path: Path) -> Published:
    """Read ``board.json``.

    Raises
    ------
    InputError
        If the file is missing or of another schema.
    """
    try:
        return Published.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"no board at {path}: {error.strerror}; write it with python -m benchmark leaderboard"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InputError(f"{path} is not a board: {where}: {first['msg']}") from error


#: A list or an object that holds no other. No text holds a line end: all are between tokens.
INNERMOST = re.compile(r"[\[{]\n[^\[\]{}]*[\]}]")


def _json(value: Any) -> str:
    """Write JSON with the innermost lists and objects on a line each: short, and fit to compare."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return INNERMOST.sub(lambda found: re.sub(r"\n *", " ", found[0]), text) + "\n"
