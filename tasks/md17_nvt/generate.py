"""Make the segments of `md17-xtb-nvt`: two molecules, three thermostats, every step of 0.5 fs.

    python -m tasks.md17_nvt.generate

Everything but the thermostat is as in `tasks.md17.generate`: pieces are made one by one, and what
is there already is skipped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmark.tracks.superresolution.data import METADATA_KEY
from tasks.making.pieces import WorkUnit, bad_input, parse_indices, require, run_units
from tasks.md17.dynamics import BOLTZMANN, Array, kinetic_energy, xtb_potential
from tasks.md17.generate import (
    ACCURACY,
    N_EQUILIBRATION,
    N_FRAMES,
    N_SEGMENTS,
    TEMPERATURE,
    TIME_STEP,
    conditions,
    equilibrated,
    unbroken_stretch,
    versions,
    write_segment,
)
from tasks.md17.molecules import load_molecule
from tasks.md17_nvt.thermostats import (
    FREQUENCY,
    Kicks,
    NoseHoover,
    Thermostat,
    friction_spread,
    record,
)

MOLECULES = ("ethanol", "aspirin")
DEFAULT_OUT = Path(__file__).parent / "data" / "segments"
SEED = 2201_01195


@dataclass(frozen=True)
class Bath:
    """One of the thermostats, and how its segments are packed.

    Attributes
    ----------
    name : str
    friction : float or None
        γ of `Kicks`, 1/fs; None: one friction for all atoms, `NoseHoover`.
    resolution : float
        Å. Kicks are noise that no packing makes smaller: there the rounding is a fifth of the
        displacement of the heaviest atom by the kick of one step, or less. It adds at most 0.4 %
        to the variance of displacements by kicks, and 2 % to that of the kicks in accelerations.
    differences : int
        Those that make the smallest files.
    """

    name: str
    friction: float | None
    resolution: float
    differences: int

    def thermostat(self, masses: Array, rng: np.random.Generator) -> Thermostat:
        """Make the thermostat of a segment."""
        if self.friction is None:
            start = rng.normal() * friction_spread(len(masses))
            return NoseHoover(masses, TEMPERATURE, TIME_STEP, start)
        return Kicks(masses, TEMPERATURE, TIME_STEP, self.friction, rng)

    def modes(self, n_atoms: int, n_frames: int) -> float:
        """Mean number of moving degrees of freedom over a segment.

        No segment moves or turns as a whole at its start. One friction for all atoms leaves it so;
        kicks bring that motion back at the rate at which they bring any.
        """
        internal = 3 * n_atoms - 6
        if self.friction is None:
            return internal
        elapsed = TIME_STEP * np.arange(n_frames)
        return internal + 6 * float((1 - np.exp(-2 * self.friction * elapsed)).mean())


BATHS = {
    bath.name: bath
    for bath in (
        Bath("global", None, resolution=1e-6, differences=5),
        Bath("langevin-0.1", 1e-4, resolution=5e-6, differences=4),
        Bath("langevin-10", 1e-2, resolution=5e-5, differences=3),
    )
}


def segment_path(molecule: str, bath: str, number: int, folder: Path = DEFAULT_OUT) -> Path:
    """Give the file of a segment."""
    return folder / f"{molecule}-{bath}-{number:02d}.parquet"


def make_segment(
    path: Path,
    name: str,
    bath_name: str,
    segment: int,
    n_frames: int = N_FRAMES,
    n_equilibration: int = N_EQUILIBRATION,
) -> None:
    """Equilibrate, run under a thermostat, and write one piece.

    Parameters
    ----------
    path
        File to write.
    name
        One of `MOLECULES`.
    bath_name
        One of `BATHS`.
    segment
        Number of the segment; with the other two, it gives the seed.
    n_frames, n_equilibration
        Recorded frames and steps before them, both of `TIME_STEP`.

    Raises
    ------
    RuntimeError
        If a bond broke.
    """
    molecule, bath = load_molecule(name), BATHS[bath_name]
    seed = [SEED, MOLECULES.index(name), list(BATHS).index(bath_name), segment]
    rng = np.random.default_rng(seed)
    potential = xtb_potential(molecule.numbers, molecule.positions, ACCURACY)
    x, v = equilibrated(molecule, potential, rng, n_equilibration)
    positions = record(
        potential,
        x,
        v,
        molecule.masses,
        bath.thermostat(molecule.masses, rng),
        time_step=TIME_STEP,
        n_frames=n_frames,
    )
    metadata = {
        "molecule": name,
        "thermostat": bath_name,
        "segment": segment,
        "seed": seed,
        "equilibration_steps": n_equilibration,
        **conditions(molecule),
        "friction_per_fs": bath.friction,
        "friction_frequency_per_fs": FREQUENCY if bath.friction is None else None,
        "resolution_angstrom": bath.resolution,
        "differences": bath.differences,
        "max_bond_stretch_angstrom": unbroken_stretch(molecule, positions, path.stem),
        "mean_temperature_K": mean_temperature(positions, molecule.masses, bath),
        **versions(),
    }
    write_segment(path, positions, metadata)


def mean_temperature(positions: Array, masses: Array, bath: Bath) -> float:
    """Return 2⟨K⟩/nk in K, from central differences of positions (frames, atoms, 3) in Å.

    n is the mean number of moving degrees of freedom.
    """
    velocities = (positions[2:] - positions[:-2]) / (2 * TIME_STEP)
    kinetic = np.mean([kinetic_energy(one, masses) for one in velocities])
    return float(2 * kinetic / (bath.modes(len(masses), len(positions)) * BOLTZMANN))


def describe_segment(path: Path) -> str:
    """Return one line about a finished piece."""
    import pyarrow.parquet as pq  # slow to load

    file = pq.ParquetFile(path)
    data: dict[str, Any] = json.loads(file.schema_arrow.metadata[METADATA_KEY])
    return (
        f"{data['mean_temperature_K']:.0f} K, longest stretch "
        f"{data['max_bond_stretch_angstrom']:.2f} Å, "
        f"{path.stat().st_size / file.metadata.num_rows:.0f} bytes/frame"
    )


def main(
    molecules: Annotated[
        list[str] | None,
        typer.Option("--molecules", "-m", help="a molecule; may be repeated. Default: both"),
    ] = None,
    segments: Annotated[str, typer.Option(help="segments, e.g. 0-3,7")] = f"0-{N_SEGMENTS - 1}",
    workers: Annotated[int, typer.Option(min=1, help="processes, each with one thread")] = 1,
    out: Annotated[Path, typer.Option(help="folder of the pieces")] = DEFAULT_OUT,
) -> None:
    """Make the segments. Example: python -m tasks.md17_nvt.generate -m ethanol --segments 0-3."""
    require("tblite")
    names = molecules or list(MOLECULES)
    for name in names:
        if name not in MOLECULES:
            bad_input(f'no molecule "{name}": available are {", ".join(MOLECULES)}')
    units = [
        WorkUnit(segment_path(name, bath, segment, out), (name, bath, segment))
        for name in names
        for segment in parse_indices(segments, N_SEGMENTS, "--segments")
        for bath in BATHS
    ]
    raise typer.Exit(run_units(units, make_segment, describe_segment, workers))


if __name__ == "__main__":
    typer.run(main)
