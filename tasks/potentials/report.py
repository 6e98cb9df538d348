"""Print the tables and draw the figure of this family's README from the frozen data.

python -m tasks.potentials.report
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmark.console.plots import MUTED, PALETTE, drawn
from benchmark.registry import find_task
from benchmark.task import Task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, load_replicas
from tasks.making.tables import scale_table
from tasks.oracles.hidden_chain import HiddenChain
from tasks.potentials.generate import SPECS
from tasks.potentials.lattice import hidden_chain
from tasks.potentials.pieces import START_SHARES
from tasks.potentials.potentials import DIAMOND4

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE = Path(__file__).parent / "figures" / "pieces.svg"

#: The relaxation of the starts is drawn up to 2¹³ frames: seven slowest relaxation times.
DOUBLINGS = 13

Floats = NDArray[np.float64]


def relaxation(chain: HiddenChain) -> Floats:
    """Exact share of each label 0, 1, 2, 4, … frames after the chosen starts, (times, labels)."""
    member = np.eye(chain.n_labels)[chain.labels]
    inside = member * chain.stationary[:, None]
    begin = inside / inside.sum(axis=0) @ START_SHARES
    found, power = [begin @ member], chain.transition
    for _ in range(DOUBLINGS + 1):
        found.append(begin @ power @ member)
        power = power @ power
    return np.array(found)


def draw_pieces(figure: Figure) -> None:
    """Draw how the starts relax, and what pieces of two lengths say of populations."""
    axes = figure.subplots(1, 2, width_ratios=[1.25, 1])
    chain = hidden_chain(DIAMOND4, 5.0)
    shares = relaxation(chain)
    frames = np.array([0.5, *2 ** np.arange(DOUBLINGS + 1)])  # 0 has no place on the axis
    for label, colour in zip(range(chain.n_labels), PALETTE, strict=False):
        axes[0].plot(
            frames, shares[:, label], "o-", color=colour, markersize=3, label=f"label {label}"
        )
    for frame in (40, 200):
        axes[0].axvline(frame, color=MUTED, linewidth=1, linestyle="--", zorder=0)
        axes[0].annotate(f"{frame}", (frame * 1.06, 0.72), color=MUTED)
    axes[0].set(
        xscale="log",
        ylim=(0, 0.78),
        xlabel="frames since the start of a piece",
        ylabel="share of pieces",
        title="relaxation of the chosen starts, exact",
    )
    axes[0].legend()
    _populations(axes[1])


def _populations(axis: Axes) -> None:
    """Draw the populations of the training replicas beside the true ones."""
    for offset, length, face in ((-0.18, 40, "none"), (0.18, 200, PALETTE[0])):
        task = find_task(f"potentials/diamond4-pieces{length}")
        for replica, shares in enumerate(training_populations(task)):
            axis.plot(
                np.arange(4) + offset + 0.04 * (replica - 2),
                shares,
                "o",
                color=PALETTE[0],
                markersize=4,
                markerfacecolor=face,
                label=f"pieces of {length}" if replica == 0 else None,
            )
    true = kinetics_reference(task).populations
    places = np.arange(4)
    axis.hlines(true, places - 0.4, places + 0.4, color=PALETTE[1], linewidth=2, label="true")
    axis.set(xticks=places, ylim=(0, 0.78), xlabel="label", title="populations of the replicas")
    axis.legend()


def training_populations(task: Task) -> Floats:
    """Share of each label in each training replica, (replicas, labels)."""
    counts = [np.bincount(np.concatenate(chains)) for chains in load_replicas(task, "train")]
    return np.array([count / count.sum() for count in counts])


def main(out: Annotated[Path, typer.Option(help="the figure")] = FIGURE) -> None:
    """Print the tables and draw the figure. Example: python -m tasks.potentials.report."""
    tasks = [find_task(f"potentials/{spec.name}") for spec in SPECS]
    typer.echo(f"E₀ / f\n\n{scale_table(tasks)}\n")
    for task in tasks:
        if not kinetics_card(task).equilibrium:
            found = training_populations(task).mean(axis=0).round(3).tolist()
            true = kinetics_reference(task).populations.round(3).tolist()
            typer.echo(f"{task.id}: populations {found} in training, {true} in truth")
    with drawn(out, (9.0, 3.5)) as figure:
        draw_pieces(figure)
    typer.echo(f"drawn: {out}")


if __name__ == "__main__":
    typer.run(main)
