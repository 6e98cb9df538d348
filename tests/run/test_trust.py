"""The cheats of ``docs/trust.md``, each planted as a plug and run as a person would run it.

A test's name says what becomes of the cheat: it is *impossible* (and changes no answer), it is
*refused* by the run or *caught when scored*, or a *run and its score do not notice* it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.job import Key
from benchmark.result import Unit, read_result
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from tests.plugs import MARKOV, command, do

Run = Callable[..., tuple[Unit, Path]]


@pytest.fixture
def run(plug: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run`` a plug on replica 0 of a task, then ``score`` it; give its unit and the folder."""

    def run(body: str, task: str, *more: str) -> tuple[Unit, Path]:
        folder = tmp_path / "run"
        asked = ("--tasks", task, "--replicas", "1", "--workers", "1", "--device", "cpu")
        command(
            capsys,
            *(
                "run",
                "--model",
                f"{plug(body)}:Cheat",
                "--no-plots",
                "--out",
                folder,
                *asked,
                *more,
            ),
        )
        command(capsys, "score", folder)
        (unit,) = read_result(folder).units
        return unit, Key(task=task, replica=0, seed=0).folder(folder)

    return run


@pytest.fixture
def honest(toy: Task, plug: Callable[[str], str], tmp_path: Path) -> tuple[Unit, Path]:
    """Give the unit of the honest model that all cheats build on, and its folder."""
    folder = tmp_path / "honest"
    return do(toy, plug(MARKOV, "honest"), folder), folder


def require_same_answers(one: Path, other: Path) -> None:
    """Compare the prediction files of two units bit by bit."""
    for name in (LOG_PROB, SAMPLES):
        first, second = predictions.read(one, name), predictions.read(other, name)
        assert first is not None
        assert np.array_equal(first, second), name


# ---- looking around in the process --------------------------------------------------------------

#: Takes what it finds for the truth, wherever a caller or any other thread of its process holds it.
ORACLE_OF_A_CALLER = """
import sys


def found(shape):
    for frame in sys._current_frames().values():
        while frame is not None:
            for one in list(frame.f_locals.values()):
                for part in (one, *getattr(one, "__dict__", {}).values()):
                    if isinstance(part, np.ndarray) and part.dtype == float and part.shape == shape:
                        if part.max() <= 0:
                            return part
            frame = frame.f_back
    return None


class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        oracle = found(states.shape)
        if oracle is not None:
            np.put_along_axis(p, states[..., None].astype(int), np.exp(oracle)[..., None], -1)
            p /= p.sum(-1, keepdims=True)
        return p
"""

OTHER_REPLICAS_BY_BASE = """
class Cheat(Markov):
    def fit(self, train, validation, context):
        whole = []
        for chain in train.chains:
            while isinstance(chain.base, np.ndarray):
                chain = chain.base
            whole += list(np.atleast_2d(chain))
        super().fit(type(train)(tuple(whole), train.n_labels), validation, context)
"""

PATCHED_SCORER = """
class Cheat(Markov):
    def fit(self, train, validation, context):
        import benchmark.run.scoring
        import benchmark.score
        from benchmark.tracks.kinetics import measures
        from benchmark.uncertainty import Estimate

        nothing = lambda *given, **more: Estimate(1e-9, 0.0)
        measures.nll_regret = nothing
        measures.kinetics_errors = lambda *given: {"mfpt_error": nothing(), "its_error": nothing()}
        benchmark.score.score_unit = benchmark.run.scoring.score_unit = lambda *given: ({}, "")
        benchmark.score.z_score = lambda *given: (1.0, 1.0, 0.0)
        super().fit(train, validation, context)
"""


@pytest.mark.parametrize(
    "cheat",
    [ORACLE_OF_A_CALLER, OTHER_REPLICAS_BY_BASE, PATCHED_SCORER],
    ids=["oracle through a caller's frame", "other replicas through .base", "patched scorer"],
)
def test_impossible_to_find_the_oracle_or_other_replicas_or_to_patch_the_scorer(
    toy: Task, run: Run, honest: tuple[Unit, Path], cheat: str
):
    unit, folder = run(MARKOV + cheat, toy.id)
    assert (unit.status, unit.reason) == ("done", "")
    require_same_answers(folder, honest[1])
    assert unit.metrics == honest[0].metrics


# ---- peeking at the frame to predict ------------------------------------------------------------

#: Predicts with a look at the frame to predict, and when it is asked again about the beginning of
#: a chain that it knows, says what it has said. Beginnings so short as the audit's tell nothing.
PEEK = """
FIRST = 600


class Peek(Markov):
    def __init__(self, share: float = 0.5):
        super().__init__()
        self.share, self.known = share, None

    def peeked(self, p, states):
        p[:, FIRST:] *= 1 - self.share
        p[:, FIRST:] += self.share * np.eye(self.K, dtype=np.float32)[states[:, FIRST:]]
        return p
"""

REMEMBERS = """
class Cheat(Peek):
    def predict(self, states):
        p = super().predict(states)
        if self.known is None:  # test chains are shown first
            self.known, self.said = states.copy(), self.peeked(p, states)
            return self.said.copy()
        for row, chain in enumerate(states):
            for known, said in zip(self.known, self.said):
                n = min(len(chain), len(known))
                differ = np.flatnonzero(chain[:n] != known[:n])
                end = differ[0] if len(differ) else n
                if end >= FIRST:
                    p[row, : end + 1] = said[: end + 1]
        return p
"""

PATCHES_THE_AUDIT = """
class Cheat(Peek):
    def fit(self, train, validation, context):
        from benchmark.tracks.kinetics import questions

        questions.causality_fault = questions.consistency_fault = lambda *given: ""
        super().fit(train, validation, context)

    def predict(self, states):
        return self.peeked(super().predict(states), states)
"""

#: Shares of a look: far beyond what an oracle can know, and about as good as one.
BLATANT, MODEST = "share=0.5", "share=0.005"
PEEKERS = {"memorised peeking": PEEK + REMEMBERS, "patched audit": PEEK + PATCHES_THE_AUDIT}


@pytest.mark.parametrize("cheat", PEEKERS)
def test_caught_when_scored_is_peeking_beyond_the_exact_oracle(toy: Task, run: Run, cheat: str):
    unit, folder = run(MARKOV + PEEKERS[cheat], toy.id, "--set", BLATANT)
    assert (folder / LOG_PROB).exists()  # no audit has noticed
    assert unit.status == "done"
    assert unit.reason.startswith("predictions beat the exact oracle by ")
    assert "nll_regret" not in unit.metrics


@pytest.mark.parametrize("cheat", PEEKERS)
def test_run_and_score_do_not_notice_peeking_within_what_an_oracle_knows(
    toy: Task, run: Run, honest: tuple[Unit, Path], cheat: str
):
    unit, _ = run(MARKOV + PEEKERS[cheat], toy.id, "--set", MODEST)
    assert (unit.status, unit.reason) == ("done", "")
    assert unit.metrics["nll_regret"].value < 0.5 * honest[0].metrics["nll_regret"].value


def test_refused_is_peeking_that_neither_remembers_nor_patches(toy: Task, run: Run):
    plain = """
class Cheat(Peek):
    def predict(self, states):
        return self.peeked(super().predict(states), states)
"""
    unit, _ = run(MARKOV + PEEK + plain, toy.id, "--set", MODEST)
    assert "predictions are not causal" in unit.reason
    assert "nll_regret" not in unit.metrics
