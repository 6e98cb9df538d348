"""The schema of a result: what a unit, a task and a run report."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainSerializer,
    WithJsonSchema,
)
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from benchmark.errors import InputError
from benchmark.files import read_small, write_text
from benchmark.untrusted import LARGE, LyingFileError, line, record_of

#: Goes up when a field changes its meaning.
SCHEMA_VERSION = 1

Status = Literal["done", "failed", "timeout", "skipped"]

#: No error of a metric is larger, in whatever unit.
LARGEST = 1e12

#: Of a model; a number of them that is larger was never counted.
MOST_PARAMETERS = 10**15

#: Bytes: a hundred terabytes.
MOST_MEMORY = 10**14

#: Seconds: thirty years.
LONGEST = 1e9

# JSON has no NaN: a value that does not exist is null.
_NULL = BeforeValidator(lambda value: math.nan if value is None else value)
_AS_JSON = PlainSerializer(
    lambda value: value if math.isfinite(value) else None,
    return_type=float | None,
    when_used="json",
)


def _within(least: float, most: float) -> AfterValidator:
    def possible(value: float) -> float:
        if not math.isnan(value) and not least <= value <= most:
            raise ValueError(f"it is {value:g}; expected {least:g} … {most:g}, or null")
        return value

    return AfterValidator(possible)


def _schema(**bounds: float) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, {"type": "null"}]})


Number = Annotated[float, _NULL, _AS_JSON, _schema()]
Value = Annotated[
    float, _NULL, _within(-LARGEST, LARGEST), _AS_JSON, _schema(minimum=-LARGEST, maximum=LARGEST)
]
Amount = Annotated[
    float, _NULL, _within(0.0, LARGEST), _AS_JSON, _schema(minimum=0.0, maximum=LARGEST)
]
Seconds = Annotated[
    float, _NULL, _within(0.0, LONGEST), _AS_JSON, _schema(minimum=0.0, maximum=LONGEST)
]

TaskId = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9.-]+$", max_length=100)]
MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]
Version = Annotated[int, Field(ge=1, le=10**6)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UnitMetric(_Strict):
    """One metric of one unit; ``unit`` is "nats/frame", "ln", "kT" or "bit"."""

    value: Value
    stderr: Amount = math.nan
    bias: Value = math.nan
    unit: Annotated[str, line(20)] = ""


class Cost(_Strict):
    """What a unit took; shown, never scored."""

    parameters: int | None = Field(None, ge=0, le=MOST_PARAMETERS)
    fit_seconds: Seconds = math.nan
    predict_seconds: Seconds = math.nan
    sample_seconds: Seconds = math.nan
    cpu_seconds: Seconds = math.nan
    total_seconds: Seconds = math.nan
    sampled_frames_per_second: Amount = math.nan
    peak_memory_bytes: int | None = Field(None, ge=0, le=MOST_MEMORY)


class Unit(_Strict):
    """One fit: a task, a training replica, a seed.

    ``reason`` says why a unit is not done, or why a done one has no likelihood.
    """

    task: TaskId
    version: Version
    replica: int = Field(ge=0, le=10**4)
    seed: int = Field(ge=0, le=10**4)
    status: Status
    reason: Annotated[str, line(2000)] = ""
    metrics: dict[MetricName, UnitMetric] = Field({}, max_length=100)
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

    task: TaskId
    version: int
    score: Number
    stderr: Number
    groups: dict[str, Number]
    without: list[dict[str, Number]] = []
    metrics: dict[MetricName, TaskMetric]
    units: int
    failed: int
    mark: str = ""


class RunModel(_Strict):
    """The model of a run; its card may say no more than `ModelCard`."""

    name: Annotated[str, line(200), Field(min_length=1)]
    title: Annotated[str, line(100)] = ""
    description: Annotated[str, line(600)] = ""
    citation: Annotated[str, line(400)] = ""
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
    replicas: int = Field(ge=1, le=10**4)
    seeds: int = Field(ge=1, le=10**4)
    quick: bool
    device: Annotated[str, line(50), Field(min_length=1)]
    workers: int = Field(ge=1, le=10**6)
    threads: int = Field(1, ge=1, le=10**6)
    timeout: float = Field(gt=0, le=LONGEST)
    tasks: list[TaskId] = Field(min_length=1, max_length=10**4)


def _is_current(version: int) -> int:
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"results of the schema {version}; this version of the benchmark reads {SCHEMA_VERSION}"
        )
    return version


def _is_date(text: str) -> str:
    date.fromisoformat(text)
    return text


class _Provenance(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    benchmark_version: Annotated[str, line(50)]
    packages: dict[Annotated[str, line(100)], Annotated[str, line(100)]]
    python: Annotated[str, line(50)]
    platform: Annotated[str, line(100)]
    processor: Annotated[str, line(200)]
    cores: Annotated[int, Field(ge=1, le=10**6)] | None
    git_commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40,64}\+?)?$")]
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_is_date)]
    scorer_version: Annotated[int, Field(ge=0, le=10**6)]
    data: dict[TaskId, dict[Annotated[str, Field(max_length=50)], Version | Sha256]]


#: Where a result comes from; not all of it is known of every call.
Provenance = Annotated[
    dict[str, Any], GetPydanticSchema(lambda _, schema_of: schema_of(_Provenance))
]


class Call(_Strict):
    """One call of ``run``: what was asked, and what it ran on."""

    config: RunConfig
    provenance: Provenance = {}


class Result(_Strict):
    """``results.json``.

    ``config`` and ``provenance`` are of the latest call that did some of the units; the calls
    before it, if any, are in ``earlier``.
    """

    schema_version: Annotated[int, AfterValidator(_is_current)] = SCHEMA_VERSION
    model: RunModel
    config: RunConfig
    ranked: bool
    provenance: Provenance = {}
    earlier: list[Call] = Field([], max_length=1000)
    units: list[Unit] = Field([], max_length=50_000)
    tasks: list[TaskResult] = Field([], max_length=10**4)

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
        return record_of(read_small(path, LARGE, follow=False), Result)
    except OSError as error:
        raise InputError(f"no result at {path}: {error.strerror}") from error
    except LyingFileError as error:
        raise InputError(f"{path} is not a result: {error}") from error


def json_schema() -> str:
    """Give the JSON Schema of ``results.json``."""
    # A default that does not exist is null there, too.
    schema = json.loads(json.dumps(Result.model_json_schema()), parse_constant=lambda _: None)
    return json.dumps(schema, indent=1, allow_nan=False) + "\n"
