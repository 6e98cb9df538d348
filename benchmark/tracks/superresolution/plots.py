"""Figures of super-resolution: of a task with no model, and of what a run has made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.console.plots import INK, MUTED, PALETTE, SHADE, drawn
from benchmark.task import Task
from benchmark.tracks.superresolution.card import SuperResolutionCard, superresolution_card
from benchmark.tracks.superresolution.data import truth
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS, Interpolant
from benchmark.tracks.superresolution.measures import reconstructed
from benchmark.tracks.superresolution.metrics.errors import (
    bond_lengths,
    central_velocities,
    error_by_place,
)
from benchmark.tracks.superresolution.metrics.vibrational import SPEED_OF_LIGHT, vdos
from benchmark.tracks.superresolution.segments import DenseSegment, scored_frames
from benchmark.tracks.superresolution.trajectory_checks import symbols

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


#: fs of a bond's length shown, in whole gaps: some ten vibrations of a bond to hydrogen.
SHOWN_TIME, SHOWN_GAPS = 100.0, (6, 24)

#: cm⁻¹; no vibration of a molecule is higher.
HIGHEST_WAVENUMBER = 4_200.0

#: Of the highest line of a spectrum: what lies lower is not shown.
SHOWN_POWER = 3e-6


@dataclass(frozen=True, eq=False)
class Curve:
    """A reconstruction of every test segment, each (frames, atoms, 3) in Å, and how it looks."""

    label: str
    positions: Sequence[Positions]
    colour: str
    line: str = "-"
    bold: bool = False


def draw(figure: Figure, task: Task) -> None:
    """Draw a task with no model: what models that learn nothing make of its test segments.

    Above the length of the bond that linear interpolation gets most wrong, over some gaps; below
    the error by place in the gap, and vibrational densities of states.

    Raises
    ------
    InputError
        If the frozen data are damaged.
    """
    colours = (PALETTE[0], PALETTE[4], PALETTE[2], PALETTE[1])
    looks = zip(INTERPOLANTS, colours, ("-", "--", "-.", "-"), strict=True)
    curves = [_interpolated(task, rule, colour, line) for rule, colour, line in looks]
    line, *_, best = curves
    _fill(figure, task, curves, [line, best], [line])


def draw_reconstruction(task: Task, unit: Path, name: str, path: Path) -> None:
    """Draw what a unit of a run has made of its test segments, beside linear interpolation.

    The panels are those of `draw`, with the bond that the model gets most wrong.

    Parameters
    ----------
    task : Task
    unit : Path
        The folder of the unit.
    name : str
        Of the model.
    path : Path
        The file to write.

    Raises
    ------
    InputError
        If the file cannot be written, or the frozen data are damaged.
    ModelError
        If the unit's predictions are missing or damaged.
    """
    found = reconstructed(task, unit)
    model = Curve(name, found, PALETTE[1], bold=True)
    linear = _interpolated(task, INTERPOLANTS[0], PALETTE[0], "--")
    with drawn(path, (9.5, 6.6)) as figure:
        _fill(figure, task, [linear, model], [linear, model], [linear, model])
        figure.suptitle(f"{name} on {task.id}: {task.card.title}")


def _interpolated(task: Task, rule: Interpolant, colour: str, line: str) -> Curve:
    gap = superresolution_card(task).gap
    made = [rule.reconstruct(one.coarse(gap, rule.reads)) for one in truth(task)]
    return Curve(rule.title, made, colour, line)


def _fill(
    figure: Figure,
    task: Task,
    curves: Sequence[Curve],
    in_bond: Sequence[Curve],
    in_spectrum: Sequence[Curve],
) -> None:
    """Draw the three panels, each with the curves that are legible there."""
    grid = figure.add_gridspec(2, 2)
    true, card = truth(task), superresolution_card(task)
    _bond(figure.add_subplot(grid[0, :]), card, true[0], in_bond)
    _places(figure.add_subplot(grid[1, 0]), card, true, curves)
    _spectra(figure.add_subplot(grid[1, 1]), card, true, in_spectrum)


def _bond(
    axis: Axes, card: SuperResolutionCard, truth: DenseSegment, curves: Sequence[Curve]
) -> None:
    """Draw the length of one bond in the middle of the first test segment.

    It is the bond that the bold curve, or else the first, has the largest rms error of.
    """
    if not card.bonds:
        axis.set_axis_off()
        return
    bonds = np.array(card.bonds, np.int64)
    gap, step = card.gap, card.frame_time
    true = bond_lengths(truth.positions, bonds)  # (frames, bonds)
    emphasised = next((curve for curve in curves if curve.bold), curves[0])
    scored = scored_frames(len(true), gap)
    missed = bond_lengths(emphasised.positions[0], bonds)[scored] - true[scored]
    worst = int((missed**2).mean(axis=0).argmax())
    n_gaps = int(np.clip(round(SHOWN_TIME / (gap * step)), *SHOWN_GAPS))
    first = (len(true) - 1) // gap // 2 * gap
    shown = slice(first, first + n_gaps * gap + 1)
    times = (np.arange(len(true)) - first)[shown] * step
    axis.plot(times, true[shown, worst], color=MUTED, linewidth=4, alpha=0.45, label="truth")
    for curve in curves:
        length = bond_lengths(curve.positions[0][shown], bonds[worst : worst + 1])[:, 0]
        axis.plot(times, length, curve.line, color=curve.colour, linewidth=1.4, label=curve.label)
    kept = true[shown, worst][::gap]
    axis.plot(times[::gap], kept, "o", color=INK, markersize=4, label="kept frames", zorder=3)
    elements = symbols(card.numbers)
    names = "–".join(f"{elements[atom]}{atom}" for atom in bonds[worst])
    axis.set(
        xlim=(times[0], times[-1]),
        xlabel=f"time (fs), from {first * step:g} fs of the first test segment",
        ylabel="length (Å)",
        title=f"bond {names}, the one that {emphasised.label} gets most wrong",
    )
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.2 * (high - low))  # room for the legend
    axis.legend(loc="upper center", ncols=len(curves) + 2)


def _places(
    axis: Axes,
    card: SuperResolutionCard,
    truth: Sequence[DenseSegment],
    curves: Sequence[Curve],
) -> None:
    """Draw the mean absolute error against the place in the gap; unscored places are shaded."""
    gap = card.gap
    places, scored = np.arange(1, gap), slice(2, gap - 1)
    marker = "o" if gap <= 20 else ""
    floor = card.metrics["mae"].floor if "mae" in card.metrics else None
    lowest = [] if floor is None else [floor]
    for curve in curves:
        by_place = error_by_place(curve.positions, truth, gap)
        error = by_place[1:gap]
        lowest.append(float(by_place[scored].min()))
        # A place where a model is exact has no place on a log axis.
        axis.plot(
            places, np.where(error > 0, error, np.nan), curve.line, marker=marker, markersize=3.5,
            color=curve.colour, linewidth=1.4, label=curve.label,
        )  # fmt: skip
    axis.set_yscale("log")
    axis.set_xlim(0, gap)
    # Next to a kept frame an error can be as good as 0, which would press all else together.
    low, high = (
        min((x for x in lowest if x > 0), default=axis.get_ylim()[0]) / 3,
        axis.get_ylim()[1],
    )
    axis.set_ylim(low, high * (high / low) ** 0.25)  # room for the legend
    for edge in ((0, 1.5), (gap - 1.5, gap)):
        axis.axvspan(*edge, color=SHADE, linewidth=0, zorder=0)
    if floor is not None:
        axis.axhline(floor, color=MUTED, linewidth=0.8)
        axis.annotate(f"z = 1: {floor:g} Å", (gap / 2, floor), xytext=(0, 2), color=MUTED,
                      textcoords="offset points", ha="center", fontsize=7)  # fmt: skip
    ticks = np.unique(np.linspace(0, gap, 6 if gap % 5 == 0 else 5).astype(int))
    axis.set(
        title="error by place in the gap (shaded: not scored)",
        xticks=ticks,
        xlabel=f"frames after a kept one (of {card.frame_time:g} fs)",
        ylabel="mean absolute error (Å)",
    )
    axis.legend(loc="upper center", ncols=2, columnspacing=1.2)


def _spectra(
    axis: Axes,
    card: SuperResolutionCard,
    truth: Sequence[DenseSegment],
    curves: Sequence[Curve],
) -> None:
    """Draw vibrational densities of states, the means over the test segments."""
    step = card.frame_time
    masses = truth[0].masses
    wavenumbers, true = _density([one.positions for one in truth], masses, step)
    shown = wavenumbers <= HIGHEST_WAVENUMBER
    scale = true.sum() * wavenumbers[1]  # integrals are shares of the true kinetic energy
    axis.fill_between(
        wavenumbers[shown], true[shown] / scale, 1e-99, color="#d0d0d0", linewidth=0,
        label="truth",
    )  # fmt: skip
    for curve in curves:
        _, density = _density(curve.positions, masses, step)
        axis.plot(wavenumbers[shown], density[shown] / scale, curve.line, color=curve.colour,
                  linewidth=1.1, label=curve.label)  # fmt: skip
    nyquist = 1 / (2 * SPEED_OF_LIGHT * card.gap * step)
    top = true.max() / scale
    axis.set_yscale("log")
    axis.set_ylim(top * SHOWN_POWER, top * 40)
    if nyquist < HIGHEST_WAVENUMBER:
        axis.axvline(nyquist, ymax=0.87, color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
        left = nyquist < HIGHEST_WAVENUMBER / 2
        axis.annotate("Nyquist of kept frames", (nyquist, top * 3.5), fontsize=7.5, color=INK,
                      xytext=(4 if left else -4, 0), textcoords="offset points", va="center",
                      ha="left" if left else "right")  # fmt: skip
    axis.set(
        xlim=(0, HIGHEST_WAVENUMBER),
        title="vibrational density of states",
        xlabel="wavenumber (cm⁻¹)",
        ylabel="share of kinetic energy (cm)",
    )
    axis.legend(loc="upper center", ncols=3, columnspacing=1.2)


def _density(
    positions: Sequence[Positions], masses: NDArray[np.float64], step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    velocities = central_velocities(np.stack(positions), step)  # (segments, frames, atoms, 3)
    spectra = [vdos(one, masses, step) for one in velocities]
    return spectra[0][0], np.mean([density for _, density in spectra], axis=0)
