"""Whether a user's trajectory is one that a model was trained for: a line for all that is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Positions
from benchmark.errors import InputError
from benchmark.quantities import Time, saving_interval
from benchmark.task import Task
from benchmark.tracks.superresolution.card import SuperResolutionCard, superresolution_card
from benchmark.tracks.superresolution.data import load
from benchmark.tracks.superresolution.metrics.errors import BROKEN_BOND, bond_lengths
from benchmark.tracks.superresolution.rigid_motion import thermal_turn, turns
from benchmark.trajectories.reading import AtomTrajectory

#: Å/fs on average between two frames; at 500 K a hydrogen atom moves at 0.035, rms.
FASTEST = 0.5

#: How often the thermal speed at `HOT`, in K, about the axis of least inertia a molecule may turn
#: (2.2°/fs of ethanol); and the share of the motion that a turn has to explain.
FASTEST_TURN, HOT, MOSTLY = 5.0, 1000.0, 0.5

WHOLE = "gmx trjconv -pbc whole, or make_molecules_whole() of mdtraj"
UNWRAPPED = "gmx trjconv -pbc nojump"


def mismatch(numbers: NDArray[np.int64], card: SuperResolutionCard) -> str:
    """Say how atoms differ from those of the card; empty if they do not."""
    if len(numbers) != len(card.numbers):
        more = " (cut the molecule out first)" if len(numbers) > len(card.numbers) else ""
        return f"{len(numbers)} atoms where {card.molecule} has {len(card.numbers)}{more}"
    differ = np.flatnonzero(numbers != np.array(card.numbers))
    if not differ.size:
        return ""
    first = int(differ[0])
    found, expected = symbols([int(numbers[first]), card.numbers[first]])
    order = " ".join(symbols(card.numbers))
    return (
        f"atom {first} (from 0) is {found} where {card.molecule} has {expected}; its atoms are "
        f"{order}, in this order"
    )


def symbols(numbers: list[int]) -> list[str]:
    """Give the symbols of elements; ``?`` for the number 0."""
    from mdtraj.core.element import Element  # slow to load

    return [Element.getByAtomicNumber(number).symbol if number else "?" for number in numbers]


def require_finite(trajectory: AtomTrajectory) -> None:
    """Require finite positions, velocities and forces, and at least two frames.

    Raises
    ------
    InputError
        Otherwise; names the first frame and atom.
    """
    n_frames = len(trajectory.positions)
    if n_frames < 2:
        raise InputError(f"{trajectory.name} has {n_frames} frame(s); a gap is between two")
    for what in ("positions", "velocities", "forces"):
        values = getattr(trajectory, what)
        if values is not None and not np.isfinite(values).all():
            frame, atom, axis = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
            raise InputError(
                f"{trajectory.name}: {what} are not finite: {values[frame, atom, axis]} in frame "
                f"{frame}, atom {atom} (from 0)"
            )


def require_new_frames(trajectory: AtomTrajectory) -> None:
    """Require every frame to differ from the one before: nothing that moves stays the same.

    Raises
    ------
    InputError
        If one does not; names the first, and says how many there are.
    """
    again = (np.diff(trajectory.positions, axis=0) == 0).all(axis=(1, 2))  # (frames - 1,)
    if not again.any():
        return
    first = int(again.argmax()) + 1
    if again.all():
        raise InputError(f"{trajectory.name}: all its frames hold the same positions")
    raise InputError(
        f"{trajectory.name}: in {np.count_nonzero(again):,} of {len(again) + 1:,} frames positions "
        f"are those of the frame before to the last digit, first in frame {first:,}: was a frame "
        "written twice, or did the run stand still? leave these out, so that all are equally far "
        "apart in time"
    )


def require_spacing(trajectory: AtomTrajectory, expected: float, given: float | None) -> bool:
    """Require frames equally spaced in time, as far apart as a model was trained for.

    Parameters
    ----------
    trajectory : AtomTrajectory
    expected : float
        fs.
    given : float or None
        fs, what the user says the spacing is; needed by no file that holds times.

    Returns
    -------
    bool
        Whether anybody has said what the spacing is: the file, or the user.

    Raises
    ------
    InputError
        If times are not equally spaced, or the spacing is another.
    """
    wanted = Time(expected, "fs")
    said = {}
    if trajectory.times is not None:
        found = saving_interval(trajectory.times, "fs", trajectory.name)
        said[f"{trajectory.name}: its frames are"] = found
    if given is not None:
        said["--spacing says that frames are"] = Time(given, "fs")
    for who, spacing in said.items():
        if not spacing.is_close(wanted):
            raise InputError(f"{who} {spacing} apart; the model was trained for {wanted}")
    return bool(said)


def require_whole(trajectory: AtomTrajectory, task: Task, spacing: float) -> None:
    """Require a molecule in one piece that nowhere crosses a periodic box.

    A bond is compared with its mean length in the frozen validation split of the task.

    Parameters
    ----------
    trajectory : AtomTrajectory
    task : Task
        The one the model was trained on.
    spacing : float
        fs between frames.

    Raises
    ------
    InputError
        If a bond is broken, by the box or otherwise, or the molecule jumps between two frames.
    """
    card, name = superresolution_card(task), trajectory.name
    if card.bonds:
        _require_bonds(trajectory, task, np.array(card.bonds, np.int64))
    steps = np.diff(trajectory.positions, axis=0)
    if trajectory.cells is not None:
        wrapped = _wraps(steps, trajectory.cells[1:])
        if wrapped.any():
            frame = int(np.argwhere(wrapped)[0, 0])
            raise InputError(
                f"{name}: the molecule crosses the periodic box: it jumps by more than half of it "
                f"from frame {frame} to the next; undo the jumps first ({UNWRAPPED})"
            )
    _require_slow_turns(trajectory, np.array(card.masses), spacing)
    lengths = np.linalg.norm(steps, axis=-1)  # (frames - 1, atoms)
    too_far = lengths > FASTEST * spacing
    if too_far.any():
        frame, atom = (int(i) for i in np.argwhere(too_far)[0])
        raise InputError(
            f"{name}: atom {atom} (from 0) jumps by {lengths[frame, atom]:.3g} Å from frame "
            f"{frame} to the next; if that is a periodic box, undo the jumps first ({UNWRAPPED})"
        )


def _require_slow_turns(
    trajectory: AtomTrajectory, masses: NDArray[np.float64], spacing: float
) -> None:
    """Refuse frames that were turned one by one: superposed, or given any orientation."""
    angles, explained = turns(trajectory.positions)
    fastest = FASTEST_TURN * thermal_turn(trajectory.positions[0], masses, HOT)
    too_fast = (angles > fastest * spacing) & (explained > MOSTLY)
    if not too_fast.any():
        return
    frame = int(too_fast.argmax())
    raise InputError(
        f"{trajectory.name}: the molecule turns by {angles[frame]:.0f}° from frame {frame} to the "
        "next, and its atoms hardly move otherwise: were frames turned one by one? bring them as "
        "the dynamics wrote them"
    )


def _require_bonds(trajectory: AtomTrajectory, task: Task, bonds: NDArray[np.int64]) -> None:
    positions = trajectory.positions
    usual = bond_lengths(load(task, "validation")[0].positions, bonds).mean(0)  # (bonds,)
    found = bond_lengths(positions, bonds)  # (frames, bonds)
    far_off = np.abs(found - usual) > BROKEN_BOND
    if not far_off.any():
        return
    frame, bond = (int(i) for i in np.argwhere(far_off)[0])
    i, j = bonds[bond]
    what = (
        f"{trajectory.name}: atoms {i} and {j} (from 0), bonded in "
        f"{superresolution_card(task).molecule}, are {found[frame, bond]:.3g} Å apart in frame "
        f"{frame} and {usual[bond]:.3g} Å where the model was trained"
    )
    if trajectory.cells is not None:
        apart: Positions = positions[:, j] - positions[:, i]
        if _wraps(apart, trajectory.cells)[frame]:
            raise InputError(f"{what}: a bond crosses the periodic box; make it whole ({WHOLE})")
    raise InputError(
        f"{what}: its atoms are in another order, or a bond crosses a periodic box ({WHOLE})"
    )


def _wraps(vectors: Positions, cells: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether vectors (n, ..., 3) reach over more than half of a box (n, 3, 3) along an edge."""
    inverse = np.linalg.inv(cells)
    fractions = np.einsum("n...i,nij->n...j", vectors, inverse)
    return (np.abs(fractions) > 0.5).any(axis=-1)
