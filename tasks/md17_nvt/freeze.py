"""Make the cards of `md17-xtb-nvt` from its segments: two molecules, three thermostats, two gaps.

python -m tasks.md17_nvt.generate    # the segments
python -m tasks.md17_nvt.freeze      # the cards, with E₀ of linear interpolation and f
"""

from __future__ import annotations

from pathlib import Path

import typer
from rich.progress import track

from tasks.making.pieces import bad_input
from tasks.md17.freeze import BANNWARTH, CLAIM, WINKLER, Origin, freeze
from tasks.md17.generate import N_FRAMES, N_SEGMENTS, TEMPERATURE, TIME_STEP
from tasks.md17.molecules import Molecule, load_molecule
from tasks.md17_nvt.floor import kick_floor
from tasks.md17_nvt.generate import BATHS, MOLECULES, Bath, segment_path

GAPS = (10, 20)
HOOVER = "Hoover, Phys. Rev. A 31, 1695 (1985)"
BUSSI = "Bussi, Parrinello, Phys. Rev. E 75, 056707 (2007)"

ABOUT = {
    "global": "one friction for all atoms, the Nosé–Hoover thermostat of the real MD17",
    "langevin-0.1": "Langevin dynamics, 0.1/ps: a weak kick for every atom and step",
    "langevin-10": "Langevin dynamics, 10/ps: a strong kick for every atom and step",
}


def origin(bath: Bath) -> Origin:
    """Give what the cards of a thermostat say besides the molecule and the gap."""

    def floor(molecule: Molecule, gap: int) -> float:
        if bath.friction is None:
            return CLAIM
        return kick_floor(molecule.masses, TEMPERATURE, gap, bath.friction, TIME_STEP)

    floor_is = (
        "the 1e-4 Å of the paper"
        if bath.friction is None
        else "what the kicks leave unknown of free particles between two kept frames"
    )
    return Origin(
        family="md17-xtb-nvt",
        folder=Path(__file__).parent,
        about=f"GFN2-xTB dynamics at 500 K under a thermostat, {ABOUT[bath.name]}; {N_FRAMES:,} "
        f"frames of {TIME_STEP} fs a segment, every segment independent. Forces are the "
        "accelerations that the atoms had, thermostat included.",
        citations=(WINKLER, BANNWARTH, HOOVER if bath.friction is None else BUSSI),
        generator="python -m tasks.md17_nvt.freeze",
        time_step=TIME_STEP,
        ranked=True,
        variant=bath.name,
        gaps=GAPS,
        floor=floor,
        floor_is=floor_is,
    )


def main() -> None:
    """Write all cards. Example: python -m tasks.md17_nvt.freeze."""
    files = [
        segment_path(name, bath, number)
        for name in MOLECULES
        for bath in BATHS
        for number in range(N_SEGMENTS)
    ]
    if missing := [path for path in files if not path.exists()]:
        bad_input(f"{len(missing)} segments are missing ({missing[0].name}): run the generator")
    made = [(name, bath) for name in MOLECULES for bath in BATHS.values()]
    for name, bath in track(made, description="segments"):
        for task in freeze(load_molecule(name), origin(bath)):
            typer.echo(f"{task.id} is frozen")


if __name__ == "__main__":
    typer.run(main)
