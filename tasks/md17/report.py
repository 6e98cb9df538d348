"""Print the tables of this family's README from the frozen segments.

python -m tasks.md17.report
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track
from tabulate import tabulate

from benchmark.tracks.superresolution.interpolation import INTERPOLANTS, Interpolant
from benchmark.tracks.superresolution.metrics.errors import bond_lengths
from benchmark.tracks.superresolution.segments import DenseSegment, scored_frames
from tasks.md17.freeze import GAPS, SPLITS
from tasks.md17.generate import DEFAULT_OUT, N_SEGMENTS, TIME_STEP, read_segment
from tasks.md17.molecules import GEOMETRIES, Molecule, load_molecule

Floats = NDArray[np.float64]


def segment_path(molecule: str, number: int) -> Path:
    """Give the file of a segment."""
    return DEFAULT_OUT / f"{molecule}-{number:02d}.parquet"


def dynamics_row(molecule: Molecule) -> dict[str, str]:
    """Say of a molecule what its dynamics is like: temperature, drift, bonds, independence."""
    read = [read_segment(segment_path(molecule.name, number)) for number in range(N_SEGMENTS)]
    metadata = [facts for _, facts in read]
    temperatures = np.array([facts["mean_temperature_K"] for facts in metadata])
    drifts = np.array([facts["drift_meV_per_ps_per_atom"] for facts in metadata])
    scatter = temperatures.std(ddof=1) / temperatures.mean()
    expected = 1 / np.sqrt(3 * len(molecule.numbers) - 6)
    shared, reversed_ = correlations([bond_lengths(x, molecule.bonds) for x, _ in read])
    return {
        "molecule": molecule.name.replace("_", " "),
        "atoms": str(len(molecule.numbers)),
        "temperature (K)": f"{temperatures.mean():.0f} "
        f"({temperatures.min():.0f} … {temperatures.max():.0f})",
        "scatter, expected": f"{scatter:.0%}, {expected:.0%}",
        "drift (meV/ps/atom)": f"{drifts.mean():+.3f}, at most {np.abs(drifts).max():.3f}",
        "longest stretch (Å)": f"{max(f['max_bond_stretch_angstrom'] for f in metadata):.2f}",
        "correlation, reversed": f"{shared:.3f}, {reversed_:.3f}",
    }


def correlations(lengths: Sequence[Floats]) -> tuple[float, float]:
    """Correlate the bond lengths of every pair of segments, as they are and with one reversed.

    Two independent series correlate by chance, the more the narrower their spectra. Reversing one
    of them in time leaves its spectrum, and takes away what the two might share.

    Parameters
    ----------
    lengths : sequence of float64 arrays of shape (frames, bonds)

    Returns
    -------
    float, float
        Root mean square over pairs and bonds of the correlation coefficient, and the same where
        one series of each pair runs backwards.
    """
    standard = [(one - one.mean(0)) / one.std(0) for one in lengths]
    pairs = list(combinations(standard, 2))
    found = np.array([[(a * b).mean(0), (a * b[::-1]).mean(0)] for a, b in pairs])
    shared, backwards = np.sqrt((found**2).mean((0, 2)))
    return float(shared), float(backwards)


def interpolation_errors(segments: Sequence[DenseSegment], gap: int, model: Interpolant) -> Floats:
    """Give the mean absolute error (Å) of an interpolator: over all hidden frames, and scored."""
    total, counts = np.zeros(2), np.zeros(2)
    for dense in (segment.cut(gap) for segment in segments):
        error = np.abs(model.reconstruct(dense.coarse(gap, model.reads)) - dense.positions)
        frames = np.arange(dense.n_frames)
        for kind, some in enumerate((frames[frames % gap > 0], scored_frames(len(frames), gap))):
            total[kind] += error[some].sum()
            counts[kind] += error[some].size
    return total / counts


def interpolation_rows(molecule: Molecule) -> list[dict[str, str]]:
    """Tabulate all interpolators on the test segments of a molecule, a row a gap."""
    segments = [
        DenseSegment(
            read_segment(segment_path(molecule.name, number))[0],
            TIME_STEP,
            molecule.numbers,
            molecule.masses,
        )
        for number in SPLITS["test"]
    ]
    rows = []
    for gap in GAPS:
        row = {"molecule": molecule.name.replace("_", " "), "k": str(gap)}
        for model in INTERPOLANTS:
            hidden, scored = interpolation_errors(segments, gap, model)
            row[f"`{model.name}`"] = f"{_short(hidden)} ({_short(scored)})"
        rows.append(row)
    return rows


def _short(value: float) -> str:
    return f"{value:.1e}".replace("e-0", "e-")


def main() -> None:
    """Print the tables. Example: python -m tasks.md17.report."""
    molecules = [load_molecule(name) for name in GEOMETRIES]
    rows = [dynamics_row(one) for one in track(molecules, description="dynamics")]
    typer.echo(tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True))
    typer.echo("\nMAE in Å over all hidden frames of the test segments (over scored ones)\n")
    found = [interpolation_rows(one) for one in track(molecules, description="interpolation")]
    lines = [row for part in found for row in part]
    typer.echo(tabulate(lines, "keys", tablefmt="pipe", disable_numparse=True))


if __name__ == "__main__":
    typer.run(main)
