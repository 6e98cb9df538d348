"""Dihedral angles of molecular trajectories, read in chunks by mdtraj."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import Time, saving_interval
from benchmark.trajectories.paths import ascii_path
from benchmark.trajectories.reading import (
    TIMES_OPTIONAL,
    are_constant,
    explained,
    holds_times,
    load_topology,
)
from benchmark.trajectories.trr import trr_frames
from tasks.private.bonds import MOSTLY, BondLengths
from tasks.private.dihedrals import Dihedrals
from tasks.private.recording import Recording, Tell

if TYPE_CHECKING:
    import mdtraj

#: Coordinates read at a time: about 100 MB.
CHUNK_VALUES = 25_000_000

#: So many names are listed in a line.
SHOWN = 4


def trajectory_suffixes() -> list[str]:
    """Give the suffixes of the trajectory formats that mdtraj reads."""
    from mdtraj.formats.registry import FormatRegistry

    return sorted(FormatRegistry.fileobjects)


def is_trajectory(path: Path) -> bool:
    """Whether mdtraj reads files of this suffix."""
    return path.name.lower().endswith(tuple(trajectory_suffixes()))


def read_trajectory(
    path: Path,
    topology: Path | None,
    dihedrals: Sequence[str],
    tell: Tell = lambda note: None,
    given: Time | None = None,
) -> Recording:
    """Compute dihedral angles of all residues that have them.

    Parameters
    ----------
    path : Path
        Any trajectory that mdtraj reads. Frames of a .trr without positions are left out.
    topology : Path or None
        Any topology that mdtraj reads; not needed for formats that hold their own.
    dihedrals : sequence of str
        Of `tasks.private.dihedrals.DIHEDRALS`. Those that would run from one molecule into another
        are left out.
    tell : callable
        Gets a few words after every chunk.
    given : Time or None
        What the user says is between frames.

    Returns
    -------
    Recording
        Angles in radians, −π … π, of shape (frames, angles): one dihedral's residues after the
        other's. Its interval is the file's, in ps, where it holds times.

    Raises
    ------
    InputError
        If topology and trajectory do not fit, there is no such dihedral, atoms that should be
        bonded are not, times do not ascend in equal steps, or a file is damaged.
    """
    top = load_topology(path, topology)
    wanted = Dihedrals(top, dihedrals)
    bonds = BondLengths(top, wanted.atoms)
    angles, times, left = _computed(path, top, wanted.atoms, bonds, tell)
    apart, example = bonds.between_molecules(path.name)
    interval, notes = _interval(path, times, given)
    if left:
        n = len(times) + left
        notes.insert(0, f"{left:,} of {n:,} frames hold no positions and are left out")
    if apart.mean() > MOSTLY:
        raise InputError(
            f"{path.name}: {np.count_nonzero(apart)} of {len(apart)} dihedrals join what is not "
            f"bonded ({example}): are the atoms in the order of the topology?"
        )
    if apart.any():
        names = _listed([title for title, out in zip(wanted.titles, apart, strict=True) if out])
        notes.append(f"{names} would run from one molecule into another ({example}): left out")
    titles = [title for title, out in zip(wanted.titles, apart, strict=True) if not out]
    return Recording(path.name, angles[:, ~apart], "angles", interval, tuple(titles), tuple(notes))


def _computed(
    path: Path, top: mdtraj.Topology, dihedrals: NDArray[np.int64], bonds: BondLengths, tell: Tell
) -> tuple[NDArray[np.float32], NDArray[np.float64], int]:
    """Give angles (frames, dihedrals) and times (frames,), and how many frames hold no positions.

    The lengths of all bonds go to ``bonds``.
    """
    import mdtraj

    # Of a solvated system hardly any atom is needed. Chunks of a subset are not checked against
    # the topology by mdtraj, so that the first frame is read whole.
    atoms = np.unique(dihedrals)
    places, pairs = np.searchsorted(atoms, dihedrals), np.searchsorted(atoms, bonds.pairs)
    with explained(path, top.n_atoms):
        held = trr_frames(path).positions if path.suffix.lower() == ".trr" else None
    angles, times = [], []
    frames = read = 0
    for piece in _pieces(path, top, max(1, CHUNK_VALUES // (3 * top.n_atoms)), atoms):
        here = slice(read, read + len(piece))
        read += len(piece)
        kept = piece if held is None else piece[held[here]]
        if not len(kept):
            continue
        angles.append(mdtraj.compute_dihedrals(kept, places))
        bonds.add(mdtraj.compute_distances(kept, pairs))
        times.append(np.asarray(kept.time, np.float64))
        frames += len(kept)
        tell(f"read {path.name}: {frames:,} frames")
    if not frames:
        raise InputError(f"{path} has no frame with positions")
    return np.concatenate(angles), np.concatenate(times), read - frames


def _interval(
    path: Path, times: NDArray[np.float64], given: Time | None
) -> tuple[Time | None, list[str]]:
    """Give the time between frames if the file holds it; and a line on where it is from."""
    with explained(path, 0):
        timed = holds_times(path)
    if not timed:
        return None, []
    if are_constant(times):
        if given is None and not path.name.lower().endswith(TIMES_OPTIONAL):
            raise InputError(
                f"{path}: times do not ascend: every frame is at {times[0]:g} ps; give --interval"
            )
        return None, [f"its times say nothing: every frame is at {times[0]:g} ps"]
    interval = saving_interval(times, "ps", str(path))
    return interval, [f"{interval} between frames, by the times in the file"]


def _pieces(
    path: Path, top: mdtraj.Topology, frames: int, atoms: NDArray[np.int64]
) -> Iterator[mdtraj.Trajectory]:
    """Give every frame, in chunks of some atoms; the first frame must have all atoms."""
    import mdtraj

    with ascii_path(path) as name:
        whole = mdtraj.iterload(name, top=top, chunk=1)
        with explained(path, top.n_atoms):
            first = next(whole, None)
            whole.close()
        if first is None or first.n_atoms != top.n_atoms:
            found = "no frame" if first is None else f"{first.n_atoms} atoms"
            raise InputError(f"{path} has {found}, its topology {top.n_atoms} atoms")
        chunks = mdtraj.iterload(name, top=top, chunk=frames, atom_indices=atoms)
        while True:
            with explained(path, top.n_atoms):
                piece = next(chunks, None)
            if piece is None:
                return
            yield piece


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
