"""Training on batches drawn at random: its length, its validations, its identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines._descent import descend
from baselines.superresolution._parts.passes import join_segments
from baselines.superresolution._parts.training import BatchDescent, BatchTraining, identity_of
from benchmark.errors import InputError
from tests.baselines.superresolution.molecules import bonded_segment, fit_context


class Nowhere(BatchDescent):
    """Goes downhill on nothing, and notes what it is asked for."""

    unit = "Å"

    def __init__(self, updates: int) -> None:
        super().__init__(nn.Linear(1, 1), BatchTraining(batch=4), 1e-3, updates)
        self.drawn: list[np.ndarray] = []
        self.judged: list[int] = []

    def batch_loss(self, rng: np.random.Generator) -> Tensor:
        self.drawn.append(rng.integers(0, 1_000, self.batch))
        return self.network(torch.ones(1, 1)).square().mean()

    def validation_loss(self) -> float:
        self.judged.append(self.done)
        return 1.0 / (1 + self.done)


@pytest.mark.parametrize("updates", [1, 6, 25, 26, 40, 1_000])
def test_every_update_is_done_and_validated_at_most_25_times(updates: int, tmp_path: Path):
    run, shares = Nowhere(updates), []
    descend(
        run,
        "identity",
        replace(fit_context(tmp_path, 10), progress=lambda share, note: shares.append(share)),
    )
    assert len(run.drawn) == run.updates == updates
    assert run.judged[0] == 0  # the network before training is a candidate
    assert run.judged[-1] == updates
    assert len(run.judged) - 1 == len(shares) <= 25
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_no_two_batches_are_alike(tmp_path: Path):
    run = Nowhere(100)
    descend(run, "identity", fit_context(tmp_path, 10))
    assert len({tuple(rows) for rows in run.drawn}) == 100


def test_notes_name_updates_and_unit(tmp_path: Path):
    notes: list[str] = []
    context = replace(fit_context(tmp_path, 10), progress=lambda share, note: notes.append(note))
    descend(Nowhere(2), "identity", context)
    assert notes == ["update 1/2, validation 0.5 Å", "update 2/2, validation 0.333 Å"]


def test_updates_follow_from_the_frames_of_a_sample():
    training = BatchTraining(frames=1e5, batch=10)
    assert [training.updates(frames, 1.0) for frames in (1, 9, 10**9)] == [10_000, 1_111, 1]
    assert training.updates(1, 0.1) == 1_000


def test_batch_of_nothing_is_refused():
    with pytest.raises(InputError, match="batch is 0; expected at least 1"):
        BatchTraining(batch=0)


def test_identity_tells_data_and_context_apart(tmp_path: Path):
    one, two = (join_segments([bonded_segment(seed, 40)], 10, 3, 10) for seed in (1, 2))
    context = fit_context(tmp_path, 10)
    known = [
        identity_of("options", one, two, context),
        identity_of("options", two, one, context),
        identity_of("options", one, one, context),
        identity_of("others", one, two, context),
        identity_of("options", one, two, replace(context, seed=1)),
        identity_of("options", one, two, replace(context, gap=5)),
    ]
    assert len(set(known)) == len(known)
