"""Figures of a kinetics task: what a model gets to see, and what it is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.console.plots import INK, MUTED, PALETTE, SHADE
from benchmark.store.frozen import is_left_out
from benchmark.task import Task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, load_chains, load_replicas, observe
from benchmark.tracks.kinetics.metrics import errors as kinetics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Length of the trajectory shown, in slowest relaxation times: some slow jumps, still legible.
SHOWN_TIMES = 15

#: Frames of a replica in short pieces that are shown.
SHOWN_FRAMES = 800

#: Jumps that are drawn as lines; of more, only the labels between them are drawn, as dots.
LEGIBLE_JUMPS = 1000

#: Lags at which the training data's implied timescales are drawn, up to twice the slowest.
LAGS = 16

GREYS = ("#222222", "#6f6f6f", "#a5a5a5")  # one a relaxation process, slowest first

Chains = list[NDArray[np.uint8]]  # of one replica


def draw(figure: Figure, task: Task) -> None:
    """Draw a kinetics task: a trajectory, free energies, implied timescales and dwell times.

    Timescales and dwell times are those of macrostates, as they are scored, and compare the
    training replicas with the frozen reference.

    Raises
    ------
    InputError
        If the frozen data are damaged.
    """
    labels = load_replicas(task, "train")
    observed = [observe(kinetics_card(task), replica) for replica in labels]
    reference = kinetics_reference(task)
    axes = figure.subplots(2, 2)
    _trajectory(axes[0, 0], kinetics_card(task), labels[0], observed[0])
    true = "test" if is_left_out(task, "fresh") else "fresh"  # of the same process, but fewer
    _free_energies(axes[0, 1], kinetics_card(task), true, load_chains(task, true), labels)
    _timescales(axes[1, 0], kinetics_card(task), reference, observed)
    _dwells(axes[1, 1], kinetics_card(task), reference, observed[0])


def _colour(macrostate: int) -> str:
    return PALETTE[macrostate % len(PALETTE)]


def _trajectory(
    axis: Axes, card: KineticsCard, chains: Sequence[NDArray[np.uint8]], observed: Chains
) -> None:
    """Draw the labels of the first stretch of a replica, in the colours of their macrostates.

    Below it are the macrostates that are scored, where these are not the labels themselves. Of a
    replica in short pieces, the first few are drawn, divided by lines.
    """
    from matplotlib.ticker import MaxNLocator  # slow to load

    wanted = max(200, round(SHOWN_TIMES * card.slowest))
    n_frames = min(len(chains[0]), wanted)
    pieces = 1 if n_frames == wanted else min(len(chains), max(1, SHOWN_FRAMES // n_frames))
    edges, labels = _runs(_shown(chains, pieces, n_frames), card.frame_time)
    for join in range(1, pieces):
        axis.axvline(join * n_frames * card.frame_time, color=MUTED, linewidth=0.6, linestyle="--")
    if card.hold > 1 or card.labels > card.macrostates:
        cuts, states = _runs(_shown(observed, pieces, n_frames), card.frame_time)
        below = -0.07 * card.labels
        axis.hlines(
            np.full(len(states), below), cuts[:-1], cuts[1:],
            colors=[_colour(state) for state in states], linewidth=5,
        )  # fmt: skip
        axis.annotate("scored", (0, below), xytext=(-4, 0), textcoords="offset points",
                      ha="right", va="center", color=MUTED, fontsize=7)  # fmt: skip
    colours = [_colour(card.observable[label]) for label in labels]
    if len(labels) <= LEGIBLE_JUMPS:
        axis.step(edges, np.append(labels, labels[-1]), where="post", color=MUTED, linewidth=0.4)
        axis.hlines(labels, edges[:-1], edges[1:], colors=colours, linewidth=3)
    else:
        middles = (edges[:-1] + edges[1:]) / 2
        axis.scatter(middles, labels, s=1.5, c=colours, linewidths=0, rasterized=True)
    axis.set_xlim(0, edges[-1])
    places = MaxNLocator(integer=True).tick_values(0, card.labels - 1)
    axis.set_yticks([place for place in places if 0 <= place < card.labels])
    axis.set(
        title="start of the first training trajectory" if pieces == 1 else "first training pieces",
        xlabel=f"time ({card.time_unit})",
        ylabel="label",
    )


def _shown(chains: Sequence[NDArray[np.uint8]], pieces: int, frames: int) -> NDArray[np.uint8]:
    """Join the first frames of the first chains."""
    return np.concatenate([chain[:frames] for chain in chains[:pieces]])


def _runs(
    chain: NDArray[np.uint8], frame_time: float
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Give the times at which labels change, both ends included, and the labels between."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(chain)) + 1])
    return np.append(starts, len(chain)) * frame_time, chain[starts]


def _free_energies(
    axis: Axes,
    card: KineticsCard,
    true: str,
    chains: Chains,
    replicas: list[tuple[NDArray[np.uint8], ...]],
) -> None:
    """Draw −ln p of each label: a bar for all chains of a split, a dot for each replica."""
    from matplotlib.ticker import MaxNLocator  # slow to load

    K = card.labels
    energies = _energies(chains, K)
    colours = [_colour(macrostate) for macrostate in card.observable]
    axis.hlines(
        energies, np.arange(K) - 0.4, np.arange(K) + 0.4, colors=colours, linewidth=2.5, zorder=3
    )
    size = 4 if K <= 10 else 2
    for offset, replica in zip(np.linspace(-0.25, 0.25, len(replicas)), replicas, strict=True):
        axis.plot(np.arange(K) + offset, _energies(replica, K), "o", color=INK, markersize=size)
    axis.plot([], [], "-", color=MUTED, linewidth=2.5, label=f"{true} chains")
    axis.plot([], [], "o", color=INK, markersize=size, label="training replicas")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.margins(y=0.15)
    axis.set(title="free energy (colours: macrostates)", xlabel="label", ylabel="−ln p  (kT)")
    axis.legend()


def _energies(chains: Sequence[NDArray[np.uint8]], n_labels: int) -> NDArray[np.float64]:
    seen = kinetics.populations(chains, n_labels)
    return -np.log(np.where(seen > 0, seen, np.nan))  # never visited: nothing is drawn


def _timescales(
    axis: Axes, card: KineticsCard, reference: kinetics.KineticsReference, observed: list[Chains]
) -> None:
    """Draw implied timescales against lag: lines for the replicas, rings for the reference."""
    K, unit = reference.n_states, card.frame_time
    piece = min(len(chains[0]) for chains in observed)
    replica = min(sum(map(len, chains)) for chains in observed)
    longest = min(2 * card.slowest, piece / 2, replica / 20)
    lags = np.unique(np.rint(np.geomspace(1, max(longest, 2), LAGS)).astype(int))
    for chains in observed:
        times = kinetics.implied_timescales(chains, K, lags, K - 1)  # (lags, processes)
        # A process that has decayed below the resolution is noise: it would only hide the others.
        times = np.where(times > 0.1 * lags[:, None], times, np.nan)
        for process in range(K - 1):
            colour = GREYS[min(process, len(GREYS) - 1)]
            axis.plot(lags * unit, times[:, process] * unit, color=colour, linewidth=0.9)
    at, which = np.nonzero(np.isfinite(reference.timescales))
    if len(at):
        axis.plot(
            reference.lags[at] * unit, reference.timescales[at, which] * unit, "o",
            color=PALETTE[1], markerfacecolor="none", markersize=8, markeredgewidth=1.6,
            label="reference",
        )  # fmt: skip
    axis.plot([], [], color=INK, linewidth=0.9, label="training replicas")
    span = np.array([lags[0], lags[-1]]) * unit
    axis.set(xscale="log", yscale="log", xlim=span)
    low, high = axis.get_ylim()
    low, high = low / 3, high * 3  # room for the shade and the legend
    # Below the diagonal; where that is below the axis, the shade turns over and is not seen.
    axis.fill_between(span, low, span, color=SHADE, linewidth=0, zorder=0)
    axis.set_ylim(low, high)
    axis.text(0.97, 0.05, "faster than the lag", transform=axis.transAxes, ha="right", color=MUTED)
    axis.set(
        title="implied timescales of the macrostates",
        xlabel=f"lag ({card.time_unit})",
        ylabel=f"timescale ({card.time_unit})",
    )
    axis.legend(loc="upper left")


def _dwells(
    axis: Axes,
    card: KineticsCard,
    reference: kinetics.KineticsReference,
    observed: Chains,
) -> None:
    """Draw P(dwell > t) of each macrostate: lines for the reference, dots for one replica."""
    edges = reference.dwell_edges
    found, n_dwells = kinetics.dwell_cdf(observed, reference.n_states, edges)
    for state in range(reference.n_states):
        colour = _colour(state)
        for cdf, style, size in ((reference.dwell_cdf[state], "-", 0), (found[state], ".", 4)):
            # From t = 0 on a log axis there is no way but to leave the first point out.
            survival = np.where(cdf < 1, 1 - cdf, np.nan)
            axis.plot(
                edges * card.frame_time, survival, style, color=colour, markersize=size,
                linewidth=1.3, label=f"macrostate {state}" if style == "-" else None,
            )  # fmt: skip
    axis.plot([], [], "-", color=MUTED, label="reference")
    axis.plot([], [], ".", color=MUTED, label="one training replica")
    axis.set(xscale="log", yscale="log")
    axis.set_ylim(0.3 / max(n_dwells.max(), 1), 1.3)  # a replica shows nothing rarer
    axis.set(
        title="dwell times of the macrostates",
        xlabel=f"t ({card.time_unit})",
        ylabel="P(dwell > t)",
    )
    axis.legend(loc="lower left")
