"""The frozen md17-xtb tasks are what their cards, the segments and the physics say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.registry import find_task, select_tasks
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS
from benchmark.tracks.superresolution.metrics.errors import bond_lengths, superresolution_errors
from tasks.md17.freeze import CLAIM, GAPS, SPLITS, UNRANKED_GAPS
from tasks.md17.generate import (
    BROKEN_BOND,
    N_FRAMES,
    N_SEGMENTS,
    TEMPERATURE,
    TIME_STEP,
    read_segment,
    segment_seed,
)
from tasks.md17.molecules import GEOMETRIES, load_molecule
from tasks.md17.report import correlations, interpolation_errors, segment_path

TASKS = {
    f"md17-xtb/{name.replace('_', '-')}-k{gap}": (name, gap) for name in GEOMETRIES for gap in GAPS
}

INTERPOLANT = {one.name: one for one in INTERPOLANTS}

#: MAE over all hidden frames of ethanol, Å, as measured when the tasks were designed on another
#: trajectory; a segment has its own temperature, 22 % about the mean.
DESIGNED = {
    "linear": (2.4e-3, 8.0e-3, 2.2e-2, 4.5e-2),
    "cubic-spline": (1.9e-4, 4.5e-3, 1.6e-2, 4.8e-2),
    "hermite3": (1.0e-4, 9.8e-4, 8.4e-3, 2.6e-2),
    "hermite5": (3.7e-5, 1.6e-4, 2.5e-3, 2.1e-2),
}


@pytest.fixture(params=GEOMETRIES)
def molecule(request: pytest.FixtureRequest):
    return load_molecule(request.param)


@pytest.fixture
def read(molecule):
    """All segments of a molecule: positions, and what the generator wrote of each."""
    return [read_segment(segment_path(molecule.name, number)) for number in range(N_SEGMENTS)]


def test_the_family_has_four_gaps_of_eight_molecules_and_ranks_three() -> None:
    found = {task.id: task.card.ranked for task in select_tasks(["md17-xtb/*"])}
    assert found == {name: gap not in UNRANKED_GAPS for name, (_, gap) in TASKS.items()}
    assert len(found) == 32


@pytest.mark.parametrize("name", TASKS)
def test_cards_hold_the_molecule_and_the_splits_that_the_readme_names(name: str) -> None:
    card, (molecule, gap) = superresolution_card(find_task(name)), TASKS[name]
    expected = load_molecule(molecule)
    assert (card.gap, card.frame_time, card.molecule) == (gap, TIME_STEP, molecule)
    np.testing.assert_array_equal(card.numbers, expected.numbers)
    np.testing.assert_array_equal(card.bonds, expected.bonds)
    np.testing.assert_allclose(card.masses, expected.masses)
    for split, numbers in SPLITS.items():
        files = [piece.file for piece in card.pieces[split]]
        assert files == [f"segments/{molecule}-{number:02d}.parquet" for number in numbers]
        assert card.splits[split].frames == N_FRAMES * len(numbers)
    assert card.citations
    assert card.counting == {"accuracy": ["mae"]}
    assert card.metrics["mae"].floor == CLAIM


def test_no_segment_is_in_two_splits_and_none_shares_a_seed() -> None:
    numbers = [number for some in SPLITS.values() for number in some]
    assert sorted(numbers) == list(range(N_SEGMENTS))
    seeds = [segment_seed(name, number) for name in GEOMETRIES for number in numbers]
    assert len(set(seeds)) == len(seeds)


def test_segments_conserve_energy_and_keep_their_bonds(molecule, read) -> None:
    for number, (positions, facts) in enumerate(read):
        assert facts["seed"] == segment_seed(molecule.name, number)
        assert abs(facts["drift_meV_per_ps_per_atom"]) < 0.05
        stretched = bond_lengths(positions, molecule.bonds).max(0)
        at_minimum = bond_lengths(molecule.positions[None], molecule.bonds)[0]
        assert (stretched - at_minimum).max() < BROKEN_BOND
        assert (stretched - at_minimum).max() == pytest.approx(
            facts["max_bond_stretch_angstrom"], abs=1e-5
        )


def test_segments_are_at_the_temperature_of_their_thermostat(molecule, read) -> None:
    found = [facts["mean_temperature_K"] for _, facts in read]
    one = TEMPERATURE / np.sqrt(3 * len(molecule.numbers) - 6)  # scatter of a canonical energy
    assert abs(np.mean(found) - TEMPERATURE) < 4 * one / np.sqrt(len(found))


def test_segments_share_nothing_but_chance(molecule, read) -> None:
    shared, backwards = correlations([bond_lengths(x, molecule.bonds) for x, _ in read])
    assert shared < 1.2 * backwards


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("name", DESIGNED)
def test_interpolators_miss_ethanol_by_what_the_tasks_were_designed_for(name, gap) -> None:
    test = data.load(find_task(f"md17-xtb/ethanol-k{gap}"), "test")
    hidden, scored = interpolation_errors(test, gap, INTERPOLANT[name])
    assert hidden == pytest.approx(DESIGNED[name][GAPS.index(gap)], rel=0.3)
    assert scored > hidden


@pytest.mark.parametrize("name", ["md17-xtb/uracil-k10", "md17-xtb/aspirin-k40"])
def test_scale_of_a_card_is_linear_interpolation(name: str) -> None:
    task = find_task(name)
    card = superresolution_card(task)
    truth = [segment.cut(card.gap) for segment in data.load(task, "test")]
    straight = []
    for segment in truth:
        kept = np.arange(0, segment.n_frames, card.gap)
        flat = segment.positions[kept].reshape(len(kept), -1)
        filled = [np.interp(np.arange(segment.n_frames), kept, column) for column in flat.T]
        straight.append(np.stack(filled, axis=1).reshape(segment.positions.shape))
    errors = superresolution_errors(straight, truth, card.gap, np.array(card.bonds))
    for metric, scale in card.metrics.items():
        assert scale.trivial == pytest.approx(errors[metric].value, rel=1e-4), metric


def test_frozen_positions_take_less_than_40_megabytes() -> None:
    files = [segment_path(name, number) for name in GEOMETRIES for number in range(N_SEGMENTS)]
    assert sum(path.stat().st_size for path in files) < 40e6
