"""The schema of results: what is possible, what a run writes, what is exported."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from benchmark import score
from benchmark.errors import InputError
from benchmark.loading import LoadedModel
from benchmark.model import ModelCard, ModelFacts
from benchmark.result import (
    LARGEST,
    LONGEST,
    MOST_PARAMETERS,
    Cost,
    Result,
    RunConfig,
    RunModel,
    Unit,
    UnitMetric,
    json_schema,
    read_result,
)
from benchmark.run import worker
from benchmark.run.folder import run_model
from leaderboard.site.render import SCHEMA
from leaderboard.submission import SUBMISSIONS
from tests.plugs import command, one_line

EXPORTED = SUBMISSIONS.parent / SCHEMA


@pytest.mark.parametrize("value", [0.0, -1e12, 1e12, math.nan])
def test_value_of_a_metric_is_a_number_or_none(value: float) -> None:
    assert str(UnitMetric(value=value).value) == str(value)
    written = json.loads(UnitMetric(value=value).model_dump_json())
    assert written["value"] == (None if math.isnan(value) else value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, -1.1 * LARGEST])
def test_value_beyond_any_error_is_none(value: float) -> None:
    with pytest.raises(ValidationError, match=r"expected -1e\+12 … 1e\+12, or null"):
        UnitMetric(value=value)


@pytest.mark.parametrize("stderr", [-1e-300, math.inf, 1e308])
def test_standard_error_is_finite_and_not_negative(stderr: float) -> None:
    with pytest.raises(ValidationError, match=r"expected 0 … 1e\+12, or null"):
        UnitMetric(value=0.0, stderr=stderr)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in Cost.model_fields for value in (-1, 10 * max(LONGEST, 10**15))],
)
def test_cost_is_not_negative_and_not_endless(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        Cost(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", 0), ("replica", -1), ("seed", -1), ("seed", 10**5), ("status", "won"),
     ("task", "../x"), ("task", "a/B"), ("task", "a/" + "b" * 200), ("reason", "\u202e"),
     ("metrics", {"A": UnitMetric(value=0.0)})],
)  # fmt: skip
def test_unit_is_one_that_run_makes(name: str, value: Any) -> None:
    fields = {"task": "a/b", "version": 1, "replica": 0, "seed": 0, "status": "done"}
    assert Unit(**fields)
    with pytest.raises(ValidationError, match=name):
        Unit(**(fields | {name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("replicas", 0), ("seeds", 0), ("workers", 0), ("threads", 0), ("timeout", 0.0),
     ("timeout", math.inf), ("tasks", []), ("tasks", ["x"]), ("device", "")],
)  # fmt: skip
def test_configuration_is_one_that_can_run(name: str, value: Any) -> None:
    fields = {"replicas": 1, "seeds": 1, "quick": False, "device": "cpu", "workers": 1}
    fields |= {"timeout": 60.0, "tasks": ["a/b"]}
    assert RunConfig(**fields)
    with pytest.raises(ValidationError, match=name):
        RunConfig(**(fields | {name: value}))


@pytest.mark.parametrize(
    "provenance",
    [{"date": "2026-13-01"}, {"date": "yesterday"}, {"git_commit": "main"}, {"cores": 0},
     {"packages": {"numpy": 2}}, {"processor": "\u202e"}, {"mood": "good"},
     {"data": {"a/b": {"train": "0" * 63}}}, {"data": {"a/b": {"version": -1}}}, {"data": None}],
)  # fmt: skip
def test_provenance_names_what_there_can_be(provenance: dict[str, Any]) -> None:
    config = RunConfig(
        replicas=1, seeds=1, quick=False, device="cpu", workers=1, timeout=1.0, tasks=["a/b"]
    )
    known = {"date": "2026-01-31", "git_commit": "0" * 40 + "+", "cores": None}
    fields = {"model": RunModel(name="m"), "config": config, "ranked": True}
    assert Result(**fields, provenance=known).provenance == known
    with pytest.raises(ValidationError, match="provenance"):
        Result(**fields, provenance=provenance)


def test_other_schema_is_named_with_the_one_that_is_read(tmp_path: Path) -> None:
    data = json.loads((SUBMISSIONS / "superresolution/linear/results.json").read_text())
    (tmp_path / "results.json").write_text(json.dumps(data | {"schema_version": 2}))
    with pytest.raises(InputError, match=r"results of the schema 2; .* reads 1"):
        read_result(tmp_path)


def test_exported_schema_is_that_of_results() -> None:
    def fields(schema: dict[str, Any]) -> dict[str, Any]:
        """Give each part's fields, less what a version of the library words in its own way."""
        parts = schema["$defs"] | {"Result": schema}
        return {
            name: {
                key: {word: one[word] for word in ("minimum", "maximum", "pattern") if word in one}
                for key, one in part["properties"].items()
            }
            for name, part in parts.items()
        }

    exported = json.loads(EXPORTED.read_text())
    assert fields(exported) == fields(json.loads(json_schema()))


def test_exported_schema_is_json_without_nan() -> None:
    assert "NaN" not in json_schema()
    assert '"default": null' in json_schema()


def test_model_says_no_more_in_its_card_than_a_line_can_hold() -> None:
    assert ModelCard(title="A\n  title").title == "A title"
    for field, text in {"title": "x" * 101, "description": "\u202e", "citation": "x" * 401}.items():
        with pytest.raises(ValidationError, match=field):
            ModelCard(**({"title": "m"} | {field: text}))


def test_card_of_a_plug_that_says_more_is_refused_in_one_line() -> None:
    class Plug:
        card: ClassVar = {"description": "x" * 700}

    with pytest.raises(InputError, match=r"description: .*700 characters; at most 600"):
        _ = LoadedModel("plug", Plug, {}).card


def test_name_of_a_model_that_does_not_show_is_escaped() -> None:
    facts = ModelFacts("m\u202e", "kinetics", ModelCard(title="m"), {}, "", "cpu")
    assert run_model(facts).name == "m\\u202e"


@pytest.mark.parametrize("parameters", [-1, 10**4000, MOST_PARAMETERS + 1, 1.5, "many", None])
def test_parameters_that_cannot_be_are_none(parameters: Any) -> None:
    assert worker._count(parameters) is None


@pytest.mark.parametrize("parameters", [0, 12, np.int64(12), MOST_PARAMETERS])
def test_parameters_that_can_be_are_counted(parameters: Any) -> None:
    assert worker._count(parameters) == parameters


@pytest.mark.parametrize("value", [math.inf, -math.inf, 2 * LARGEST, math.nan])
def test_metric_beyond_any_number_is_none(value: float) -> None:
    assert math.isnan(score._number(value))
    assert score._number(0.5) == 0.5


def test_setting_that_yaml_chokes_on_is_refused_in_one_line(capsys) -> None:
    code, _, err = command(
        capsys,
        "run",
        "--model",
        "msm",
        "--tasks",
        "potentials/linear3",
        "--set",
        "prior=2026-13-01",
    )
    assert code == 2
    assert one_line(err)
    assert "not a YAML value" in err


def test_timeout_that_never_comes_is_refused(capsys) -> None:
    code, _, err = command(capsys, "run", "--model", "msm", "--timeout", "1e10")
    assert code == 2
    assert one_line(err)
    assert "expected seconds, 1e+09 at most" in err
