"""Dihedral angles of molecular trajectories, read in chunks by mdtraj."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import saving_interval
from benchmark.trajectories.reading import TIMED, explained, load_topology
from tasks.private.recording import Recording, Tell

if TYPE_CHECKING:
    import mdtraj

#: Dihedrals by the names of mdtraj's functions.
DIHEDRALS = ("phi", "psi", "omega", "chi1", "chi2", "chi3", "chi4", "chi5")

#: Coordinates read at a time: about 100 MB.
CHUNK_VALUES = 25_000_000


def trajectory_suffixes() -> list[str]:
    """Give the suffixes of the trajectory formats that mdtraj reads."""
    from mdtraj.formats.registry import FormatRegistry

    return sorted(FormatRegistry.fileobjects)


def is_trajectory(path: Path) -> bool:
    """Whether mdtraj reads files of this suffix."""
    return path.name.lower().endswith(tuple(trajectory_suffixes()))


def read_trajectory(
    path: Path, topology: Path | None, dihedrals: Sequence[str], tell: Tell = lambda note: None
) -> Recording:
    """Compute dihedral angles of all residues that have them.

    Parameters
    ----------
    path : Path
        Any trajectory that mdtraj reads.
    topology : Path or None
        Any topology that mdtraj reads; not needed for formats that hold their own.
    dihedrals : sequence of str
        Of `DIHEDRALS`.
    tell : callable
        Gets a few words after every chunk.

    Returns
    -------
    Recording
        Angles in radians, −π … π, of shape (frames, angles): one dihedral's residues after the
        other's. Its interval is the file's, in ps, where the format holds times.

    Raises
    ------
    InputError
        If topology and trajectory do not fit, there is no such dihedral, or a file is damaged.
    """
    import mdtraj

    top = load_topology(path, topology)
    quadruples = np.concatenate([_quadruples(top, name) for name in dihedrals])
    # Of a solvated system hardly any atom is needed. Chunks of a subset are not checked against
    # the topology by mdtraj, so that the first frame is read whole.
    atoms, places = np.unique(quadruples, return_inverse=True)
    places = places.reshape(quadruples.shape)
    chunk = max(1, CHUNK_VALUES // (3 * top.n_atoms))
    angles, times = [], []
    frames = 0
    for number, piece in enumerate(_pieces(path, top, chunk, atoms)):
        if number == 0:
            continue  # the first frame, whole
        angles.append(mdtraj.compute_dihedrals(piece, places))
        times.append(np.asarray(piece.time, np.float64))
        frames += len(piece)
        tell(f"read {path.name}: {frames:,} frames")
    interval = None
    if path.name.lower().endswith(TIMED):
        interval = saving_interval(np.concatenate(times), "ps", str(path))
    return Recording(path.name, np.concatenate(angles), "angles", interval)


def _pieces(
    path: Path, top: mdtraj.Topology, frames: int, atoms: NDArray[np.int64]
) -> Iterator[mdtraj.Trajectory]:
    """Give the first frame with all atoms, then every frame, in chunks of some atoms."""
    import mdtraj

    whole = mdtraj.iterload(str(path), top=top, chunk=1)
    with explained(path, top.n_atoms):
        first = next(whole, None)
        whole.close()
    if first is None or first.n_atoms != top.n_atoms:
        found = "no frame" if first is None else f"{first.n_atoms} atoms"
        raise InputError(f"{path} has {found}, its topology {top.n_atoms} atoms")
    yield first
    chunks = mdtraj.iterload(str(path), top=top, chunk=frames, atom_indices=atoms)
    while True:
        with explained(path, top.n_atoms):
            piece = next(chunks, None)
        if piece is None:
            return
        yield piece


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
