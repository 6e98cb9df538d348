"""Molecular trajectories on disk: read as the user has them, written so that one can look at them.

Formats are mdtraj's. Inside, positions are in Å, times in fs, velocities in Å/fs and forces in
eV/Å, as everywhere in super-resolution.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.errors import InputError, named
from benchmark.quantities import ANGSTROM, ENERGY, FEMTOSECOND
from benchmark.trajectories.paths import ascii_path
from benchmark.trajectories.trr import trr_frames

if TYPE_CHECKING:
    import mdtraj

#: Formats whose files hold the times of their frames, in ps; from others mdtraj only numbers them.
TIMED = (".xtc", ".trr", ".h5", ".hdf5", ".nc", ".ncdf", ".netcdf", ".dtr", ".stk", ".npz")

#: Of these the formats in which times may be missing: mdtraj numbers the frames then.
TIMES_OPTIONAL = (".h5", ".hdf5", ".nc", ".ncdf", ".netcdf")

#: Formats that hold their own topology.
SELF_CONTAINED = (".h5", ".hdf5", ".lh5", ".pdb", ".pdb.gz", ".gro", ".cif", ".cif.gz", ".mmcif")

#: Å/fs of a nm/ps, and eV/Å of a kJ/mol/nm, which is a u nm/ps²: the units of a .trr.
TRR_VELOCITY = ANGSTROM / FEMTOSECOND
TRR_FORCE = ENERGY * ANGSTROM / FEMTOSECOND**2


@dataclass(frozen=True, eq=False)
class AtomTrajectory:
    """What a file holds.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    numbers : int array of shape (atoms,)
        Atomic numbers; 0 where the topology names no element.
    positions : float64 array of shape (frames, atoms, 3)
        Å.
    times : float64 array of shape (frames,), or None
        fs.
    velocities, forces : float64 arrays of shape (frames, atoms, 3), or None
        Å/fs and eV/Å.
    cells : float64 array of shape (frames, 3, 3), or None
        Å, vectors of the periodic box, one a row.
    topology : mdtraj.Topology or None
    partly : dict of str to str
        Of velocities or forces that are None though some frames hold them: how many do.
    left_out : int
        Frames of the file that hold no positions, and are not among these.
    """

    name: str
    numbers: NDArray[np.int64]
    positions: Positions
    times: NDArray[np.float64] | None = None
    velocities: Positions | None = None
    forces: Positions | None = None
    cells: NDArray[np.float64] | None = None
    topology: Any = None
    partly: dict[str, str] = field(default_factory=dict)
    left_out: int = 0

    def every(self, k: int) -> AtomTrajectory:
        """Keep every k-th frame from the first."""
        held: dict[str, Any] = {
            name: getattr(self, name)[::k]
            for name in ("positions", "times", "velocities", "forces", "cells")
            if getattr(self, name) is not None
        }
        return replace(self, **held)


def read_trajectory(path: Path, topology: Path | None) -> AtomTrajectory:
    """Read a trajectory of one molecule.

    Parameters
    ----------
    path : Path
        Anything mdtraj reads; of a .trr velocities and forces too. Or an .npz of ``positions`` in
        Å, and perhaps ``velocities`` in Å/fs, ``forces`` in eV/Å, ``times`` in fs and the atomic
        ``numbers``.
    topology : Path or None
        Anything mdtraj takes for a topology; not needed for formats that hold their own.

    Raises
    ------
    InputError
        If a file is missing, damaged or of an unknown format, or the two do not fit.
    """
    if not path.is_file():
        raise InputError(f"no trajectory {path}")
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _read_arrays(path, topology)
    from mdtraj.formats.registry import FormatRegistry  # slow to load

    known = sorted({*FormatRegistry.fileobjects, ".npz"})
    if not path.name.lower().endswith(tuple(known)):
        raise InputError(f"{path} is no trajectory: expected {', '.join(known)}")
    top = load_topology(path, topology)
    with explained(path, top.n_atoms):
        return _read_trr(path, top) if suffix == ".trr" else _read_with_mdtraj(path, top)


def load_topology(path: Path, topology: Path | None) -> mdtraj.Topology:
    """Read the topology of a trajectory from a file of its own, or from the trajectory.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    import mdtraj  # slow to load

    source = topology
    if source is None:
        if not path.name.lower().endswith(SELF_CONTAINED):
            raise InputError(f"{path} holds coordinates alone; give --topology FILE (.pdb, .gro …)")
        source = path
    if not source.is_file():
        raise InputError(f"no topology {source}")
    try:
        with quiet(), ascii_path(source) as name:
            return mdtraj.load_topology(name)
    except InputError:
        raise
    except Exception as error:  # mdtraj raises anything, a bare Exception too
        raise InputError(f"{source} is no topology that mdtraj reads: {named(error)}") from error


def holds_times(path: Path) -> bool:
    """Whether a file holds the times of its frames, and mdtraj does not only number them."""
    from mdtraj.formats.registry import FormatRegistry  # slow to load

    if not path.name.lower().endswith(TIMED):
        return False
    if not path.name.lower().endswith(TIMES_OPTIONAL):
        return True
    with ascii_path(path) as name, FormatRegistry.fileobjects[path.suffix.lower()](name) as file:
        handle = file._handle
        return "time" in handle.variables if hasattr(handle, "variables") else "/time" in handle


def are_constant(times: NDArray[np.floating[Any]]) -> bool:
    """Whether all frames bear one time, or none: then whoever wrote the file knew no times."""
    return bool(len(times) > 1 and ((times == times[0]).all() or np.isnan(times).all()))


def _read_with_mdtraj(path: Path, top: mdtraj.Topology) -> AtomTrajectory:
    import mdtraj  # slow to load

    own = path.name.lower().endswith(SELF_CONTAINED)
    with ascii_path(path) as name:
        read = mdtraj.load(name) if own else mdtraj.load(name, top=top)
    if read.n_atoms != top.n_atoms:
        raise InputError(_other_atoms(path, read.n_atoms, top.n_atoms))
    times = read.time if holds_times(path) else None
    if times is not None and path.name.lower().endswith(TIMES_OPTIONAL) and are_constant(times):
        times = None
    return _trajectory(path, top, read.xyz, times, cells=read.unitcell_vectors)


def _read_trr(path: Path, top: mdtraj.Topology) -> AtomTrajectory:
    """Read velocities and forces too, which mdtraj reads but does not hand on.

    What a frame does not hold, mdtraj fills with something; so the flags of all frames are read.
    """
    from mdtraj.formats import TRRTrajectoryFile  # slow to load

    held = trr_frames(path)
    if not held.positions.any():
        raise InputError(f"{path} holds no positions")
    with ascii_path(path) as name, TRRTrajectoryFile(name) as file:
        has_velocities, has_forces = (size > 0 for size in file._check_has_velocities_forces())
        xyz, time, _, box, _, velocities, forces = file._read(
            len(file), None, has_velocities, has_forces
        )
    if xyz.shape[1] != top.n_atoms:
        raise InputError(_other_atoms(path, xyz.shape[1], top.n_atoms))
    kept = held.positions
    whole: dict[str, Any] = {}
    partly: dict[str, str] = {}
    for what, array, has, there in (
        ("velocities", velocities, has_velocities, held.velocities[kept]),
        ("forces", forces, has_forces, held.forces[kept]),
    ):
        if has and there.all():
            whole[what] = array[kept]
        elif there.any():
            partly[what] = f"in {there.sum()} of {len(there)} frames only"
    read = _trajectory(path, top, xyz[kept], time[kept], cells=box[kept], **whole)
    return replace(read, partly=partly, left_out=int((~kept).sum()))


def _trajectory(
    path: Path,
    top: mdtraj.Topology,
    xyz: NDArray[np.float32],
    time: NDArray[np.float32] | None,
    *,
    cells: NDArray[np.float32] | None,
    velocities: NDArray[np.float32] | None = None,
    forces: NDArray[np.float32] | None = None,
) -> AtomTrajectory:
    """Bring mdtraj's units into ours."""

    def scaled(values: NDArray[np.float32] | None, unit: float) -> Positions | None:
        return None if values is None else np.asarray(values, np.float64) * unit

    positions = np.asarray(xyz, np.float64) * ANGSTROM
    box = scaled(cells, ANGSTROM)
    if box is not None and not np.abs(np.linalg.det(box)).min(initial=np.inf) > 0:
        box = None  # how some formats say that there is none
    return AtomTrajectory(
        path.name,
        _numbers(top),
        positions,
        times=scaled(time, FEMTOSECOND),
        velocities=scaled(velocities, TRR_VELOCITY),
        forces=scaled(forces, TRR_FORCE),
        cells=box,
        topology=top,
    )


def _numbers(top: mdtraj.Topology) -> NDArray[np.int64]:
    elements = [atom.element for atom in top.atoms]
    return np.array([0 if one is None else one.number for one in elements], np.int64)


def _read_arrays(path: Path, topology: Path | None) -> AtomTrajectory:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path} is no .npz of numbers: {named(error)}") from error
    if "positions" not in arrays:
        found = ", ".join(arrays) or "nothing"
        raise InputError(f"{path} has no array 'positions' (Å); it has {found}")
    shape = arrays["positions"].shape
    if len(shape) != 3 or shape[2] != 3:
        raise InputError(f"{path}: positions have shape {shape}, expected (frames, atoms, 3)")
    top = None if topology is None else load_topology(path, topology)
    if top is None and "numbers" not in arrays:
        raise InputError(f"{path} has no atomic 'numbers'; add them, or give --topology FILE")
    numbers = _numbers(top) if top is not None else arrays["numbers"]
    if len(numbers) != shape[1]:
        raise InputError(_other_atoms(path, shape[1], len(numbers)))
    held: dict[str, Any] = {}
    for name in ("positions", "velocities", "forces", "times"):
        expected = shape[:1] if name == "times" else shape
        array = arrays.get(name)
        if array is None:
            continue
        if array.shape != expected or array.dtype.kind not in "fiu":
            raise InputError(
                f"{path}: {name} are {array.dtype} of shape {array.shape}, "
                f"expected numbers of shape {expected}"
            )
        held[name] = array.astype(np.float64)
    if "times" in held and are_constant(held["times"]):
        del held["times"]  # whoever wrote them knew none
    return AtomTrajectory(path.name, np.asarray(numbers, np.int64), topology=top, **held)


def _other_atoms(path: Path, found: int | str, expected: int) -> str:
    return (
        f"{path} has {found} atoms, its topology {expected}: give the topology of these very atoms"
    )


@contextmanager
def explained(path: Path, n_atoms: int) -> Iterator[None]:
    """Turn whatever mdtraj raises when it reads a trajectory into one line.

    Raises
    ------
    InputError
        If anything is raised.
    """
    try:
        with quiet():
            yield
    except InputError:
        raise
    except ImportError as error:
        package = "tables" if "tables" in str(error).lower() else error.name or "another package"
        raise InputError(
            f"reading {path.suffix} needs {package}: python -m pip install {package}"
        ) from error
    except Exception as error:
        text = str(error)
        if "xyz must be shape" in text:
            supplied = text.rpartition(",")[0].rpartition(",")[2].strip()
            raise InputError(_other_atoms(path, supplied, n_atoms)) from error
        if "same atoms" in text:
            raise InputError(
                f"{path} has other atoms than its topology, which has {n_atoms}: give the "
                "topology of these very atoms"
            ) from error
        raise InputError(f"{path} is damaged or cut short: {named(error)}") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, and what the C libraries below mdtraj write to the file descriptors."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)
