"""The contract of a super-resolution model, tried on a tiny molecule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.arrays import Positions
from benchmark.check import TINY_EFFORT, repeated, tried
from benchmark.loading import LoadedModel
from benchmark.track import Finding
from benchmark.tracks.superresolution.contract import GapContext, declared, reconstruction
from benchmark.tracks.superresolution.predictions import checked_positions
from benchmark.tracks.superresolution.segments import POSITIONS, READABLE, DenseSegment

#: A run may be on any gap: every clause is tried at one, and some at another.
TINY_FRAMES, TINY_GAP, OTHER_GAP = 301, 10, 5

#: Of vibrations, where the unit of velocities or forces is tried.
SLOWER = 20.0

UNITS = {"velocities": "Å/fs", "forces": "eV/Å"}


def tiny_segment(frames: int, seed: int, slower: float = 1.0) -> DenseSegment:
    """Make water that vibrates in three modes and tumbles slowly: (frames, 3, 3) in Å.

    Vibrations that are ``slower`` hide little between kept frames from who reads all there is.
    """
    rng = np.random.default_rng(seed)
    rest = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])
    modes = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 3)))[0].T.reshape(3, 3, 3)
    time = np.arange(frames + 2)[:, None] * 0.5  # fs
    phase = 2 * np.pi * (time / (slower * np.array([9.0, 10.0, 21.0])) + rng.random(3))
    internal = rest + np.einsum("tm,mai->tai", 0.05 * np.cos(phase), modes)
    angle = (0.002 * time[:, 0] + rng.random())[:, None, None]
    turn = np.where(np.eye(3) * [1, 1, 0] > 0, np.cos(angle), 0) + np.eye(3) * [0, 0, 1]
    turn = turn + np.sin(angle) * np.array([[0, -1, 0], [1, 0, 0], [0, 0, 0]])
    positions = np.einsum("tij,taj->tai", turn, internal)
    return DenseSegment(positions, 0.5, np.array([8, 1, 1]), np.array([15.999, 1.008, 1.008]))


def findings(model: LoadedModel, folder: Path, device: str) -> Iterator[Finding]:
    """Try every clause; stop at the first that the rest cannot do without."""
    reads, fault = tried(lambda: declared(model.build()))
    yield Finding("reads", fault, "declares " + ", ".join(sorted(reads or ())))
    if fault:
        return
    fitted, fault = tried(lambda: _fitted(model, folder / "one", device))
    yield Finding("fit", fault, f"ran on two segments of {TINY_FRAMES} frames, gap {TINY_GAP}")
    if fault:
        return
    made, fault = tried(lambda: _filled(fitted))
    yield Finding("reconstruct", fault, "positions of the right shape, all finite")
    if fault:
        return
    yield Finding("kept frames", _moved(made), "stay where they are")
    for name in sorted(reads - {POSITIONS}):
        better, fault = tried(partial(_better_scaled, fitted, name))
        yield Finding(name, fault or better, f"are read as they are, in {UNITS[name]}")
    _, fault = tried(lambda: _filled(_fitted(model, folder / "gap", device, OTHER_GAP), OTHER_GAP))
    yield Finding("another gap", fault, f"reconstructs at gap {OTHER_GAP}, too")
    yield from repeated(
        model,
        fitted,
        {"reconstruct": _filled},
        lambda: _fitted(model, folder / "two", device),
        folder,
    )


def _fitted(model: LoadedModel, scratch: Path, device: str, gap: int = TINY_GAP) -> Any:
    scratch.mkdir()
    fresh = model.build()
    context = GapContext(
        task="check/tiny", gap=gap, scratch=scratch, seed=1, device=device, effort=TINY_EFFORT
    )
    train = [tiny_segment(TINY_FRAMES, seed) for seed in (0, 1)]
    fresh.fit(train, [tiny_segment(TINY_FRAMES, 2)], context)
    return fresh


def _test(slower: float = 1.0) -> DenseSegment:
    return tiny_segment(TINY_FRAMES, seed=3, slower=slower)


def _filled(fitted: Any, gap: int = TINY_GAP, slower: float = 1.0, **other: Any) -> Positions:
    """Let a model fill in the test segment, perhaps with something else than its own arrays."""
    reads, test = declared(fitted), _test(slower)
    made = reconstruction(fitted, replace(test.coarse(gap, reads), **other), reads)
    return checked_positions(made, test.positions.shape)


def _moved(made: Positions) -> str:
    """Say whether frames move that are given."""
    true = _test().positions[::TINY_GAP]
    kept = made[::TINY_GAP]
    if np.abs(kept - true).max() <= 1e-6:
        return ""
    if np.allclose(10 * kept, true, atol=1e-3):
        return "positions are ten times too small: are they in nm? Give Å"
    if np.allclose(kept, 10 * true, atol=1e-2):
        return "positions are ten times too large: are they taken for nm? They are in Å"
    return f"moves kept frames by {np.abs(kept - true).max():.2g} Å; they are given"


def _better_scaled(fitted: Any, name: str) -> str:
    """Say whether a model takes what it reads for another unit, in which it would do better."""
    test = _test(SLOWER)
    array = getattr(test.coarse(TINY_GAP, READABLE), name)

    def error(answer: Positions) -> float:
        return float(np.sqrt(np.mean((answer - test.positions) ** 2)))

    step = test.time_step
    factors = {1000.0: "per ps", step: "per frame", step * TINY_GAP: "per kept frame"}
    factors |= {1 / factor: f"divided by what is {unit}" for factor, unit in factors.items()}
    if name == "forces":
        factors = {23.06: "kcal/mol", 96.49: "kJ/mol", -1.0: "gradients"}
    errors = {
        unit: error(_filled(fitted, slower=SLOWER, **{name: array * f}))
        for f, unit in factors.items()
    }
    unit = min(errors, key=lambda one: errors[one])
    made = error(_filled(fitted, slower=SLOWER))
    if errors[unit] > 0.1 * made:
        return ""
    return (
        f"the error is {made / errors[unit]:.0f} times smaller if it gets {name} {unit}: "
        f"they are in {UNITS[name]}"
    )
