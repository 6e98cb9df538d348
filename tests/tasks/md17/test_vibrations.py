"""How far true segments' vibrations are from one another, on planted segments and frozen ones."""

from __future__ import annotations

import numpy as np
import pytest

import tasks.md17.vibrations as module
from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.md17.vibrations import compared

NAME = "md17-xtb/ethanol-k20"
FRAMES, STEP, GAP = 2001, 0.5, 20  # the step in fs
MASSES = np.array([12.0])


def oscillating(*wavenumbers: float) -> list[DenseSegment]:
    """Give segments of an atom that oscillates, one wavenumber (cm⁻¹) each."""
    time = np.arange(FRAMES) * STEP
    made = []
    for nu in wavenumbers:
        omega = 2 * np.pi * nu * 2.99792458e-5
        positions = np.zeros((FRAMES, 1, 3))
        positions[:, 0, 0] = 0.01 * np.sin(omega * time) / omega
        made.append(DenseSegment(positions, STEP, np.array([6]), MASSES))
    return made


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[DenseSegment]]:
    """Put planted segments in the place of a task's frozen ones."""
    planted: dict[str, list[DenseSegment]] = {}
    monkeypatch.setattr(module, "load", lambda task, split: planted[split])
    monkeypatch.setattr(module, "truth", lambda task: tuple(x.cut(GAP) for x in planted["test"]))
    return planted


def test_distance_is_that_of_shifted_lines(splits):
    splits["test"] = oscillating(1000.0)
    splits["train"] = oscillating(1000.0, 1100.0)
    splits["validation"] = oscillating(800.0)
    found = compared(find_task(NAME))
    assert found["segments"] == 1
    assert found["distance"] == pytest.approx([0.0, 100.0, 200.0], abs=4)


def test_segments_come_in_sets_as_large_as_the_test_set(splits):
    splits["test"] = oscillating(1000.0, 1000.0)
    splits["train"] = oscillating(900.0, 900.0, 1200.0, 1200.0)
    splits["validation"] = oscillating(1000.0)  # one left over
    assert compared(find_task(NAME))["distance"] == pytest.approx([100.0, 200.0], abs=4)


def test_too_few_other_segments_are_refused(splits):
    splits["test"] = oscillating(1000.0, 1000.0)
    splits["train"], splits["validation"] = oscillating(900.0, 900.0), oscillating(900.0)
    with pytest.raises(InputError, match="3 other segments; expected 4"):
        compared(find_task(NAME))


@pytest.mark.slow
def test_shipped_evidence_is_what_the_frozen_segments_give():
    from leaderboard.claims.evidence import read_evidence

    known = read_evidence().segments[NAME]
    found = compared(find_task(NAME))
    assert found["distance"] == pytest.approx(known.distance, rel=1e-3)
    assert found["high"] == pytest.approx(known.high, rel=1e-2, abs=1e-4)
