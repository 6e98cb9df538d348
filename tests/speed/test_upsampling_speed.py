"""Frames per second of upsampling and writing a molecule as large as aspirin (aim: 20,000)."""

from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest

from benchmark.loading import load_model
from benchmark.tracks.superresolution.segments import CoarseSegment
from benchmark.tracks.superresolution.upsampling import reconstruct
from benchmark.trajectories.writing import written

ATOMS, GAP, KEPT = 21, 10, 4_001


@pytest.mark.parametrize("suffix", [".trr", ".dcd", ".xtc"])
@pytest.mark.parametrize("model", ["linear", "hermite5"])
def test_speed_of_upsampling(benchmark, tmp_path: Path, model: str, suffix: str):
    rng = np.random.default_rng(0)
    positions, velocities, forces = rng.normal(size=(3, KEPT, ATOMS, 3))
    numbers, masses = np.full(ATOMS, 6), np.full(ATOMS, 12.011)
    coarse = CoarseSegment(GAP, 0.5, numbers, masses, positions, 0.01 * velocities, forces)
    top = mdtraj.Topology()
    residue = top.add_residue("UNL", top.add_chain())
    for atom in range(ATOMS):
        top.add_atom(f"C{atom}", mdtraj.element.carbon, residue)
    filler = load_model(model, track="superresolution").build()

    def upsample() -> None:
        with written(tmp_path / f"out{suffix}", top) as writer:
            for piece in reconstruct(filler, coarse):
                writer.write(piece, 0.5 * (writer.n_frames + np.arange(len(piece))))

    benchmark(upsample)
    if benchmark.stats is not None:  # None with --benchmark-disable
        benchmark.extra_info["frames_per_second"] = coarse.n_frames / benchmark.stats["mean"]
