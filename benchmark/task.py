"""What a task is: a frozen card, read from YAML, and the registry of all of them."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from benchmark.errors import InputError

#: More folders with ``<family>/cards/*.yaml`` inside, separated as in PATH.
TASKS_VARIABLE = "STRIDEBENCH_TASKS"

TRACKS = ("kinetics", "superresolution")

Group = Literal["likelihood", "rates", "paths", "accuracy"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Split(_Frozen):
    """One frozen file: how much it holds and the SHA-256 of its decoded content."""

    rows: int
    frames: int = Field(description="frames of all rows together")
    sha256: str


class Generation(_Frozen):
    """How many chains a model is asked for, and how long (all in frames)."""

    chains: int = Field(ge=1)
    frames: int = Field(ge=1, description="scored frames of each chain")
    burn_in: int = Field(ge=0, description="frames generated before them and thrown away")

    @property
    def n_frames(self) -> int:
        """Scored frames of all chains together."""
        return self.chains * self.frames


class MetricScale(_Frozen):
    """The two ends of a metric's score: E₀ of the trivial model and f, what can be asked for.

    ``z = ln(E₀/E) / ln(E₀/f)``; a metric counts only where E₀/f ≥ 3. A metric that is only shown
    may have no f.
    """

    group: Group | None = Field(description="the group of the score it belongs to, if any")
    trivial: float = Field(ge=0, description="E₀")
    trivial_stderr: float = Field(ge=0)
    floor: float | None = Field(gt=0, description="f")
    floor_stderr: float = Field(0.0, ge=0)
    capped: bool = Field(True, description="whether z ends at 1: f is a limit, not a mark")

    @property
    def counts(self) -> bool:
        """Whether the metric tells models apart on this task."""
        return self.group is not None and self.ratio >= 3.0

    @property
    def ratio(self) -> float:
        """E₀/f; nan without f."""
        return math.nan if self.floor is None else self.trivial / self.floor


class TaskCard(_Frozen):
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
    def fingerprints(self) -> dict[str, str | int]:
        """What a result must name to be a result on these frozen data."""
        hashes = {name: split.sha256 for name, split in self.splits.items()}
        return {"version": self.version, **hashes}

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {}

    @property
    def counting(self) -> dict[Group, list[str]]:
        """The metrics that make up the score, by group."""
        groups: dict[Group, list[str]] = {}
        for metric, scale in self.metrics.items():
            if scale.group is not None and scale.counts:
                groups.setdefault(scale.group, []).append(metric)
        return groups


class KineticsCard(TaskCard):
    """Learn a process from its label sequences: predict and generate."""

    track: Literal["kinetics"]
    labels: int = Field(ge=2, le=256)
    observable: list[int] = Field(
        description="macrostate of each label; rates and paths are measured on macrostates"
    )
    hold: int = Field(1, ge=1, description="frames a macrostate must be held to count as entered")
    slowest: float = Field(gt=0, description="slowest relaxation time t₂, frames")
    generation: Generation
    chains_per_replica: int = Field(
        1, ge=1, description="rows of the train and fresh splits that belong together"
    )
    reference_sha256: str = ""

    @model_validator(mode="after")
    def _one_macrostate_a_label(self) -> KineticsCard:
        if len(self.observable) != self.labels:
            raise ValueError(f"observable maps {len(self.observable)} labels, not {self.labels}")
        if sorted(set(self.observable)) != list(range(self.macrostates)):
            raise ValueError("observable must use the macrostates 0, 1, … without gaps")
        return self

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {"labels": self.labels, "slowest_frames": self.slowest}

    @property
    def macrostates(self) -> int:
        """Number of macrostates of the observable."""
        return max(self.observable) + 1

    @property
    def replicas(self) -> int:
        """Number of training replicas."""
        return self.splits["train"].rows // self.chains_per_replica

    @property
    def fingerprints(self) -> dict[str, str | int]:
        """What a result must name to be a result on these frozen data."""
        return {**super().fingerprints, "reference": self.reference_sha256}


class Piece(_Frozen):
    """A stretch of a file of positions: frames ``first`` … ``last`` − 1, or all of them."""

    file: str = Field(description="relative to the family's data folder")
    first: int = Field(0, ge=0)
    last: int | None = None


class SuperResolutionCard(TaskCard):
    """Fill in the hidden frames of molecular dynamics of which every ``gap``-th is kept."""

    track: Literal["superresolution"]
    molecule: str
    numbers: list[int] = Field(description="atomic numbers")
    masses: list[float] = Field(description="u")
    bonds: list[tuple[int, int]] = Field(description="pairs of atoms, counted from 0")
    gap: int = Field(ge=4, description="k: one frame is kept, k − 1 are hidden, …")
    pieces: dict[str, list[Piece]] = Field(description="the segments of each split")

    @model_validator(mode="after")
    def _one_row_a_segment(self) -> SuperResolutionCard:
        if len(self.numbers) != len(self.masses):
            raise ValueError(f"{len(self.numbers)} atomic numbers and {len(self.masses)} masses")
        rows = {name: split.rows for name, split in self.splits.items()}
        if rows != {name: len(pieces) for name, pieces in self.pieces.items()}:
            raise ValueError("splits and pieces differ in their segments")
        return self

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {"molecule": self.molecule, "atoms": len(self.numbers), "gap": self.gap}


AnyCard = Annotated[KineticsCard | SuperResolutionCard, Field(discriminator="track")]
_CARDS: TypeAdapter[KineticsCard | SuperResolutionCard] = TypeAdapter(AnyCard)


@dataclass(frozen=True)
class Task:
    """A card and where it lies."""

    card: KineticsCard | SuperResolutionCard
    path: Path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def id(self) -> str:
        """The card's id."""
        return self.card.id

    @property
    def kinetics(self) -> KineticsCard:
        """The card of a kinetics task.

        Raises
        ------
        InputError
            If it is of another track.
        """
        if not isinstance(self.card, KineticsCard):
            raise InputError(f"{self.id} is a {self.card.track} task, not one of kinetics")
        return self.card

    @property
    def superresolution(self) -> SuperResolutionCard:
        """The card of a super-resolution task.

        Raises
        ------
        InputError
            If it is of another track.
        """
        if not isinstance(self.card, SuperResolutionCard):
            raise InputError(f"{self.id} is a {self.card.track} task, not one of superresolution")
        return self.card

    @property
    def data(self) -> Path:
        """The folder of the task's frozen data."""
        return self.path.parent.parent / "data" / self.card.name

    def write(self) -> None:
        """Write the card, atomically."""
        from benchmark.files import write_text

        text = yaml.safe_dump(
            self.card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=98
        )
        write_text(self.path, text)


def read_card(path: Path) -> Task:
    """Read and validate one card.

    Raises
    ------
    InputError
        If the file is not a valid card; says which field and why.
    """
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        return Task(_CARDS.validate_python(raw), path)
    except ValidationError as error:
        first = error.errors()[0]
        fields = [str(part) for part in first["loc"]]
        where = ".".join(part for part in fields if part not in TRACKS) or "card"
        raise InputError(f"{path}: {where}: {first['msg']}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML card: {str(error).splitlines()[0]}") from error


def user_folders() -> list[Path]:
    """Give the folders of the user's own families: of `TASKS_VARIABLE`, else one of the user's."""
    extra = os.environ.get(TASKS_VARIABLE, "")
    if folders := [Path(part) for part in extra.split(os.pathsep) if part]:
        return folders
    import platformdirs

    return [platformdirs.user_data_path("stridebench") / "tasks"]


def user_tasks() -> Path:
    """Give the folder into which new families of the user's own go; it may not exist yet."""
    return user_folders()[0]


def task_roots() -> list[Path]:
    """Give the folders that hold families: the installed ``tasks`` package, then the user's."""
    roots = []
    spec = importlib.util.find_spec("tasks")
    if spec is not None and spec.submodule_search_locations:
        roots += [Path(location) for location in spec.submodule_search_locations]
    return roots + user_folders()


def all_tasks(roots: Iterable[Path] | None = None) -> dict[str, Task]:
    """Read every card, sorted by id.

    Raises
    ------
    InputError
        If a card is broken, or two have the same id.
    """
    tasks: dict[str, Task] = {}
    for root in task_roots() if roots is None else roots:
        for path in sorted(root.glob("*/cards/*.yaml")):
            task = read_card(path)
            if task.id in tasks:
                raise InputError(f"two cards are called {task.id}: {tasks[task.id].path}, {path}")
            tasks[task.id] = task
    return dict(sorted(tasks.items()))


def find_task(task_id: str) -> Task:
    """Find one task by its id.

    Raises
    ------
    InputError
        If there is none; names the nearest.
    """
    tasks = all_tasks()
    if task_id not in tasks:
        raise InputError(_no_such_task(task_id, tasks))
    return tasks[task_id]


def select_tasks(globs: Sequence[str]) -> list[Task]:
    """Find the tasks whose id matches any of ``globs`` (``potentials/*``); all if none is given.

    Raises
    ------
    InputError
        If a glob matches nothing; names what is available.
    """
    tasks = all_tasks()
    if not globs:
        return list(tasks.values())
    chosen: dict[str, Task] = {}
    for glob in globs:
        hits = {key: task for key, task in tasks.items() if fnmatchcase(key, glob)}
        if not hits:
            raise InputError(_no_such_task(glob, tasks))
        chosen |= hits
    return [tasks[key] for key in tasks if key in chosen]


def _no_such_task(asked: str, tasks: dict[str, Task]) -> str:
    near = get_close_matches(asked, tasks, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else f"available: {', '.join(tasks)}"
    return f"no task matches '{asked}'; {hint}"
