"""Which atoms are bonded, which are alike, and which stand near each other in the bond graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Å, covalent radii by atomic number: B. Cordero et al., Dalton Trans. 2008, 2832,
#: doi:10.1039/b801115j.
_RADII = dict(
    zip(
        (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53),
        (0.31, 0.84, 0.76, 0.71, 0.66, 0.57, 1.11, 1.07, 1.05, 1.02, 1.20, 1.39),
        strict=True,
    )
)
_OTHER_RADIUS = 1.3  # Å, of the elements that are not listed: most metals are near it
_REACH = 1.25  # times the sum of two radii: bonds are shorter, all else is longer


@dataclass(frozen=True)
class Clusters:
    """The parts that a molecule's energy is a sum of, and which of them are alike.

    Attributes
    ----------
    pairs : int array of shape (2, pairs)
        First and second atom of every pair.
    kinds : int array of shape (pairs,)
        Which pairs are alike, 0, 1, …
    bonds : int array of shape (pairs,)
        Bonds on the shortest way from one to the other; the number of atoms if there is none.
    distances : int array of shape (clusters, atoms (atoms - 1) / 2)
        Pairs that make up the distances within each cluster.
    types : int array of shape (clusters,)
        Which clusters are alike, 0, 1, … Distances of alike clusters are in a like order.
    """

    pairs: Integers
    kinds: Integers
    bonds: Integers
    distances: Integers
    types: Integers


def find_clusters(distances: Floats, numbers: Sequence[int], size: int) -> Clusters:
    """Find all sets of ``size`` atoms that hang together by bonds, and which of them are alike.

    Two atoms are bonded if they are nearer than 1.25 times the sum of their covalent radii. Atoms
    are alike if no walk along the bonds tells them apart (colour refinement; B. Weisfeiler, A.
    Lehman, Nauchno-Tekh. Inf. 2, 12 (1968)): the energy does not change when the molecule's
    symmetry exchanges them, so that what is learned of one holds for the other. Pairs are alike if
    their atoms are, and as many bonds apart; clusters, if their atoms are, and are bonded alike.

    Parameters
    ----------
    distances : float64 array of shape (atoms, atoms)
        Å; means over frames. In a mean geometry, atoms of groups that turn would be too near.
    numbers : sequence of int
        Atomic numbers.
    size : int
        Atoms of a cluster; all of them in a smaller molecule.

    Returns
    -------
    Clusters
        There may be no cluster at all, if ``size`` atoms nowhere hang together.
    """
    n = len(numbers)
    bonded = _bonded(distances, numbers)
    colours = _colours(numbers, bonded)
    apart = _bonds_apart(bonded)
    pairs = np.stack(np.triu_indices(n, 1))
    kinds = [(*sorted((colours[i], colours[j])), int(apart[i, j])) for i, j in pairs.T]
    index = np.zeros((n, n), dtype=np.int64)
    index[pairs[0], pairs[1]] = index[pairs[1], pairs[0]] = np.arange(pairs.shape[1])
    size = min(size, n)
    ordered = [_ordered(atoms, colours, bonded) for atoms in _connected(bonded, size)]
    within = [[index[i, j] for i, j in combinations(order, 2)] for _, order in ordered]
    return Clusters(
        pairs,
        _numbered(kinds),
        apart[pairs[0], pairs[1]],
        np.array(within, dtype=np.int64).reshape(-1, size * (size - 1) // 2),
        _numbered([kind for kind, _ in ordered]),
    )


def _bonded(distances: Floats, numbers: Sequence[int]) -> NDArray[np.bool_]:
    radii = np.array([_RADII.get(int(number), _OTHER_RADIUS) for number in numbers])
    return (distances < _REACH * (radii[:, None] + radii)) & ~np.eye(len(radii), dtype=bool)


def _colours(numbers: Sequence[int], bonded: NDArray[np.bool_]) -> list[int]:
    colours = [int(number) for number in numbers]
    for _ in numbers:  # what is n bonds away is known after n rounds
        seen = [
            (colours[i], *sorted(colours[j] for j in np.flatnonzero(row)))
            for i, row in enumerate(bonded)
        ]
        colours = _numbered(seen).tolist()
    return colours


def _bonds_apart(bonded: NDArray[np.bool_]) -> Integers:
    """Length of the shortest path between two atoms; that many atoms if there is none."""
    n = len(bonded)
    apart = np.where(bonded, 1, n)
    np.fill_diagonal(apart, 0)
    for i in range(n):
        apart = np.minimum(apart, apart[:, i : i + 1] + apart[i])
    return np.minimum(apart, n)


def _connected(bonded: NDArray[np.bool_], size: int) -> list[list[int]]:
    """All sets of ``size`` atoms of which each is bonded to another of the set, sorted."""
    found = {frozenset([i]) for i in range(len(bonded))}
    for _ in range(size - 1):
        beside = ((one, int(j)) for one in found for i in one for j in np.flatnonzero(bonded[i]))
        found = {one | {j} for one, j in beside if j not in one}
    return sorted(sorted(one) for one in found)


def _ordered(
    atoms: list[int], colours: list[int], bonded: NDArray[np.bool_]
) -> tuple[tuple[object, ...], tuple[int, ...]]:
    """Say what a set of atoms is like, with an order of them in which like sets look the same."""
    return min(
        (
            (
                tuple(colours[i] for i in order),
                tuple(bool(bonded[i, j]) for i, j in combinations(order, 2)),
            ),
            order,
        )
        for order in permutations(atoms)
    )


def _numbered(keys: Sequence[Any]) -> Integers:
    """Give distinct keys distinct numbers, by their order."""
    rank = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([rank[key] for key in keys], dtype=np.int64)
