"""What the committed rows of the shipped models must show, whoever made them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from benchmark.loading import shipped_models
from benchmark.registry import find_task, shipped_tasks
from benchmark.result import TaskMetric, TaskResult
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, load_replicas, observe
from benchmark.tracks.kinetics.metrics.errors import kinetics_errors
from leaderboard.board import Board, board_cards, make_board
from leaderboard.claims.evidence import read_evidence
from leaderboard.claims.kinetics import INTERVALS, kinetics_claims
from leaderboard.submission import SUBMISSIONS, read_submissions
from tasks.making.calibrate import fresh_and_training_chains

LATTICE = ["linear3", "triangular3", "triangular3-x20", "diamond4-t1", "diamond4-t5",
           "diamond4-t25", "diamond4-rare"]  # fmt: skip
MNATS = 1e-3

Row = dict[str, TaskResult]
Rows = dict[str, Row]


@pytest.fixture(scope="module")
def whole() -> Board:
    tasks = shipped_tasks()
    return make_board(read_submissions(SUBMISSIONS, tasks), tasks)


@pytest.fixture(scope="module")
def board(whole: Board) -> dict[str, Rows]:
    return {
        ranking.track.name: {row.name: dict(row.submission.tasks) for row in ranking.rows}
        for ranking in whole.shown
    }


@pytest.fixture
def rows(board: dict[str, Rows]) -> Rows:
    return board["kinetics"]


@pytest.fixture(scope="module")
def fates(whole: Board) -> dict[tuple[str, str], str]:
    """Say of each model and task of alanine whether the slow process is kept, as the board does."""
    (kinetics,) = (one for one in whole.shown if one.track.name == "kinetics")
    (claim,) = (one for one in kinetics_claims(kinetics, read_evidence()) if one.id == "partitions")
    return {(one.of["model"], one.of["task"]): one.verdict for one in claim.verdicts}


def regret(rows: Rows, model: str, task: str) -> float:
    return rows[model][f"potentials/{task}"].metrics["nll_regret"].value


@pytest.mark.parametrize("track", ["kinetics", "superresolution"])
def test_every_shipped_model_has_a_whole_row(board: dict[str, Rows], track: str) -> None:
    on_board = {card.id for card in board_cards(shipped_tasks()) if card.track == track}
    whole = {model for model, tasks in board[track].items() if set(tasks) >= on_board}
    assert set(shipped_models(track)) <= whole


def counting_rates_and_paths(row: Row) -> Iterator[tuple[str, str, TaskMetric]]:
    for task in row.values():
        for name, metric in task.metrics.items():
            if metric.counts and name != "nll_regret":
                yield task.task, name, metric


def test_errors_of_the_truth_are_those_of_its_chains(rows) -> None:
    """Played over and over, a chain shows what it shows when its frames are counted once."""
    ratios = {}
    for task, row in rows["truth"].items():
        frozen = find_task(task)
        card, reference = kinetics_card(frozen), kinetics_reference(frozen)
        found = [
            kinetics_errors(observe(card, chains), reference, card.generation.n_frames)
            for chains in load_replicas(frozen, "fresh")[: card.replicas]
        ]
        for _, name, metric in counting_rates_and_paths({task: row}):
            once = math.sqrt(np.mean([one[name].value ** 2 for one in found]))
            ratios[task, name] = math.log(metric.value / once)
    assert abs(np.mean(list(ratios.values()))) < 0.02
    assert {cell: ratio for cell, ratio in ratios.items() if abs(ratio) > 0.3} == {}


def test_truth_scores_one_within_its_error_in_every_counting_rate_and_path(rows) -> None:
    """Its chains are drawn as those that make f, whose spread therefore says how far 1 may be.

    The row's own error is from five replicas, and is small where their luck is good: a Student's t
    of four degrees of freedom, of whose values four in a hundred are beyond 3.
    """
    deviations = {}
    for task, name, metric in counting_rates_and_paths(rows["truth"]):
        card = kinetics_card(find_task(task))
        scale, true = card.metrics[name], sum(fresh_and_training_chains(card))
        of_five = scale.floor_stderr / scale.floor * math.sqrt(1 + true / card.replicas)
        deviations[task, name] = (metric.z_raw - 1) * math.log(scale.ratio) / of_five
    assert 0.8 < np.std(list(deviations.values())) < 1.2
    # One set of so many normal deviates in a hundred has one beyond 4.
    assert {cell: far for cell, far in deviations.items() if abs(far) > 4} == {}


def test_iid_scores_zero_within_its_error(rows) -> None:
    for task in rows["iid"].values():
        assert abs(task.groups.get("likelihood", 0.0)) < 0.01
        scales = find_task(task.task).card.metrics
        counting = {name: one for name, one in task.metrics.items() if one.counts}
        groups = Counter(scales[name].group for name in counting)
        # E₀ is the same for all replicas, so that their spread, the score's error, knows nothing of
        # its error; that of z does.
        error = math.hypot(
            *(one.z_stderr / groups[scales[name].group] for name, one in counting.items())
        ) / len(groups)
        # A hundredth, or what the few events of a task leave uncertain.
        assert abs(task.score) < max(0.01, 2 * error), task.task


@pytest.mark.parametrize("task", LATTICE)
def test_more_memory_predicts_better_on_every_lattice_task(rows, task: str) -> None:
    losses = [regret(rows, model, task) for model in ("iid", "msm", "ngram", "lstm")]
    assert losses == sorted(losses, reverse=True)
    assert regret(rows, "hmm", task) < regret(rows, "ngram", task)


@pytest.mark.parametrize(
    ("task", "most"),
    [("triangular3", 0.5), ("triangular3-x20", 4), ("diamond4-t5", 1.5), ("diamond4-rare", 12)],
)
def test_lstm_loses_less_than_was_asked(rows, task: str, most: float) -> None:
    assert regret(rows, "lstm", task) < most * MNATS


def test_lstm_gets_the_passage_times_of_triangular3(rows) -> None:
    assert rows["lstm"]["potentials/triangular3"].metrics["mfpt_error"].value < 0.25


def test_replay_has_rates_of_the_truth_and_no_likelihood(rows) -> None:
    replay = rows["replay"]["potentials/triangular3"]
    assert replay.groups["rates"] > 0.95
    assert replay.groups["likelihood"] == 0
    assert replay.metrics["nll_regret"].missing == replay.units


@pytest.mark.parametrize("model", ["lstm", "gru", "transformer"])
@pytest.mark.parametrize("task", ["34-0.1ms", "34-1ms", "3-0.1ms", "34-0.1ms-molecule2"])
def test_networks_follow_the_riboswitch_where_a_short_memory_does_not(
    rows, task: str, model: str
) -> None:
    short, long = (rows[name][f"riboswitch/{task}"].metrics for name in ("ngram", model))
    for metric in ("nll_regret", "mfpt_error", "its_error", "commit_error", "dwell_error"):
        assert long[metric].value < short[metric].value / 3, metric


def test_shuffled_blocks_lose_the_timescales(rows) -> None:
    cards = shipped_tasks()
    for name, task in rows["block-shuffle"].items():
        # A block of 50 frames holds a faster relaxation whole.
        if kinetics_card(cards[name]).slowest > 50:
            assert task.metrics["its_error"].z < 0.6


@pytest.mark.parametrize("model", ["lstm", "gru", "transformer"])
def test_no_network_loses_the_slow_process_of_alanine_between_cores(fates, model: str) -> None:
    # At every interval each is within a factor of two or not known to be beyond it.
    cored = [fates[model, f"alanine/cored4-{interval}"] for interval in INTERVALS]
    assert "lost" not in cored
    assert "kept" in cored


@pytest.mark.parametrize("model", ["msm", "ngram", "lstm", "gru", "transformer"])
def test_hundred_labels_and_four_thousand_frames_lose_the_slow_process(
    rows, fates, model: str
) -> None:
    assert fates[model, "alanine/fine100-10ps"] == "lost"
    assert rows[model]["alanine/fine100-10ps"].metrics["mfpt_error"].bias < 0  # too fast


@pytest.mark.parametrize("model", ["msm", "hmm", "ngram", "lstm", "gru", "transformer"])
def test_no_model_is_shown_to_keep_it_in_bins_of_one_angle_at_a_tenth_of_a_ps(
    fates, model: str
) -> None:
    assert fates[model, "alanine/phi20-0.1ps"] != "kept"


def test_hidden_markov_model_loses_the_slow_process_on_no_alanine_task(fates) -> None:
    alanine = {task: fate for (model, task), fate in fates.items() if model == "hmm"}
    assert len(alanine) == 12
    assert "lost" not in alanine.values()
    assert sum(fate == "kept" for fate in alanine.values()) > 6
