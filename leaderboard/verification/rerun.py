"""Fitting units of a row again, each by ``run`` in a clean process, and on a new draw of its task.

The board knows results and not how they come about; so what fits a model is the command that a
reviewer would type.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import benchmark
from benchmark.errors import InputError, one_line
from benchmark.files import write_text
from benchmark.loading import shipped_models
from benchmark.registry import DRAWN_VARIABLE, track_of
from benchmark.result import Result, Unit, read_result
from benchmark.task import Task
from leaderboard.checks.entry import RESULTS
from leaderboard.manifest import by_hash, unit_name
from leaderboard.verification.agreement import compared
from leaderboard.verification.record import Repeated

#: Where our packages lie.
ROOT = Path(benchmark.__file__).parents[1]


def chosen(result: Result, key: str, n: int, tasks: Mapping[str, Task] | None = None) -> list[Unit]:
    """Choose units to fit again: the first ``n`` done ones by the hash of a key and their name.

    Parameters
    ----------
    result : Result
    key : str
        The manifest's hash, or a secret.
    n : int
    tasks : mapping of task id to Task, optional
        Of these tasks only.
    """
    done = {
        unit_name(unit): unit
        for unit in result.units
        if unit.status == "done" and (tasks is None or unit.task in tasks)
    }
    return [done[name] for name in by_hash(key, done)[:n]]


def model_of(result: Result, track: str, given: str) -> str:
    """Give what ``--model`` is to name: what is given, or the shipped model of the row.

    Raises
    ------
    InputError
        If the model is not shipped and its code is not given.
    """
    if given:
        path = Path(given.rpartition(":")[0] or given)
        return str(path.absolute()) + given[len(str(path)) :] if path.is_file() else given
    if result.model.name in shipped_models(track):
        return result.model.name
    raise InputError(
        f"the model {result.model.name} is not shipped: give its code by --model FILE.py"
    )


def fitted_again(
    result: Result,
    unit: Unit,
    task: Task,
    model: str,
    drawn: Path | None = None,
    kept: Path | None = None,
) -> Repeated:
    """Fit a unit of a row again and compare.

    Parameters
    ----------
    result : Result
    unit : Unit
    task : Task
    model : str
        For ``--model``; see `model_of`.
    drawn : Path, optional
        A folder of drawn tasks, which take the place of the frozen ones.
    kept : Path, optional
        Of one unit: a folder in which its run stays. If an earlier call has left one there, its
        fitted model answers, and nothing is fitted; a model without ``save`` is fitted again.
    """
    with tempfile.TemporaryDirectory(prefix="stridebench-") as temporary:
        out = (kept or Path(temporary)) / ("new" if drawn else "frozen")
        if kept and drawn and (kept / "frozen").is_dir():
            _without_answers(kept / "frozen", out)
        said = run_unit(result, unit, model, out, drawn)
        try:
            again = next(one for one in read_result(out).units if unit_name(one) == unit_name(unit))
        except (InputError, StopIteration):
            return Repeated(unit=unit_name(unit), fault=f"run says: {said}")
    if again.status != "done":
        return Repeated(unit=unit_name(unit), fault=f"{again.status}: {one_line(again.reason)}")
    mine = [one for one in result.units if one.task == unit.task]
    return Repeated(unit=unit_name(unit), metrics=compared(track_of(task), unit, again, mine))


def _without_answers(run: Path, to: Path) -> None:
    """Copy a run with its fitted models and without what they answered, nor to what."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("*.parquet", "unit.json", RESULTS))
    asked = json.loads((to / "run.json").read_text("utf-8"))
    write_text(to / "run.json", json.dumps({**asked, "data": {}}))


def run_unit(result: Result, unit: Unit, model: str, out: Path, drawn: Path | None = None) -> str:
    """Run one unit, by the command and with the settings of its row; give the last it says.

    Parameters
    ----------
    result : Result
        Of the row.
    unit : Unit
    model : str
        For ``--model``; see `model_of`.
    out : Path
        For ``--out``; the folder that it is to lie in is there, with nothing in it of anybody's.
    drawn : Path, optional
        A folder of drawn tasks, which take the place of the frozen ones.
    """
    variables = {DRAWN_VARIABLE: str(drawn.absolute())} if drawn else {}
    arguments = ["-m", "benchmark", "run", *_asked(result, unit, model), "--out", str(out)]
    return python_here(arguments, out.parent, variables)


def _asked(result: Result, unit: Unit, model: str) -> list[str]:
    """Give the options of ``run`` that ask for one unit, fitted as the row's was."""
    settings = [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in result.config.settings.items()
        if value is None or isinstance(value, str | int | float)
    ]
    return [
        *("--model", model, "--tasks", unit.task, "--unit", f"r{unit.replica}-s{unit.seed}"),
        *("--seeds", str(unit.seed + 1), "--device", "cpu", "--workers", "1", "--no-plots"),
        *("--timeout", str(result.config.timeout)),
        *(part for setting in settings for part in ("--set", setting)),
    ]


def draw_again(task: Task, seed: int, folder: Path) -> None:
    """Draw a task anew into a folder, by the command of ``tasks``.

    Raises
    ------
    InputError
        If it has no exact generator, or cannot be drawn; says why.
    """
    arguments = ["-m", "tasks.drawing", task.id, "--seed", str(seed), "--to", str(folder)]
    said = python_here(arguments, folder, {})
    if not list(folder.glob("*/cards/*.yaml")):
        raise InputError(f"{task.id} cannot be drawn again: {said}")


def python_here(arguments: Sequence[str], folder: Path, more: Mapping[str, str]) -> str:
    """Run our Python in a folder with nothing in it of anybody's; give the last it says."""
    own = {"PYTHONPATH": str(ROOT), **more}
    left = {name: text for name, text in os.environ.items() if name != DRAWN_VARIABLE}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**left, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return one_line(lines[-1]) if lines else f"exit code {done.returncode}"
