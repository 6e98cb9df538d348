"""Private tasks made of inputs as people bring them: right, or doubted aloud, or refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.quantities import Time
from benchmark.registry import TASKS_VARIABLE
from benchmark.task import Task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import load_chains
from benchmark.tracks.kinetics.metrics.errors import implied_timescales
from tasks.oracles.hidden_chain import HiddenChain
from tasks.private.doubts import doubts
from tasks.private.labelling import Asked
from tasks.private.make import Request, make_private_task
from tasks.private.reading import Reading
from tasks.private.report import Report

THREE = HiddenChain(
    np.array([[0.98, 0.015, 0.005], [0.02, 0.97, 0.01], [0.005, 0.015, 0.98]]),
    np.arange(3, dtype=np.uint8),
)
RNG = np.random.default_rng(11)
RUN = THREE.label(THREE.sample(9_000, 1, RNG))[0]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for private tasks of this test's own."""
    monkeypatch.setenv(TASKS_VARIABLE, str(tmp_path / "tasks"))
    return tmp_path / "tasks"


def made(folder: Path, *runs: np.ndarray, **request: object) -> tuple[Task, Report]:
    """Save each run and make a task of all."""
    paths = [folder / f"run{number}.npy" for number in range(len(runs))]
    for path, run in zip(paths, runs, strict=True):
        np.save(path, run)
    return make_private_task(Request("m", paths, replicas=2, **request))  # type: ignore[arg-type]


def two_states(share: float, frames: int) -> np.ndarray:
    """Give a run that relaxes within 100 frames and spends a share of its time in state 1."""
    k = 1 - np.exp(-1 / 100)
    rates = np.array([[1 - k * share, k * share], [k * (1 - share), 1 - k * (1 - share)]])
    hidden = HiddenChain(rates, np.arange(2, dtype=np.uint8))
    return hidden.label(hidden.sample(frames, 1, RNG))[0]


# ---- what is rare --------------------------------------------------------------------------------

ONCE = np.concatenate([np.full(300, 5), RUN])  # a start that is never visited again


def test_label_that_never_comes_again_counts_with_its_neighbour(tmp_path):
    task, report = made(tmp_path, ONCE)
    card = kinetics_card(task)
    assert (card.labels, card.macrostates) == (4, 3)
    assert card.observable[3] == card.observable[int(RUN[0])]
    text = "\n".join(report.lines())
    assert "labels 0 … 3 are the file's 0, 1, 2, 5" in text
    assert "label 5 never occurs in the held-out data, and counts as macrostate" in text


@pytest.mark.parametrize("macrostates", [2, 3])
def test_refusal_names_the_users_label_and_says_what_works(tmp_path, home, macrostates):
    with pytest.raises(InputError, match=r"data \(label 5\): .*; leave --macrostates out"):
        made(tmp_path, ONCE, asked=Asked(macrostates=macrostates))
    assert not home.exists()


def test_too_few_data_advise_only_what_there_is(tmp_path):
    with pytest.raises(InputError, match=r"or save more often$"):
        made(tmp_path, RUN[:5_000])
    padded = np.full((2, 9_000), -1)
    padded[:, :2_000] = RUN[:2_000], RUN[3_000:5_000]
    with pytest.raises(InputError, match=r"7,000 frames with negative labels .* are left out$"):
        made(tmp_path, padded)
    with pytest.raises(InputError, match=r"every 9th frame is kept \(--stride\)$"):
        made(tmp_path, RUN, stride=9)


# ---- what comes twice, or differs ----------------------------------------------------------------


def test_copies_are_refused_and_leave_nothing_behind(tmp_path, home):
    with pytest.raises(InputError, match=r"run1\.npy repeats run0\.npy: 7,\d+ frames"):
        made(tmp_path, RUN, RUN[1_000:])
    assert not home.exists()


def test_traces_that_differ_are_in_every_split_and_doubted(tmp_path):
    runs = [two_states(share, 30_000) for share in (0.1, 0.5, 0.85)]
    task, report = made(tmp_path, *runs)
    card = kinetics_card(task)
    assert card.chains_per_replica == 3
    shares = [chain.mean() for chain in load_chains(task, "train")]
    assert np.allclose(np.reshape(shares, (2, 3)), [0.1, 0.5, 0.85], atol=0.25)
    assert card.slowest == pytest.approx(100, rel=0.5)  # and not the difference between traces
    (doubt,) = [text for text in report.warnings() if "the trajectories differ" in text]
    assert "import each by itself" in doubt


def test_drift_is_doubted(tmp_path):
    drifting = np.concatenate([two_states(0.1, 15_000), two_states(0.6, 15_000)])
    _, report = made(tmp_path, drifting)
    assert any("of what is held out" in text for text in report.warnings())


def test_frames_in_no_order_are_refused(tmp_path):
    frames = np.random.default_rng(2).permutation(two_states(0.5, 24_000))
    with pytest.raises(InputError, match=r"nothing is left to predict; were frames shuffled\?"):
        made(tmp_path, frames)


def test_runs_of_one_process_are_not_doubted(tmp_path):
    runs = [two_states(0.4, 40_000) for _ in range(3)]
    _, report = made(tmp_path, *runs)
    assert report.warnings() == []


def test_metrics_that_decide_nothing_are_named(tmp_path):
    _, report = made(tmp_path, np.tile(np.repeat([0, 1, 0], [900, 1_100, 1_000]), 3)
                     ^ (RNG.random(9_000) < 0.002))  # fmt: skip
    (doubt,) = [text for text in report.warnings() if "off by more than a factor" in text]
    assert "mfpt_error" in doubt


def test_oracle_that_loses_to_a_guess_is_doubted(toy):
    card = kinetics_card(toy)
    chains = load_chains(toy, "fresh")
    observed = {"all": chains, "held out": chains, "training replica 0": chains}
    for loss, doubted in ((0.5, False), (1.2, True)):
        found = doubts(card, ["run"] * 99, observed, loss)
        assert any("more than a uniform guess (ln 3 = 1.1)" in text for text in found) == doubted


# ---- time ----------------------------------------------------------------------------------------


def test_time_of_macrostates_is_that_of_the_microstates(tmp_path):
    rates = np.diag([0.2, 0.02, 0.3, 0.3, 0.2], 1) + np.diag([0.2, 0.3, 0.3, 0.02, 0.2], -1)
    np.fill_diagonal(rates, 1 - rates.sum(1))
    basins = HiddenChain(rates, np.arange(6, dtype=np.uint8))
    run = basins.label(basins.sample(60_000, 1, np.random.default_rng(0)))[0]
    task, _ = made(tmp_path, run, asked=Asked(macrostates=2))
    card = kinetics_card(task)
    exact = float(basins.relaxation_times(1)[0])
    assert card.slowest == pytest.approx(exact, rel=0.2)
    coarse = np.array(card.observable, np.uint8)[run]
    assert implied_timescales([coarse], 2, [1], 1)[0, 0] < 0.5 * exact


# ---- the report ----------------------------------------------------------------------------------


def test_report_says_what_was_read(tmp_path):
    path = tmp_path / "colvar.dat"
    angles = np.array([[-2.5, 2.6], [-1.2, -0.6], [1.0, 0.8]])[RUN] + RNG.normal(0, 0.1, (9_000, 2))
    times = 0.2 * np.arange(9_000)
    np.savetxt(path, np.column_stack([times, angles, times]), fmt="%.4f",
               header="! FIELDS time phi psi bias", comments="#")  # fmt: skip
    reading = Reading(columns=("phi", "psi"), angles="radians")
    task, report = make_private_task(Request("m", [path], reading, replicas=2))
    assert list(report.lines())[:3] == [
        "colvar.dat: 9,000 frames of phi, psi",
        "  column 1 'time' holds times and is left out (in ps, its program's default): "
        "0.2 ps between frames",
        "  column 4 'bias' numbers the frames and is left out",
    ]
    assert "0.2 ps between the frames that were kept" in list(report.lines())
    assert "colvar.dat (phi, psi)" in task.card.description


def test_interval_that_is_given_is_said_to_be(tmp_path):
    _, report = made(tmp_path, RUN, reading=Reading(interval=Time(2, "ns")))
    assert "2 ns between the frames that were kept, as given" in list(report.lines())
    _, report = made(tmp_path, RUN, force=True)
    assert "the time between frames is unknown: --interval says it" in list(report.lines())


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_name_that_is_no_text_is_read_and_shown(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/l\xe4ufe.npy"))
    try:
        np.save(path, RUN)
    except OSError:
        pytest.skip("the file system takes text only")
    task, report = make_private_task(Request("m", [path], replicas=2))
    assert "l?ufe.npy" in task.card.title
    assert next(iter(report.lines())) == "l?ufe.npy: 9,000 frames"
