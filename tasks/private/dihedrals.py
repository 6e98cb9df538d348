"""Dihedral angles that a topology has, by residue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

if TYPE_CHECKING:
    import mdtraj

#: Dihedrals by the names of mdtraj's functions.
DIHEDRALS = ("phi", "psi", "omega", "chi1", "chi2", "chi3", "chi4", "chi5")


class Dihedrals:
    """Dihedrals of all residues that have them, in the atoms of a topology.

    Parameters
    ----------
    top : mdtraj.Topology
    names : sequence of str
        Of `DIHEDRALS`.

    Attributes
    ----------
    atoms : int64 array of shape (dihedrals, 4)
        One name's residues after the other's.
    titles : list of str
        Name and residue of each, such as ``phi ALA2``.

    Raises
    ------
    InputError
        If a name is unknown or given twice, or the topology has no such dihedral.
    """

    def __init__(self, top: mdtraj.Topology, names: Sequence[str]) -> None:
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise InputError(f"--dihedrals: {twice[0]} is given twice")
        self._top = top
        found = [(name, _quadruples(top, name)) for name in names]
        self.atoms = np.concatenate([atoms for _, atoms in found])
        self.titles = [self._title(name, atoms) for name, rows in found for atoms in rows]

    def _title(self, name: str, atoms: NDArray[np.int64]) -> str:
        residue = self._top.atom(int(atoms[1])).residue
        chain = f" of chain {residue.chain.index + 1}" if self._top.n_chains > 1 else ""
        return f"{name} {residue}{chain}"


def _quadruples(top: mdtraj.Topology, name: str) -> NDArray[np.int64]:
    """Give the atoms of a dihedral, of shape (residues, 4)."""
    from mdtraj.geometry import dihedral

    if name not in DIHEDRALS:
        raise InputError(f"--dihedrals: no dihedral '{name}'; known: {', '.join(DIHEDRALS)}")
    found = {other: len(getattr(dihedral, f"indices_{other}")(top)) for other in DIHEDRALS}
    if not found[name]:
        there = ", ".join(f"{n} {other}" for other, n in found.items() if n) or "no dihedral at all"
        raise InputError(f"the topology has no {name}; it has {there}")
    indices = getattr(dihedral, f"indices_{name}")(top)
    return np.asarray(indices, np.int64).reshape(-1, 4)
