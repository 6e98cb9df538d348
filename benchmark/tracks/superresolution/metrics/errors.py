"""Super-resolution metrics: how far the hidden frames of a segment are from the true ones.

Positions are in Å, times in fs, wavenumbers in cm⁻¹. Nothing is aligned: kept frames fix where the
molecule is. A reconstruction has every frame of its segment, but a metric looks at no more of them
than it must:

- positions and bonds at the *scored* frames, the hidden ones at least two frames from a kept one
  (`contract.scored_frames`); frames nearer to a kept one may hold anything;
- velocities at the scored frames as well, by central differences, which reach one frame to either
  side. At a kept frame a model may have read the velocity, so that it says nothing there;
- velocity jumps at kept frames, which is where a reconstruction is sewn together, from the frames
  next to them;
- spectra from all frames: a spectrum of frames with holes is none.

So the last two, and velocities next to the unscored frames, do see frames that do not count for
positions. A truth copied into a reconstruction has an error of 0 in everything.

With e = x̂ − x the error of a position, h the time step, and means over atoms and components:

=======================================  ====================================================
``mae``                                  mean over scored frames of |e|, Å
``rmse``                                 √ mean over scored frames of e², Å
``velocity_rmse``                        rms over scored frames of (e₊ − e₋)/2h, Å/fs: velocity
                                         by central differences, less the integrator's own
``velocity_jump``                        rms over kept frames between two gaps of
                                         (e₊ − 2e + e₋)/h, Å/fs: forward less backward
                                         difference, less the same of truth, which is its
                                         acceleration times h and not 0
``vdos_w1``                              W₁ between normalised vibrational densities of states,
                                         cm⁻¹; all frames but the two ends, which have no
                                         central difference
``vdos_low``, ``_middle``, ``_high``     |ln ratio| of the power, reconstructed over true, in
                                         0–600, 600–2000, 2000–4000 cm⁻¹
``bond_break_fraction``                  share of scored frames in which any bond is more than
                                         0.5 Å longer or shorter than in truth's same frame
=======================================  ====================================================

`bias` is a signed mean where a sign means something: for ``vdos_w1`` the shift of the mean
wavenumber, for the bands ln of the ratio (see `vibrational`); else nan.

Everything is unchanged when atoms are renumbered, or when reconstruction and truth are turned
or moved together, but for ``mae``: that is a mean over Cartesian components, which a rotation
can change (by √3 if all errors point one way; next to nothing where they point all ways).

`stderr` is the sampling error of the test segments as a sample of the molecule's motion.
Spectra: a jackknife over segments. Means: of blocks of gaps within segments as in
`block_standard_error`, or of whole segments, whichever is larger. In 2.5 ps modes hardly
exchange energy, so segments differ from each other far more than the parts of one do: for
linear interpolation of ethanol at k = 10, segments scatter by 14 % while blocks within one
promise 1.2 %. From three segments the error is itself uncertain by half. Two models on the
same segments share most of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.tracks.superresolution.metrics.vibrational import BANDS, spectral_errors, vdos
from benchmark.tracks.superresolution.segments import DenseSegment, scored_frames
from benchmark.uncertainty import N_BLOCKS, Estimate, block_standard_error

__all__ = [
    "BANDS",
    "bond_lengths",
    "central_velocities",
    "error_by_place",
    "superresolution_errors",
    "vdos",
]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

BROKEN_BOND = 0.5  # Å off the true length; at 500 K bonds vibrate within 0.2 Å of their mean
MAX_COORDINATE = 1e6  # Å; beyond, a reconstruction has diverged and squares are on their way to inf


def superresolution_errors(
    reconstructed: Sequence[Float64],
    truth: Sequence[DenseSegment],
    gap: int,
    bonds: Int64 | None = None,
) -> dict[str, Estimate]:
    """Errors of reconstructed segments, each as a single number ≥ 0 that is 0 for the truth.

    The head of this file says what each one is, its bias and its standard error.

    Parameters
    ----------
    reconstructed : sequence of float64 arrays of shape (frames, atoms, 3)
        Å; element i is the reconstruction of ``truth[i].cut(gap)``, (kept − 1) gap + 1 frames.
    truth : sequence of DenseSegment
        Of one molecule, equally long.
    gap : int
        k, every k-th frame is kept; at least 4.
    bonds : int array of shape (bonds, 2), optional
        Pairs of atoms.

    Returns
    -------
    dict of str to Estimate
        ``bond_break_fraction`` is nan without bonds, ``velocity_jump`` with a single gap.

    Raises
    ------
    ValueError
        If a reconstruction has another shape than its segment or is not finite (the message names
        segment and frame), their numbers differ, the segments of truth differ in length, time step
        or atoms, none is a gap long, no frame is scored, or a bond is no pair of two atoms.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(43, 1, 3))
    >>> one = DenseSegment(x, 0.5, np.array([6]), np.array([12.011]))
    >>> errors = superresolution_errors([one.positions + 0.25], [one], gap=10)
    >>> round(errors["mae"].value, 9), round(errors["velocity_rmse"].value, 9)
    (0.25, 0.0)
    """
    model, true = _checked(reconstructed, truth, gap)
    time_step = truth[0].time_step
    scored = scored_frames(true.shape[1], gap)
    error = model - true
    velocity_error = (error[:, scored + 1] - error[:, scored - 1]) / (2 * time_step)
    broken = _broken(model[:, scored], true[:, scored], _checked_bonds(bonds, true.shape[2]))
    return {
        "mae": _mean(_over_gaps(np.abs(error[:, scored]).mean(axis=(2, 3)), gap)),
        "rmse": _root_mean(_over_gaps((error[:, scored] ** 2).mean(axis=(2, 3)), gap)),
        "velocity_rmse": _root_mean(_over_gaps((velocity_error**2).mean(axis=(2, 3)), gap)),
        "velocity_jump": _root_mean((_jumps(error, gap, time_step) ** 2).mean(axis=(2, 3))),
        **spectral_errors(
            central_velocities(model, time_step),
            central_velocities(true, time_step),
            truth[0].masses,
            time_step,
        ),
        "bond_break_fraction": _mean(_over_gaps(broken, gap)),
    }


def _jumps(error: Float64, gap: int, time_step: float) -> Float64:
    """Give (e₊ − 2e + e₋)/h at the kept frames between two gaps."""
    kept = np.arange(gap, error.shape[1] - 1, gap)
    return (error[:, kept + 1] - 2 * error[:, kept] + error[:, kept - 1]) / time_step


def _over_gaps(per_frame: Float64, gap: int) -> Float64:
    """Average (segments, scored frames) to (segments, gaps).

    A gap is the natural unit: its frames err together, and all gaps have as many of them.
    """
    return per_frame.reshape(len(per_frame), -1, gap - 3).mean(axis=2)


def error_by_place(
    reconstructed: Sequence[Float64], truth: Sequence[DenseSegment], gap: int
) -> Float64:
    """Mean absolute error by place in the gap, all of it, whether scored or not.

    Parameters
    ----------
    reconstructed, truth, gap
        As in `superresolution_errors`, but any gap ≥ 1.

    Returns
    -------
    float64 array of shape (gap + 1,)
        Å. Element j is of the frames j after a kept one; elements 0 and `gap` are of the kept
        frames that begin and end a gap, and 0 unless the model moved what it was given.

    Raises
    ------
    ValueError
        As in `superresolution_errors`.
    """
    model, true = _checked(reconstructed, truth, gap)
    error = np.abs(model - true).mean(axis=(2, 3))  # (segments, frames)
    places = [error[:, :-1][:, place::gap].mean() for place in range(gap)]
    return np.array([*places, error[:, gap::gap].mean()])


def central_velocities(positions: Float64, time_step: float) -> Float64:
    """Central differences of (segments, frames, atoms, 3): all frames but the two ends."""
    return (positions[:, 2:] - positions[:, :-2]) / (2 * time_step)


def bond_lengths(positions: Float64, bonds: Int64) -> Float64:
    """Lengths in Å of bonds (bonds, 2) in positions (..., atoms, 3): (..., bonds)."""
    i, j = bonds.T
    return np.asarray(np.linalg.norm(positions[..., i, :] - positions[..., j, :], axis=-1))


def _broken(model: Float64, true: Float64, bonds: Int64) -> Float64:
    """1 where any bond is far off its true length, else 0, of shape (segments, frames)."""
    if len(bonds) == 0:
        return np.full(true.shape[:2], math.nan)
    far_off = np.abs(bond_lengths(model, bonds) - bond_lengths(true, bonds)) > BROKEN_BOND
    return np.where(far_off.any(axis=2), 1.0, 0.0)


def _mean(x: Float64) -> Estimate:
    """Mean of (segments, places), with its standard error; nan of nothing or of nan."""
    if x.size == 0 or np.isnan(x).any():
        return Estimate(math.nan)
    # One block a segment is the last of the block numbers: segments are what is independent.
    n_blocks = N_BLOCKS if len(x) == 1 else (*N_BLOCKS, len(x))
    stderr = block_standard_error(x, n_blocks) if x.size > 1 else math.nan
    return Estimate(float(x.mean()), stderr)


def _root_mean(squares: Float64) -> Estimate:
    """√ of the mean of squares (segments, places); its error by d√m = dm/2√m."""
    mean = _mean(squares)
    root = math.sqrt(mean.value)
    return Estimate(root, mean.stderr / (2 * root) if root > 0 else mean.stderr)


def _checked(
    reconstructed: Sequence[Float64], truth: Sequence[DenseSegment], gap: int
) -> tuple[Float64, Float64]:
    """Positions of the reconstructions and of truth, each (segments, frames, atoms, 3)."""
    if gap < 1:
        raise ValueError(f"gap is {gap}; at least 1 is needed")
    if not truth or len(reconstructed) != len(truth):
        raise ValueError(
            f"{len(reconstructed)} reconstructions of {len(truth)} segments; one each is needed"
        )
    segments = [segment.cut(gap) for segment in truth]
    for number, segment in enumerate(segments):
        _check_like(segment, segments[0], number)
    if segments[0].n_frames <= gap:
        raise ValueError(
            f"segments have {truth[0].n_frames} frames; a gap of {gap} needs at least {gap + 1}"
        )
    true = np.stack([segment.positions for segment in segments])
    model = [_positions(x, true.shape[1:], number) for number, x in enumerate(reconstructed)]
    return np.stack(model), true


def _check_like(segment: DenseSegment, first: DenseSegment, number: int) -> None:
    """Refuse a segment that cannot be averaged with the first."""
    for name, value, expected in (
        ("frames", segment.n_frames, first.n_frames),
        ("fs a step", segment.time_step, first.time_step),
        ("as masses", segment.masses.tolist(), first.masses.tolist()),
    ):
        if value != expected:
            raise ValueError(
                f"segment {number} of truth has {value} {name}, segment 0 has {expected}; "
                "one molecule and one length is needed"
            )


def _positions(given: Float64, shape: tuple[int, ...], number: int) -> Float64:
    array = np.asarray(given)
    if array.shape != shape or array.dtype.kind not in "fiu":
        raise ValueError(
            f"reconstruction of segment {number} has shape {array.shape} and dtype {array.dtype}; "
            f"real numbers of shape {shape} are needed"
        )
    positions = array.astype(np.float64)
    bad = ~(np.abs(positions) <= MAX_COORDINATE)  # also true of nan
    if bad.any():
        frame, atom, axis = (int(index) for index in np.argwhere(bad)[0])
        raise ValueError(
            f"reconstruction of segment {number} is {positions[frame, atom, axis]} Å in frame "
            f"{frame} (atom {atom}); a finite number up to {MAX_COORDINATE:g} is needed"
        )
    return positions


def _checked_bonds(bonds: Int64 | None, n_atoms: int) -> Int64:
    if bonds is None:
        return np.empty((0, 2), dtype=np.int64)
    pairs = np.asarray(bonds)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"bonds have shape {pairs.shape} and dtype {pairs.dtype}; "
            "integers of shape (bonds, 2) are needed"
        )
    wrong = (pairs < 0).any(axis=1) | (pairs >= n_atoms).any(axis=1) | (pairs[:, 0] == pairs[:, 1])
    if wrong.any():
        raise ValueError(
            f"bond {pairs[wrong][0].tolist()} is no pair of two of the atoms 0 … {n_atoms - 1}"
        )
    return pairs.astype(np.int64)
