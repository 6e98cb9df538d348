"""What is kept of a run on measured traces: its errors beside f, and no frame."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import tasks.riboswitch.learned as module
from benchmark.registry import TASKS_VARIABLE, find_task
from benchmark.result import Result, RunConfig, RunModel, Unit, UnitMetric
from benchmark.task import Task
from leaderboard.claims.evidence import Traces

NAME = "private/trace"
ERRORS = {"mfpt_error": 0.25, "its_error": 0.5, "population_error": 0.125}


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a card into a data folder, as `data import` does."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks"))
    card = find_task("potentials/linear3").card.model_copy(update={"id": NAME, "ranked": False})
    path = tmp_path / "tasks" / "private" / "cards" / "trace.yaml"
    path.parent.mkdir(parents=True)
    Task(card, path).write()


def run_of(folder: Path, task: str = NAME, status: str = "done", lacking: str = "") -> Path:
    units = [
        Unit(
            task=task,
            version=2,
            replica=replica,
            seed=0,
            status=status,
            metrics={
                name: UnitMetric(value=value * (replica + 1), unit="ln")
                for name, value in ERRORS.items()
                if name != lacking or replica
            },
        )
        for replica in (1, 0)
    ]
    config = RunConfig(
        replicas=2, seeds=1, quick=False, device="cpu", workers=1, timeout=1.0, tasks=[task]
    )
    result = Result(model=RunModel(name="lstm"), config=config, ranked=False, units=units)
    result.write(folder / "results.json")
    return folder


def called(run: Path, out: Path) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(module.main)
    done = CliRunner().invoke(app, [str(run), "--out", str(out)])
    return done.exit_code, done.output.replace("\n", " ")


def test_errors_of_replicas_are_kept_in_order_beside_f(tmp_path: Path):
    out = tmp_path / "traces.json"
    code, output = called(run_of(tmp_path / "run"), out)
    assert code == 0, output
    found = Traces.model_validate_json(out.read_bytes())
    (trace,) = found.traces
    scale = find_task(NAME).card.metrics["mfpt_error"]
    assert (found.model, trace.trace) == ("lstm", "trace")
    assert trace.metrics["mfpt_error"].errors == [0.25, 0.5]
    assert trace.metrics["mfpt_error"].floor == scale.floor
    assert trace.metrics["mfpt_error"].tells is scale.counts
    assert set(trace.metrics) == set(ERRORS)


def test_metric_that_a_replica_lacks_is_left_out(tmp_path: Path):
    out = tmp_path / "traces.json"
    code, output = called(run_of(tmp_path / "run", lacking="its_error"), out)
    assert code == 0, output
    (trace,) = Traces.model_validate_json(out.read_bytes()).traces
    assert set(trace.metrics) == set(ERRORS) - {"its_error"}


def test_run_without_private_tasks_or_with_failed_units_is_refused(tmp_path: Path):
    out = tmp_path / "traces.json"
    code, output = called(run_of(tmp_path / "shipped", task="potentials/linear3"), out)
    assert (code, "has run no private task" in output) == (2, True)
    code, output = called(run_of(tmp_path / "failed", status="failed"), out)
    assert (code, "2 of 2 units are not done; run again" in output) == (2, True)
    assert not out.exists()
