"""Embeddings beside exact dynamics: planted ones that show it, or nothing, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import tasks.connectivity as module
from benchmark.job import Key
from benchmark.registry import find_task
from benchmark.result import Result, RunConfig, RunModel, Unit
from leaderboard.claims.evidence import Embeddings
from tasks.connectivity import (
    farther_across,
    permutation_p_value,
    plane,
    rank_correlation,
)
from tasks.drawing import chain_of
from tasks.oracles.commute import commute_times

TASK = "doublewell/d0"
LABELS = 30


def line(n: int) -> np.ndarray:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n))).astype(float)


def test_rank_correlation_is_that_of_scipy_over_pairs():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    one, other = (rng.random((12, 12)) for _ in range(2))
    one, other = one + one.T, other + other.T
    above = np.triu_indices(12, 1)
    expected = spearmanr(one[above], other[above]).statistic
    assert rank_correlation(one, other) == pytest.approx(expected)
    assert rank_correlation(one, -one) == -1


def test_p_value_of_a_planted_relation_is_the_least_there_is():
    rng = np.random.default_rng(1)
    noisy = line(20) + rng.normal(scale=3, size=(20, 20))
    assert permutation_p_value([noisy + noisy.T], line(20), 199, rng) == 1 / 200


def test_p_values_of_no_relation_are_uniform():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        x = rng.normal(size=(15, 3))
        distance = np.linalg.norm(x[:, None] - x[None], axis=2)
        found.append(permutation_p_value([distance], line(15), 99, rng))
    assert 0.3 < np.mean(found) < 0.7
    assert np.mean(np.array(found) <= 0.1) < 0.25


def test_labels_of_two_macrostates_are_farther_where_the_embedding_parts_them():
    macrostates = np.array([0] * 5 + [1] * 5)
    rng = np.random.default_rng(3)
    x = rng.normal(size=10)
    near = np.abs(np.subtract.outer(x, x))
    apart = near + 100 * np.not_equal.outer(macrostates, macrostates)
    assert farther_across(apart, macrostates) == 1
    assert farther_across(np.ones((10, 10)), macrostates) == 0.5


def test_plane_holds_what_lies_in_a_plane():
    rng = np.random.default_rng(4)
    flat = rng.normal(size=(9, 2))
    turned = np.linalg.qr(rng.normal(size=(5, 5)))[0][:2]
    projected = plane(flat @ turned)
    distances = [np.linalg.norm(x[:, None] - x[None], axis=2) for x in (flat, projected)]
    assert distances[1] == pytest.approx(distances[0])


def run_of(folder: Path, embeddings: list[np.ndarray], task: str = TASK) -> Path:
    """Write a run's folder of which only the embeddings and the result are there."""
    units = [
        Unit(task=task, version=1, replica=replica, seed=0, status="done")
        for replica in range(len(embeddings))
    ]
    for unit, embedding in zip(units, embeddings, strict=True):
        place = Key(task=task, replica=unit.replica, seed=0).folder(folder) / "model"
        place.mkdir(parents=True)
        weights = {"embedding.weight": torch.tensor(embedding)}
        torch.save({"weights": weights}, place / "weights.pt")
    config = RunConfig(
        replicas=len(units), seeds=1, quick=False, device="cpu", workers=1, timeout=1.0,
        tasks=[task],
    )  # fmt: skip
    model = RunModel(name="lstm")
    Result(model=model, config=config, ranked=True, units=units).write(folder / "results.json")
    return folder


def called(*arguments: object) -> tuple[int, str]:
    app = module.typer.Typer()
    app.command()(module.main)
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_embedding_by_commute_times_is_found_and_a_random_one_is_not(tmp_path: Path):
    chain = chain_of(find_task(TASK))
    commute = commute_times(chain.transitions, chain.labels)
    # Classical scaling: √C is a Euclidean distance of a reversible chain's states.
    centre = np.eye(LABELS) - 1 / LABELS
    values, vectors = np.linalg.eigh(-centre @ commute @ centre / 2)
    exact = np.vstack([vectors * np.sqrt(np.clip(values, 0, None)), np.zeros(LABELS)])
    rng = np.random.default_rng(5)
    noise = [rng.normal(size=(LABELS + 1, 8)) for _ in range(3)]
    told = {}
    for name, embeddings in (("exact", [exact]), ("noise", noise)):
        out = tmp_path / f"{name}.json"
        run = run_of(tmp_path / name, embeddings)
        code, output = called(run, "--out", out, "--permutations", 199)
        assert code == 0, output
        (told[name],) = Embeddings.model_validate_json(out.read_bytes()).tasks
    assert told["exact"].commute[0] > 0.95
    assert told["exact"].p_value == 1 / 200
    assert len(told["noise"].commute) == 3
    assert abs(np.mean(told["noise"].commute)) < 0.15
    assert told["exact"].macrostates == find_task(TASK).card.observable
    assert len(told["exact"].plane) == LABELS


def test_what_is_no_such_run_is_refused_in_a_line(tmp_path: Path):
    few = run_of(tmp_path / "few", [np.zeros((5, 2))])
    other = run_of(tmp_path / "other", [np.zeros((5, 2))], "potentials/linear3")
    for folder, words in (
        (few, "5 embeddings for a task of 30 labels"),
        (other, "no unit of"),
        (tmp_path, "no result at"),
    ):
        code, output = called(folder, "--out", tmp_path / "out.json")
        assert code == 2
        assert words in output.replace("\n", " ")
    (few / "units" / "doublewell--d0" / "r0-s0" / "model" / "weights.pt").unlink()
    code, output = called(few, "--out", tmp_path / "out.json")
    assert (code, "holds no embedding of labels" in output) == (2, True)
    assert not (tmp_path / "out.json").exists()
