"""The known defects of published code, planted one by one: each impossible, refused or useless.

They are those of SCIENCE section 1: interleaved strides, a predicted frame that is seen, training
frames among the validation data or counted as generated, state carried between unrelated chains,
and accuracy taken for likelihood.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.registry import all_tasks
from benchmark.score import score_task
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.kinetics.data import kinetics_reference, load_chains, load_test
from benchmark.tracks.kinetics.predictions import LOG_PROB, REFUSED
from tasks.potentials.generate import SPECS, chain_splits
from tests.plugs import MARKOV, ROOT, do, scored
from tests.shipped import KINETICS

REAL_DATA = ROOT.parent / "shared" / "data"

Plug = Callable[[str], str]


# ---- a stride is x[::k] -----------------------------------------------------------------------


def interleaved(series: NDArray, k: int) -> NDArray:
    """Sub-sample as the published code does."""
    return series[: len(series) // k * k].reshape(k, -1).T.flatten()


def autocorrelation(series: NDArray) -> float:
    """Correlate each value with the next."""
    deviation = series - series.mean()
    return float((deviation[:-1] * deviation[1:]).mean() / deviation.var())


@pytest.mark.parametrize("spec", [s for s in SPECS if s.stride > 1], ids=lambda spec: spec.name)
def test_strided_task_keeps_every_kth_frame_of_the_drawn_chains(spec):
    spec = dataclasses.replace(spec, frames=40)
    drawn: list[NDArray] = []

    def draw(chains: int, frames: int, rng: np.random.Generator) -> NDArray:
        drawn.append(np.arange(chains * frames).reshape(chains, frames))
        return drawn[-1]

    found = chain_splits(spec, draw, prompts=3)
    for states, source in zip(found.values(), drawn, strict=True):
        first = np.arange(0, source.shape[1], spec.stride)
        assert np.array_equal(states, source[:, first])
        assert not np.array_equal(states[0], interleaved(source[0], spec.stride)[: len(first)])


def test_rungs_of_a_stride_ladder_see_the_same_trajectory():
    rungs = [
        dataclasses.replace(spec, frames=1000 // spec.stride)
        for spec in SPECS
        if spec.base == "diamond4"
    ]

    def draw(chains: int, frames: int, rng: np.random.Generator) -> NDArray:
        return rng.integers(0, 4, (chains, frames), np.uint8)

    finest, *coarser = [chain_splits(spec, draw, prompts=2)["train"] for spec in rungs]
    for spec, states in zip(rungs[1:], coarser, strict=True):
        assert np.array_equal(states, finest[:, :: spec.stride])


def test_frozen_stride_ladder_shares_its_training_trajectories():
    found = all_tasks()
    if not {"potentials/diamond4-t1", "potentials/diamond4-t5"} <= set(found):
        pytest.skip("the ladder is not frozen yet")
    fine, coarse = (
        load_chains(found[f"potentials/diamond4-{rung}"], "train") for rung in ("t1", "t5")
    )
    for one, other in zip(fine, coarse, strict=True):
        assert np.array_equal(one[::5], other)


def test_stride_keeps_the_memory_of_a_metastable_chain_and_interleaving_loses_it():
    flips = np.random.default_rng(0).random(1_000_000) < 0.01
    series = np.cumsum(flips) % 2
    # λ = 1 − 2·0.01, so that ten steps leave λ¹⁰; a block of 100,000 frames leaves nothing.
    assert autocorrelation(series[::10]) == pytest.approx(0.98**10, abs=0.02)
    assert autocorrelation(interleaved(series, 10)) == pytest.approx(0, abs=0.02)


def test_stride_keeps_the_memory_of_a_real_dihedral_and_interleaving_loses_it():
    path = REAL_DATA / "zeng" / "valid_sinphi20_0.1ps_100x20000.npz"
    if not path.exists():
        pytest.skip("the real series is not here")
    series = np.load(path)["states"].astype(float).reshape(-1)
    assert autocorrelation(series[::10]) == pytest.approx(0.759, abs=5e-4)
    assert autocorrelation(interleaved(series, 10)) == pytest.approx(-0.010, abs=5e-4)


def test_stride_keeps_the_memory_of_a_real_trajectory_and_interleaving_loses_it():
    folder = REAL_DATA / "alanine_xtc"
    mdtraj = pytest.importorskip("mdtraj")
    if not folder.exists():
        pytest.skip("the real trajectory is not here")
    trajectory = mdtraj.load(str(folder / "protein_only.xtc"), top=str(folder / "alaTB.gro"))
    series = np.cos(mdtraj.compute_psi(trajectory)[1][:, 0].astype(float))
    everything, right = autocorrelation(series), autocorrelation(series[::10])
    assert 0.5 * everything < right < everything
    assert abs(autocorrelation(interleaved(series, 10))) < 0.2 * right


# ---- the frame to predict, and its future, stay unseen ----------------------------------------

SEES_ITS_FRAME = """
class Cheat(Markov):
    def predict(self, states):
        return np.eye(self.K, dtype=np.float32)[states]
"""

SEES_THE_FRAME_AFTER = """
class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        p[:, :-1] = 0.5 * p[:, :-1] + 0.5 * np.eye(self.K)[states[:, 1:]]
        return p
"""

SEES_THE_END = """
class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        last = np.eye(self.K)[states[:, -1]]
        return 0.99 * p + 0.01 * last[:, None].astype(np.float32)
"""

KNOWS_THE_WHOLE_CHAIN = """
class Cheat(Markov):
    def predict(self, states):  # a chain's own populations, as a normalisation layer would
        share = np.stack([(states == k).mean(1) for k in range(self.K)], -1)
        return np.repeat(share[:, None], states.shape[1], 1).astype(np.float32)
"""

CARRIES_STATE_TO_THE_NEXT_ROW = """
class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        p[1:, 0] = self.T[states[:-1, -1]]
        return p
"""

CARRIES_STATE_TO_THE_NEXT_CALL = """
class Cheat(Markov):
    last = None

    def predict(self, states):
        p = super().predict(states)
        if self.last is not None:
            p[:, 0] = self.T[self.last]
        self.last = states[-1, -1]
        return p
"""

MIXES_ITS_ROWS = """
class Cheat(Markov):
    def predict(self, states):
        p = super().predict(states)
        return 0.9 * p + 0.1 * p.mean(0, keepdims=True)
"""

NEVER_TWICE_THE_SAME = """
class Cheat(Markov):
    def predict(self, states):  # dropout left on
        noise = np.random.default_rng().random((*states.shape, 1)).astype(np.float32)
        return (1 - 0.1 * noise) * super().predict(states) + 0.1 * noise / self.K
"""


@pytest.mark.parametrize(
    "cheat",
    [
        SEES_ITS_FRAME,
        SEES_THE_FRAME_AFTER,
        SEES_THE_END,
        KNOWS_THE_WHOLE_CHAIN,
        CARRIES_STATE_TO_THE_NEXT_ROW,
        CARRIES_STATE_TO_THE_NEXT_CALL,
        MIXES_ITS_ROWS,
        NEVER_TWICE_THE_SAME,
    ],
    ids=[
        "its frame",
        "the frame after",
        "the last frame",
        "the whole chain",
        "the row before",
        "the call before",
        "all rows",
        "dropout",
    ],
)
def test_prediction_that_depends_on_what_it_must_not_know_gets_no_likelihood(
    toy: Task, plug: Plug, tmp_path: Path, cheat: str
):
    unit = do(toy, plug(MARKOV + cheat) + ":Cheat", tmp_path / "unit")
    assert unit.status == "done"
    assert "predictions are not causal: p at frame" in unit.reason
    assert not (tmp_path / "unit" / LOG_PROB).exists()
    result = score_task(toy, [unit])
    assert result.groups["likelihood"] == 0.0
    assert result.metrics["nll_regret"].missing == 1
    assert "not causal" in result.mark


def test_honest_prediction_keeps_its_likelihood(toy: Task, plug: Plug, tmp_path: Path):
    result = scored(toy, plug(MARKOV), tmp_path / "unit")
    assert result.mark == ""
    assert 0.5 < result.groups["likelihood"] < 1


def test_label_leak_is_refused_on_a_frozen_task(plug: Plug, tmp_path: Path):
    task = all_tasks()["potentials/linear3"]
    unit = do(task, plug(MARKOV + SEES_ITS_FRAME) + ":Cheat", tmp_path / "unit")
    assert unit.status == "done"
    assert "not causal" in unit.reason
    assert "nll_regret" not in unit.metrics


# ---- training, validation and test are different trajectories ---------------------------------


#: Bits of surprise that two independent stretches of trajectory cannot have in common: of 1e13
#: pairs of windows, one in 1e17 would agree by chance.
SHARED_BITS = 100


def shared_windows(chains: dict[str, NDArray[np.uint8]]) -> set[tuple[str, str]]:
    """Find pairs of chains that hold the same stretch of trajectory.

    A metastable chain says little a frame, so that a window is counted in runs (a label and how
    long it lasts), and is as long as it takes to be 100 bits improbable. It starts wherever a run
    starts and its length follows from its own content, so that a shared stretch is found wherever
    it lies in either chain.
    """
    runs = {}
    for name, chain in chains.items():
        starts = np.flatnonzero(np.diff(chain, prepend=chain[0] + 1))
        lengths = np.diff(starts)  # the last run is cut off, and the first (below) too
        labels = chain[starts].astype(np.int64)
        # A run and the label that it came from.
        runs[name] = (lengths[1:] * 256 + labels[1:-1]) * 256 + labels[:-2]
    kinds, counts = np.unique(np.concatenate(list(runs.values())), return_counts=True)
    origins = np.zeros(256)
    np.add.at(origins, kinds % 256, counts)
    millibits = np.rint(1000 * np.log2(origins[kinds % 256] / counts)).astype(np.int64)
    random = np.random.default_rng(0).integers(2**63, size=len(kinds), dtype=np.uint64)

    hashes, owners = [], []
    for number, sequence in enumerate(runs.values()):
        kind = np.searchsorted(kinds, sequence)
        surprise = np.concatenate([[0], np.cumsum(millibits[kind])])
        ends = np.searchsorted(surprise, surprise[:-1] + 1000 * SHARED_BITS)
        begin = np.flatnonzero(ends < len(surprise))
        # Rolling hash Σ h(run_i) qⁱ modulo 2⁶⁴, shifted so that it does not know where it starts.
        factor = np.uint64(6364136223846793005)
        inverse = np.uint64(pow(int(factor), -1, 2**64))
        powers = np.cumprod(np.full(len(kind), factor, np.uint64))
        shifts = np.cumprod(np.full(len(kind), inverse, np.uint64))
        total = np.concatenate([[np.uint64(0)], np.cumsum(random[kind] * powers)])
        hashes.append((total[ends[begin]] - total[begin]) * shifts[begin])
        owners.append(np.full(len(begin), number))
    order = np.argsort(np.concatenate(hashes), kind="stable")
    sorted_hashes, sorted_owners = np.concatenate(hashes)[order], np.concatenate(owners)[order]
    same = (sorted_hashes[1:] == sorted_hashes[:-1]) & (sorted_owners[1:] != sorted_owners[:-1])
    names = list(chains)
    pairs = zip(sorted_owners[:-1][same], sorted_owners[1:][same], strict=True)
    return {(names[one], names[other]) for one, other in pairs}


def test_shared_stretch_is_found_wherever_it_lies():
    rng = np.random.default_rng(0)
    chains = {name: (rng.random(20_000) < 0.02).cumsum() % 3 for name in "abc"}
    chains = {name: chain.astype(np.uint8) for name, chain in chains.items()}
    assert shared_windows(chains) == set()
    chains["c"][1_234:3_234] = chains["a"][15_000:17_000]
    assert shared_windows(chains) == {("a", "c")}


@pytest.mark.parametrize(
    "task_id",
    [task_id for task_id in all_tasks() if task_id.startswith(("potentials/", "riboswitch/"))],
)
def test_splits_of_a_frozen_task_share_no_stretch_of_trajectory(task_id: str):
    task = all_tasks()[task_id]
    chains = {
        f"{split} {row}": chain
        for split in ("train", "validation", "test", "prompt", "fresh")
        for row, chain in enumerate(load_chains(task, split))
    }
    assert shared_windows(chains) == set()


RECORDS_WHAT_IT_GETS = """
class Recorder(Markov):
    def fit(self, train, validation, context):
        super().fit(train, validation, context)
        np.savez(context.scratch / "train.npz", *train.chains)
        np.savez(context.scratch / "validation.npz", *validation.chains)
        public = [name for name in vars(context) if not name.startswith("_")]
        (context.scratch / "context.txt").write_text(" ".join(sorted(public)))
"""


def test_fit_gets_one_replica_and_the_validation_set_and_nothing_else(
    toy: Task, plug: Plug, tmp_path: Path
):
    do(toy, plug(MARKOV + RECORDS_WHAT_IT_GETS) + ":Recorder", tmp_path / "unit", replica=3)
    scratch = tmp_path / "unit" / "scratch"
    for name, expected in (
        ("train", load_chains(toy, "train")[3:4]),
        ("validation", load_chains(toy, "validation")),
    ):
        with np.load(scratch / f"{name}.npz") as stored:
            got = [stored[key] for key in stored]
        assert len(got) == len(expected)
        assert all(map(np.array_equal, got, expected))
    assert (scratch / "context.txt").read_text().split() == sorted(
        [
            "task",
            "replica",
            "frame_time",
            "time_unit",
            "seed",
            "device",
            "effort",
            "scratch",
            "seconds",
            "progress",
        ]
    )


def test_training_on_the_validation_set_too_does_not_show_the_test_set(
    toy: Task, plug: Plug, tmp_path: Path
):
    greedy = """
class Cheat(Markov):
    def fit(self, train, validation, context):
        super().fit(type(train)(train.chains + validation.chains, train.n_labels), None, context)
"""
    # Twice the data and still no better than the data allow: validation is not the test.
    honest = scored(toy, plug(MARKOV), tmp_path / "honest").groups["likelihood"]
    cheat = scored(toy, plug(MARKOV + greedy) + ":Cheat", tmp_path / "greedy")
    assert cheat.groups["likelihood"] == pytest.approx(honest, abs=0.05)
    assert cheat.groups["likelihood"] < 1


# ---- only new frames count as generated -------------------------------------------------------

IID_AFTER_PROMPT = """
class Cheat(Markov):
    def sample(self, prompt, n_frames, rng):
        new = rng.integers(0, self.K, (len(prompt), n_frames - prompt.shape[1]))
        return np.concatenate([prompt, new], 1).astype(np.uint8)
"""

REPLAYS_PROMPT = """
class Cheat(Markov):
    def sample(self, prompt, n_frames, rng):
        there_and_back = np.concatenate([prompt, prompt[:, -2:0:-1]], 1)
        return np.resize(there_and_back.T, (n_frames, len(prompt))).T
"""

RETURNS_PROMPT_TOO = """
class Cheat(Markov):
    def sample(self, prompt, n_frames, rng):
        return np.concatenate([prompt, super().sample(prompt, n_frames, rng)], 1)
"""

EMITS_THE_TEST_CHAINS = """
class Cheat(Markov):
    seen = None

    def predict(self, states):
        type(self).seen = self.seen = states.copy()
        return super().predict(states)

    def sample(self, prompt, n_frames, rng):
        if self.seen is None:
            return np.zeros((len(prompt), n_frames), np.uint8)
        return np.resize(self.seen.reshape(-1), (len(prompt), n_frames))
"""


def test_prompt_at_the_head_of_the_samples_is_thrown_away_with_the_burn_in(
    toy: Task, plug: Plug, tmp_path: Path
):
    result = scored(toy, plug(MARKOV + IID_AFTER_PROMPT) + ":Cheat", tmp_path / "unit")
    assert result.groups["rates"] < 0.05
    assert result.groups["paths"] < 0.05


@pytest.mark.parametrize("task_id", KINETICS)
def test_burn_in_leaves_less_than_a_hundredth_of_the_scored_frames_to_the_prompt(task_id: str):
    card = all_tasks()[task_id].card
    assert card.splits["prompt"].rows == card.generation.chains
    prompt = card.splits["prompt"].frames // card.splits["prompt"].rows
    assert max(0, prompt - card.generation.burn_in) < 0.01 * card.generation.frames


def test_prompt_returned_with_the_samples_is_refused(toy: Task, plug: Plug, tmp_path: Path):
    unit = do(toy, plug(MARKOV + RETURNS_PROMPT_TOO) + ":Cheat", tmp_path / "unit")
    assert unit.status == "failed"
    assert unit.reason == (
        "sample gave shape (13, 4468), expected (13, 4212): leave the prompt out"
    )


def test_replay_of_the_prompt_gains_nothing_over_a_replay_of_the_training_data(
    plug: Plug, tmp_path: Path
):
    task = all_tasks()["potentials/linear3"]
    prompt = scored(task, plug(MARKOV + REPLAYS_PROMPT) + ":Cheat", tmp_path / "prompt")
    training = scored(task, "replay", tmp_path / "training")
    for group in ("rates", "paths"):
        assert prompt.groups[group] < training.groups[group] <= 1


def test_sample_cannot_emit_the_test_chains_that_predict_was_shown(
    toy: Task, plug: Plug, tmp_path: Path
):
    model = plug(MARKOV + EMITS_THE_TEST_CHAINS) + ":Cheat"
    # A second unit in the same process finds nothing left over from the first either.
    for replica in (0, 1):
        folder = tmp_path / f"unit{replica}"
        unit = do(toy, model, folder, replica=replica)
        assert unit.status == "done"
        # What it emits instead, zeros, is not what it predicts, and refused for that.
        assert "sample is not the model of predict" in unit.reason
        samples = predictions.read(folder, REFUSED)
        assert samples is not None
        assert not samples.any()


# ---- accuracy is not likelihood ---------------------------------------------------------------

SAME_AS_BEFORE = """
class Cheat(Markov):
    def predict(self, states):
        p = np.full((*states.shape, self.K), 1 / self.K, np.float32)
        p[:, 1:] = np.eye(self.K, dtype=np.float32)[states[:, :-1]]
        return p
"""


def test_same_as_before_is_as_accurate_as_the_best_guess_but_scores_below_the_markov_model(
    toy: Task, plug: Plug, tmp_path: Path
):
    states, _ = load_test(toy)
    accuracy = (states[:, 1:] == states[:, :-1]).mean()
    assert accuracy > 0.9
    naive = scored(toy, plug(MARKOV + SAME_AS_BEFORE) + ":Cheat", tmp_path / "naive")
    markov = scored(toy, plug(MARKOV), tmp_path / "markov")
    # It is causal, only useless; and its chains are those of the Markov model, not its own.
    assert "causal" not in naive.mark
    assert "sample is not the model of predict" in naive.mark
    assert naive.metrics["nll_regret"].z < 0.3 < 0.6 < markov.metrics["nll_regret"].z


def test_population_error_alone_never_scores(toy: Task):
    counting = {name for names in toy.card.counting.values() for name in names}
    assert counting == {"nll_regret", "mfpt_error", "its_error", "commit_error", "dwell_error"}
    assert kinetics_reference(toy).n_states == toy.card.macrostates
