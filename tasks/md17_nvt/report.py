"""Print the tables and draw the figure of this family's README from the frozen segments.

python -m tasks.md17_nvt.report
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track
from tabulate import tabulate

from benchmark.console.plots import INK, MUTED, PALETTE, drawn
from benchmark.registry import find_task
from benchmark.tracks.superresolution import data
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS
from benchmark.tracks.superresolution.metrics.errors import error_by_place
from tasks.making.pieces import require
from tasks.making.tables import scale_table
from tasks.md17.dynamics import BOLTZMANN, EV_PER_U_A2_FS2
from tasks.md17.generate import N_SEGMENTS, TEMPERATURE, TIME_STEP, read_segment
from tasks.md17.molecules import Molecule, load_molecule
from tasks.md17.report import interpolation_errors
from tasks.md17_nvt.floor import bridge_spread
from tasks.md17_nvt.freeze import GAPS
from tasks.md17_nvt.generate import BATHS, MOLECULES, Bath, segment_path
from tasks.md17_nvt.residuals import Residuals, residuals
from tasks.md17_nvt.thermostats import friction_spread, thermal_speed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE = Path(__file__).parent / "figures" / "thermostats.svg"

#: Frames of a segment at which forces are computed anew.
SAMPLED = slice(12, None, 25)
#: fs of friction that are drawn.
SHOWN = 300.0

Floats = NDArray[np.float64]


def dynamics_row(molecule: Molecule, bath: Bath) -> dict[str, str]:
    """Say what came of a thermostat: temperature, friction or kicks, the motion of the whole."""
    read = [
        read_segment(segment_path(molecule.name, bath.name, number)) for number in range(N_SEGMENTS)
    ]
    found = [residuals(x, molecule, np.arange(len(x))[SAMPLED][:-1]) for x, _ in read]
    together = Residuals(
        np.concatenate([one.lacking for one in found]),
        np.concatenate([one.velocities for one in found]),
        molecule.masses,
    )
    temperatures = np.array([facts["mean_temperature_K"] for _, facts in read])
    row = {
        "molecule, thermostat": f"{molecule.name}, `{bath.name}`",
        "temperature (K)": f"{temperatures.mean():.0f} "
        f"({temperatures.min():.0f} … {temperatures.max():.0f})",
        "ξ rms (1/fs), expected": "",
        "force beside ξ (eV/Å)": f"{together.unexplained:.2g}",
        "kicks: sd, kurtosis": "",
        "momentum at the end, expected": momentum([x for x, _ in read], molecule, bath),
        "longest stretch (Å)": f"{max(f['max_bond_stretch_angstrom'] for _, f in read):.2f}",
    }
    if bath.friction is None:
        spread = friction_spread(len(molecule.numbers))
        row["ξ rms (1/fs), expected"] = (
            f"{np.sqrt(np.mean(together.friction**2)):.4f}, {spread:.4f}"
        )
    else:
        kicks = together.kicks(bath.friction)
        kurtosis = (kicks**4).mean() / (kicks**2).mean() ** 2
        row["kicks: sd, kurtosis"] = f"{kicks.std():.3f}, {kurtosis:.2f}"
    return row


def momentum(segments: list[Floats], molecule: Molecule, bath: Bath) -> str:
    """Rms momentum of the whole at the end, in units of its thermal one, and what it should be."""
    masses = molecule.masses
    squares = [
        np.sum((masses @ (x[-1] - x[-2]) / TIME_STEP) ** 2) / (3 * masses.sum()) for x in segments
    ]
    thermal = BOLTZMANN * TEMPERATURE / EV_PER_U_A2_FS2
    elapsed = TIME_STEP * len(segments[0])
    expected = 0.0 if bath.friction is None else np.sqrt(1 - np.exp(-2 * bath.friction * elapsed))
    return f"{np.sqrt(np.mean(squares) / thermal):.2f}, {expected:.2f}"


def interpolation_rows() -> list[dict[str, str]]:
    """Tabulate what interpolators miss at scored frames, mÅ, and f, a row a task."""
    rows = []
    for name in MOLECULES:
        for bath in BATHS:
            for gap in GAPS:
                task = find_task(f"md17-xtb-nvt/{name}-{bath}-k{gap}")
                segments = data.load(task, "test")
                row = {"task": f"`{task.card.name}`"}
                for model in INTERPOLANTS:
                    _, scored = interpolation_errors(segments, gap, model)
                    row[f"`{model.name}`"] = f"{1000 * scored:.3g}"
                floor = task.card.metrics["mae"].floor
                row["f"] = f"{1000 * floor:.3g}" if floor else "–"
                rows.append(row)
    return rows


def draw_thermostats(figure: Figure) -> None:
    """Draw the friction of a segment, and what is missed by place in the gap beside the floor."""
    axes = figure.subplots(1, 3, width_ratios=[1.2, 1, 1])
    _friction(axes[0], load_molecule(MOLECULES[0]))
    for axis, gap in zip(axes[1:], GAPS, strict=True):
        _places(axis, load_molecule(MOLECULES[0]), gap)
    axes[1].set_ylabel("mean absolute error (mÅ)")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower right", ncols=4)


def _friction(axis: Axes, molecule: Molecule) -> None:
    """Draw ξ(t) at the start of the first segment, as the identities see it."""
    positions, _ = read_segment(segment_path(molecule.name, "global", 0))
    frames = np.arange(1, int(SHOWN / TIME_STEP))
    axis.plot(frames * TIME_STEP, residuals(positions, molecule, frames).friction, color=PALETTE[0],
              linewidth=1.1)  # fmt: skip
    spread = friction_spread(len(molecule.numbers))
    axis.axhspan(-spread, spread, color=MUTED, alpha=0.18, linewidth=0)
    axis.axhline(0, color=MUTED, linewidth=0.7, zorder=0)
    axis.set(xlim=(0, SHOWN), xlabel="time (fs)", ylabel="ξ (1/fs)",
             title=f"{molecule.name}, global: friction; shade ± ω/√3N")  # fmt: skip


def _places(axis: Axes, molecule: Molecule, gap: int) -> None:
    """Draw the error of quintic Hermite interpolation by place, and what kicks leave unknown."""
    hermite5 = next(model for model in INTERPOLANTS if model.name == "hermite5")
    place = np.arange(gap + 1)
    for colour, bath in zip(PALETTE, BATHS.values(), strict=False):
        task = find_task(f"md17-xtb-nvt/{molecule.name}-{bath.name}-k{gap}")
        truth = [segment.cut(gap) for segment in data.load(task, "test")]
        filled = [hermite5.reconstruct(one.coarse(gap, hermite5.reads)) for one in truth]
        missed = 1000 * error_by_place(filled, truth, gap)
        axis.plot(place[1:-1], missed[1:-1], "o-", color=colour, markersize=3, label=bath.name)
        if bath.friction is not None:
            spread = bridge_spread(gap, bath.friction, TIME_STEP)[2:-2]
            speed = thermal_speed(molecule.masses, TEMPERATURE).mean()
            axis.plot(place[2:-2], 1000 * np.sqrt(2 / np.pi) * spread * speed, "--", color=colour)
    axis.plot([], [], "--", color=INK, label="what kicks leave unknown")
    axis.set(yscale="log", xlabel="place in the gap", title=f"hermite5, k = {gap}")


def main(out: Annotated[Path, typer.Option(help="the figure")] = FIGURE) -> None:
    """Print the tables and draw the figure. Example: python -m tasks.md17_nvt.report."""
    require("tblite")
    made = [(load_molecule(name), bath) for name in MOLECULES for bath in BATHS.values()]
    rows = [dynamics_row(*one) for one in track(made, description="dynamics")]
    typer.echo(tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True))
    typer.echo("\nMAE of the scored frames of the test segments, and f, mÅ\n")
    typer.echo(tabulate(interpolation_rows(), "keys", tablefmt="pipe", disable_numparse=True))
    tasks = [
        find_task(f"md17-xtb-nvt/{molecule.name}-{bath.name}-k{gap}")
        for molecule, bath in made
        for gap in GAPS
    ]
    typer.echo(f"\nE₀ / f, Å\n\n{scale_table(tasks)}")
    with drawn(out, (10.5, 3.6)) as figure:
        draw_thermostats(figure)
    typer.echo(f"drawn: {out}")


if __name__ == "__main__":
    typer.run(main)
