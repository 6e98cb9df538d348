"""Frames that come twice are found by what they hold, and runs of one process are never copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from tasks.oracles.hidden_chain import HiddenChain
from tasks.private.recording import Recording
from tasks.private.repeats import refuse_repeats
from tasks.private.trajectories import read_trajectory
from tests.tasks.private.conftest import Peptide

SLOW = HiddenChain(
    np.array([[0.98, 0.015, 0.005], [0.02, 0.97, 0.01], [0.005, 0.015, 0.98]]),
    np.arange(3, dtype=np.uint8),
)
ONE, TWO = SLOW.label(SLOW.sample(7_000, 2, np.random.default_rng(7)))
RNG = np.random.default_rng(3)


def wandering(n: int) -> np.ndarray:
    """Give a coordinate between walls, float64 of shape (n,)."""
    x = np.empty(n)
    x[0] = 0
    for frame, step in enumerate(RNG.normal(0, 0.2, n - 1)):
        x[frame + 1] = np.clip(0.98 * x[frame] + step, -1, 1)
    return x


WALK = wandering(6_000)


def check(*series: np.ndarray, kind: str = "states") -> None:
    refuse_repeats(
        [
            Recording(f"run {number}", np.reshape(values, (len(values), -1)), kind)  # type: ignore[arg-type]
            for number, values in enumerate(series)
        ]
    )


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ((ONE, ONE), "run 1 repeats run 0: 7,000 frames from frame 0 on are those from frame 0 on"),
        ((ONE, ONE[2_000:]), "run 1 repeats run 0: 4,"),
        ((ONE[:4_000], TWO, ONE[2_500:]), "run 2 repeats run 0: 1,"),
        ((np.concatenate([ONE, ONE]),), "run 0 repeats itself"),
        ((np.concatenate([ONE[:4_000], ONE[2_500:]]),), "run 0 repeats itself"),
        ((ONE, TWO, np.concatenate([ONE, TWO])), "run 2 repeats run 0"),
        ((ONE, TWO, ONE[::-1]), "run 2 repeats run 0 backwards in time: 7,000 frames"),
        ((np.concatenate([ONE, ONE[4_000::-1]]),), "run 0 repeats itself backwards in time: "),
        ((ONE, ONE[::3]), "run 1 repeats run 0: it holds its frames 0, 3, 6 …"),
        ((ONE[4::5], ONE), "run 0 repeats run 1: it holds its frames 4, 9, 14 …"),
    ],
    ids=[
        "copy",
        "cut copy",
        "overlap",
        "twice",
        "joined parts",
        "all in one",
        "backwards",
        "there and back",
        "stride",
        "late stride",
    ],
)
def test_labels_that_come_twice_are_refused(series, message):
    with pytest.raises(InputError, match=message):
        check(*series)


@pytest.mark.parametrize("decimals", [3, 2])
def test_copy_of_another_rounding_is_refused(decimals):
    with pytest.raises(InputError, match="run 1 repeats run 0"):
        check(WALK, np.round(WALK, decimals), kind="numbers")


def test_copies_are_seen_in_the_first_column_that_moves():
    still = np.zeros_like(WALK)
    with pytest.raises(InputError, match="run 1 repeats run 0"):
        check(np.stack([still, WALK], 1), np.stack([still, WALK], 1)[100:], kind="numbers")


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_runs_of_one_process_are_no_copies(stride):
    check(ONE[::stride], TWO[::stride])
    check(WALK[:3_000:stride], WALK[3_000::stride], kind="numbers")


def test_fast_labels_are_no_copies():
    check(*RNG.integers(0, 2, (2, 200_000)))


def test_nearly_periodic_labels_are_no_copies():
    lengths = np.where(RNG.random((2, 4_000)) < 0.02, 11, 10)
    check(*(np.repeat(np.arange(4_000) % 2, row) for row in lengths))


def test_runs_that_hardly_ever_jump_are_no_copies():
    check(np.repeat([0, 1, 0], 3_000), np.repeat([0, 1, 0], 3_000))


@pytest.mark.parametrize("suffix", [".dcd", ".trr", ".nc"])
def test_copy_in_another_format_is_refused(peptide: Peptide, tmp_path: Path, suffix: str):
    run = peptide.trajectory
    run.save(str(tmp_path / "run.xtc"))
    run[5:].save(str(tmp_path / f"copy{suffix}"))
    found = [
        read_trajectory(tmp_path / name, peptide.topology, ("phi",))
        for name in ("run.xtc", f"copy{suffix}")
    ]
    with pytest.raises(InputError, match=rf"copy{suffix} repeats run\.xtc"):
        refuse_repeats(found)
