"""A trained model at work on a user's own trajectory: the hidden frames of every gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.errors import InputError, ModelError, where_raised
from benchmark.job import Key
from benchmark.loading import load_model, shipped_models
from benchmark.registry import all_tasks, find_task
from benchmark.run.fitting import fitted_model
from benchmark.run.folder import read_run, read_unit
from benchmark.run.local import asking
from benchmark.run.runner import job_of
from benchmark.task import Task
from benchmark.tracks.superresolution.card import SuperResolutionCard, superresolution_card
from benchmark.tracks.superresolution.contract import declared
from benchmark.tracks.superresolution.metrics.errors import superresolution_errors
from benchmark.tracks.superresolution.predictions import checked_positions
from benchmark.tracks.superresolution.segments import POSITIONS, CoarseSegment, DenseSegment
from benchmark.tracks.superresolution.trajectory_checks import mismatch
from benchmark.trajectories.reading import AtomTrajectory
from benchmark.uncertainty import Estimate

#: Frames made at a time, to bound memory: four times a test segment of md17-xtb.
PIECE = 20_000

#: Kept frames that a piece is given on either side beyond its own, whose gaps are thrown away: a
#: shipped model sees at most this far (six kept frames; a spline forgets by 0.27 a frame).
MARGIN = 24

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class TrainedUnit:
    """A unit of a run that is done, and its task."""

    run: Path
    key: Key
    task: Task

    @property
    def folder(self) -> Path:
        """Where the unit's files lie."""
        return self.key.folder(self.run)

    @property
    def spec(self) -> str:
        """What its run says ``--model`` was."""
        return read_run(self.run).spec

    @property
    def card(self) -> SuperResolutionCard:
        """The card of its task."""
        return superresolution_card(self.task)

    def __str__(self) -> str:
        return f"--task {self.key.task} --seed {self.key.seed}"


def units_done(run: Path, task: str = "", seed: int | None = None) -> list[TrainedUnit]:
    """List the super-resolution units of a run that are done, of one task or seed if asked.

    Raises
    ------
    InputError
        If there is none; says what there is.
    """
    done = []
    known = all_tasks()
    for key in read_run(run).units:
        found = known.get(key.task) or find_task(key.task)  # which says what there is instead
        if found.card.track != "superresolution":
            continue
        unit = read_unit(key.folder(run), found)
        if unit is not None and unit.status == "done":
            done.append(TrainedUnit(run, key, found))
    if not done:
        raise InputError(f"{run} has no super-resolution unit that is done")
    chosen = [
        unit for unit in done if task in ("", unit.key.task) and seed in (None, unit.key.seed)
    ]
    if not chosen:
        asked = f"--task {task}" * bool(task) + f" --seed {seed}" * (seed is not None)
        raise InputError(f"{run} has no unit {asked.strip()}; it has {_listed(done)}")
    return chosen


def only(units: Sequence[TrainedUnit]) -> TrainedUnit:
    """Give the one unit there is.

    Raises
    ------
    InputError
        If there are several; lists them.
    """
    if len(units) > 1:
        raise InputError(f"{units[0].run} has several units that fit; give {_listed(units)}")
    return units[0]


def _listed(units: Sequence[TrainedUnit]) -> str:
    shown = [str(unit) for unit in units[:8]]
    return ", or ".join(shown) + (f", or {len(units) - 8} more" if len(units) > 8 else "")


def unit_for(
    units: Sequence[TrainedUnit], factor: int, numbers: NDArray[np.int64], source: str
) -> TrainedUnit:
    """Choose the unit that was trained on these atoms, at this factor.

    Parameters
    ----------
    units : sequence of TrainedUnit
    factor : int
        k.
    numbers : int array of shape (atoms,)
    source : str
        Where the atoms come from, for messages.

    Raises
    ------
    InputError
        If none or several were.
    """
    gaps = sorted({unit.card.gap for unit in units})
    alike = [unit for unit in units if unit.card.gap == factor]
    if not alike:
        had = ", ".join(map(str, gaps))
        raise InputError(f"--factor {factor}: {units[0].run} was trained for the factor {had}")
    cards = {tuple(unit.card.numbers): unit.card for unit in alike}
    faults = {atoms: mismatch(numbers, card) for atoms, card in cards.items()}
    fitting = [unit for unit in alike if not faults[tuple(unit.card.numbers)]]
    if not fitting:
        # Molecules of another size are not what was meant, unless all are.
        near = [f for atoms, f in faults.items() if len(atoms) == len(numbers)]
        raise InputError(f"{source}: {'; '.join(near or list(faults.values()))}")
    return only(fitting)


def load_fitted(unit: TrainedUnit, report: Report) -> Any:
    """Load the model of a unit to the processor, or fit it again if it keeps nothing on disk.

    Raises
    ------
    InputError
        If the model is gone, or cannot be loaded.
    """
    run = read_run(unit.run)
    job = replace(job_of(unit.key, unit.task, run, unit.run), device="cpu")
    try:
        return fitted_model(job, asking(job), report)
    except (InputError, ModelError) as error:
        raise InputError(f"{unit.run}, {unit.key}: {error}") from error
    except Exception as error:
        raise InputError(
            f"{unit.run}, {unit.key}: its model does not load: {where_raised(error)}"
        ) from error


def code_has_changed(unit: TrainedUnit) -> bool:
    """Whether the model's code is another than when the run was made."""
    run = read_run(unit.run)
    now = load_model(run.spec, run.given, "superresolution").source_sha256
    return now != run.source_sha256


def coarse_segment(
    trajectory: AtomTrajectory, card: SuperResolutionCard, model: Any, name: str
) -> CoarseSegment:
    """Give a model the kept frames, and of them what it reads.

    Raises
    ------
    InputError
        If the model reads velocities or forces, and the trajectory has none.
    """
    reads = declared(model)
    missing = [what for what in sorted(reads) if getattr(trajectory, what) is None]
    if missing:
        partly = trajectory.partly
        held = [f"{what} {partly[what]}" for what in missing if what in partly]
        raise InputError(
            f"{name} reads {' and '.join(missing)}, and {trajectory.name} holds "
            f"{' and '.join(held) or 'none'} (a .trr or an "
            f".npz can); models that read positions only: {', '.join(_positions_only())}, and any "
            "trained with --set reads=positions"
        )
    return CoarseSegment(
        gap=card.gap,
        time_step=card.frame_time,
        numbers=np.array(card.numbers),
        masses=np.array(card.masses),
        positions=trajectory.positions,
        velocities=trajectory.velocities if "velocities" in reads else None,
        forces=trajectory.forces if "forces" in reads else None,
    )


def _positions_only() -> list[str]:
    track = "superresolution"
    built = {name: load_model(name, track=track).build() for name in shipped_models(track)}
    return [name for name, model in built.items() if set(model.reads) == {POSITIONS}]


def reconstruct(model: Any, coarse: CoarseSegment) -> Iterator[Positions]:
    """Fill the gaps of a trajectory of any length, piece by piece.

    Parameters
    ----------
    model
        Fitted.
    coarse : CoarseSegment

    Yields
    ------
    float64 array of shape (frames, atoms, 3)
        Å; together the (kept − 1) gap + 1 frames of the whole. Kept frames are copied.

    Raises
    ------
    InputError
        If the model raises, or gives something that is no reconstruction.
    """
    gap, n_gaps = coarse.gap, len(coarse.positions) - 1
    size = max(1, PIECE // gap)
    for begin in range(0, n_gaps, size):
        end = min(begin + size, n_gaps)
        first, last = max(0, begin - MARGIN), min(n_gaps, end + MARGIN)
        part = _part(coarse, slice(first, last + 1))
        # The origin is nothing to a molecule, but numbers are finest near it.
        centre = part.positions.mean((0, 1))
        moved = replace(part, positions=part.positions - centre)
        try:
            made = checked_positions(model.reconstruct(moved), (part.n_frames, part.n_atoms, 3))
        except ModelError as error:
            raise InputError(f"the model fails on this trajectory: {error}") from error
        except Exception as error:
            raise InputError(
                f"the model fails on this trajectory: {where_raised(error)}"
            ) from error
        frames = made + centre
        frames[::gap] = part.positions
        stop = (end - first) * gap + (1 if end == n_gaps else 0)
        yield frames[(begin - first) * gap : stop]


def _part(coarse: CoarseSegment, kept: slice) -> CoarseSegment:
    return replace(
        coarse,
        positions=coarse.positions[kept],
        velocities=None if coarse.velocities is None else coarse.velocities[kept],
        forces=None if coarse.forces is None else coarse.forces[kept],
    )


def hidden_errors(
    found: Positions, true: Positions, card: SuperResolutionCard
) -> dict[str, Estimate]:
    """Compare a reconstruction with the frames that were hidden, by the rules of the benchmark.

    Parameters
    ----------
    found, true : float64 arrays of shape (frames, atoms, 3)
        Å.
    card : SuperResolutionCard

    Returns
    -------
    dict of str to Estimate
        As `superresolution_errors` of one segment.
    """
    padded = np.concatenate([true[:1], true, true[-1:]])  # only its positions are looked at
    segment = DenseSegment(padded, card.frame_time, np.array(card.numbers), np.array(card.masses))
    bonds = np.array(card.bonds, np.int64).reshape(-1, 2)
    return superresolution_errors([found], [segment], card.gap, bonds)
