"""What the process that runs a model's code holds, found by a plug that looks everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.task import Task
from benchmark.tracks.kinetics.data import load_chains, load_replicas, load_test
from benchmark.tracks.superresolution.data import truth
from tests.command import stridebench
from tests.plugs import MARKOV, ROOT
from tests.tracks.superresolution.water import WATER, freeze_water

#: Looks at every frame of every thread, every module and every object that Python knows of, and at
#: what lies below the arrays it finds; writes down their bytes, and which files are mapped.
SEARCH = """
import gc
import sys
from pathlib import Path

import numpy as np


def search(folder, when):
    path = Path(folder) / f"{when}.npz"
    if path.exists():  # predict is asked again, by the audits
        return
    todo = [frame for frame in sys._current_frames().values()] + gc.get_objects()
    todo += list(sys.modules.values())
    seen, arrays = set(), {}
    while todo:
        one = todo.pop()
        if id(one) in seen or len(seen) > 3_000_000:
            continue
        seen.add(id(one))
        if type(one).__name__ == "frame":
            todo += list(one.f_locals.values()) + [one.f_back]
        if isinstance(one, np.ndarray):
            if one.size >= 500 and one.dtype.kind in "uif":
                arrays[id(one)] = one
            todo.append(one.base)
        elif isinstance(one, (bytes, bytearray, memoryview)) and len(one) >= 500:
            arrays[id(one)] = np.frombuffer(bytes(one), np.uint8)
        else:
            todo += gc.get_referents(one)
    np.savez(path, **{str(key): array for key, array in arrays.items()})
    maps = Path("/proc/self/maps")
    if maps.exists():
        (Path(folder) / f"{when}.maps").write_text(maps.read_text())
"""

CURIOUS = (
    SEARCH
    + MARKOV
    + """

class Curious(Markov):
    def __init__(self, out: str):
        super().__init__()
        self.out = out

    def fit(self, train, validation, context):
        search(self.out, "fit")
        super().fit(train, validation, context)

    def sample(self, prompt, n_frames, rng):
        search(self.out, "sample")
        return super().sample(prompt, n_frames, rng)

    def predict(self, states):
        search(self.out, "predict")
        return super().predict(states)
"""
)

FILLER = (
    SEARCH
    + """

class Filler:
    reads = frozenset({"positions"})

    def __init__(self, out: str):
        self.out = out

    def fit(self, train, validation, context):
        search(self.out, "fit")

    def reconstruct(self, coarse):
        search(self.out, "reconstruct")
        return np.repeat(coarse.positions, coarse.gap, axis=0)[: coarse.n_frames]
"""
)


def holds(found: Path, wanted: np.ndarray) -> bool:
    """Whether a middle part of ``wanted`` lies anywhere in what was found."""
    middle = np.ascontiguousarray(wanted).ravel()
    # So long that two chains which dwell in one label all the while are not the same.
    part = middle[len(middle) // 3 : len(middle) // 3 + 1000].tobytes()
    with np.load(found) as arrays:
        return any(part in arrays[key].tobytes() for key in arrays.files)


def mapped(found: Path) -> list[str]:
    """List the frozen data files mapped into the memory of the process."""
    if not found.exists():
        return []
    lines = found.read_text().splitlines()
    return [line for line in lines if line.endswith((".parquet", ".arrow"))]


@pytest.fixture
def run(plug: Callable[[str], str], tmp_path: Path) -> Callable[..., Path]:
    """Run a plug on replica 0 of a task as a person would; give what it has found."""

    def run(body: str, name: str, task: str, *more: str) -> Path:
        found = tmp_path / "found"
        found.mkdir()
        done = stridebench(
            *("run", "--model", f"{plug(body)}:{name}", "--tasks", task, *more),
            *("--set", f"out={found}", "--out", tmp_path / "run", "--no-plots"),
            cwd=ROOT,
        )
        assert "done in" in done.stdout, done.stdout + done.stderr
        return found

    return run


def test_model_finds_its_replica_and_no_other_no_oracle_and_test_chains_only_when_asked(
    toy: Task, run: Callable[..., Path]
):
    found = run(CURIOUS, "Curious", toy.id, "--replicas", "1")
    own, *others = (np.concatenate(chains) for chains in load_replicas(toy, "train"))
    states, oracle = load_test(toy)
    for when in ("fit", "sample", "predict"):
        file = found / f"{when}.npz"
        assert not any(holds(file, other) for other in others), when
        assert not any(holds(file, chain) for chain in load_chains(toy, "fresh")), when
        assert not holds(file, oracle), when
        assert not holds(file, np.rint(oracle / 1e-5).astype(np.int32)), when
        assert mapped(found / f"{when}.maps") == [], when
    # What it may see is found, so that the search does find what is there …
    assert holds(found / "fit.npz", own)
    assert holds(found / "predict.npz", states[0])
    # … and test chains are not there while it fits and samples.
    assert not holds(found / "fit.npz", states[0])
    assert not holds(found / "sample.npz", states[0])


def test_model_finds_kept_frames_of_test_segments_and_no_hidden_one(
    run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    task = freeze_water(tmp_path / "tasks")
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path / "tasks"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    found = run(FILLER, "Filler", WATER)
    for segment in truth(task):
        kept = segment.positions[:: task.card.gap]
        for when in ("fit", "reconstruct"):
            assert not holds(found / f"{when}.npz", segment.positions), when
            assert mapped(found / f"{when}.maps") == [], when
        assert holds(found / "reconstruct.npz", kept)
        assert not holds(found / "fit.npz", kept)
