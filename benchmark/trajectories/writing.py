"""Trajectories that other programs read, with a .pdb beside each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.errors import InputError
from benchmark.files import atomic
from benchmark.quantities import ANGSTROM, FEMTOSECOND
from benchmark.trajectories.paths import ascii_path

if TYPE_CHECKING:
    import mdtraj


#: Formats written. A .dcd holds no times, and an .xtc is rounded to 0.01 Å.
WRITTEN = (".trr", ".dcd", ".xtc")


def molecule_topology(numbers: Sequence[int], bonds: Sequence[tuple[int, int]]) -> mdtraj.Topology:
    """Make the topology of a molecule of elements ``numbers`` and ``bonds``, pairs from 0.

    Atoms are called by element and number, from 0; the one residue is UNL, the Protein Data
    Bank's name for a ligand without one.
    """
    from mdtraj.core.element import Element  # slow to load
    from mdtraj.core.topology import Topology

    top = Topology()
    residue = top.add_residue("UNL", top.add_chain())
    for index, number in enumerate(numbers):
        element = Element.getByAtomicNumber(number)
        top.add_atom(f"{element.symbol}{index}", element, residue)
    return with_bonds(top, bonds)


def with_bonds(top: mdtraj.Topology, bonds: Sequence[tuple[int, int]]) -> mdtraj.Topology:
    """Give a copy that has these bonds, if it has none of its own."""
    top = top.copy()
    if top.n_bonds == 0:
        for i, j in bonds:
            top.add_bond(top.atom(i), top.atom(j))
    return top


def require_writable(path: Path, force: bool, inputs: tuple[Path, ...] = ()) -> None:
    """Require that a trajectory and the .pdb beside it can be written and nothing is lost.

    Raises
    ------
    InputError
        If the format is none of `WRITTEN`, a file is there already and ``force`` is not set, or it
        is one of ``inputs``.
    """
    if path.suffix.lower() not in WRITTEN:
        raise InputError(f"cannot write '{path}': expected a name that ends in {_or(WRITTEN)}")
    for each in (path, path.with_suffix(".pdb")):
        if any(each.exists() and one.exists() and each.samefile(one) for one in inputs):
            raise InputError(f"{each} is an input, which would be overwritten; take another --to")
        if each.exists() and not force:
            raise InputError(f"{each} exists; take another --to, or --force to replace it")


def rounded(path: Path, n_atoms: int) -> bool:
    """Whether a file rounds positions to 0.01 Å: an .xtc does, but for nine atoms or fewer."""
    return path.suffix.lower() == ".xtc" and n_atoms > 9


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


class TrajectoryWriter:
    """Takes frames piece by piece, in Å and fs; see `written`."""

    def __init__(self, file: Any, suffix: str) -> None:
        self._file, self._suffix = file, suffix
        self.n_frames = 0
        self.first: Positions = np.empty((0, 0, 3))

    def write(
        self,
        positions: Positions,
        times: NDArray[np.floating[Any]],
        cells: NDArray[np.float64] | None = None,
    ) -> None:
        """Append frames (frames, atoms, 3) at ``times`` (frames,), in boxes (frames, 3, 3)."""
        from mdtraj.utils import box_vectors_to_lengths_and_angles  # slow to load

        if not self.n_frames:
            self.first = positions[:1].copy()
        if self._suffix == ".dcd":  # in Å
            box = {}
            if cells is not None:
                shape = np.stack(
                    box_vectors_to_lengths_and_angles(cells[:, 0], cells[:, 1], cells[:, 2])
                ).T.astype(np.float32)  # (frames, 6)
                box = {"cell_lengths": shape[:, :3], "cell_angles": shape[:, 3:]}
            self._file.write(positions.astype(np.float32), **box)
        else:  # in nm and ps
            steps = np.arange(self.n_frames, self.n_frames + len(positions), dtype=np.int32)
            self._file.write(
                (positions / ANGSTROM).astype(np.float32),
                time=(times / FEMTOSECOND).astype(np.float32),
                step=steps,
                box=None if cells is None else (cells / ANGSTROM).astype(np.float32),
            )
        self.n_frames += len(positions)


@contextmanager
def written(path: Path, top: mdtraj.Topology) -> Iterator[TrajectoryWriter]:
    """Write a trajectory, and its first frame with the topology as a .pdb beside it.

    Both files appear when the block has ended without an error, and not before.

    Raises
    ------
    InputError
        If they cannot be written.
    """
    import mdtraj  # slow to load
    from mdtraj.formats.registry import FormatRegistry

    suffix = path.suffix.lower()
    try:
        with atomic(path.with_suffix(".pdb")) as pdb, atomic(path) as temporary:
            temporary.unlink()  # mdtraj would remove what is there, be it a link, and begin anew
            with (
                ascii_path(temporary) as name,
                FormatRegistry.fileobjects[suffix](name, "w") as file,
            ):
                writer = TrajectoryWriter(file, suffix)
                yield writer
            mdtraj.Trajectory(writer.first / ANGSTROM, top).save_pdb(str(pdb))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
