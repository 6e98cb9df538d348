"""Whether the atoms of dihedrals are bonded: one check of units, order, molecules and boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

if TYPE_CHECKING:
    import mdtraj

Float64 = NDArray[np.float64]

#: Bonds within these dihedrals, nm: C–N is 0.133 long, C–C 0.153, C–S 0.181, and atoms two bonds
#: apart are at least 0.2 from one another.
SHORTEST, LONGEST, LONGEST_OF_SULPHUR = 0.1, 0.18, 0.21
USUAL = 0.147

#: Beyond this atomic number bonds are longer.
NEON = 10

#: What is not bonded in more of the frames is of two molecules.
MOSTLY = 0.5

#: What is wrong where bonds are so many times too long.
UNITS = {0.1: "in nm, where the format has Å", 10.0: "in Å, where the format has nm"}
SCALED = "scaled by the box (LAMMPS xs ys zs; dump x y z), or in an unknown unit"

#: Atoms in another order are no farther from one another than by this factor.
LIKE_BONDS = 4


class BondLengths:
    """Lengths of the bonds within dihedral angles, over all frames of a trajectory.

    Parameters
    ----------
    top : mdtraj.Topology
    dihedrals : int array of shape (dihedrals, 4)
        Atoms; each should be bonded to the next.

    Attributes
    ----------
    pairs : int array of shape (bonds, 2)
        Whose distances `add` takes.
    """

    def __init__(self, top: mdtraj.Topology, dihedrals: NDArray[np.int64]) -> None:
        bonds = np.stack([dihedrals[:, n : n + 2] for n in range(3)], axis=1)  # (dihedrals, 3, 2)
        self.pairs, places = np.unique(bonds.reshape(-1, 2), axis=0, return_inverse=True)
        self._of_dihedral = places.reshape(-1, 3)
        self._atoms = [(top.atom(int(i)), top.atom(int(j))) for i, j in self.pairs]
        self._longest = np.array([_longest(i, j) for i, j in self._atoms])
        self._frames = 0
        self._sums = np.zeros(len(self.pairs))
        self._wrong = np.zeros(len(self.pairs), np.int64)
        self._first = np.zeros(len(self.pairs), np.int64)

    def add(self, lengths: Float64) -> None:
        """Take the next frames: lengths in nm, float array of shape (frames, bonds)."""
        wrong = ~((lengths >= SHORTEST) & (lengths <= self._longest))
        fresh = wrong.any(0) & (self._wrong == 0)
        self._first[fresh] = self._frames + wrong.argmax(0)[fresh]
        self._wrong += wrong.sum(0)
        self._sums += lengths.sum(0, dtype=np.float64)
        self._frames += len(lengths)

    def between_molecules(self, name: str) -> tuple[NDArray[np.bool_], str]:
        """Find the dihedrals that run from one molecule into another.

        Parameters
        ----------
        name : str
            Of the file, for errors.

        Returns
        -------
        apart : bool array of shape (dihedrals,)
        example : str
            Two atoms and their distance, if there are such dihedrals.

        Raises
        ------
        InputError
            If atoms of one residue are not bonded (the coordinates have another unit or order), or
            bonds break in some frames (a molecule is cut by the box).
        """
        within = np.array([i.residue.index == j.residue.index for i, j in self._atoms])
        share = self._wrong / max(1, self._frames)
        mean = self._sums / max(1, self._frames)
        strange = within & (share > MOSTLY)
        if strange.any():
            ratio = float(np.median(mean[within])) / USUAL
            cause = next((text for r, text in UNITS.items() if 0.8 < ratio / r < 1.2), SCALED)
            if 1 / LIKE_BONDS < ratio < LIKE_BONDS:
                cause = "of atoms in another order than the topology's"
            at = int(strange.argmax())
            raise InputError(
                f"{name}: {self._bond(at)} are {mean[at]:.2g} nm apart on average, a bond is "
                f"{SHORTEST} to {self._longest[at]}: the coordinates are {cause}"
            )
        apart = share > MOSTLY
        broken = (share > 0) & ~apart
        if broken.any():
            at = int(np.where(broken, self._first, self._frames).argmin())
            raise InputError(
                f"{name}: {self._bond(at)} are not bonded in {self._wrong[at]:,} of "
                f"{self._frames:,} frames, first in frame {self._first[at]:,}: make molecules "
                "whole (gmx trjconv -pbc whole), or cut the file there"
            )
        example = ""
        if apart.any():
            at = int(apart.argmax())
            example = f"{self._bond(at)} are {mean[at]:.2g} nm apart"
        return np.asarray(apart[self._of_dihedral].any(1)), example

    def _bond(self, at: int) -> str:
        return " and ".join(f"{atom.name} of {atom.residue}" for atom in self._atoms[at])


def _longest(i: mdtraj.core.topology.Atom, j: mdtraj.core.topology.Atom) -> float:
    known = [atom.element is not None and 0 < atom.element.number <= NEON for atom in (i, j)]
    return LONGEST if all(known) else LONGEST_OF_SULPHUR
