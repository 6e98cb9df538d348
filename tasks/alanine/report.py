"""Print the tables and draw the figures of this family's README from the frozen runs.

python -m tasks.alanine.report
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from tabulate import tabulate

from benchmark.console.plots import INK, MUTED, PALETTE, STYLE
from benchmark.files import atomic
from benchmark.registry import find_task
from benchmark.tracks.kinetics.metrics.errors import cycle_mfpt, held
from tasks.alanine.freeze import (
    FRAME,
    HOLD,
    REFERENCE,
    REPLICA_RUNS,
    TRAIN,
    Spec,
    read_runs,
    specs,
)
from tasks.alanine.generate import RESOLUTION
from tasks.alanine.partitions import (
    BASINS,
    CORE_CELL,
    LEFT_PSI,
    OBSERVED,
    POSITIVE_PHI,
    RIGHT_PSI,
    Angles,
    Labels,
    States,
    free_energy,
    read_states,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = Path(__file__).parent / "figures"

#: Frames between saved frames in the figure of recrossings: 0.1 ps to 20 ps.
INTERVALS = (1, 2, 5, 10, 20, 50, 100, 200)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def passages(spec: Spec, runs: Sequence[Angles]) -> tuple[Floats, Counts]:
    """Give MFPTs (ps) between the observed basins, as a model is measured, and their events."""
    observable = np.array(spec.partition.observable, np.uint8)
    K = int(observable.max()) + 1
    chains = held([observable[spec.label(run)] for run in runs], K, spec.frames(HOLD))
    mfpt, events = cycle_mfpt(chains, K)
    return mfpt * spec.frame_time, events


def sign_changes(runs: Sequence[Angles], interval: int) -> float:
    """Count changes of the sign of φ per ns, seen every ``interval`` frames: no cores, no hold."""
    signs = [run[::interval, 0] > 0 for run in runs]
    changes = sum(int(np.count_nonzero(sign[1:] != sign[:-1])) for sign in signs)
    return changes / (sum(map(len, runs)) * FRAME / 1000)


def core_crossings(chains: Sequence[Labels]) -> int:
    """Count the jumps between the cores of φ < 0 (β, αR) and those of φ > 0 (αL, γ)."""
    sides = [chain >= BASINS.index("αL") for chain in chains]
    return sum(int(np.count_nonzero(side[1:] != side[:-1])) for side in sides)


def core_table(chains: Sequence[Labels]) -> str:
    """Tabulate the MFPTs between the four cores, in ns."""
    mfpt, events = cycle_mfpt(chains, len(BASINS))
    rows = []
    for i, name in enumerate(BASINS):
        cells = {"from \\ to": name}
        for j, other in enumerate(BASINS):
            text = "–"
            if i != j:
                value, n = mfpt[i, j] * FRAME / 1000, int(events[i, j])
                text = f"{value:.3g} ± {100 / math.sqrt(max(n, 1)):.0f} % ({n:,})"
            cells[other] = text
        rows.append(cells)
    return tabulate(rows, "keys", tablefmt="pipe")


def replica_table(spec: Spec, runs: Sequence[Angles]) -> str:
    """Tabulate ln(MFPT of a replica / of the reference), in standard errors 1/√n of both."""
    reference, n_reference = passages(spec, [runs[run] for run in REFERENCE])
    rows = []
    for replica in range(len(TRAIN) // REPLICA_RUNS):
        first = TRAIN[replica * REPLICA_RUNS]
        mfpt, n = passages(spec, runs[first : first + REPLICA_RUNS])
        row: dict[str, str | int] = {"replica": replica}
        for i, j in np.argwhere(~np.eye(len(OBSERVED), dtype=bool)):
            error = math.sqrt(1 / max(n[i, j], 1) + 1 / n_reference[i, j])
            sigmas = math.log(mfpt[i, j] / reference[i, j]) / error
            row[f"{OBSERVED[i]} → {OBSERVED[j]}"] = f"{sigmas:+.1f}σ (n = {n[i, j]})"
        rows.append(row)
    return tabulate(rows, "keys", tablefmt="pipe")


def partition_table(all_specs: Sequence[Spec], runs: Sequence[Angles]) -> str:
    """Tabulate how far the reference of each task lies from that of the finest cores.

    The rms over pairs of ln(m/m₀); ``phi20`` knows only φ > 0 and the rest, so there m₀ is that
    of the cores, merged likewise.
    """
    reference = [runs[run] for run in REFERENCE]
    finest = next(spec for spec in all_specs if spec.name == "cored4-0.1ps")
    merged = [int(state == 2) for state in finest.partition.observable]
    rows: dict[str, dict[str, str]] = {}
    for spec in all_specs:
        found, _ = passages(spec, reference)
        base = finest
        if len(found) == 2:
            base = Spec(replace(finest.partition, observable=merged), 1)
        truth, _ = passages(base, reference)
        other = ~np.eye(len(found), dtype=bool)
        error = float(np.sqrt(np.mean(np.log(found[other] / truth[other]) ** 2)))
        row = rows.setdefault(spec.partition.name, {"partition": f"`{spec.partition.name}`"})
        row[f"{spec.frame_time:g} ps"] = f"{error:.2f}"
    return tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def scale_table(names: Sequence[str]) -> str:
    """Tabulate E₀/f of every metric that may count; in brackets where it is too small to."""
    rows = []
    for name in names:
        metrics = find_task(f"alanine/{name}").card.metrics
        grouped = {key: scale for key, scale in metrics.items() if scale.group}
        cells = {"task": f"`{name}`"}
        for key, scale in grouped.items():
            ratio = f"{scale.ratio:,.2g}" if scale.ratio < 100 else f"{scale.ratio:,.0f}"
            cells[f"`{key}`"] = ratio if scale.counts else f"({ratio})"
        rows.append(cells)
    return tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def draw_ramachandran(runs: Sequence[Angles], states: States) -> Figure:
    """Draw the free energy of (φ, ψ) with basins and cores."""
    from matplotlib.figure import Figure  # slow to load

    cell = 3.0
    energy = free_energy(np.concatenate(runs), cell)
    ticks = -180 + cell / 2 + cell * np.arange(len(energy)) - RESOLUTION / 2
    figure = Figure(figsize=(6.2, 5.2), layout="constrained")
    axis = figure.subplots()
    shown = axis.contourf(ticks, ticks, np.where(np.isfinite(energy), energy, np.nan).T,
                          levels=np.arange(0, 12.1, 1.0), cmap="Greys_r", extend="max")  # fmt: skip
    figure.colorbar(shown, ax=axis, label="free energy (kT)")
    inside = np.repeat(np.repeat(states.cores, 10, 0), 10, 1)
    fine = -180 + (np.arange(len(inside)) + 0.5) * CORE_CELL / 10
    for label, name in enumerate(BASINS):
        mask = (inside == label).astype(float)
        axis.contour(fine, fine, mask.T, levels=[0.5], colors=[PALETTE[label]], linewidths=2)
        axis.plot([], [], color=PALETTE[label], linewidth=2, label=f"core of {name}")
    low, high = POSITIVE_PHI
    axis.vlines([low, high], -180, 180, color=MUTED, linestyle="--", linewidth=1)
    axis.hlines(LEFT_PSI, low, high, color=MUTED, linestyle="--", linewidth=1)
    for start, stop in ((-180, low), (high, 180)):
        axis.hlines(RIGHT_PSI, start, stop, color=MUTED, linestyle="--", linewidth=1)
    ticks_shown = range(-180, 181, 60)
    axis.set(xlim=(-180, 180), ylim=(-180, 180), xticks=ticks_shown, yticks=ticks_shown,
             xlabel="φ (°)", ylabel="ψ (°)", title="basins (dashed) and cores")  # fmt: skip
    axis.legend(loc="lower right", frameon=True, framealpha=0.9)
    return figure


def draw_recrossings(rates: dict[float, float], true: float) -> Figure:
    """Draw apparent crossings of φ = 0 per ns against the saving interval in ps."""
    from matplotlib.figure import Figure  # slow to load

    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    axis = figure.subplots()
    axis.plot(list(rates), list(rates.values()), "o-", color=PALETTE[0])
    axis.axhline(true, color=PALETTE[1], linewidth=1.5)
    axis.annotate("changes of the sign of φ", (0.35, list(rates.values())[1] * 1.2), color=INK)
    axis.annotate("crossings between cores", (0.1, true * 1.12), color=PALETTE[1])
    axis.set(xscale="log", yscale="log", xlabel="saving interval (ps)", ylabel="per ns",
             title="the saving interval decides what “the rate” is")  # fmt: skip
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, atomically."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # slow to load

    FigureCanvasSVG(figure)
    with atomic(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    typer.echo(f"drawn: {path}")


def main(
    out: Annotated[Path, typer.Option(help="folder of the figures")] = FIGURES,
) -> None:
    """Print the tables and draw the figures. Example: python -m tasks.alanine.report."""
    import matplotlib as mpl  # slow to load

    runs, states = read_runs(), read_states()
    reference = [runs[run] for run in REFERENCE]
    all_specs = specs(states)
    finest = next(spec for spec in all_specs if spec.name == "cored4-0.1ps")
    chains = [finest.label(run) for run in reference]
    ns = sum(map(len, chains)) * FRAME / 1000
    crossings = core_crossings(chains)
    typer.echo(f"reference: {len(reference)} runs, {ns:.0f} ns, {crossings} crossings of φ ≈ 0")
    typer.echo(f"\nMFPT between the four cores, ns ± 1/√n (n passages)\n\n{core_table(chains)}")
    macro = next(spec for spec in all_specs if spec.name == "macro4-0.1ps")
    typer.echo(f"\ntraining replicas against the reference, macro4-0.1ps, held {HOLD:g} ps\n")
    typer.echo(replica_table(macro, runs))
    typer.echo("\nrms ln(MFPT of a task's reference / of cored4-0.1ps)\n")
    typer.echo(partition_table(all_specs, runs))
    rates = {interval * FRAME: sign_changes(reference, interval) for interval in INTERVALS}
    typer.echo("\nchanges of the sign of φ per ns, by saving interval\n")
    typer.echo(tabulate([rates], "keys", tablefmt="pipe", floatfmt=".2f"))
    typer.echo(f"\ncrossings between cores: {crossings / ns:.2f} per ns")
    typer.echo(f"\nE₀/f\n\n{scale_table([spec.name for spec in all_specs])}")
    with mpl.rc_context(STYLE):
        save(draw_ramachandran(reference, states), out / "ramachandran.svg")
        save(draw_recrossings(rates, crossings / ns), out / "recrossings.svg")


if __name__ == "__main__":
    typer.run(main)
