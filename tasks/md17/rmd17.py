"""Score interpolation on files of rMD17: real frames of MD17, few of them, at known times.

    python -m tasks.md17.rmd17 rmd17_uracil.npz --gap 10 --gap 20

rMD17 holds a random tenth or so of MD17's frames; ``old_indices`` are their numbers in it (A.
Christensen, O. A. von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020),
doi:10.1088/2632-2153/abba6f). Wherever two frames are there that lie a gap apart, they are taken as
kept, and every frame between them that happens to be there is scored, unless it is next to a kept
one, as in the benchmark.

There are no velocities, and hardly three neighbouring frames to take them from, so that two
interpolations are possible: straight lines, and the cubic of x and F at both ends. F is the file's
``old_forces``, with which MD17 was run, and not ``forces``, which rMD17 computed anew and which
moved no atom (*measured*, uracil, k = 10: 4.1e-3 and 4.3e-3 Å). Neither holds the thermostat's
friction, see `tasks.md17.dft`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.errors import InputError
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS
from benchmark.tracks.superresolution.segments import CoarseSegment, scored_frames
from tasks.md17.freeze import GAPS
from tasks.md17.molecules import MASSES
from tasks.md17.published import PUBLISHED, Published, formula, read_arrays

#: eV of one kcal/mol: the thermochemical calorie, CODATA 2018.
KCAL_PER_MOL = 4184 / 96485.33212

KEYS = ("nuclear_charges", "coords", "old_forces", "old_indices")

#: The fewest frames of a gap in which one is scored.
LEAST_GAP = 4

Reconstruct = Callable[[CoarseSegment], Positions]


@dataclass(frozen=True)
class SparseTrajectory:
    """Some frames of a trajectory.

    Attributes
    ----------
    molecule : Published
    times : int64 array of shape (frames,)
        Frame numbers of the whole trajectory, ascending.
    positions, forces : float64 arrays of shape (frames, atoms, 3)
        Å, eV/Å.
    numbers : int64 array of shape (atoms,)
        Atomic numbers.
    """

    molecule: Published
    times: NDArray[np.int64]
    positions: Positions
    forces: Positions
    numbers: NDArray[np.int64]

    @property
    def masses(self) -> NDArray[np.float64]:
        """U, shape (atoms,)."""
        return np.array([MASSES[int(z)] for z in self.numbers])

    def index(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give where the frames of these times are; −1 for those that are not there."""
        places = np.searchsorted(self.times, times).clip(max=len(self.times) - 1)
        return np.where(self.times[places] == times, places, -1)


def read_rmd17(path: Path) -> SparseTrajectory:
    """Read a file of rMD17 and put its frames into the order of time.

    Raises
    ------
    InputError
        If the file is damaged, its arrays do not fit each other, it is no molecule of MD17, or an
        index is negative or comes twice.
    """
    arrays = read_arrays(path, KEYS)
    charges, coords, forces, indices = (arrays[key] for key in KEYS)
    if (
        indices.ndim != 1
        or coords.shape != (len(indices), charges.size, 3)
        or forces.shape != coords.shape
    ):
        raise InputError(
            f"{path}: coords have shape {coords.shape}, old_forces {forces.shape}, old_indices "
            f"{indices.shape}, with {charges.size} nuclear charges; they do not fit"
        )
    numbers, times = charges.astype(np.int64), indices.astype(np.int64)
    molecule = next((one for one in PUBLISHED.values() if one.formula == formula(numbers)), None)
    if molecule is None:
        raise InputError(f"{path} holds {formula(numbers)}, which is no molecule of MD17")
    if not np.isfinite(coords).all() or not np.isfinite(forces).all():
        raise InputError(f"{path} holds positions or forces that are nan or infinite")
    order = np.argsort(times)
    times = times[order]
    if len(times) == 0 or times[0] < 0 or (np.diff(times) == 0).any():
        raise InputError(f"{path}: old_indices must be frame numbers from 0, each once")
    return SparseTrajectory(molecule, times, coords[order], KCAL_PER_MOL * forces[order], numbers)


def cubic_of_forces(coarse: CoarseSegment) -> Positions:
    """Interpolate with the cubics that meet x and the acceleration a at both ends of each gap.

    x(s) = (1 − s) x₀ + s x₁ + h²/6 [((1 − s)³ − (1 − s)) a₀ + (s³ − s) a₁], h the time between kept
    frames. Source: W. Press et al., Numerical Recipes, 3rd ed., eq. 3.3.3 (a cubic spline whose
    second derivatives are known).

    Parameters
    ----------
    coarse : CoarseSegment
        With forces.

    Returns
    -------
    float64 array of shape (frames, atoms, 3)
        Å.
    """
    accelerations = coarse.accelerations
    if accelerations is None:
        raise ValueError("the segment holds no forces")
    curvature = accelerations * (coarse.gap * coarse.time_step) ** 2 / 6  # Å
    x = coarse.positions
    s = (np.arange(coarse.gap) / coarse.gap)[:, None, None, None]
    filled = (
        (1 - s) * x[:-1]
        + s * x[1:]
        + ((1 - s) ** 3 - (1 - s)) * curvature[:-1]
        + (s**3 - s) * curvature[1:]
    )  # (gap, kept - 1, atoms, 3)
    return np.concatenate([filled.swapaxes(0, 1).reshape(-1, *x.shape[1:]), x[-1:]])


@dataclass(frozen=True)
class GapErrors:
    """How far interpolated frames are from those that are there.

    Attributes
    ----------
    frames : int
        Scored; a frame counts once in every gap that it lies in.
    gaps : int
        That hold them.
    mae : float
        Å: mean over frames, atoms and components; nan of no frame.
    stderr : float
        Å, from the scatter between gaps.
    """

    frames: int
    gaps: int
    mae: float
    stderr: float


def gap_errors(trajectory: SparseTrajectory, gap: int, reconstruct: Reconstruct) -> GapErrors:
    """Score a reconstruction in all gaps of one size whose two ends are there.

    Parameters
    ----------
    trajectory : SparseTrajectory
    gap : int
        k, at least 4.
    reconstruct : callable
        Gets segments of two kept frames, with forces and without velocities.
    """
    places = scored_frames(gap + 1, gap)
    ends = trajectory.index(trajectory.times + gap)
    sums, counts = [], []
    for left in np.flatnonzero(ends >= 0):
        hidden = trajectory.index(trajectory.times[left] + places)
        if (there := hidden >= 0).any():
            kept = [left, ends[left]]
            filled = reconstruct(
                CoarseSegment(
                    gap=gap,
                    time_step=trajectory.molecule.time_step,
                    numbers=trajectory.numbers,
                    masses=trajectory.masses,
                    positions=trajectory.positions[kept],
                    forces=trajectory.forces[kept],
                )
            )
            error = np.abs(filled[places[there]] - trajectory.positions[hidden[there]])
            sums.append(error.mean(axis=(1, 2)).sum())
            counts.append(int(there.sum()))
    if not counts:
        return GapErrors(0, 0, float("nan"), float("nan"))
    total = np.array(sums)
    n = np.array(counts)
    mae = float(total.sum() / n.sum())
    # A ratio of two sums over gaps, which are what is (nearly) independent.
    stderr = float(np.sqrt(((total - mae * n) ** 2).sum()) / n.sum())
    return GapErrors(int(n.sum()), len(counts), mae, stderr)


def table(trajectories: list[SparseTrajectory], gaps: list[int]) -> str:
    """Give a table of the errors of both interpolations, with standard errors."""
    from tabulate import tabulate  # slow to load

    linear = INTERPOLANTS[0]
    rows = []
    for trajectory in trajectories:
        for gap in gaps:
            line = gap_errors(trajectory, gap, linear.reconstruct)
            cubic = gap_errors(trajectory, gap, cubic_of_forces)
            rows.append(
                [
                    trajectory.molecule.molecule,
                    gap,
                    f"{gap * trajectory.molecule.time_step:g}",
                    line.gaps,
                    line.frames,
                    *(_shown(errors) for errors in (line, cubic)),
                ]
            )
    heads = ["molecule", "k", "gap/fs", "gaps", "frames", "linear/Å", "cubic (x, F)/Å"]
    return tabulate(rows, heads, disable_numparse=True, colalign=("left", *["right"] * 6))


def _shown(errors: GapErrors) -> str:
    return f"{errors.mae:.2e} ± {errors.stderr:.0e}" if errors.frames else "–"


def main(
    files: Annotated[list[Path], typer.Argument(help=".npz files of rMD17")],
    gap: Annotated[list[int] | None, typer.Option(help="k; may be repeated")] = None,
) -> None:
    """Print errors on files of rMD17. Example: rmd17 rmd17_uracil.npz --gap 10."""
    gaps = gap or list(GAPS)
    try:
        if min(gaps) < LEAST_GAP:
            raise InputError(
                f"--gap {min(gaps)}: at least {LEAST_GAP} is needed for a frame that is scored"
            )
        typer.echo(table([read_rmd17(path) for path in files], gaps))
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
