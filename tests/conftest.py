"""A tiny frozen task with an exact oracle, made once, and plugs written to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import settings

from benchmark.registry import TASKS_VARIABLE, find_task
from benchmark.task import Task
from benchmark.tracks.kinetics.metrics.errors import KineticsReference, reference_from_chains
from tasks.making.calibrate import calibrate
from tasks.making.freeze import freeze_task, generation, lag_times
from tasks.oracles.hidden_chain import HiddenChain

#: How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")

TOY = "toy/three"
TOY_FRAMES = 5_000


def toy_chain() -> HiddenChain:
    """Three labels of two hidden states each: one fast to leave, one slow."""
    rates = np.zeros((6, 6))
    for label in range(3):
        slow, fast = 2 * label, 2 * label + 1
        rates[slow, fast], rates[fast, slow] = 0.02, 0.05
        rates[fast, (fast + 2) % 6] = 0.04
        rates[(fast + 2) % 6, fast] = 0.04
    np.fill_diagonal(rates, 1 - rates.sum(1))
    return HiddenChain(rates, np.repeat(np.arange(3, dtype=np.uint8), 2))


def make_toy(folder: Path) -> Task:
    """Freeze the toy task into ``folder/toy``."""
    chain = toy_chain()
    rng = np.random.default_rng(11)
    relaxation = chain.relaxation_times(2)
    lags = lag_times(relaxation)
    simulated = reference_from_chains(
        chain.label(chain.sample(100_000, 10, rng)), 3, lags, 2, float(relaxation[0])
    )
    reference = KineticsReference(
        populations=chain.populations(),
        mfpt=chain.cycle_mfpt(),
        lags=lags,
        timescales=chain.implied_timescales(lags.tolist(), 2),
        thresholds=simulated.thresholds,
        commit_rates=simulated.commit_rates,
        dwell_edges=simulated.dwell_edges,
        dwell_cdf=simulated.dwell_cdf,
    )
    shapes = {
        "train": (5, TOY_FRAMES),
        "validation": (1, TOY_FRAMES),
        "test": (4, 3_000),
        "prompt": (generation(TOY_FRAMES, float(relaxation[0])).chains, 256),
        "fresh": (15, TOY_FRAMES),
    }
    chains = {
        name: chain.label(chain.sample(frames, rows, rng))
        for name, (rows, frames) in shapes.items()
    }
    card = {
        "id": TOY,
        "version": 1,
        "track": "kinetics",
        "title": "a toy",
        "description": "Six hidden states seen as three labels.",
        "frame_time": 1.0,
        "time_unit": "frames",
        "labels": 3,
        "observable": [0, 1, 2],
        "slowest": float(relaxation[0]),
        "oracle": "exact",
        "generator": "tests/conftest.py",
    }
    oracle = chain.log_probabilities(chains["test"])
    return calibrate(freeze_task(folder / "toy", card, chains, oracle, reference))


@pytest.fixture(scope="session")
def _toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tasks")
    make_toy(root)
    return root


@pytest.fixture
def toy(_toy_root: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    """Give the toy task, findable as ``toy/three`` here and in child processes."""
    monkeypatch.setenv(TASKS_VARIABLE, str(_toy_root))
    # Child processes must find the repository's packages from whatever folder a test runs in.
    root = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]))
    return find_task(TOY)


@pytest.fixture(autouse=True)
def own_path() -> Iterator[None]:
    """Forget the folders and the name of a test's plugs: processes of the next one get the path."""
    before = sys.path[:]
    yield
    sys.path[:] = before
    sys.modules.pop("plug", None)


@pytest.fixture
def plug(tmp_path: Path) -> Callable[[str], str]:
    """Write a model file from the bodies of its methods; give what ``--model`` takes."""

    def write(body: str, name: str = "plug") -> str:
        path = tmp_path / f"{name}.py"
        path.write_text(dedent(body))
        return str(path)

    return write
