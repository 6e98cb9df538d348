"""Measured traces beside our model: extension, autocorrelation and dwell times.

    python -m tasks.riboswitch.compare TRACE.txt … --out figure.svg

Reads traces in the public text format (nm, 10 kHz), prints a Markdown table and draws a figure:
the traces, the model of either molecule, and a plain three-state model, which is the same folding
with white noise of the same variance in place of drift and bead noise.

Where a trap stands shifts a trace as a whole, so that all are compared relative to their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import scipy.fft
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.console.plots import INK, MUTED, PALETTE, drawn
from benchmark.errors import InputError
from benchmark.tracks.kinetics.metrics.errors import dwell_cdf, dwell_edges, populations
from tasks.riboswitch import model
from tasks.riboswitch.traces import read_traces

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

SEED = 20110901
MODEL_FRAMES = 4_000_000  # 400 s: ten of the longest public traces

#: Bins of the extension's density, relative to the mean.
EDGES = np.arange(-22.5, 22.6, 0.75)  # nm
#: Lags of the autocorrelation: 0.1 ms to 1 s.
LAGS = np.unique(np.rint(np.geomspace(1, 10_000, 41)).astype(int))  # frames
SHOWN_LAGS = (1, 10, 50, 200, 1000, 10_000)  # frames, in the table
LONGEST_DWELL = 10_000  # frames

STATES = ("low", "middle", "high")


@dataclass(frozen=True, eq=False)
class Trace:
    """A trace of extensions, and what is compared of it.

    Attributes
    ----------
    name : str
    nm : float64, shape (frames,)
        Extension at 0.1 ms.
    """

    name: str
    nm: Floats

    @cached_property
    def deviation(self) -> Floats:
        """Extension less its mean, nm, shape (frames,)."""
        return self.nm - self.nm.mean()

    @property
    def sd(self) -> float:
        """Standard deviation, nm."""
        return float(self.deviation.std())

    @property
    def skewness(self) -> float:
        """Third central moment over the cube of the standard deviation."""
        return float((self.deviation**3).mean()) / self.sd**3

    @cached_property
    def density(self) -> Floats:
        """Density of the deviation in the bins of ``EDGES``, 1/nm."""
        counts, _ = np.histogram(self.deviation, EDGES)
        return np.asarray(counts / (len(self.nm) * np.diff(EDGES)))

    @cached_property
    def autocorrelation(self) -> Floats:
        """Autocorrelation of the extension at ``LAGS``; nan where the trace is too short."""
        n = len(self.nm)
        spectrum = scipy.fft.rfft(self.deviation, scipy.fft.next_fast_len(2 * n, real=True))
        sums = scipy.fft.irfft(np.abs(spectrum) ** 2)[:n]  # Σ δx(t) δx(t + ℓ), ℓ = 0 … n − 1
        mean = sums / np.arange(n, 0, -1)
        reached = n > LAGS
        return np.where(reached, mean[np.where(reached, LAGS, 0)] / mean[0], np.nan)

    @cached_property
    def states(self) -> NDArray[np.uint8]:
        """Thresholded states: the mid-levels of molecule 1, as far from the mean as in its model.

        No hold: noise makes them flicker, and how it does is compared too.
        """
        middle = model.MOLECULE_1.folding.mean
        return np.searchsorted(model.MOLECULE_1.thresholds - middle, self.deviation).astype(
            np.uint8
        )

    @cached_property
    def survival(self) -> Floats:
        """P(dwell > t) of each thresholded state, on the edges of `dwell_edges`: shape (3, G)."""
        return 1 - dwell_cdf([self.states], len(STATES), dwell_edges(LONGEST_DWELL))[0]


def simulated(molecule: model.Molecule, name: str, frames: int = MODEL_FRAMES) -> Trace:
    """Draw a trace of our model."""
    parts = molecule.parts
    nm = model.extension(parts)
    chain = model.product_chain(parts, model.level_labels(nm, molecule))
    return Trace(name, nm[chain.sample(frames, 1, np.random.default_rng(SEED))[0]])


def plain(molecule: model.Molecule, name: str, frames: int = MODEL_FRAMES) -> Trace:
    """Draw a trace of the plain model: the same folding, with white noise of the same variance."""
    folding = molecule.folding
    rng = np.random.default_rng(SEED)
    chain = model.product_chain((folding,), np.arange(len(STATES), dtype=np.uint8))
    noise = rng.normal(0, np.hypot(model.DRIFT_SD, model.BEAD_SD), frames)
    return Trace(name, folding.values[chain.sample(frames, 1, rng)[0]] + noise)


def table(traces: list[Trace]) -> str:
    """Give the comparison as a Markdown table, a row a trace."""
    lags = [f"{lag * model.SAMPLING:g}" for lag in SHOWN_LAGS]
    lines = [
        "| trace | sd, nm | skewness | autocorrelation at "
        + ", ".join(lags)
        + " ms | low / middle / high | mean dwell, ms |",
        "|---|--:|--:|---|---|---|",
    ]
    places = np.searchsorted(LAGS, SHOWN_LAGS)
    for trace in traces:
        shares = populations([trace.states], len(STATES))
        jumps = np.flatnonzero(np.diff(trace.states))
        lengths, left = np.diff(jumps), trace.states[jumps[1:]]
        dwells = [lengths[left == state].mean() * model.SAMPLING for state in range(len(STATES))]
        cells = [
            trace.name,
            f"{trace.sd:.2f}",
            f"{trace.skewness:+.2f}",
            ", ".join(f"{value:.3f}" for value in trace.autocorrelation[places]),
            " / ".join(f"{share:.2f}" for share in shares),
            " / ".join(f"{dwell:.2f}" for dwell in dwells),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(measured: list[Trace], models: list[Trace], path: Path) -> None:
    """Draw the comparison.

    Parameters
    ----------
    measured, models : list of Trace
    path : Path
        The file to write; its suffix says the format (.png, .pdf or .svg).

    Raises
    ------
    InputError
        If the suffix is unknown or the file cannot be written.
    """
    with drawn(path, (9.5, 6.4)) as figure:
        _fill(figure, measured, models)


def _fill(figure: Figure, measured: list[Trace], models: list[Trace]) -> None:
    """Draw the five panels; one legend below them."""
    mosaic: Any = [["density"] * 3 + ["memory"] * 3, [name for name in STATES for _ in range(2)]]
    axes = figure.subplot_mosaic(mosaic)
    lines = _lines(measured, models)
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    dwell_times = dwell_edges(LONGEST_DWELL) * model.SAMPLING
    for trace, line in lines:
        axes["density"].plot(middles, trace.density, label=trace.name, **line)
        axes["memory"].plot(LAGS * model.SAMPLING, trace.autocorrelation, **line)
        for state, survival in zip(STATES, trace.survival, strict=True):
            axes[state].plot(dwell_times, np.where(survival > 0, survival, np.nan), **line)
    for level in model.MOLECULE_1.thresholds - model.MOLECULE_1.folding.mean:
        axes["density"].axvline(level, color=MUTED, linewidth=0.7, linestyle=":", zorder=0)
    axes["density"].set(
        title="extension; dotted: the thresholds of the states",
        xlabel="extension − mean (nm)",
        ylabel="density (1/nm)",
        xlim=(EDGES[0], EDGES[-1]),
        ylim=(0, None),
    )
    axes["memory"].axhline(0, color=MUTED, linewidth=0.7, zorder=0)
    axes["memory"].set(
        title="autocorrelation of the extension",
        xlabel="lag (ms)",
        ylabel="autocorrelation",
        xscale="log",
    )
    for state in STATES:
        axes[state].set(title=f"{state} state", xlabel="t (ms)", xscale="log", yscale="log")
        axes[state].set(ylim=(1e-5, 1.3), xlim=(dwell_times[0], 50))
    axes[STATES[0]].set_ylabel("P(dwell > t)")
    figure.legend(loc="outside lower center", ncols=4)


def _lines(measured: list[Trace], models: list[Trace]) -> list[tuple[Trace, dict[str, Any]]]:
    """Give the style of each trace's line: measured ones thin and grey, models in colour."""
    shades = np.linspace(int(INK[1:3], 16), 190, max(len(measured), 2)).astype(int)
    grey: list[dict[str, Any]] = [
        {"color": f"#{3 * f'{shade:02x}'}", "linewidth": 1.2} for shade in shades
    ]
    dashes = ("-", "-", "--")  # the plain model comes last
    colours = (PALETTE[0], PALETTE[5], PALETTE[1])
    styled: list[dict[str, Any]] = [
        {"color": colour, "linestyle": dash, "linewidth": 2.0}
        for colour, dash in zip(colours, dashes, strict=True)
    ]
    return [*zip(measured, grey, strict=False), *zip(models, styled, strict=True)]


def main(
    traces: Annotated[list[Path], typer.Argument(help="measured traces: nm, one a line, 10 kHz")],
    out: Annotated[Path, typer.Option(help="the figure: .svg, .png or .pdf")],
) -> None:
    """Compare traces with the model. Example: compare trace.txt --out figure.svg."""
    try:
        measured = [Trace(path.stem, read_traces(path)) for path in traces]
        make = (
            lambda: simulated(model.MOLECULE_1, "our model, molecule 1"),
            lambda: simulated(model.MOLECULE_2, "our model, molecule 2"),
            lambda: plain(model.MOLECULE_1, "plain three states, molecule 1"),
        )
        models = [one() for one in track(make, description="models")]
        typer.echo(table([*measured, *models]))
        draw(measured, models, out)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
