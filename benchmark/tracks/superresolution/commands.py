"""``export`` and ``upsample``: reconstructions as trajectories that other programs read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.console.trust import TrustOption, require_trust
from benchmark.errors import InputError, ModelError

if TYPE_CHECKING:
    from benchmark.arrays import Positions
    from benchmark.tracks.superresolution.card import SuperResolutionCard
    from benchmark.tracks.superresolution.upsampling import Report, TrainedUnit
    from benchmark.trajectories.reading import AtomTrajectory

# Commands import what they need when they run, so that `--help` need not wait for it.

#: Of a trajectory that says nothing of its times.
TIMELESS = "note: {} holds no times; its frames are taken to be {:g} fs apart (check: --spacing)"

#: Of an .xtc. Hidden frames can be filled to 1e-4 Å and finer.
ROUNDED = "note: {} is rounded to 0.01 Å, and nothing made of it is finer; better a .trr or .dcd"

#: Of a .trr in which velocities were written more often than positions.
LEFT_OUT = "note: {} frames of {} hold no positions and are left out"

TaskOption = Annotated[str, typer.Option(metavar="TASK", help="which task of the run")]
SeedOption = Annotated[int | None, typer.Option(min=0, help="which seed of the run")]
ForceOption = Annotated[bool, typer.Option("--force", help="replace files that are there")]


def export(
    run: Annotated[Path, typer.Argument(help="a run folder")],
    to: Annotated[Path, typer.Option(help="file to write: .trr, .dcd or .xtc, and a .pdb beside")],
    task: TaskOption = "",
    seed: SeedOption = None,
    segment: Annotated[int, typer.Option(min=0, help="which test segment, from 0")] = 0,
    truth: Annotated[
        bool, typer.Option("--truth", help="write the true segment too, as …-truth")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Write what a run has reconstructed as a trajectory, to look at it.

    A .trr holds times and single precision; a .dcd no times; an .xtc is rounded to 0.01 Å.

    Example: python -m benchmark export runs/ridge --task md17-xtb/ethanol-k10 --to ethanol.trr
    """
    from benchmark.tracks.superresolution import upsampling
    from benchmark.tracks.superresolution.data import truth as true_segments
    from benchmark.tracks.superresolution.measures import reconstructed
    from benchmark.trajectories.writing import require_writable

    unit = upsampling.only(upsampling.units_done(run, task, seed))
    twin = to.with_name(f"{to.stem}-truth{to.suffix}")
    for path in (to, twin) if truth else (to,):
        require_writable(path, force)
    true = true_segments(unit.task)
    if segment >= len(true):
        raise InputError(f"--segment {segment}: {unit.key.task} has {len(true)}, from 0")
    try:
        made = reconstructed(unit.task, unit.folder)
    except ModelError as error:
        raise InputError(f"{unit.folder}: {error}") from error
    _write_segment(to, unit.card, made[segment])
    if truth:
        _write_segment(twin, unit.card, true[segment].positions)


def _write_segment(path: Path, card: SuperResolutionCard, positions: Positions) -> None:
    import numpy as np

    from benchmark.trajectories.writing import molecule_topology, written

    with written(path, molecule_topology(card.numbers, card.bonds)) as writer:
        writer.write(positions, np.arange(len(positions)) * card.frame_time)
    _say_written(path, writer.n_frames, card)


def _say_written(path: Path, n_frames: int, card: SuperResolutionCard) -> None:
    from benchmark.trajectories.writing import rounded

    about = f"{n_frames:,} frames {card.frame_time:g} fs apart"
    if rounded(path, len(card.numbers)):
        about += ", rounded to 0.01 Å"
    typer.echo(f"written: {path} ({about}) and {path.with_suffix('.pdb')}")


def upsample(
    model: Annotated[
        Path, typer.Option("--model", "-m", metavar="RUN", help="a run folder: its fitted model")
    ],
    trajectory: Annotated[
        Path, typer.Option(help="what mdtraj reads, or .npz (positions in Å, velocities, forces)")
    ],
    factor: Annotated[int, typer.Option(help="frames out of one frame in: the gap of the task")],
    topology: Annotated[Path | None, typer.Option(help="of the trajectory: .pdb, .gro, …")] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="file to write: .trr, .dcd or .xtc [default: TRAJECTORY-xFACTOR.trr]"),
    ] = None,
    hidden: Annotated[
        bool,
        typer.Option(
            "--hidden", help="the trajectory is fine: keep every k-th frame, compare the others"
        ),
    ] = False,
    spacing: Annotated[
        str | None, typer.Option(help="time between its frames, such as 5fs, if it holds none")
    ] = None,
    task: TaskOption = "",
    seed: SeedOption = None,
    force: ForceOption = False,
    trust: TrustOption = False,
) -> None:
    """Fill the gaps of your own trajectory with a model that a run has trained.

    Atoms, their order and the time between frames must be those of the task the model was trained
    on, and molecules whole. A .trr of leap-frog dynamics holds velocities of half a step before
    its positions, which no model is trained on: save them with velocity Verlet.

    A run names the code of its model. If that is not shipped, it is run only with --trust, or when
    you say yes: a run folder of somebody else's is a program of theirs.

    Example: python -m benchmark upsample --model runs/ridge --trajectory t.trr --topology t.pdb
    --factor 10
    """
    from benchmark.tracks.superresolution import upsampling
    from benchmark.trajectories.reading import read_trajectory
    from benchmark.trajectories.writing import require_writable, rounded

    out = to or Path(f"{trajectory.stem}-x{factor}.trr")
    inputs = (trajectory, topology) if topology else (trajectory,)
    require_writable(out, force, inputs)
    units = upsampling.units_done(model, task, seed)
    read = read_trajectory(trajectory, topology)
    if read.left_out:
        typer.echo(LEFT_OUT.format(read.left_out, read.name), err=True)
    source = str(topology or trajectory)
    unit = upsampling.unit_for(units, factor, read.numbers, source)
    require_trust(model, unit.spec, unit.card.track, trust)
    _require_fit(read, unit, hidden, _femtoseconds(spacing))
    if rounded(trajectory, len(read.numbers)):
        typer.echo(ROUNDED.format(read.name), err=True)
    _upsample(unit, read, out, hidden)


def _require_fit(
    read: AtomTrajectory, unit: TrainedUnit, hidden: bool, given: float | None
) -> None:
    """Refuse frames that are not those of the unit's task: finite, as far apart, whole."""
    from benchmark.tracks.superresolution import trajectory_checks as checks

    gap, steps = unit.card.gap, len(read.positions) - 1
    checks.require_finite(read)
    if hidden and steps % gap:
        raise InputError(
            f"--hidden: the factor {gap} does not divide {read.name}: {steps + 1} "
            f"frames are {steps} steps; a last kept frame needs {steps // gap * gap + 1} frames"
        )
    expected = unit.card.frame_time * (1 if hidden else gap)
    if not checks.require_spacing(read, expected, given):
        typer.echo(TIMELESS.format(read.name, expected), err=True)
    checks.require_new_frames(read)
    checks.require_whole(read, unit.task, expected)


def _femtoseconds(text: str | None) -> float | None:
    """Read ``--spacing``."""
    if text is None:
        return None
    from benchmark import quantities

    given = quantities.parse_time(text, "--spacing")
    if given.unit == quantities.FRAMES:
        raise InputError(f"--spacing {text}: expected a time with a unit, such as 5fs")
    return float(given.value * quantities.SECONDS[given.unit] / quantities.SECONDS["fs"])


def _upsample(unit: TrainedUnit, read: AtomTrajectory, out: Path, hidden: bool) -> None:
    """Load the model, fill, write, and compare where the truth is known."""
    import numpy as np

    from benchmark.tracks.superresolution import motion_checks, upsampling
    from benchmark.tracks.superresolution.contract import declared
    from benchmark.trajectories.writing import molecule_topology, with_bonds, written

    card = unit.card
    name = f"{unit.run} ({unit.key})"
    if upsampling.code_has_changed(unit):
        typer.echo(f"note: the code of the model has changed since {unit.run} was made", err=True)
    kept = read.every(card.gap) if hidden else read
    top = (
        molecule_topology(card.numbers, card.bonds)
        if read.topology is None
        else with_bonds(read.topology, card.bonds)
    )
    n_frames = (len(kept.positions) - 1) * card.gap + 1
    start = 0.0 if kept.times is None else float(kept.times[0])
    made = []
    with _progress() as report:
        fitted = upsampling.load_fitted(unit, report)
    coarse = upsampling.coarse_segment(kept, card, fitted, name)
    spacing = card.gap * card.frame_time
    doubts = motion_checks.require_motion(kept, declared(fitted), unit.task, spacing)
    with _progress() as report, written(out, top) as writer:
        begin = time.perf_counter()
        for piece in upsampling.reconstruct(fitted, coarse):
            frames = writer.n_frames + np.arange(len(piece))
            cells = None if kept.cells is None else _between(kept.cells, frames / card.gap)
            writer.write(piece, start + frames * card.frame_time, cells)
            if hidden:
                made.append(piece)
            report(writer.n_frames / n_frames, "reconstruct")
        seconds = time.perf_counter() - begin
    _say_written(out, n_frames, card)
    typer.echo(f"{name}: {n_frames / seconds:,.0f} frames a second")
    for doubt in doubts:
        typer.echo(f"not checked: {doubt}")
    if hidden:
        _print_errors(unit, coarse, np.concatenate(made), read.positions)


def _between(cells: Any, places: Any) -> Any:
    """Interpolate boxes (kept, 3, 3) linearly at ``places`` (frames,), in kept frames."""
    import numpy as np

    left = np.minimum(places.astype(int), len(cells) - 2)
    share = (places - left)[:, None, None]
    return (1 - share) * cells[left] + share * cells[left + 1]


def _print_errors(unit: TrainedUnit, coarse: Any, made: Positions, true: Positions) -> None:
    import numpy as np

    from benchmark.console.show import print_errors
    from benchmark.tracks.superresolution import upsampling
    from benchmark.tracks.superresolution.card import METRICS
    from benchmark.tracks.superresolution.interpolation import INTERPOLANTS

    line = np.concatenate(list(upsampling.reconstruct(INTERPOLANTS[0], coarse)))
    print_errors(
        "hidden frames at least two from a kept one",
        METRICS,
        {
            name: upsampling.hidden_errors(found, true, unit.card)
            for name, found in ((unit.run.name, made), (INTERPOLANTS[0].name, line))
        },
    )


@contextmanager
def _progress() -> Iterator[Report]:
    """Show a line with a bar that is gone at the end."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from benchmark.console.show import console

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("load", total=1.0)

        def report(fraction: float, note: str) -> None:
            progress.update(bar, completed=min(1.0, max(0.0, fraction)), description=note)

        yield report
