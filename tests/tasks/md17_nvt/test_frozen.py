"""The frozen md17-xtb-nvt tasks are what their cards, the segments and the physics say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.registry import find_task, select_tasks
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.metrics.errors import bond_lengths
from tasks.md17 import report as nve
from tasks.md17.freeze import CLAIM, SPLITS
from tasks.md17.generate import (
    BROKEN_BOND,
    N_FRAMES,
    N_SEGMENTS,
    TEMPERATURE,
    TIME_STEP,
    read_segment,
)
from tasks.md17.molecules import load_molecule
from tasks.md17_nvt.floor import kick_floor
from tasks.md17_nvt.freeze import GAPS
from tasks.md17_nvt.generate import BATHS, DEFAULT_OUT, MOLECULES, segment_path
from tasks.md17_nvt.residuals import residuals
from tasks.md17_nvt.thermostats import friction_spread

TASKS = {
    f"md17-xtb-nvt/{name}-{bath}-k{gap}": (name, bath, gap)
    for name in MOLECULES
    for bath in BATHS
    for gap in GAPS
}
KINDS = [(name, bath) for name in MOLECULES for bath in BATHS]


@pytest.fixture(params=KINDS, ids="-".join)
def kind(request: pytest.FixtureRequest):
    name, bath = request.param
    return load_molecule(name), BATHS[bath]


@pytest.fixture
def read(kind):
    """All segments of a molecule under a thermostat: positions, and what was written of each."""
    molecule, bath = kind
    return [
        read_segment(segment_path(molecule.name, bath.name, number)) for number in range(N_SEGMENTS)
    ]


def test_the_family_has_twelve_tasks_and_takes_under_15_megabytes() -> None:
    assert sorted(task.id for task in select_tasks(["md17-xtb-nvt/*"])) == sorted(TASKS)
    assert sum(path.stat().st_size for path in DEFAULT_OUT.iterdir()) < 15e6


@pytest.mark.parametrize("name", TASKS)
def test_cards_hold_the_molecule_the_splits_and_the_floor_of_the_kicks(name: str) -> None:
    card, (molecule, bath, gap) = find_task(name).card, TASKS[name]
    expected, friction = load_molecule(molecule), BATHS[bath].friction
    assert (card.gap, card.frame_time, card.molecule) == (gap, TIME_STEP, molecule)
    np.testing.assert_array_equal(card.numbers, expected.numbers)
    np.testing.assert_array_equal(card.bonds, expected.bonds)
    for split, numbers in SPLITS.items():
        files = [piece.file for piece in card.pieces[split]]
        assert files == [f"segments/{molecule}-{bath}-{number:02d}.parquet" for number in numbers]
        assert card.splits[split].frames == N_FRAMES * len(numbers)
    floor = CLAIM if friction is None else kick_floor(
        expected.masses, TEMPERATURE, gap, friction, TIME_STEP
    )  # fmt: skip
    assert card.counting == {"accuracy": ["mae"]}
    assert card.metrics["mae"].floor == pytest.approx(floor, rel=1e-5)


def test_scale_of_a_card_is_linear_interpolation() -> None:
    task = find_task("md17-xtb-nvt/ethanol-langevin-10-k20")
    gap = task.card.gap
    missed = []
    for segment in data.load(task, "test"):
        cut = segment.cut(gap).positions
        kept = np.arange(0, len(cut), gap)
        flat = cut[kept].reshape(len(kept), -1)
        straight = [np.interp(np.arange(len(cut)), kept, column) for column in flat.T]
        error = np.abs(np.stack(straight, axis=1) - cut.reshape(len(cut), -1)).mean(1)
        place = np.arange(len(cut)) % gap
        missed.append(error[(place >= 2) & (place <= gap - 2)].mean())
    assert task.card.metrics["mae"].trivial == pytest.approx(np.mean(missed), rel=1e-4)


def test_no_two_segments_share_a_seed() -> None:
    seeds = [
        tuple(read_segment(segment_path(name, bath, number))[1]["seed"])
        for name, bath in KINDS
        for number in range(N_SEGMENTS)
    ]
    assert len(set(seeds)) == len(seeds)


def test_segments_are_at_the_temperature_and_keep_their_bonds(kind, read) -> None:
    molecule, bath = kind
    found = [facts["mean_temperature_K"] for _, facts in read]
    one = TEMPERATURE / np.sqrt(3 * len(molecule.numbers) - 6)  # scatter of a canonical energy
    tolerance = 0.002 * TEMPERATURE if bath.friction is None else 4 * one / np.sqrt(len(found))
    assert abs(np.mean(found) - TEMPERATURE) < tolerance
    at_minimum = bond_lengths(molecule.positions[None], molecule.bonds)[0]
    for positions, _ in read:
        stretched = bond_lengths(positions, molecule.bonds).max(0)
        assert (stretched - at_minimum).max() < BROKEN_BOND


def test_whole_molecule_stays_at_rest_under_one_friction_and_is_kicked_by_langevin(
    kind, read
) -> None:
    molecule, bath = kind
    masses = molecule.masses
    drifts = [masses @ (x[-1] - x[0]) / masses.sum() for x, _ in read]
    if bath.friction is None:
        assert np.abs(drifts).max() < 0.05  # Å, of what is left of unconverged forces
        return
    # Integrated Ornstein–Uhlenbeck motion from rest.
    g, t = bath.friction, TIME_STEP * (N_FRAMES - 1)
    decay = np.exp(-g * t)
    variance = (2 * g * t - 3 + 4 * decay - decay**2) / g**2
    thermal = 8.617333262e-5 * TEMPERATURE / (masses.sum() * 103.642697)
    found = np.mean(np.square(drifts))
    assert found == pytest.approx(thermal * variance, rel=5 * np.sqrt(2 / 36))


def test_segments_share_nothing_but_chance(kind, read) -> None:
    molecule, _ = kind
    shared, backwards = nve.correlations([bond_lengths(x, molecule.bonds) for x, _ in read])
    assert shared < 1.2 * backwards


def test_forces_computed_anew_find_the_thermostat_that_the_name_says(kind, read) -> None:
    pytest.importorskip("tblite")
    molecule, bath = kind
    frames = np.arange(100, N_FRAMES - 1, 1_000)
    found = [residuals(positions, molecule, frames) for positions, _ in read]
    if bath.friction is None:
        assert max(one.unexplained for one in found) < 0.01  # eV/Å, of forces of 1 or 2
        friction = np.concatenate([one.friction for one in found])
        spread = friction_spread(len(molecule.numbers))
        assert np.sqrt(np.mean(friction**2)) == pytest.approx(spread, rel=0.35)
        return
    kicks = np.concatenate([one.kicks(bath.friction) for one in found])
    error = 1 / np.sqrt(kicks.size)
    assert abs(kicks.mean()) < 5 * error
    # Rounding of positions adds up to 2 % to the variance of the heaviest atoms' kicks.
    assert 1 - 5 * error < kicks.std() < 1.01 + 5 * error
    assert (kicks**4).mean() / (kicks**2).mean() ** 2 == pytest.approx(3, abs=5 * 4.9 * error)


def test_at_constant_energy_there_is_neither_friction_nor_kick() -> None:
    pytest.importorskip("tblite")
    ethanol = load_molecule("ethanol")
    positions, _ = read_segment(nve.segment_path("ethanol", 0))
    found = residuals(positions, ethanol, np.arange(100, N_FRAMES - 1, 500))
    assert np.abs(found.friction).max() < 1e-3
    assert found.unexplained < 0.01
