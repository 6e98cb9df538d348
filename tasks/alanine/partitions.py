"""How a frame of alanine dipeptide gets its label: four basins, their cores, three partitions.

Angles come as integers of 0.5°, so a partition is a table: the label of each of 720 x 720 cells
of the (φ, ψ) torus. Basins are bounded by the ridges of the free energy; cores and the centres of
the finest partition are found once, on the reference runs, and frozen in ``data/states.json``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.files import write_text
from tasks.alanine.generate import RESOLUTION
from tasks.making.milestoning import NO_CORE, last_visited_core

Labels = NDArray[np.uint8]
Angles = NDArray[np.int16]  # (frames, 2), integers of 0.5 degree

FROZEN = Path(__file__).parent / "data" / "states.json"

#: Basins in the order of their labels; Greek names as in the literature.
BASINS = ("β", "αR", "αL", "γ")

#: What rates are measured on: β, αR and φ > 0. γ (0.5 %) is left within 3 ps: it is part of φ > 0.
OBSERVED = ("β", "αR", "φ>0")
OBSERVABLE = (0, 1, 2, 2)

#: Degrees. Where φ is positive (αL, γ), up to the middle of the gap that is never visited.
POSITIVE_PHI = (0.0, 120.0)
#: Degrees. ψ of αR where φ is negative, and of αL where it is positive.
RIGHT_PSI, LEFT_PSI = (-115.0, 80.0), (-110.0, 110.0)

#: A core is where the free energy is this close to its basin's minimum, kT. γ is shallow: 0.9 kT.
CORE_DEPTH = (1.0, 1.0, 1.0, 0.5)
CORE_CELL = 5  # degree
N_CELLS = round(360 / RESOLUTION)

SINE_BINS = 20
CENTRES = 100
SEED = 2107_06573


def grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give φ and ψ of every cell in degrees, both of shape (720, 720)."""
    ticks = (np.arange(N_CELLS) - N_CELLS // 2) * RESOLUTION
    phi, psi = np.meshgrid(ticks, ticks, indexing="ij")
    return phi, psi


def look_up(table: Labels, angles: Angles) -> Labels:
    """Give the label of each frame, uint8 of shape (frames,)."""
    phi, psi = (angles.astype(np.int64) + N_CELLS // 2).T
    return table[phi, psi]


def basin_table() -> Labels:
    """Label every cell by its basin."""
    phi, psi = grid()
    positive = (phi > POSITIVE_PHI[0]) & (phi < POSITIVE_PHI[1])
    right, left = ((psi > low) & (psi < high) for low, high in (RIGHT_PSI, LEFT_PSI))
    return np.where(positive, np.where(left, 2, 3), np.where(right, 1, 0)).astype(np.uint8)


def sine_table() -> Labels:
    """Label every cell by the bin of sin φ, 20 bins of equal width on −1 … 1.

    The bin edge at 0 belongs to the upper bin, but for φ = 180°, which is φ < 0.
    """
    phi, _ = grid()
    sine = np.round(np.sin(np.radians(phi)), 12)  # sin 180° is 0, not 1e-16
    bins = np.floor((sine + 1) / 2 * SINE_BINS).astype(int)
    bins[phi <= -180.0] = SINE_BINS // 2 - 1
    return np.clip(bins, 0, SINE_BINS - 1).astype(np.uint8)


def features(phi: NDArray[np.float64], psi: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give (sin φ, cos φ, sin ψ, cos ψ) of angles in degrees, shape (frames, 4)."""
    radians = np.radians([phi.ravel(), psi.ravel()])
    sines, cosines = np.sin(radians), np.cos(radians)
    return np.stack([sines[0], cosines[0], sines[1], cosines[1]], axis=1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class States:
    """What was found on the reference runs and frozen.

    Attributes
    ----------
    cores : uint8 array of shape (72, 72)
        Core of each cell of 5° of (φ, ψ), from −180° up, or `NO_CORE`.
    centres : float32 array of shape (100, 4)
        In (sin φ, cos φ, sin ψ, cos ψ); a frame belongs to the nearest.
    basins : uint8 array of shape (100,)
        Basin in which most reference frames of each centre lie.
    """

    cores: Labels
    centres: NDArray[np.float32]
    basins: Labels

    @cached_property
    def core_table(self) -> Labels:
        """Core of every cell of 0.5°, or `NO_CORE`."""
        fine = round(CORE_CELL / RESOLUTION)
        return np.kron(self.cores, np.ones((fine, fine), np.uint8))

    @cached_property
    def centre_table(self) -> Labels:
        """Label every cell by the nearest of the 100 centres."""
        from deeptime.clustering import ClusterModel  # slow to load

        cells = features(*grid())
        return (
            ClusterModel(self.centres)
            .transform(cells, n_jobs=1)
            .reshape(N_CELLS, N_CELLS)
            .astype(np.uint8)
        )

    def write(self, path: Path = FROZEN) -> None:
        """Write as JSON; a row of cores is a line of digits, with a dot outside."""
        rows = [
            "".join("." if core == NO_CORE else str(core) for core in row) for row in self.cores
        ]
        content = {
            "cores": rows,
            "basins": self.basins.tolist(),
            "centres": [[round(float(x), 5) for x in centre] for centre in self.centres],
        }
        write_text(path, json.dumps(content, indent=0) + "\n")


def read_states(path: Path = FROZEN) -> States:
    """Read the frozen states."""
    content = json.loads(path.read_text("utf-8"))
    cores = [[NO_CORE if core == "." else int(core) for core in row] for row in content["cores"]]
    return States(
        np.array(cores, np.uint8),
        np.array(content["centres"], np.float32),
        np.array(content["basins"], np.uint8),
    )


def find_states(runs: list[Angles], every: int = 100) -> States:
    """Find cores and centres on reference runs.

    Parameters
    ----------
    runs : list of int16 arrays of shape (frames, 2)
    every : int
        k-means sees every so many frames: neighbours of 0.1 ps say nothing new.
    """
    from deeptime.clustering import KMeans  # slow to load

    angles = np.concatenate(runs)
    some = angles[::every].astype(np.float64) * RESOLUTION
    estimator = KMeans(CENTRES, max_iter=500, fixed_seed=SEED, n_jobs=1, init_strategy="kmeans++")
    centres = estimator.fit_fetch(features(some[:, 0], some[:, 1])).cluster_centers
    centres = np.round(centres.astype(np.float64), 5).astype(np.float32)  # as they will be read
    found = States(_cores(angles), centres, np.zeros(CENTRES, np.uint8))
    pairs = np.zeros((CENTRES, len(BASINS)))
    basins = look_up(basin_table(), angles)
    np.add.at(pairs, (look_up(found.centre_table, angles), basins), 1)
    return States(found.cores, centres, pairs.argmax(axis=1).astype(np.uint8))


def free_energy(angles: Angles, cell: float = CORE_CELL) -> NDArray[np.float64]:
    """Give −ln p of each cell of (φ, ψ), from −180° up; its minimum is 0, inf is never visited."""
    n = round(360 / cell)
    edges = np.linspace(-180 - RESOLUTION / 2, 180 - RESOLUTION / 2, n + 1)
    degrees = angles * RESOLUTION
    counts, _, _ = np.histogram2d(degrees[:, 0], degrees[:, 1], bins=[edges, edges])
    with np.errstate(divide="ignore"):
        return -np.log(counts / counts.max())


def _cores(angles: Angles) -> Labels:
    """Label the cells within `CORE_DEPTH` of their basin's minimum."""
    energy = free_energy(angles)
    fine = round(CORE_CELL / RESOLUTION)
    basin = basin_table()[fine // 2 :: fine, fine // 2 :: fine]
    cores = np.full(energy.shape, NO_CORE, np.uint8)
    for label, depth in enumerate(CORE_DEPTH):
        inside = np.where(basin == label, energy, np.inf)
        cores[inside <= inside.min() + depth] = label
    return cores


@dataclass(frozen=True, eq=False)
class Partition:
    """A way to label frames.

    Attributes
    ----------
    name, title : str
    table : uint8 array of shape (720, 720)
        Label of each cell; with ``cored``, its core or `NO_CORE`.
    observable : list of int
        Macrostate of each label.
    cored : bool
        Whether a frame keeps the label of the core visited last.
    """

    name: str
    title: str
    table: Labels
    observable: list[int]
    cored: bool = False

    def label(self, angles: Angles) -> Labels:
        """Label the frames of one trajectory; `NO_CORE` before the first core."""
        found = look_up(self.table, angles)
        return last_visited_core(found) if self.cored else found


def partitions(states: States) -> list[Partition]:
    """Give the four partitions."""
    positive = [int(label >= SINE_BINS // 2) for label in range(SINE_BINS)]
    fine = [OBSERVABLE[basin] for basin in states.basins]
    basins = list(OBSERVABLE)
    return [
        Partition("phi20", "20 bins of sin φ", sine_table(), positive),
        Partition("fine100", "100 k-means states of (φ, ψ)", states.centre_table, fine),
        Partition("macro4", "four basins of (φ, ψ)", basin_table(), basins),
        Partition("cored4", "four cores of (φ, ψ), last visited", states.core_table, basins, True),
    ]
