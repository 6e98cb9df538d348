"""The cheats of ``docs/trust.md``, each planted as a plug and run as a person would run it.

A test's name says what becomes of the cheat: it is *impossible* (and changes no answer), it is
*refused* by the run or *caught when scored*, or a *run and its score do not notice* it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.job import Key
from benchmark.registry import DRAWN_VARIABLE
from benchmark.result import Result, RunConfig, RunModel, Unit, read_result
from benchmark.score import SCORER_VERSION, score_task
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.kinetics.predictions import LOG_PROB, SAMPLES
from benchmark.tracks.superresolution.card import STORAGE_ROUNDING
from benchmark.tracks.superresolution.predictions import RECONSTRUCTION
from leaderboard.validation import recomputed
from tests.command import stridebench
from tests.plugs import MARKOV, command, do, told_where_tasks_lie
from tests.run.waiting import alive
from tests.tracks.superresolution.water import freeze_water

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


# ---- knowing the truth --------------------------------------------------------------------------

#: Reads the oracle's answers from the task's files, and gives them to the chains it finds there.
READS_THE_FROZEN_FILES = """
class Cheat(Peek):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        from benchmark.registry import find_task
        from benchmark.tracks.kinetics.data import load_test

        self.known, self.oracle = load_test(find_task(context.task))

    def predict(self, states):
        p = super().predict(states)
        for row, chain in enumerate(states):
            for known, oracle in zip(self.known, self.oracle):
                n = min(len(chain), len(known))
                differ = np.flatnonzero(chain[:n] != known[:n])
                end = differ[0] if len(differ) else n
                for t in range(FIRST, end + 1 if end > FIRST and end < n else end):
                    here, right = known[t], np.exp(oracle[t])
                    others = 1 - p[row, t, here]
                    p[row, t] *= (1 - right) / others
                    p[row, t, here] = right
        return p
"""

IMPORTS_THE_GENERATOR = """
from tests.conftest import toy_chain


class Cheat(Markov):
    def predict(self, states):
        return toy_chain().predictive(states).astype(np.float32)
"""

#: The same without an import: what the generator's file says, written down.
COPIES_THE_GENERATOR = """
class Cheat(Markov):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        rates = np.zeros((6, 6))
        for label in range(3):
            slow, fast = 2 * label, 2 * label + 1
            rates[slow, fast], rates[fast, slow] = 0.02, 0.05
            rates[fast, (fast + 2) % 6] += 0.04
            rates[(fast + 2) % 6, fast] += 0.04
        np.fill_diagonal(rates, 1 - rates.sum(1))
        self.rates, self.shown = rates, np.repeat(np.eye(3), 2, axis=1)

    def predict(self, states):
        p, hidden = [], np.full((len(states), 6), 1 / 6)
        for labels in states.T:
            p.append(hidden @ self.shown.T)
            hidden = hidden * self.shown[labels]
            hidden = hidden / hidden.sum(1, keepdims=True) @ self.rates
        return np.stack(p, axis=1).astype(np.float32)

    def sample(self, prompt, n_frames, rng):
        hidden, out = 2 * prompt[:, -1].astype(int), []
        ends = self.rates.cumsum(1)[:, :-1]
        for u in rng.random((n_frames, len(prompt), 1)):
            hidden = (u > ends[hidden]).sum(1)
            out.append(hidden // 2)
        return np.stack(out, axis=1).astype(np.uint8)
"""


def test_run_and_score_do_not_notice_oracle_answers_from_the_frozen_files(
    toy: Task, run: Run, honest: tuple[Unit, Path]
):
    unit, _ = run(told_where_tasks_lie() + MARKOV + PEEK + READS_THE_FROZEN_FILES, toy.id)
    assert (unit.status, unit.reason) == ("done", "")
    assert unit.metrics["nll_regret"].value < 0.5 * honest[0].metrics["nll_regret"].value


def test_refused_is_a_model_that_imports_the_generator(toy: Task, run: Run):
    unit, _ = run(MARKOV + IMPORTS_THE_GENERATOR, toy.id)
    assert unit.status == "failed"
    assert unit.reason.startswith("the model imports tasks.")


def test_run_and_score_do_not_notice_a_copy_of_the_generator(
    toy: Task, run: Run, honest: tuple[Unit, Path]
):
    unit, _ = run(MARKOV + COPIES_THE_GENERATOR, toy.id)
    assert (unit.status, unit.reason) == ("done", "")
    assert abs(unit.metrics["nll_regret"].value) < 1e-4  # it is the oracle


LOOKS_FOR_THE_DRAW = """
import sys


class Cheat(Markov):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        found, frame = [repr(dict(os.environ))], sys._getframe()
        while frame is not None:
            found.append(repr(frame.f_locals))
            frame = frame.f_back
        (context.scratch.parent / "found.txt").write_text("\\n".join(found))
"""


def test_impossible_to_be_told_where_a_task_drawn_anew_lies(
    toy: Task, plug: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    drawn = tmp_path / "anew"
    shutil.copytree(toy.path.parents[1], drawn / "toy")
    monkeypatch.setenv(DRAWN_VARIABLE, str(drawn))
    model = plug(MARKOV + LOOKS_FOR_THE_DRAW) + ":Cheat"
    asked = ("--tasks", toy.id, "--replicas", "1", "--no-plots", "--out", tmp_path / "run")
    done = stridebench("run", "--model", model, *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = (Key(task=toy.id, replica=0, seed=0).folder(tmp_path / "run") / "found.txt").read_text()
    assert "toy/three" in found
    assert str(drawn) not in found


# ---- writing what was not answered --------------------------------------------------------------

WRITES_LATER = """
import threading

LATER = '''
import sys, time
from pathlib import Path

unit = Path(sys.argv[1])
while not (unit / "unit.json").exists():
    time.sleep(0.05)
for path in unit.glob("*.parquet"):
    path.write_bytes(b"forged")
'''


class Cheat(Markov):
    def fit(self, train, validation, context):
        import subprocess
        import sys

        super().fit(train, validation, context)
        unit = context.scratch.parent
        command = [sys.executable, "-c", LATER, str(unit)]
        number = subprocess.Popen(command, start_new_session=True).pid
        (unit / "number").write_text(str(number))
        sys.argv[1:] = [str(unit)]
        threading.Thread(target=exec, args=(LATER, {}), daemon=True).start()
"""

#: In the model's process everything can be changed; what it tells the run is not believed.
TELLS_METRICS = """
class Cheat(Markov):
    def fit(self, train, validation, context):
        from benchmark.result import UnitMetric
        from benchmark.run import worker

        honest = worker.Unit
        best = {name: UnitMetric(value=1e-9, stderr=0.0) for name in ("nll_regret", "mfpt_error")}
        worker.Unit = lambda **fields: honest(**fields, metrics=best)
        super().fit(train, validation, context)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere such a child goes on")
def test_impossible_to_write_predictions_after_the_unit(
    toy: Task, run: Run, honest: tuple[Unit, Path]
):
    unit, folder = run(MARKOV + WRITES_LATER, toy.id)
    assert not alive(int((folder / "number").read_text()))
    assert (unit.status, unit.reason) == ("done", "")
    require_same_answers(folder, honest[1])


def test_impossible_to_tell_metrics_of_its_own(toy: Task, run: Run, honest: tuple[Unit, Path]):
    unit, folder = run(MARKOV + TELLS_METRICS, toy.id)
    assert json.loads((folder / "unit.json").read_text())["metrics"]  # told, …
    assert unit.metrics == honest[0].metrics  # … and not believed


def test_run_and_score_do_not_notice_metrics_invented_in_a_result(toy: Task, honest):
    units = [honest[0].model_copy(deep=True, update={"replica": one}) for one in range(5)]
    for unit in units:
        for metric in unit.metrics.values():
            metric.value *= 1 + 0.01 * unit.replica  # no two replicas have the same
        unit.metrics["mfpt_error"].value = 0.02 + 0.001 * unit.replica
        unit.metrics["mfpt_error"].bias = 0.01
    result = whole_result(toy, units)
    scores = recomputed(result, {toy.id: toy}, Path("results.json"))
    assert scores[toy.id].metrics["mfpt_error"].z > 0.5


def whole_result(task: Task, units: list[Unit]) -> Result:
    """Make a result that adds up, as whoever forges one would."""
    return Result(
        model=RunModel(name="x", title="X", description="A model.", role="model"),
        config=RunConfig(
            replicas=5, seeds=1, quick=False, device="cpu", workers=1, timeout=60.0, tasks=[task.id]
        ),
        ranked=True,
        provenance={"scorer_version": SCORER_VERSION, "data": {task.id: task.card.fingerprints}},
        units=units,
        tasks=[score_task(task, units)],
    )


# ---- hidden frames of a segment -----------------------------------------------------------------

LINEAR = """
import numpy as np


class Linear:
    reads = frozenset({"positions"})

    def __init__(self, card: str = "", noise: float = 0.0):
        self.card_path, self.noise = card, noise

    def fit(self, train, validation, context):
        pass

    def reconstruct(self, coarse):
        frames = np.arange(coarse.n_frames) / coarse.gap
        kept = np.arange(len(coarse.positions))
        flat = coarse.positions.reshape(len(kept), -1)
        columns = [np.interp(frames, kept, column) for column in flat.T]
        return np.stack(columns, axis=-1).reshape(len(frames), -1, 3)
"""

HIDDEN_FRAMES_OF_A_CALLER = """
import sys


class Cheat(Linear):
    def reconstruct(self, coarse):
        frame = sys._getframe()
        while frame is not None:
            for one in list(frame.f_locals.values()):
                for segment in one if isinstance(one, (list, tuple)) else [one]:
                    positions = getattr(segment, "positions", None)
                    if positions is not None and len(positions) == coarse.n_frames:
                        if np.allclose(positions[:: coarse.gap], coarse.positions, atol=1e-4):
                            return np.array(positions)
            frame = frame.f_back
        return super().reconstruct(coarse)
"""

HIDDEN_FRAMES_BY_AN_IMPORT = """
class Cheat(Linear):
    def reconstruct(self, coarse):
        from pathlib import Path

        from benchmark.registry import read_card
        from benchmark.tracks.superresolution.data import truth

        for segment in truth(read_card(Path(self.card_path))):
            if np.allclose(segment.positions[:: coarse.gap], coarse.positions, atol=1e-4):
                rng = np.random.default_rng(0)
                return segment.positions + self.noise * rng.normal(size=segment.positions.shape)
"""


@pytest.fixture
def water(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv("STRIDEBENCH_TASKS", str(tmp_path / "tasks"))
    return freeze_water(tmp_path / "tasks")


def test_impossible_to_find_hidden_frames_on_the_stack(
    water: Task, run: Run, plug: Callable[[str], str], tmp_path: Path
):
    do(water, plug(LINEAR, "linear"), tmp_path / "linear")
    unit, folder = run(LINEAR + HIDDEN_FRAMES_OF_A_CALLER, water.id)
    assert (unit.status, unit.reason) == ("done", "")
    one, other = (predictions.read(at, RECONSTRUCTION) for at in (folder, tmp_path / "linear"))
    assert one is not None
    assert np.array_equal(one, other)


def test_caught_when_scored_are_hidden_frames_to_the_last_digit(water: Task, run: Run):
    unit, _ = run(LINEAR + HIDDEN_FRAMES_BY_AN_IMPORT, water.id, "--set", f"card={water.path}")
    # The board marks it, and does not rank it (leaderboard/doubts.py).
    assert unit.metrics["mae"].value < STORAGE_ROUNDING


def test_run_and_score_do_not_notice_hidden_frames_with_some_noise(water: Task, run: Run):
    settings = ("--set", f"card={water.path}", "noise=0.0001")
    unit, _ = run(LINEAR + HIDDEN_FRAMES_BY_AN_IMPORT, water.id, *settings)
    assert (unit.status, unit.reason) == ("done", "")
    assert STORAGE_ROUNDING < unit.metrics["mae"].value < 2e-4
