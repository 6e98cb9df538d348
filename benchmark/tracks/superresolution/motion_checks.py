"""Whether a user's velocities and forces belong to the positions beside them, and if not, why.

Frames are compared with the frozen validation segment of the task, kept as far apart: what
vibrations of the molecule make of the rules of `motion` is in it. *Measured* on the training
segments of `md17-xtb` (constant energy, eight molecules) and of `md17-xtb-nvt` (two molecules; one
friction for all atoms, kicks of 0.1/ps): 96 segments of 2.5 ps, smallest … largest; and on 16 under
kicks of 10/ps, which the forces hold as accelerations:

=======================  =============  =============  =============  =============
Δ (fs)                   2.5            5              10             20
=======================  =============  =============  =============  =============
residual, velocities     0.05 … 0.14    0.18 … 0.48    0.47 … 1.2     0.92 … 2.4
residual, with forces    0.005 … 0.016  0.03 … 0.11    0.26 … 0.97    0.53 … 2.1
⋯ kicks of 10/ps         0.052 … 0.055  0.13 … 0.15    0.44 … 0.63    0.98 … 1.3
velocities: size         1.03 … 1.11    1.08 … 1.31    0.81 … 1.25    0.47 … 0.97
⋯ correlation            0.994 … 0.999  0.88 … 0.99    0.40 … 0.88    −0.26 … 0.59
forces: size             0.84 … 0.92    0.53 … 0.74    0.22 … 0.48    0.05 … 0.20
⋯ correlation            0.990 … 0.998  0.92 … 0.97    0.42 … 0.76    0.31 … 0.55
⋯ kicks of 10/ps         0.84 … 0.90    0.77 … 0.84    0.44 … 0.52    0.30 … 0.36
lag of velocities (fs)   −0.003 … 0.003 −0.01 … 0.01   −0.08 … 0.08   −0.46 … 0.37
=======================  =============  =============  =============  =============

So forces are told at any Δ, velocities up to 10 fs, and atoms one by one up to 5 fs; at 20 fs only
the size of velocities is looked at. With the limits below none of these segments, nor any of 3,920
pieces of 3, 11 and 51 kept frames of them, is refused; nor any of 144 pieces of ethanol under
thermostats with the forces of GFN2-xTB itself, as programs write them, without friction and kicks.
Of faults planted in whole segments (three of each molecule) these were found:

======================================  ======  ======  ======  ======
Δ (fs)                                  2.5     5       10      20
======================================  ======  ======  ======  ======
velocities: of the frame before         24/24   24/24   24/24   0/24
⋯ sign reversed, of frames at random    24/24   24/24   24/24   0/24
⋯ half a step of 0.5 fs old             24/24   23/24   24/24   0/24
⋯ of two atoms exchanged                24/24   24/24   0/24    0/24
⋯ in ASE's units                        24/24   24/24   24/24   24/24
⋯ twice as large                        24/24   24/24   24/24   0/24
⋯ half as large                         24/24   24/24   23/24   0/24
forces: of the frame before             24/24   24/24   24/24   24/24
⋯ sign reversed, of frames at random    24/24   24/24   24/24   24/24
⋯ in kcal/mol/Å; 0 in half the frames   24/24   24/24   24/24   24/24
⋯ twice as large                        24/24   24/24   0/24    1/24
⋯ half as large                         24/24   24/24   0/24    0/24
⋯ of two atoms exchanged                24/24   24/24   0/24    0/24
positions: drift by 0.01 Å/fs           24/24   24/24   23/24   0/24
⋯ turned by 30° against velocities      24/24   24/24   23/24   0/24
⋯ turned by 30° against forces          24/24   24/24   23/24   22/24
hydrogen of twice the mass              24/24   24/24   0/24    1/24
======================================  ======  ======  ======  ======

Of 21 kept frames, units, signs and frames are told as surely; of frames at random, velocities in 10
to 20 of 24; half a step in 2 to 7; single atoms and masses not at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.task import Task
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.data import load
from benchmark.tracks.superresolution.metrics.errors import bond_lengths
from benchmark.tracks.superresolution.motion import Motion, agreement
from benchmark.tracks.superresolution.motion_units import as_if, expected_unit
from benchmark.tracks.superresolution.rigid_motion import angle, centred, turn_between
from benchmark.tracks.superresolution.segments import READABLE
from benchmark.trajectories.reading import AtomTrajectory

#: Sizes may differ from the usual ones by this factor, and correlations fall to this share.
SIZE, SHARE = 3.0, 0.2

#: Usual correlation from which on less is allowed. *Measured* there: sizes differ by up to 1.21
#: (velocities) and 1.35 (forces).
TIGHT, TIGHT_SIZE = 0.85, {"velocities": 1.4, "forces": 1.6}

#: As `SIZE`, of velocities in `MANY` frames where they hold. *Measured*: 1.42.
MANY_SIZE = 1.7

#: Kept frames from which on sizes and turns are looked at closely.
ENOUGH = 11

#: By how much a turn may better the correlation. *Measured*: 0.06; 0.011 in `MANY` frames, and
#: 0.004 where it is tight.
TURN, TIGHT_TURN = 0.1, 0.03

#: Rms by which the whole may move otherwise than its velocities say, over that of atoms in
#: it. *Measured*: 0.09 down to `HOLDS`, and 0.04 where tight.
SLIP, TIGHT_SLIP = 0.2, 0.1

#: Share of the usual correlation from which on an array fits.
FITS = 0.8

#: Usual correlation of displacements with velocities below which these say nothing of the way.
HOLDS = 0.5

#: fs, and standard errors: leap-frog velocities with steps of 0.5 fs are 0.25 fs old.
LAG, LAG_ERRORS = 0.1, 5.0

#: Usual residual up to which atoms are looked at one by one, in at least so many frames; and the
#: factor by which one may differ from the others.
CLOSE, MANY, ATOM = 0.25, 50, 1.5

#: Standard errors by which the correlation of an atom may be too large.
CHANCE = 3.0

#: A residual may be so many times the usual one, and so much more: what kicks leave.
RESIDUAL, BESIDE = 3.0, 0.15

#: Trace of a reflection from which on it nearly turns all signs (−3).
INVERTED = -2.5

ASTRAY = (
    "they have another direction; are they of other frames or atoms, or were positions rotated "
    "(fitted) and they not?"
)

#: Å. A bond that changes less, rms, and less than a tenth of what is usual, is held rigid.
RIGID = 0.004


def require_motion(
    trajectory: AtomTrajectory, reads: frozenset[str], task: Task, spacing: float
) -> list[str]:
    """Require velocities and forces, of those that a model reads, to be those of the positions.

    Parameters
    ----------
    trajectory : AtomTrajectory
        Its kept frames.
    reads : frozenset of str
    task : Task
        The one the model was trained on.
    spacing : float
        fs between kept frames.

    Returns
    -------
    list of str
        What cannot be told from such frames.

    Raises
    ------
    InputError
        If they are not; says what they look like.
    """
    card = superresolution_card(task)
    masses, bonds = np.array(card.masses), np.array(card.bonds, np.int64).reshape(-1, 2)
    coarse = load(task, "validation")[0].coarse(card.gap, READABLE)
    read = [what for what in ("velocities", "forces") if what in reads]
    unknown = []
    for number, what in enumerate(read):
        known = set(read[: number + 1])  # forces are judged beside velocities that are right
        found, usual = (
            Motion(
                source.positions,
                source.velocities if "velocities" in known else None,
                source.forces if "forces" in known else None,
                masses,
                spacing,
            )
            for source in (trajectory, coarse)
        )
        fault = _missing(found, what) or _misfit(found, usual, what, trajectory.name)
        if fault and what == "forces" and _is_rigid(found, usual, bonds):
            fault += "; its bonds are rigid, and forces in files leave out what holds them"
        if fault:
            raise InputError(_message(found, usual, what, trajectory.name, fault))
        if doubt := _unknown(found, usual, what):
            unknown.append(f"{trajectory.name}: {doubt}")
    return unknown


def _message(found: Motion, usual: Motion, what: str, name: str, fault: str) -> str:
    text = f"{name}: its {what} do not fit its positions: {fault}"
    if found.velocities is not None:
        text += (
            f" (relative residual {found.residual:.2g}, where the model was trained "
            f"{usual.residual:.2g})"
        )
    return f"{text}; a model that reads positions only needs no {what}"


def _missing(found: Motion, what: str) -> str:
    """Say where numbers stand for none: zeros, or those of the frame before once more."""
    array = getattr(found, what)
    moves = np.diff(found.positions, axis=0) != 0  # (kept - 1, atoms, 3)
    none = (array == 0).all(axis=(0, 2)) & moves.any(axis=(0, 2))
    if none.any():
        return f"those of {_atoms(none)} are 0 in all frames; are there none of them?"
    zero = (array == 0).all(axis=(1, 2))
    zero[0] = zero[0] and what == "forces"  # dynamics may start at rest
    if zero.any():
        return f"all are 0 in {_frames(zero)}; are there none in them?"
    again = (np.diff(array, axis=0) == 0).all(axis=(1, 2)) & moves.any(axis=(1, 2))
    if again.any():
        frames = np.concatenate([[False], again])
        return f"in {_frames(frames)} they are those of the frame before to the last digit"
    return ""


def _misfit(found: Motion, usual: Motion, what: str, name: str) -> str:
    """Say how an array that is there differs from what positions say; empty if it does not."""
    if not (found.moved if what == "velocities" else found.bent).any():
        return ""  # nothing moves, or there are too few frames
    if what == "forces" and (fault := _other_masses(found, usual)):
        return fault
    if what == "velocities" and (fault := _slipped(found, usual)):
        return fault
    one, other = found.of(what), usual.of(what)
    against = one.correlation < -SHARE * abs(other.correlation)
    most = _most(found, usual, what)
    if not other.size / most <= one.size <= other.size * most:
        text = as_if(what, expected_unit(what, name), float(other.size / one.size))
        return text + (f", and {_reversed(what)}" if against and _holds(usual, what) else "")
    if not _holds(usual, what):
        return ""
    if fault := _elsewhere(found, usual, what) or _turned(found, usual, what):
        return fault
    if one.correlation < SHARE * other.correlation:
        return _reversed(what) if against else ASTRAY
    return _lagging(found, usual) if what == "velocities" else _unexplained(found, usual)


def _most(found: Motion, usual: Motion, what: str) -> float:
    """Give the factor by which sizes may differ from the usual ones."""
    frames = len(found.positions)
    if _is_tight(usual, what) and frames >= ENOUGH:
        return TIGHT_SIZE[what]
    if what == "velocities" and _holds(usual, what) and frames >= MANY:
        return MANY_SIZE
    return SIZE


def _is_tight(usual: Motion, what: str) -> bool:
    """Whether velocities or forces usually explain nearly all of what atoms do."""
    return bool(usual.of(what).correlation > TIGHT)


def _slipped(found: Motion, usual: Motion) -> str:
    """Say if the whole moves otherwise than its velocities say, though atoms within it do not."""
    moved, given = (centred(of, found.masses) for of in (found.moved, found.by_velocities))
    within, expected = agreement(moved, given), usual.of("velocities")
    slips = (found.moved - moved, found.by_velocities - given)
    size = float(np.linalg.norm(moved))
    tight = _is_tight(usual, "velocities")
    if not (
        _holds(usual, "velocities")
        and within.correlation > FITS * expected.correlation
        and 1 / TIGHT_SIZE["velocities"] < within.size / expected.size < TIGHT_SIZE["velocities"]
        and np.linalg.norm(slips[0] - slips[1]) > (TIGHT_SLIP if tight else SLIP) * size
    ):
        return ""
    steps = len(moved) * found.masses.sum()
    one, two = (float(np.linalg.norm(slip) / np.sqrt(steps)) for slip in slips)
    return (
        f"the molecule as a whole moves by {one:.2g} Å from frame to frame (rms) and by its "
        f"velocities by {two:.2g}; were positions centred or shifted, or was the motion of the "
        "whole taken out of velocities only?"
    )


def _turned(found: Motion, usual: Motion, what: str) -> str:
    """Say if an array fits the positions once it is turned, by one turn for all frames."""
    done, given = (
        (found.moved, found.by_velocities)
        if what == "velocities"
        else (found.bent, found.by_forces)
    )
    if len(found.positions) < ENOUGH:
        return ""
    own, expected = found.of(what).correlation, usual.of(what).correlation
    sure = _is_tight(usual, what) or len(found.positions) >= MANY
    gain = TIGHT_TURN if sure else TURN
    for mirrored in (False, True):
        turn = turn_between(done, given, mirrored)
        fits = agreement(done, given @ turn).correlation
        if mirrored and np.trace(turn) < INVERTED:
            return ""  # that is another sign
        if fits > FITS * expected and fits > own + gain:
            how = "mirrored" if mirrored else f"turned by {angle(turn):.0f}°"
            return f"they fit once {how}; were positions {how} (fitted, say) and they not?"
    return ""


def _other_masses(found: Motion, usual: Motion) -> str:
    """Look at atoms one by one: accelerations are forces over masses, and some may be others.

    Kicks are noise, in what atoms did or (where forces are what they did) in the forces too. With
    noise in either, the true size is between the slopes of one on the other and of the other on
    the one, size times and over correlation, which is taken as small as it may be by chance.
    """
    if not _is_close(found, usual):
        return ""
    one, other = (agreement(of.left, of.correction, (0, 2)) for of in (found, usual))
    chance = (1 - one.correlation**2) / np.sqrt(3 * len(found.moved))
    correlation = np.maximum(one.correlation - CHANCE * chance, np.finfo(np.float32).eps)
    least, most = one.size * correlation, one.size / correlation
    wrong = (least > ATOM * other.size) | (most < other.size / ATOM)
    if not wrong.any() or wrong.all():
        return ""
    times = float(np.median((other.size / one.size)[wrong]))
    return (
        f"accelerations of {_atoms(wrong)} are {times:.2g} times too large; are their masses "
        f"{times:.2g} times those of the elements?"
    )


def _lagging(found: Motion, usual: Motion) -> str:
    """Say by how much velocities are older than positions."""
    if len(found.positions) < MANY and not _is_tight(usual, "velocities"):
        return ""  # of few frames far apart, the error of a lag is not known well enough
    lag, error = found.lag
    if abs(lag) <= max(LAG, LAG_ERRORS * error):
        return ""
    return (
        f"they are {abs(lag):.2g} fs {'older' if lag > 0 else 'younger'} than positions; are they "
        "half a step off, as leap-frog dynamics leaves them? Use velocity Verlet"
    )


def _unexplained(found: Motion, usual: Motion) -> str:
    """Compare what velocities and forces leave of the way with what is usual."""
    if not _is_close(found, usual):
        return ""
    one, other = (agreement(of.left, of.correction, (0, 2)) for of in (found, usual))
    lost = one.correlation < SHARE * other.correlation
    if lost.any():
        return f"those of {_atoms(lost)} have another direction"
    if found.residual > RESIDUAL * usual.residual + BESIDE:
        return "too much of the way remains that they do not explain"
    return ""


def _is_close(found: Motion, usual: Motion) -> bool:
    """Whether frames are close enough, and enough, to look at atoms one by one."""
    enough = found.velocities is not None and len(found.positions) >= MANY
    return enough and usual.residual <= CLOSE


def _holds(usual: Motion, what: str) -> bool:
    """Whether directions tell anything: those of forces always do."""
    return what == "forces" or bool(usual.of(what).correlation >= HOLDS)


def _elsewhere(found: Motion, usual: Motion, what: str) -> str:
    """Say whether an array fits the positions of a neighbouring frame, and these much less."""
    if len(found.positions) < 5:
        return ""
    fits = {
        which: found.shifted(what, shift).of(what).correlation
        for which, shift in (("before", 1), ("after", -1))
    }
    best = max(fits, key=lambda which: fits[which])
    own, there = found.of(what).correlation, usual.of(what).correlation
    if fits[best] < FITS * there or own > FITS * fits[best]:
        return ""
    return f"each frame holds those of the frame {best}"


def _reversed(what: str) -> str:
    if what == "forces":
        return "their sign is reversed: they are gradients, minus the forces"
    return "their sign is reversed"


def _is_rigid(found: Motion, usual: Motion, bonds: NDArray[np.int64]) -> bool:
    if not len(bonds) or len(found.positions) < 3:
        return False
    one, other = (bond_lengths(of.positions, bonds).std(0) for of in (found, usual))
    return bool(((one < RIGID) & (one < 0.1 * other)).any())


def _unknown(found: Motion, usual: Motion, what: str) -> str:
    """Say what cannot be told; empty if all can."""
    if what == "forces" and len(found.positions) < 3:
        return "whether its forces fit its positions cannot be told from two frames"
    if not _holds(usual, what):
        return (
            f"frames {found.spacing:g} fs apart are too far apart to tell whether its {what} are "
            "those of its frames; only their size was checked"
        )
    return ""


def _atoms(which: NDArray[np.bool_]) -> str:
    numbers = np.flatnonzero(which)
    return f"atom{'s' * (len(numbers) > 1)} {_first(numbers)} (from 0)"


def _frames(which: NDArray[np.bool_]) -> str:
    numbers = np.flatnonzero(which)
    many = len(numbers) > 1
    return f"frame{'s' * many} {_first(numbers)} of {len(which)}"


def _first(numbers: NDArray[np.intp]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return shown if len(numbers) <= 5 else f"{shown}, … ({len(numbers)} in all)"
