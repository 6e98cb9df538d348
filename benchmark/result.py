"""The schema of a result: what a unit, a task and a run report."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from benchmark.errors import InputError
from benchmark.files import write_text

SCHEMA_VERSION = 1

Status = Literal["done", "failed", "timeout", "skipped"]

# JSON has no NaN: a value that does not exist is null.
Number = Annotated[
    float,
    BeforeValidator(lambda value: math.nan if value is None else value),
    PlainSerializer(
        lambda value: value if math.isfinite(value) else None,
        return_type=float | None,
        when_used="json",
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UnitMetric(_Strict):
    """One metric of one unit; ``unit`` is "nats/frame", "ln", "kT" or "bit"."""

    value: Number
    stderr: Number = math.nan
    bias: Number = math.nan
    unit: str = ""


class Cost(_Strict):
    """What a unit took; shown, never scored."""

    parameters: int | None = None
    fit_seconds: Number = math.nan
    predict_seconds: Number = math.nan
    sample_seconds: Number = math.nan
    cpu_seconds: Number = math.nan
    total_seconds: Number = math.nan
    sampled_frames_per_second: Number = math.nan
    peak_memory_bytes: int | None = None


class Unit(_Strict):
    """One fit: a task, a training replica, a seed.

    ``reason`` says why a unit is not done, or why a done one has no likelihood.
    """

    task: str
    version: int
    replica: int
    seed: int
    status: Status
    reason: str = ""
    metrics: dict[str, UnitMetric] = {}
    cost: Cost = Cost()


class TaskMetric(_Strict):
    """One metric of one task, over the replicas.

    ``value`` is the root mean square over replicas (where a model is better than the oracle on
    average, the mean, below zero), ``stderr`` its standard error; ``z`` is clipped to −1 … z(p),
    ``z_raw`` is not. ``missing`` units had no such number and count as trivial.
    """

    value: Number
    stderr: Number
    bias: Number
    replica_spread: Number
    seed_spread: Number
    z: Number
    z_raw: Number
    z_stderr: Number
    counts: bool
    missing: int = 0


class TaskResult(_Strict):
    """The score of a task: the mean of its groups, each the mean of its counting metrics.

    ``without`` holds the groups as they score with each training replica left out, in the order
    of replicas; two models on the same replicas are compared by them. Empty with one replica.
    """

    task: str
    version: int
    score: Number
    stderr: Number
    groups: dict[str, Number]
    without: list[dict[str, Number]] = []
    metrics: dict[str, TaskMetric]
    units: int
    failed: int
    mark: str = ""


class RunModel(_Strict):
    """The model of a run."""

    name: str
    title: str = ""
    description: str = ""
    citation: str = ""
    role: Literal["model", "control"] = "model"
    trained_on: Literal["train", "fresh"] = "train"


def plain(settings: Any) -> Any:
    """Give settings as they are after a trip through JSON, so that a resumed run finds them equal.

    A tuple becomes a list, infinity (which JSON lacks) and objects become text.
    """
    return json.loads(json.dumps(settings, default=str), parse_constant=str)


class RunConfig(_Strict):
    """The resolved configuration of a run: everything that can change a number."""

    settings: Annotated[dict[str, Any], BeforeValidator(plain)] = {}
    replicas: int
    seeds: int
    quick: bool
    device: str
    workers: int
    threads: int = 1
    timeout: float
    tasks: list[str]


class Call(_Strict):
    """One call of ``run``: what was asked, and what it ran on."""

    config: RunConfig
    provenance: dict[str, Any] = {}


class Result(_Strict):
    """``results.json``.

    ``config`` and ``provenance`` are of the latest call that did some of the units; the calls
    before it, if any, are in ``earlier``.
    """

    schema_version: int = SCHEMA_VERSION
    model: RunModel
    config: RunConfig
    ranked: bool
    provenance: dict[str, Any] = {}
    earlier: list[Call] = []
    units: list[Unit] = []
    tasks: list[TaskResult] = []

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_text(path, json.dumps(self.model_dump(mode="json"), indent=1) + "\n")


def read_result(path: Path) -> Result:
    """Read ``results.json`` (or the one in a folder).

    Raises
    ------
    InputError
        If the file is missing, half written, or of another schema.
    """
    if path.is_dir():
        path = path / "results.json"
    try:
        return Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"no result at {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InputError(f"{path} is not a result: {where}: {first['msg']}") from error


def json_schema() -> str:
    """Give the JSON Schema of ``results.json``."""
    return json.dumps(Result.model_json_schema(), indent=1) + "\n"
