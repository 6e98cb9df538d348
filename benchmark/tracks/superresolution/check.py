"""The contract of a super-resolution model, tried on a tiny molecule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.arrays import Positions
from benchmark.check import TINY_EFFORT, repeated, tried
from benchmark.loading import LoadedModel
from benchmark.track import Finding
from benchmark.tracks.superresolution.contract import GapContext, declared
from benchmark.tracks.superresolution.predictions import checked_positions
from benchmark.tracks.superresolution.segments import DenseSegment

TINY_FRAMES, TINY_GAP = 301, 10


def tiny_segment(frames: int, seed: int) -> DenseSegment:
    """Make water that vibrates in three modes and tumbles slowly: (frames, 3, 3) in Å."""
    rng = np.random.default_rng(seed)
    rest = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])
    modes = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 3)))[0].T.reshape(3, 3, 3)
    time = np.arange(frames + 2)[:, None] * 0.5  # fs
    phase = 2 * np.pi * (time / np.array([9.0, 10.0, 21.0]) + rng.random(3))
    internal = rest + np.einsum("tm,mai->tai", 0.05 * np.cos(phase), modes)
    angle = (0.002 * time[:, 0] + rng.random())[:, None, None]
    turn = np.where(np.eye(3) * [1, 1, 0] > 0, np.cos(angle), 0) + np.eye(3) * [0, 0, 1]
    turn = turn + np.sin(angle) * np.array([[0, -1, 0], [1, 0, 0], [0, 0, 0]])
    positions = np.einsum("tij,taj->tai", turn, internal)
    return DenseSegment(positions, 0.5, np.array([8, 1, 1]), np.array([15.999, 1.008, 1.008]))


def findings(model: LoadedModel, folder: Path, device: str) -> Iterator[Finding]:
    """Try every clause; stop at the first that the rest cannot do without."""
    test = tiny_segment(TINY_FRAMES, seed=3)
    reads, fault = tried(lambda: declared(model.build()))
    yield Finding("reads", fault, "declares " + ", ".join(sorted(reads or ())))
    if fault:
        return
    fitted, fault = tried(lambda: _fitted(model, folder / "one", device))
    yield Finding("fit", fault, f"ran on two segments of {TINY_FRAMES} frames, gap {TINY_GAP}")
    if fault:
        return

    def filled(one: Any) -> Positions:
        made = one.reconstruct(test.coarse(TINY_GAP, declared(one)))
        return checked_positions(made, test.positions.shape)

    made, fault = tried(lambda: filled(fitted))
    yield Finding("reconstruct", fault, "positions of the right shape, all finite")
    if fault:
        return

    def agrees(other: Any) -> bool:
        return np.allclose(filled(other), made, rtol=0, atol=1e-6)

    kept = np.abs((made - test.positions)[::TINY_GAP]).max()
    moved = f"moves kept frames by {kept:.2g} Å; they are given" if kept > 1e-6 else ""
    yield Finding("kept frames", moved, "stay where they are")
    yield from repeated(
        model, fitted, agrees, lambda: _fitted(model, folder / "two", device), folder
    )


def _fitted(model: LoadedModel, scratch: Path, device: str) -> Any:
    scratch.mkdir()
    fresh = model.build()
    context = GapContext(
        task="check/tiny", gap=TINY_GAP, scratch=scratch, seed=1, device=device, effort=TINY_EFFORT
    )
    train = [tiny_segment(TINY_FRAMES, seed) for seed in (0, 1)]
    fresh.fit(train, [tiny_segment(TINY_FRAMES, 2)], context)
    return fresh
