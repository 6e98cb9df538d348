"""A tiny peptide whose dihedral angles are known, written by mdtraj."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import mdtraj
import numpy as np
import pytest
from numpy.typing import NDArray

BOND, ANGLE = 0.15, np.radians(112.0)  # nm, rad; the same everywhere


def place(a: NDArray, b: NDArray, c: NDArray, dihedral: float) -> NDArray:
    """Place the atom after a, b, c (nm) at a dihedral angle (rad)."""
    along = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, along)
    normal /= np.linalg.norm(normal)
    across = np.cross(normal, along)
    return c + BOND * (
        -np.cos(ANGLE) * along
        + np.sin(ANGLE) * (np.cos(dihedral) * across + np.sin(dihedral) * normal)
    )


@dataclass(frozen=True)
class Peptide:
    """Three residues of N, CA, C: two φ, two ψ and two ω."""

    trajectory: mdtraj.Trajectory
    phi: NDArray[np.float64]  # (frames, 2)
    psi: NDArray[np.float64]  # (frames, 2)
    topology: Path

    def save(self, path: Path, times: NDArray[np.float64] | None = None) -> Path:
        """Write it; the suffix says how."""
        if times is not None:
            self.trajectory.time = times
        self.trajectory.save(str(path))
        return path


def topology(residues: int) -> mdtraj.Topology:
    """Give the backbone of so many alanines."""
    top = mdtraj.Topology()
    chain = top.add_chain()
    for _ in range(residues):
        residue = top.add_residue("ALA", chain)
        for name in ("N", "CA", "C"):
            top.add_atom(name, mdtraj.element.Element.getBySymbol(name[0]), residue)
    return top


@pytest.fixture
def peptide(tmp_path: Path) -> Peptide:
    rng = np.random.default_rng(3)
    frames = 60
    phi, psi = rng.uniform(-np.pi, np.pi, (2, frames, 2))
    xyz = np.empty((frames, 9, 3))
    for frame in range(frames):
        atoms = [np.zeros(3), np.array([BOND, 0, 0]), np.array([1.5 * BOND, BOND, 0])]
        for residue in range(2):
            atoms.append(place(*atoms[-3:], psi[frame, residue]))  # N
            atoms.append(place(*atoms[-3:], np.pi))  # CA: ω is trans
            atoms.append(place(*atoms[-3:], phi[frame, residue]))  # C
        xyz[frame] = atoms
    trajectory = mdtraj.Trajectory(xyz, topology(3), time=0.5 * np.arange(frames))
    path = tmp_path / "peptide.pdb"
    trajectory[0].save(str(path))
    return Peptide(trajectory, phi, psi, path)


def write_trr(path: Path, positions: NDArray[np.float64], held: NDArray[np.bool_]) -> Path:
    """Write a .trr as GROMACS does: velocities (zero) in every frame, positions where ``held``."""
    n_frames, n_atoms, _ = positions.shape
    size = 4 * 3 * n_atoms
    with path.open("wb") as file:
        for frame in range(n_frames):
            file.write(struct.pack(">3i12s", 1993, 13, 12, b"GMX_trn_file"))
            sizes = [0] * 7 + [size * int(held[frame]), size, 0, n_atoms, frame, 0]
            file.write(struct.pack(">13i2f", *sizes, 0.5 * frame, 0.0))
            if held[frame]:
                file.write(positions[frame].astype(">f4").tobytes())
            file.write(np.zeros((n_atoms, 3), ">f4").tobytes())
    return path
