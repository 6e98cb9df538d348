"""What a task is: a frozen card, read from YAML, and where it lies."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

from benchmark.files import write_text


class Frozen(BaseModel):
    """A part of a card: nothing in it changes, and nothing unknown is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Split(Frozen):
    """One frozen file: how much it holds and the SHA-256 of its decoded content."""

    rows: int
    frames: int = Field(description="frames of all rows together")
    sha256: str


class MetricScale(Frozen):
    """The marks of a metric's score: E₀, trivial; f, data-limited; p, perfect.

    ``z = ln(E₀/E) / ln(E₀/f)``, and no more than the z of p: what lies beyond cannot be told from
    the truth. A metric counts only where E₀/f ≥ 3. A metric that is only shown may have no f.
    """

    group: str | None = Field(description="the group of the score it belongs to, if any")
    trivial: float = Field(ge=0, description="E₀")
    trivial_stderr: float = Field(ge=0)
    floor: float | None = Field(gt=0, description="f")
    floor_stderr: float = Field(0.0, ge=0)
    perfect: float | None = Field(None, gt=0, description="p; without it z ends at 1")
    perfect_stderr: float = Field(0.0, ge=0)
    capped: bool = Field(True, description="whether z ends at that of p: else f is a mark alone")
    smaller_is_better: bool = Field(True, description="the metric's direction")

    @property
    def counts(self) -> bool:
        """Whether the metric tells models apart on this task."""
        return self.group is not None and self.ratio >= 3.0

    @property
    def ratio(self) -> float:
        """E₀/f, or f/E₀ where large values are good; nan without f."""
        if self.floor is None:
            return math.nan
        ratio = self.trivial / self.floor
        return ratio if self.smaller_is_better else 1 / ratio

    @property
    def highest(self) -> float:
        """The z at which a score ends: that of p; 1 without one, infinite where none is capped."""
        if not self.capped:
            return math.inf
        if self.floor is None or self.perfect is None:
            return 1.0
        return math.log(self.trivial / self.perfect) / math.log(self.trivial / self.floor)


#: Fields of a card that say something to people, how it is called, or whether the board counts it,
#: and change no number.
WORDS = frozenset({"id", "title", "description", "citations", "generator", "ranked"})


class TaskCard(Frozen):
    """One frozen question. A change that moves a score makes a new ``version``."""

    id: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9.-]+$")
    version: int = Field(ge=1)
    track: str
    title: str
    description: str
    citations: list[str] = []
    ranked: bool = True
    frame_time: float = Field(gt=0, description="physical time between frames, in time_unit")
    time_unit: str
    oracle: Literal["exact", "empirical"] = Field(description="where the truth comes from")
    splits: dict[str, Split]
    metrics: dict[str, MetricScale] = {}
    generator: str

    @property
    def family(self) -> str:
        """The part of the id before the slash."""
        return self.id.split("/")[0]

    @property
    def name(self) -> str:
        """The part of the id after the slash."""
        return self.id.split("/")[1]

    @property
    def replicas(self) -> int:
        """Number of training replicas."""
        return 1

    @property
    def training_frames(self) -> int:
        """Frames of one training replica."""
        return self.splits["train"].frames // self.replicas

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each split's content."""
        return {name: split.sha256 for name, split in self.splits.items()}

    @property
    def fingerprints(self) -> dict[str, str | int]:
        """What a result must name to be a result of this very task.

        The version, the hash of every frozen file, and as ``card`` the SHA-256 of all of the card
        that can change a number, as canonical JSON: how much is generated, what counts as entered,
        the scales of the score.
        """
        # Without defaults: a field that cards may have from now on changes no card without it.
        numbers = self.model_dump(mode="json", exclude=set(WORDS), exclude_defaults=True)
        text = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
        return {
            "version": self.version,
            **self.hashes,
            "card": hashlib.sha256(text.encode()).hexdigest(),
        }

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {}

    @property
    def counting(self) -> dict[str, list[str]]:
        """The metrics that make up the score, by group."""
        groups: dict[str, list[str]] = {}
        for metric, scale in self.metrics.items():
            if scale.group is not None and scale.counts:
                groups.setdefault(scale.group, []).append(metric)
        return groups


@dataclass(frozen=True)
class Task:
    """A card and where it lies."""

    card: TaskCard
    path: Path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def id(self) -> str:
        """The card's id."""
        return self.card.id

    @property
    def data(self) -> Path:
        """The folder of the task's frozen data."""
        return self.path.parent.parent / "data" / self.card.name

    def write(self) -> None:
        """Write the card, atomically."""
        text = yaml.safe_dump(
            self.card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=98
        )
        write_text(self.path, text)
