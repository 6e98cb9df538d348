"""Make the tasks `md17-dft` of the real MD17, for those who have fetched it.

    python -m benchmark data fetch md17 --molecule uracil

Train, validation and test segments are blocks of the trajectory at frame numbers that follow from
the published number of frames, so that everybody's tasks are the same, and their fingerprints too.
They are never ranked: their data are not in the repository.

Only positions are used, as in `md17-xtb`: velocities and forces are the differences of them that
`DenseSegment` takes, and not the F of the file. MD17 was run with a thermostat, and what it
does to the atoms is not in F. *Measured* on neighbouring frames in rMD17 (uracil): m (x₊ − 2x + x₋)
/h² and F differ by 0.39 eV/Å rms, where F is 1.3; but one number ξ a frame, in F − ξ m v, takes the
difference down to 6e-5 eV/Å, as Nosé–Hoover dynamics would have it. So the identity gives the
acceleration that the atoms had, friction included (ξ is about ±0.1/fs), and with it one Verlet step
from a kept frame is exact, for which reason its neighbours are not scored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.task import Task
from benchmark.tracks.superresolution.data import RESOLUTION
from benchmark.tracks.superresolution.motion import Motion
from tasks.md17.freeze import SPLITS, WINKLER, Origin, freeze, pieces
from tasks.md17.generate import N_FRAMES, write_segment
from tasks.md17.molecules import MASSES, Molecule
from tasks.md17.published import CITATION, NAME, Published, published_arrays
from tasks.md17.rmd17 import KCAL_PER_MOL

FAMILY = "md17-dft"

N_BLOCKS = sum(map(len, SPLITS.values()))

#: Å/fs. No atom is as fast: the thermal speed of hydrogen at 500 K is 0.02 in each direction, and
#: the fastest among the neighbouring frames of three molecules in rMD17 has 0.1.
MAX_SPEED = 0.25

#: Atoms do what the forces of the file say, but for the thermostat. *Measured* in rMD17: the rms of
#: second differences is 0.99 to 1.04 times what forces give, and their correlation 0.96 to 0.99.
SIZE, CORRELATION = 1.3, 0.8

#: Bonds go by the mean of distances in every so many frames of the training segments.
BOND_STRIDE = 100


def blocks(frames: int) -> list[range]:
    """Give the frames of each segment: in the order of time train, validation, test.

    Twelve blocks of 5,000 frames, the first at the start, the last at the end, the others evenly
    between. Of the shortest trajectory (99,999 frames) they are 3,636 frames apart.
    """
    starts = [number * (frames - N_FRAMES) // (N_BLOCKS - 1) for number in range(N_BLOCKS)]
    return [range(start, start + N_FRAMES) for start in starts]


def origin(molecule: Published, family: Path) -> Origin:
    """Give what the cards of a molecule say besides it."""
    return Origin(
        family=FAMILY,
        folder=family,
        about=f"The real MD17: PBE+vdW-TS dynamics at 500 K with a thermostat, {N_FRAMES:,} frames "
        f"of {molecule.time_step:g} fs a segment, blocks of one trajectory of "
        f"{molecule.frames:,} frames. Velocities and forces are differences of positions, so that "
        "forces include the thermostat's friction.",
        citations=(WINKLER, CITATION),
        generator=f"python -m benchmark data fetch {NAME} --molecule {molecule.molecule}",
        time_step=molecule.time_step,
        ranked=False,
    )


def make_tasks(molecule: Published, path: Path, root: Path) -> list[Task]:
    """Make the four tasks of a molecule from its file.

    Parameters
    ----------
    molecule : Published
    path : Path
        Of the fetched file.
    root : Path
        The folder of the user's own tasks; they go into its family ``md17-dft``.

    Raises
    ------
    InputError
        If the file is not the published one, its frames are not in the order of time, or the
        tasks cannot be written.
    """
    arrays = published_arrays(path, molecule)
    numbers, positions = arrays["z"].astype(np.int64), arrays["R"]
    found = blocks(molecule.frames)
    for block in found:
        _check_order(positions, block, molecule, path)
        _check_forces(arrays, block, molecule, path)
    family = root / FAMILY
    files = [piece.file for split in pieces(molecule.molecule).values() for piece in split]
    train = [frame for block in found[: len(SPLITS["train"])] for frame in block[::BOND_STRIDE]]
    moving = Molecule(molecule.molecule, numbers, positions[train])
    try:
        for file, block in zip(files, found, strict=True):
            metadata = {
                "molecule": molecule.molecule,
                "source": molecule.file.url,
                "first_frame": block.start,
                "time_step_fs": molecule.time_step,
                "resolution_angstrom": RESOLUTION,
            }
            write_segment(family / "data" / file, positions[block.start : block.stop], metadata)
        return freeze(moving, origin(molecule, family))
    except OSError as error:
        raise InputError(f"cannot write into {family}: {error.strerror or error}") from error


def _check_order(
    positions: NDArray[np.float64], block: range, molecule: Published, path: Path
) -> None:
    """Refuse frames that no dynamics could have made one after the other."""
    steps = np.diff(positions[block.start : block.stop], axis=0)
    speeds = np.linalg.norm(steps, axis=-1).max(axis=1) / molecule.time_step  # Å/fs
    if speeds.max() > MAX_SPEED:
        frame = block.start + int(speeds.argmax())
        raise InputError(
            f"{path}: an atom moves at {speeds.max():.2g} Å/fs between the frames {frame:,} and "
            f"{frame + 1:,}: they do not follow each other in time, or are not "
            f"{molecule.time_step:g} fs apart"
        )


def _check_forces(
    arrays: dict[str, NDArray[np.float64]], block: range, molecule: Published, path: Path
) -> None:
    """Refuse frames whose second differences are not what forces do to atoms in a time step.

    A file may hold no forces, which are zeros then: tasks use positions only.
    """
    frames = slice(block.start, block.stop)
    forces = arrays["F"][frames] if arrays["F"].shape == arrays["R"].shape else np.zeros(0)
    if not forces.any():
        return
    masses = np.array([MASSES[int(z)] for z in arrays["z"]])
    moved = Motion(arrays["R"][frames], None, KCAL_PER_MOL * forces, masses, molecule.time_step).of(
        "forces"
    )
    if not 1 / SIZE <= moved.size <= SIZE:
        raise InputError(
            f"{path}: atoms are accelerated {moved.size:.2g} times as much as its forces would do "
            f"in frames {block.start:,} to {block.stop - 1:,}: frames are not "
            f"{molecule.time_step:g} fs apart, or forces not in kcal/mol/Å"
        )
    if moved.correlation < CORRELATION:
        raise InputError(
            f"{path}: atoms are not accelerated as its forces would do in frames {block.start:,} "
            f"to {block.stop - 1:,} (correlation {moved.correlation:.2g}): frames do not follow "
            "each other in time, or forces are those of other frames, or gradients"
        )
