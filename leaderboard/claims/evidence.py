"""What claims need beside the submissions: small files, each written by one command.

`leaderboard/evidence/README.md` says which command writes which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError
from benchmark.result import Number
from benchmark.task import TaskCard

Record = TypeVar("Record", bound=BaseModel)

FOLDER = Path(__file__).parents[1] / "evidence"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Connectivity(_Frozen):
    """An embedding beside the exact dynamics of a task; lists are over training replicas."""

    task: str
    version: int
    data: dict[str, str]
    labels: int
    commute: list[float]
    rate: list[float]
    across: list[float]
    p_value: float
    permutations: int
    plane: list[tuple[float, float]]
    macrostates: list[int]


class Embeddings(_Frozen):
    """``connectivity.json``."""

    model: str
    tasks: list[Connectivity]


class Vibrations(_Frozen):
    """How far the spectra of true segments are from those of the test segments, set by set."""

    task: str
    version: int
    data: dict[str, str]
    segments: int
    distance: list[float]
    high: list[float]


class TrueSegments(_Frozen):
    """``vibrations.json``."""

    tasks: list[Vibrations]


class TraceError(_Frozen):
    """A model's errors on a measured trace, one a training replica, and what fresh data give.

    ``tells``: whether f is small enough against E₀ to tell a good model from a bad one.
    """

    floor: Number
    floor_stderr: Number
    tells: bool
    errors: list[float]


class Trace(_Frozen):
    """A measured trace, cut into training and held-out data."""

    trace: str
    frames: int
    labels: int
    macrostates: int
    slowest: float
    metrics: dict[str, TraceError]


class Traces(_Frozen):
    """``traces.json``."""

    model: str
    traces: list[Trace]


@dataclass(frozen=True)
class Evidence:
    """All that has been measured beside the submissions.

    Attributes
    ----------
    embeddings : Embeddings, optional
    segments : mapping of task id to Vibrations
    traces : Traces, optional
    """

    embeddings: Embeddings | None = None
    segments: Mapping[str, Vibrations] = field(default_factory=dict)
    traces: Traces | None = None


def read_evidence(folder: Path = FOLDER) -> Evidence:
    """Read what there is of it.

    Raises
    ------
    InputError
        If a file is not what its command writes.
    """
    segments = _read(folder / "vibrations.json", TrueSegments)
    return Evidence(
        embeddings=_read(folder / "connectivity.json", Embeddings),
        segments={one.task: one for one in segments.tasks} if segments else {},
        traces=_read(folder / "traces.json", Traces),
    )


def holds_for(found: Connectivity | Vibrations, card: TaskCard) -> bool:
    """Say whether evidence is of a task as it is now."""
    return (found.task, found.version, found.data) == (card.id, card.version, card.hashes)


def _read(path: Path, kind: type[Record]) -> Record | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise InputError(
            f"{path}: {where}: {first['msg']}; write it again, as {FOLDER.name}/README.md says"
        ) from error
