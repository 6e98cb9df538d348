"""Print the tables and draw the figures of this family's README from the frozen data.

python -m tasks.doublewell.report
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from tabulate import tabulate

from benchmark.console.plots import INK, MUTED, PALETTE, drawn
from benchmark.registry import find_task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, load_chains, load_test
from benchmark.tracks.kinetics.metrics.errors import (
    count_matrix,
    implied_timescales,
    nll_regret,
)
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES
from tasks.doublewell.generate import SPECS
from tasks.doublewell.model import SLOW_TIME
from tasks.making.tables import scale_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURES = Path(__file__).parent / "figures"

#: Lags of the implied timescales of labels, τ.
LAGS = (1, 2, 5, 10, 20, 50, 100, 200)
#: Stretch of a trajectory that is shown, τ, and where it begins.
SHOWN = (20_000, 32_000)

Labels = NDArray[np.uint8]

DIMENSION = {"d0": "d = 0, 30 cells", "d1": "d = 1", "d2": "d = 2", "d3": "d = 3"}
PARTITION = {
    "d2": "100 cells",
    "d2-macro2": "two sides",
    "d2-cored2": "two cores, last visited",
}
INTERVAL = {"d2": 1, "d2-t10": 10, "d2-t100": 100}


def card_of(name: str) -> KineticsCard:
    """Give the card of a task of this family."""
    return kinetics_card(find_task(f"doublewell/{name}"))


def chains_of(name: str, split: str) -> list[Labels]:
    """Read the chains of a split."""
    return load_chains(find_task(f"doublewell/{name}"), split)


def markov_regret(name: str) -> float:
    """Regret, nats a frame, of the first-order Markov model of 30 fresh chains.

    It has seen thirty times what a model sees, so that what it lacks is memory, not data.
    """
    task = find_task(f"doublewell/{name}")
    labels = card_of(name).labels
    counts = count_matrix(load_chains(task, "fresh"), labels, 1) + 1 / labels
    log = np.log(counts / counts.sum(1, keepdims=True))
    states, oracle = load_test(task)
    found = np.zeros(states.shape)
    found[:, 1:] = log[states[:, :-1], states[:, 1:]]
    return nll_regret(found, oracle, labels).value


def facts_table() -> str:
    """Tabulate what is exact or measured of each task before any model is fitted."""
    rows = []
    for spec in SPECS:
        task = find_task(f"doublewell/{spec.name}")
        _, oracle = load_test(task)
        mfpt = kinetics_reference(task).mfpt
        rows.append(
            {
                "task": f"`{spec.name}`",
                "hidden states": f"{spec.chain.n_hidden:,}",
                "oracle, mnats/frame": f"{-1000 * oracle[:, SKIPPED_FRAMES:].mean():,.1f}",
                "first-order Markov, regret": f"{1000 * markov_regret(spec.name):.2f}",
                "MFPT of a side, τ": f"{spec.stride * (mfpt[0, 1] + mfpt[1, 0]) / 2:,.0f}",
            }
        )
    return tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def label_timescales(name: str, chains: Sequence[Labels], lags: Sequence[int]) -> list[float]:
    """Slowest implied timescale of the labels themselves, τ, at lags in τ."""
    card = card_of(name)
    stride = round(card.frame_time)
    frames = [lag // stride for lag in lags]
    return (implied_timescales(chains, card.labels, frames, 1)[:, 0] * stride).tolist()


def draw_partitions(figure: Figure) -> None:
    """Draw one stretch of a trajectory as four tasks show it."""
    axes = figure.subplots(4, 1, sharex=True, height_ratios=[2.2, 1, 1, 2.2])
    titles = {
        "d2": "d2: 100 cells, numbered along x",
        "d2-macro2": "d2-macro2: the side of x",
        "d2-cored2": "d2-cored2: the core visited last",
        "d2-t100": "d2-t100: the cells every 100 τ",
    }
    for axis, (name, title) in zip(axes, titles.items(), strict=True):
        card = card_of(name)
        stride = round(card.frame_time)
        first, last = (edge // stride for edge in SHOWN)
        labels = chains_of(name, "train")[0][first:last]
        time = stride * np.arange(len(labels))
        colours = [PALETTE[card.observable[label]] for label in labels]
        if card.labels > 2:
            axis.scatter(time, labels, s=2.0 if stride == 1 else 10, c=colours, linewidths=0,
                         rasterized=True)  # fmt: skip
            axis.set_ylabel("cell")
        else:
            axis.step(time, labels, where="post", color=INK, linewidth=0.7)
            axis.set(yticks=[0, 1], ylim=(-0.25, 1.25))
        axis.set_title(title)
    axes[-1].set(xlabel="time (τ)", xlim=(0, SHOWN[1] - SHOWN[0]))


def draw_factors(figure: Figure) -> None:
    """Draw what the three factors do to the slowest timescale that labels imply."""
    axes = figure.subplots(1, 3, sharey=True)
    _curves(axes[0], DIMENSION, "dimension: fast coordinates")
    _curves(axes[1], PARTITION, "partition, d = 2")
    _intervals(axes[2])
    axes[0].set_ylabel("implied timescale of the labels (τ)")
    for axis in axes:
        axis.axhline(SLOW_TIME, color=MUTED, linestyle="--", linewidth=1, zorder=0)
        axis.set(xscale="log", yscale="log", ylim=(120, 2200))
        axis.legend(loc="lower right")
    axes[0].annotate("true", (1, SLOW_TIME * 1.08), color=MUTED)


def _curves(axis: Axes, tasks: dict[str, str], title: str) -> None:
    """Draw t₂ against lag, from the 30 fresh chains of each task."""
    for colour, (name, label) in zip(PALETTE, tasks.items(), strict=False):
        times = label_timescales(name, chains_of(name, "fresh"), LAGS)
        axis.plot(LAGS, times, "o-", color=colour, markersize=3.5, label=label)
    axis.set(title=title, xlabel="lag (τ)")


def _intervals(axis: Axes) -> None:
    """Draw t₂ at a lag of one frame against the saving interval: what one replica says."""
    for name, stride in INTERVAL.items():
        replicas = [label_timescales(name, [one], [stride])[0] for one in chains_of(name, "train")]
        known = label_timescales(name, chains_of(name, "fresh"), [stride])[0]
        axis.plot([stride] * len(replicas), replicas, "o", color=PALETTE[0], markersize=4,
                  label="a training replica" if stride == 1 else None)  # fmt: skip
        axis.plot([stride], [known], "_", color=PALETTE[1], markersize=16, markeredgewidth=2,
                  label="30 fresh chains" if stride == 1 else None)  # fmt: skip
    axis.set(title="interval, d = 2, lag of one frame", xlabel="τ between frames")


def main(out: Annotated[Path, typer.Option(help="folder of the figures")] = FIGURES) -> None:
    """Print the tables and draw the figures. Example: python -m tasks.doublewell.report."""
    typer.echo(facts_table())
    typer.echo(
        f"\nE₀ / f\n\n{scale_table([find_task(f'doublewell/{spec.name}') for spec in SPECS])}"
    )
    for name, size, draw in (
        ("partitions", (9.5, 5.6), draw_partitions),
        ("factors", (10.5, 3.7), draw_factors),
    ):
        path = out / f"{name}.svg"
        with drawn(path, size) as figure:
            draw(figure)
        typer.echo(f"drawn: {path}")


if __name__ == "__main__":
    typer.run(main)
