"""Bonds, alike atoms and clusters of molecules that everybody can draw."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.superresolution._parts.clusters import Clusters, find_clusters
from tasks.md17.molecules import Molecule, load_molecule


def distances_of(positions: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, None] - positions, axis=2)


def clusters_of(molecule: Molecule, size: int = 4) -> Clusters:
    return find_clusters(distances_of(molecule.positions), molecule.numbers.tolist(), size)


def kind_of(molecule: Molecule, found: Clusters, i: int, j: int) -> int:
    pairs = [tuple(pair) for pair in found.pairs.T]
    return int(found.kinds[pairs.index((min(i, j), max(i, j)))])


def test_bonds_are_those_of_the_molecule():
    """Clusters of two atoms are the bonds."""
    molecule = load_molecule("aspirin")
    found = clusters_of(molecule, 2)
    bonds = {tuple(sorted(found.pairs[:, pair])) for pair in found.distances[:, 0]}
    assert bonds == {tuple(sorted(bond)) for bond in molecule.bonds.tolist()}


def test_ethanol_has_three_kinds_of_hydrogen():
    molecule = load_molecule("ethanol")
    found = clusters_of(molecule)
    oxygen = int(np.flatnonzero(molecule.numbers == 8)[0])
    to_oxygen = {
        i: kind_of(molecule, found, oxygen, i) for i in np.flatnonzero(molecule.numbers == 1)
    }
    counts = np.unique(list(to_oxygen.values()), return_counts=True)[1]
    assert sorted(counts) == [1, 2, 3]


def test_ethanol_has_twelve_chains_and_eight_stars():
    """H-C-C-H six times, H-C-C-O thrice, H-C-O-H twice, C-C-O-H; three of each carbon's four."""
    found = clusters_of(load_molecule("ethanol"))
    assert found.distances.shape == (20, 6)
    assert np.unique(found.types).size == 9


def test_carbons_of_benzene_are_alike():
    """Four chains in the ring pass each bond: C-C-C-C, twice H-C-C-C, H-C-C-H; and stars."""
    found = clusters_of(load_molecule("benzene"))
    assert sorted(np.bincount(found.types)) == [6, 6, 6, 12]
    assert np.unique(found.kinds).size == 3 + 3 + 4 + 0  # C-C, H-H and C-H pairs by bonds apart


def test_the_order_of_atoms_does_not_matter():
    molecule = load_molecule("malonaldehyde")
    order = np.random.default_rng(0).permutation(len(molecule.numbers))
    mixed = Molecule("mixed", molecule.numbers[order], molecule.positions[order])
    one, other = clusters_of(molecule), clusters_of(mixed)
    np.testing.assert_array_equal(
        np.sort(np.bincount(one.types)), np.sort(np.bincount(other.types))
    )
    np.testing.assert_array_equal(
        np.sort(np.bincount(one.kinds)), np.sort(np.bincount(other.kinds))
    )


@pytest.mark.parametrize(("size", "shape"), [(2, (2, 1)), (3, (1, 3)), (4, (1, 3))])
def test_a_small_molecule_is_one_cluster(size: int, shape: tuple[int, int]):
    water = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])
    assert find_clusters(distances_of(water), [8, 1, 1], size).distances.shape == shape


def test_atoms_that_are_not_bonded_have_no_cluster():
    far = 5.0 * np.arange(12.0).reshape(4, 3)
    found = find_clusters(distances_of(far), [18, 18, 18, 18], 4)
    assert found.distances.shape == (0, 6)
    assert np.unique(found.kinds).size == 1
