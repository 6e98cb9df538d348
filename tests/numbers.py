"""The numbers of this repository in one file: a change of its code can be shown to move none.

    python -m tests.numbers tests/numbers.json      # record, a few minutes

holds of some models on some tasks (quick runs) the SHA-256 of the decoded predictions and every
metric, of some tasks what ``describe`` prints, and the SHA-256 of all scores of the board,
recomputed from the units of the submissions. `tests/test_numbers.py` compares. The last bits of a
prediction differ between processors and between versions of numerical libraries; the file says
which it was recorded with.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.registry import find_task
from benchmark.run.provenance import run_on
from benchmark.tracks.superresolution.data import truth
from benchmark.tracks.superresolution.predictions import (
    POSITION_UNIT,
    RECONSTRUCTION,
    read_positions,
)
from tests.plugs import ROOT

#: Models, and the tasks each is run on.
KINETICS, GAPS = ("potentials/triangular3", "riboswitch/34-1ms"), ("md17-xtb/ethanol-k10",)
RUNS = {
    **dict.fromkeys(("msm", "ngram", "hmm", "lstm"), KINETICS),
    **dict.fromkeys(("linear", "ridge", "bi-lstm"), GAPS),
}

DESCRIBED = (
    "potentials/triangular3",
    "riboswitch/34-1ms",
    "alanine/cored4-1ps",
    "md17-xtb/ethanol-k10",
)

LIBRARIES = ("numpy", "scipy", "numba", "torch", "deeptime")


def machine() -> dict[str, Any]:
    """Name what the last bits depend on."""
    return {
        "processor": run_on()["processor"],
        **{name: version(name).partition("+")[0] for name in LIBRARIES},
    }


def command(*arguments: str) -> str:
    """Run ``python -m benchmark``; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


def run(model: str, tasks: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Run a model quickly; give its predictions' fingerprints and its metrics by task."""
    options = ("--quick", "--workers", "2", "--no-plots", "--out", str(folder))
    command("run", "--model", model, "--tasks", *tasks, *options)
    units = json.loads((folder / "results.json").read_text())["units"]
    return {
        unit["task"]: {
            "predictions": predictions(
                folder / "units" / unit["task"].replace("/", "--") / "r0-s0", unit["task"]
            ),
            "metrics": {name: metric["value"] for name, metric in unit["metrics"].items()},
        }
        for unit in units
    }


def predictions(folder: Path, task: str) -> dict[str, str]:
    """Give the SHA-256 of the decoded content of each prediction file."""
    import pyarrow.parquet as pq

    found = {}
    for path in sorted(folder.glob("*.parquet")):
        if path.name == RECONSTRUCTION:
            values = coordinates(folder, task)
        else:
            (column,) = pq.read_table(path).columns
            values = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        found[path.name] = hashlib.sha256(f"{values.dtype}".encode() + values.tobytes()).hexdigest()
    return found


def coordinates(folder: Path, task: str) -> NDArray[np.int32]:
    """Read reconstructed coordinates, in the unit of their file, one segment after the other."""
    shapes = [segment.positions.shape for segment in truth(find_task(task))]
    segments = read_positions(folder, shapes)
    return np.concatenate([np.rint(one.ravel() / POSITION_UNIT) for one in segments]).astype(
        np.int32
    )


def scores() -> str:
    """Give the SHA-256 of all scores of the board, to the last digit."""
    from benchmark.registry import shipped_tasks
    from leaderboard.submission import SUBMISSIONS, read_submissions

    rows = [
        (one.card.name, one.result.model.name, key, task.model_dump_json())
        for one in read_submissions(SUBMISSIONS, shipped_tasks())
        for key, task in sorted(one.tasks.items())
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def described() -> dict[str, str]:
    """Give what ``describe`` prints of some tasks."""
    return {task: command("describe", task) for task in DESCRIBED}


def record() -> dict[str, Any]:
    """Compute everything."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {model: run(model, tasks, Path(folder) / model) for model, tasks in RUNS.items()}
    return {"machine": machine(), "scores": scores(), "described": described(), "runs": runs}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n")
