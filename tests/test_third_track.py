"""A track that nobody here knows: one file of its own, and no other file changes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.task import MetricScale, Split, Task
from tests import third_track
from tests.command import stridebench
from tests.plugs import ROOT, python

ECHO = """
import numpy as np


class Echo:
    def __init__(self, louder: float = 1.0):
        self.louder = louder

    def fit(self, train, validation, context):
        steps = train[:, 2:] + train[:, :-2]
        self.twice_cosine = (steps * train[:, 1:-1]).sum() / (train[:, 1:-1] ** 2).sum()

    def forecast(self, begun):
        frames = list(begun.T)
        for _ in range(begun.shape[1]):
            frames.append(self.twice_cosine * frames[-1] - frames[-2])
        return self.louder * np.stack(frames[begun.shape[1]:], axis=1)
"""


def make_task(folder: Path, name: str, frequency: float) -> None:
    """Freeze a task of the track into ``folder/tones``."""
    seeds = {"train": 0, "test": 1}
    data = {split: third_track.tones(frequency, 6, seed) for split, seed in seeds.items()}
    scale = {"trivial_stderr": 0.0, "floor_stderr": 0.0}
    card = third_track.ToneCard(
        id=f"tones/{name}",
        version=1,
        track="tones",
        title="a tone",
        description="A sampled sine.",
        frame_time=1.0,
        time_unit="s",
        oracle="exact",
        generator="tests/test_third_track.py",
        frequency=frequency,
        splits={
            split: Split(rows=6, frames=values.size, sha256=third_track.sha256(values))
            for split, values in data.items()
        },
        metrics={
            "offset": MetricScale(group="closeness", trivial=0.6, floor=1e-3, **scale),
            "likeness": MetricScale(
                group="shape", trivial=0.01, floor=1.0, smaller_is_better=False, **scale
            ),
        },
    )
    task = Task(card, folder / "tones" / "cards" / f"{name}.yaml")
    task.write()
    task.data.mkdir(parents=True)
    for split, values in data.items():
        np.save(task.data / f"{split}.npy", values)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the track as a package is installed, with two tasks; give the working directory."""
    site = tmp_path / "site"
    site.mkdir()
    shutil.copy(third_track.__file__, site / "tones_track.py")
    info = site / "tones_track-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tones-track\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[stridebench.tracks]\ntones = tones_track:TRACK\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path / "tasks"))
    for name, frequency in (("low", 0.1), ("high", 0.3)):
        make_task(tmp_path / "tasks", name, frequency)
    (tmp_path / "echo.py").write_text(ECHO)
    return tmp_path


def test_third_track_is_listed_described_checked_run_scored_and_on_the_board(home: Path):
    listed = stridebench("list", "--family", "tones", cwd=home)
    assert "frequency" in listed.stdout
    assert "tones/high" in listed.stdout

    described = stridebench("describe", "tones/low", "--plot", "low.png", cwd=home)
    assert "0.1 per frame" in described.stdout
    assert (home / "low.png").stat().st_size > 1000

    checked = stridebench("check", "--model", "echo", cwd=home)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "forecast: the right shape" in checked.stdout

    ran = stridebench("run", "--model", "echo", "--tasks", "tones/*", cwd=home)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 = silence, 1 = exact" in ran.stdout
    written = (home / "runs" / "echo" / "results.json").read_bytes()
    result = json.loads(written)
    assert {task["task"] for task in result["tasks"]} == {"tones/low", "tones/high"}
    for task in result["tasks"]:
        assert task["groups"] == pytest.approx({"closeness": 1.0, "shape": 1.0})

    again = stridebench("score", "runs/echo", cwd=home)
    assert again.returncode == 0
    assert (home / "runs" / "echo" / "results.json").read_bytes() == written

    verified = stridebench("data", "verify", "tones/*", cwd=home)
    assert verified.stdout.count(" ok") == 2

    submit(home)
    page = (home / "board" / "README.md").read_text()
    assert "## Tones" in page
    assert "[echo](submissions/tones/echo)" in page
    assert "### Offset, mV" in page
    assert (home / "board" / "tones.svg").exists()


#: Submits a run to a board of all tasks, and renders it; its argument is the folder of the board.
SUBMIT = """
import sys
from pathlib import Path

from benchmark.registry import all_tasks
from leaderboard.site.render import render
from leaderboard.submitting import submit

board, tasks = Path(sys.argv[1]), all_tasks()
said = {"name": "echo", "authors": ["N. N."], "licence": "MIT", "reads": ["labels"]}
said["code"] = {"url": "https://example.org/echo", "revision": "v1"}
submit(board.parent / "runs" / "echo", said, board / "submissions", tasks=tasks)
render(write=True, folder=board, tasks=tasks)
"""


def submit(home: Path) -> None:
    """Put the run on a board of all tasks, and render it."""
    done = python("-c", SUBMIT, str(home / "board"))
    assert done.returncode == 0, done.stderr


def test_metric_that_is_good_when_large_scores_its_loss(home: Path):
    turned = stridebench(
        "run", "--model", "echo", "--tasks", "tones/low", "--set", "louder=-1", cwd=home
    )
    (task,) = json.loads((home / "runs" / "echo" / "results.json").read_text())["tasks"]
    assert turned.returncode == 0, turned.stdout + turned.stderr
    assert task["groups"]["shape"] == pytest.approx(-1.0)
    assert task["groups"]["closeness"] < 0.2


def test_model_of_another_track_is_refused_by_its_tasks(home: Path):
    refused = stridebench("run", "--model", "msm", "--tasks", "tones/*", cwd=home)
    assert refused.returncode == 2
    assert refused.stderr == "error: msm is a kinetics model, and these are tones tasks\n"


def test_card_with_a_metric_that_its_track_does_not_know_is_refused(home: Path):
    path = home / "tasks" / "tones" / "cards" / "low.yaml"
    path.write_text(path.read_text().replace("offset:", "smell:"))
    refused = stridebench("list", cwd=home)
    assert refused.returncode == 2
    assert "metrics.smell: no such metric of the track tones" in refused.stderr
