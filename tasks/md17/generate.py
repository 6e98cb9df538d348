"""Make the segments of `md17-xtb`: eight molecules, GFN2-xTB, 500 K, every step of 0.5 fs.

    python -m tasks.md17.generate --workers 2

One Parquet piece a segment appears in `tasks/md17/data/segments` the moment it is done. Pieces that
are there already are skipped, so an interrupted command is simply given again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from benchmark.tracks.superresolution.data import (
    METADATA_KEY,
    RESOLUTION,
    folded_differences,
    unpacked,
)
from tasks.making.pieces import (
    WorkUnit,
    bad_input,
    parse_indices,
    require,
    run_units,
    write_table,
)
from tasks.md17.dynamics import (
    BOLTZMANN,
    Array,
    Potential,
    Trajectory,
    langevin,
    remove_rigid_motion,
    velocity_verlet,
    xtb_potential,
)
from tasks.md17.molecules import GEOMETRIES, Molecule, load_molecule

if TYPE_CHECKING:
    import pyarrow as pa

N_SEGMENTS = 12  # a molecule: 8 train, 1 validation, 3 test
N_FRAMES = 5_000  # a segment: 2.5 ps
TIME_STEP = 0.5  # fs
TEMPERATURE = 500.0  # K
ACCURACY = 0.1  # tblite's; see `xtb_potential`

# Every segment is equilibrated by itself, from the minimum with fresh random velocities, so that
# no two share a history. 2 ps are 20 relaxation times of the thermostat. It is a Langevin one: it
# heats each vibration separately, whereas rescaling would leave the stiff ones where they started,
# since in so short a time a molecule hardly exchanges energy between them.
N_EQUILIBRATION = 4_000  # steps: 2 ps
FRICTION = 0.01  # 1/fs

SEED = 17_000_000
BROKEN_BOND = 0.8  # Å beyond the minimum: no longer the molecule its name says
DEFAULT_OUT = Path(__file__).parent / "data" / "segments"

app = typer.Typer(add_completion=False)


def segment_seed(name: str, segment: int) -> int:
    """Return the seed of a segment, different for every (molecule, segment)."""
    return SEED + 1_000 * list(GEOMETRIES).index(name) + segment


def conditions(molecule: Molecule) -> dict[str, Any]:
    """Say how every segment of a molecule is made."""
    return {
        "atomic_numbers": molecule.numbers.tolist(),
        "masses_u": molecule.masses.tolist(),
        "time_step_fs": TIME_STEP,
        "resolution_angstrom": RESOLUTION,
        "target_temperature_K": TEMPERATURE,
        "method": "GFN2-xTB",
        "accuracy": ACCURACY,
    }


def make_segment(
    path: Path,
    name: str,
    segment: int,
    n_frames: int = N_FRAMES,
    n_equilibration: int = N_EQUILIBRATION,
) -> None:
    """Equilibrate, run at constant energy, and write one piece.

    The velocities left by the thermostat are kept but for translation and rotation, so energies
    follow the canonical ensemble: the temperature of a single segment scatters about 500 K by
    ``1/sqrt(3 atoms - 6)``, 22 % for ethanol, as it must.

    Parameters
    ----------
    path
        File to write.
    name
        One of `GEOMETRIES`.
    segment
        Number of the segment; with `name`, it gives the seed.
    n_frames, n_equilibration
        Recorded frames and steps of the thermostat, both of `TIME_STEP`.

    Raises
    ------
    RuntimeError
        If a bond broke.
    """
    molecule, seed = load_molecule(name), segment_seed(name, segment)
    potential = xtb_potential(molecule.numbers, molecule.positions, ACCURACY)
    x, v = equilibrated(molecule, potential, np.random.default_rng(seed), n_equilibration)
    trajectory = velocity_verlet(
        potential, x, v, molecule.masses, time_step=TIME_STEP, n_frames=n_frames
    )
    metadata = {
        "molecule": name,
        "segment": segment,
        "seed": seed,
        "equilibration_steps": n_equilibration,
        "max_bond_stretch_angstrom": unbroken_stretch(molecule, trajectory.positions, path.stem),
        **conditions(molecule),
        **energy_summary(trajectory),
        **versions(),
    }
    write_segment(path, trajectory.positions, metadata)


def equilibrated(
    molecule: Molecule, potential: Potential, rng: np.random.Generator, n_steps: int
) -> tuple[Array, Array]:
    """Take a molecule from its minimum to `TEMPERATURE`; it neither moves nor turns as a whole.

    Returns
    -------
    positions, velocities : float64 arrays of shape (atoms, 3)
        Å about the centre of mass, Å/fs.
    """
    x, v = langevin(
        potential,
        molecule.positions,
        molecule.masses,
        temperature=TEMPERATURE,
        friction=FRICTION,
        time_step=TIME_STEP,
        n_steps=n_steps,
        rng=rng,
    )
    x = x - molecule.masses @ x / molecule.masses.sum()
    return x, remove_rigid_motion(x, v, molecule.masses)


def energy_summary(trajectory: Trajectory) -> dict[str, float]:
    """Return extremes and drift of the total energy, and the mean temperature.

    The drift is the slope of a straight line through the total energy, in meV/ps/atom; the
    temperature is 2⟨K⟩/(3N-6)k, as translation and rotation were removed.
    """
    n_frames, n_atoms, _ = trajectory.positions.shape
    total = trajectory.potential + trajectory.kinetic
    time = np.arange(n_frames) * TIME_STEP * 1e-3  # ps
    slope = np.polyfit(time, total - total[0], 1)[0]  # eV/ps
    n_modes = 3 * n_atoms - 6
    return {
        "total_energy_min_eV": float(total.min()),
        "total_energy_max_eV": float(total.max()),
        "drift_meV_per_ps_per_atom": float(slope * 1e3 / n_atoms),
        "mean_temperature_K": float(2 * trajectory.kinetic.mean() / (n_modes * BOLTZMANN)),
    }


def longest_stretch(molecule: Molecule, positions: NDArray[np.float64]) -> float:
    """Return by how many Å any bond ever exceeds its length at the minimum.

    `positions` has shape (frames, atoms, 3).
    """
    i, j = molecule.bonds.T
    lengths = np.linalg.norm(positions[:, i] - positions[:, j], axis=-1)  # (frames, bonds)
    at_minimum = np.linalg.norm(molecule.positions[i] - molecule.positions[j], axis=-1)
    return float((lengths - at_minimum).max())


def unbroken_stretch(molecule: Molecule, positions: NDArray[np.float64], segment: str) -> float:
    """Return the longest stretch of a segment's bonds in Å; RuntimeError if one broke."""
    stretch = longest_stretch(molecule, positions)
    if not stretch < BROKEN_BOND:
        raise RuntimeError(f"{segment}: a bond is {stretch:.2f} Å longer than at the minimum")
    return stretch


def write_segment(path: Path, positions: NDArray[np.float64], metadata: dict[str, Any]) -> None:
    """Write positions (frames, atoms, 3) in Å, packed as `metadata` says.

    One column a coordinate (`x0`, `y0`, `z0`, `x1`, …), integers of ``resolution_angstrom``:
    neighbouring values are then consecutive frames of one smooth curve, which delta encoding packs
    into a third of the space. Higher ``differences`` along time, which become smaller from one to
    the next down to where a curve's noise begins, need another third less, if they are asked for.
    """
    import pyarrow as pa  # slow to load

    counts = np.rint(positions / metadata["resolution_angstrom"]).astype(np.int32)
    columns = counts.reshape(len(positions), -1).T
    encoding: dict[str, Any] = {"column_encoding": "DELTA_BINARY_PACKED"}
    if order := metadata.get("differences", 0):
        columns = folded_differences(columns.T, order).T
        encoding = {"use_byte_stream_split": True}
    names = [f"{axis}{atom}" for atom in range(positions.shape[1]) for axis in "xyz"]
    table: pa.Table = pa.table(dict(zip(names, columns, strict=True)))
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(metadata).encode()})
    write_table(table, path, use_dictionary=False, **encoding)


def read_segment(path: Path) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Return the positions in Å, float64 of shape (frames, atoms, 3), and the metadata."""
    import pyarrow.parquet as pq  # slow to load

    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[METADATA_KEY])
    counts = unpacked(table).reshape(table.num_rows, -1, 3)
    return counts.astype(np.float64) * RESOLUTION, metadata


def describe_segment(path: Path) -> str:
    """Return one line about a finished piece."""
    import pyarrow.parquet as pq  # slow to load

    file = pq.ParquetFile(path)
    data = json.loads(file.schema_arrow.metadata[METADATA_KEY])
    return (
        f"{data['mean_temperature_K']:.0f} K, drift {data['drift_meV_per_ps_per_atom']:+.4f} "
        f"meV/ps/atom, longest stretch {data['max_bond_stretch_angstrom']:.2f} Å, "
        f"{path.stat().st_size / file.metadata.num_rows:.0f} bytes/frame"
    )


def versions() -> dict[str, str]:
    """Return the versions of what the numbers of a segment depend on."""
    from importlib.metadata import version  # slow to load

    return {"tblite_version": version("tblite"), "numpy_version": version("numpy")}


@app.command(epilog="Example: python -m tasks.md17.generate -m ethanol --segments 0-3 --workers 2")
def main(
    molecules: Annotated[
        list[str] | None,
        typer.Option("--molecules", "-m", help="A molecule; may be repeated. Default: all."),
    ] = None,
    segments: Annotated[str, typer.Option(help="Segments, e.g. 0-3,7.")] = f"0-{N_SEGMENTS - 1}",
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with one thread.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder of the pieces.")] = DEFAULT_OUT,
) -> None:
    """Generate the GFN2-xTB segments of md17-xtb; pieces already there are skipped."""
    require("tblite")
    names = molecules or list(GEOMETRIES)
    for name in names:
        if name not in GEOMETRIES:
            bad_input(f'no molecule "{name}": available are {", ".join(GEOMETRIES)}')
    # Segments vary slowest, so that a first segment of every molecule is there soon.
    units = [
        WorkUnit(out / f"{name}-{segment:02d}.parquet", (name, segment))
        for segment in parse_indices(segments, N_SEGMENTS, "--segments")
        for name in names
    ]
    raise typer.Exit(run_units(units, make_segment, describe_segment, workers))


if __name__ == "__main__":
    app()
