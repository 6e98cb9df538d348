"""What a kinetics model is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.job import Job
from benchmark.task import Task
from benchmark.tracks.kinetics.data import load_replicas, load_test
from benchmark.tracks.kinetics.questions import hand_out


@pytest.fixture
def job(toy: Task, tmp_path: Path) -> Job:
    return Job(toy, 2, 0, "msm", {}, tmp_path, "cpu", 1.0, 60.0)


@pytest.mark.parametrize("split", ["train", "fresh"])
def test_training_is_the_jobs_replica_of_the_split_that_the_models_card_names(job: Job, split: str):
    train, validation = hand_out(replace(job, trained_on=split), "training")
    assert all(map(np.array_equal, train.chains, load_replicas(job.task, split)[2]))
    assert train.n_labels == validation.n_labels == 3


def test_replica_that_there_is_not_is_one_line(job: Job):
    with pytest.raises(InputError, match="'fresh' chains for 15 replicas, none for replica 15"):
        hand_out(replace(job, trained_on="fresh", replica=15), "training")


def test_test_chains_come_without_the_oracle(job: Job):
    shown = hand_out(job, "test")
    assert shown.dtype == np.uint8
    assert np.array_equal(shown, load_test(job.task)[0])


@pytest.mark.parametrize("what", ["oracle", "fresh", "train", "truth", ""])
def test_nothing_else_is_ever_shown(job: Job, what: str):
    with pytest.raises(ValueError, match="never shown"):
        hand_out(job, what)
