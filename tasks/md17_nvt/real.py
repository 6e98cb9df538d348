"""Measure the thermostat of the real MD17 on neighbouring frames in files of rMD17.

    python -m tasks.md17_nvt.real rmd17_uracil.npz rmd17_paracetamol.npz

Where three neighbouring frames are there, positions and forces tell the friction ξ of the middle
one; where two such triples follow each other, they tell its law,

    dξ/dt = ω² (2K/kT − g) / 3N,        T = 500 K,

as a straight line in the kinetic energy K. A chain of thermostats would not lie on a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from tabulate import tabulate

from benchmark.errors import InputError
from tasks.making.pieces import bad_input
from tasks.md17.dynamics import BOLTZMANN, EV_PER_U_A2_FS2
from tasks.md17.generate import TEMPERATURE
from tasks.md17.rmd17 import SparseTrajectory, read_rmd17
from tasks.md17_nvt.residuals import Residuals
from tasks.md17_nvt.thermostats import friction_spread

#: A line needs more pairs than it has parameters.
LEAST_PAIRS = 3


@dataclass(frozen=True)
class Law:
    """The line through changes of ξ against kinetic energies.

    Attributes
    ----------
    pairs : int
        Of neighbouring triples.
    frequency : float
        ω, 1/fs.
    modes : float
        g.
    correlation : float
        Of dξ/dt with K.
    """

    pairs: int
    frequency: float
    modes: float
    correlation: float


def neighbours(trajectory: SparseTrajectory) -> tuple[NDArray[np.int64], Residuals]:
    """Find the frames whose neighbours are both there: their times, and what forces leave."""
    places = np.stack([trajectory.index(trajectory.times + shift) for shift in (-1, 0, 1)])
    places = places[:, (places >= 0).all(0)]
    found = Residuals.at(
        trajectory.positions[places],
        trajectory.forces[places[1]],
        trajectory.masses,
        trajectory.molecule.time_step,
    )
    return trajectory.times[places[1]], found


def law(times: NDArray[np.int64], found: Residuals, time_step: float) -> Law | None:
    """Fit the law of ξ to pairs of neighbouring frames; None where there are too few."""
    first = np.flatnonzero(np.diff(times) == 1)
    if len(first) < LEAST_PAIRS:
        return None
    kinetic = EV_PER_U_A2_FS2 * (found.masses[:, None] * found.velocities**2).sum((1, 2))
    doubled = kinetic / (BOLTZMANN * TEMPERATURE)  # 2K/kT
    between = (doubled[first] + doubled[first + 1]) / 2
    change = np.diff(found.friction)[first] / time_step
    slope, offset = np.polyfit(between, change, 1)
    frequency = float(np.sqrt(max(slope, 0.0) * 3 * len(found.masses)))
    correlation = float(np.corrcoef(between, change)[0, 1])
    return Law(len(first), frequency, float(-offset / slope), correlation)


def row(path: Path) -> dict[str, str]:
    """Say of a file what its thermostat is like."""
    trajectory = read_rmd17(path)
    times, found = neighbours(trajectory)
    atoms = len(trajectory.numbers)
    cells = {
        "molecule": trajectory.molecule.molecule,
        "3N": str(3 * atoms),
        "triples": str(len(times)),
    }
    if len(times):
        cells["ξ rms, ω/√3N (1/fs)"] = (
            f"{np.sqrt(np.mean(found.friction**2)):.3f}, {friction_spread(atoms):.3f}"
        )
        cells["force beside ξ (eV/Å)"] = f"{found.unexplained:.1e}"
    if line := law(times, found, trajectory.molecule.time_step):
        cells["pairs"] = str(line.pairs)
        cells["ω (1/fs)"] = f"{line.frequency:.4f}"
        cells["g"] = f"{line.modes:.1f}"
        cells["correlation"] = f"{line.correlation:.5f}"
    return cells


def main(
    files: Annotated[list[Path], typer.Argument(help="files of rMD17, .npz")],
) -> None:
    """Measure the thermostat of MD17. Example: python -m tasks.md17_nvt.real rmd17_uracil.npz."""
    try:
        rows = [row(path) for path in files]
    except InputError as error:
        bad_input(str(error))
    keys = max(rows, key=len)
    filled = [{key: one.get(key, "") for key in keys} for one in rows]
    typer.echo(tabulate(filled, "keys", tablefmt="pipe", disable_numparse=True))


if __name__ == "__main__":
    typer.run(main)
