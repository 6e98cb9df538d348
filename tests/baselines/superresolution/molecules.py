"""Segments of dynamics whose hidden frames are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmark.quantities import ENERGY
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment
from tasks.md17_nvt.thermostats import Kicks, NoseHoover, record

Floats = NDArray[np.float64]

TIME_STEP, KELVIN = 0.5, 500.0  # fs, K
GEOMETRY = np.array(
    [[0.0, 0.0, 0.0], [1.1, 0.2, 0.0], [-0.4, 1.3, 0.1], [0.3, -0.5, 1.2], [-0.9, -0.6, -0.7]]
)
NUMBERS = np.array([6, 1, 8, 1, 7])
MASSES = np.array([12.011, 1.008, 15.999, 1.008, 14.007])
PERIODS = np.array([11.0, 17.0, 23.0, 40.0, 70.0, 110.0, 150.0, 260.0, 400.0])  # fs, of 9 modes
AMPLITUDE = 0.03  # Å


def fit_context(folder: Path, gap: int) -> GapContext:
    return GapContext(task="md17/test", scratch=folder, gap=gap, frame_time=TIME_STEP)


def segment_of(path: Callable[[Floats], Floats], n_frames: int) -> DenseSegment:
    """Sample ``path``, which takes times (frames,) in fs, and one frame more at either end."""
    return DenseSegment(path(TIME_STEP * np.arange(-1, n_frames + 1)), TIME_STEP, NUMBERS, MASSES)


def polynomial(degree: int, gap: int, n_kept: int) -> tuple[CoarseSegment, Floats]:
    """Give the kept frames, with exact derivatives, and all frames of one polynomial in time."""
    coefficients = np.random.default_rng(degree).normal(size=(degree + 1, len(NUMBERS), 3))
    times = TIME_STEP * np.arange((n_kept - 1) * gap + 1)
    scale = times[-1]
    x, v, a = (
        np.moveaxis(
            np.polynomial.polynomial.polyval(
                times / scale, np.polynomial.polynomial.polyder(coefficients, order)
            ),
            -1,
            0,
        )
        / scale**order
        for order in range(3)
    )
    coarse = CoarseSegment(
        gap, TIME_STEP, NUMBERS, MASSES, x[::gap], v[::gap], (ENERGY * MASSES[:, None] * a)[::gap]
    )
    return coarse, x


def vibrations() -> Floats:
    """Orthonormal directions (3 atoms, 9) without translation or rotation, mass-weighted."""
    root = np.sqrt(MASSES)[:, None]
    centred = GEOMETRY - MASSES @ GEOMETRY / MASSES.sum()
    rigid = [root * axis for axis in np.eye(3)] + [root * np.cross(e, centred) for e in np.eye(3)]
    basis, _ = np.linalg.qr(np.stack([motion.ravel() for motion in rigid], axis=1))
    mixed = np.random.default_rng(0).normal(size=(GEOMETRY.size, len(PERIODS)))
    return np.linalg.qr(mixed - basis @ (basis.T @ mixed))[0]


def harmonic_segment(seed: int, n_frames: int = 3_000) -> DenseSegment:
    """Nine normal modes of random energy and phase; the equations of motion are linear."""
    rng = np.random.default_rng(seed)
    phases = rng.uniform(0.0, 2.0 * np.pi, len(PERIODS))
    amplitudes = AMPLITUDE * rng.uniform(0.5, 1.5, len(PERIODS)) * np.sqrt(PERIODS / 50.0)
    directions = vibrations() / np.repeat(np.sqrt(MASSES), 3)[:, None]

    def path(times: Floats) -> Floats:
        modes = amplitudes * np.cos(2.0 * np.pi * times[:, None] / PERIODS + phases)
        return GEOMETRY + (modes @ directions.T).reshape(-1, len(NUMBERS), 3)

    return segment_of(path, n_frames)


def moved(segment: DenseSegment, seed: int = 3) -> tuple[DenseSegment, Callable[[Floats], Floats]]:
    """Turn and shift a segment; also give what was done to it."""
    rotation = Rotation.random(random_state=seed).as_matrix()
    shift = np.array([3.0, -2.0, 5.0])

    def move(positions: Floats) -> Floats:
        return positions @ rotation + shift

    return _with(segment, move(segment.padded)), move


def backwards(segment: DenseSegment) -> DenseSegment:
    """Give the same segment with time reversed."""
    return _with(segment, segment.padded[::-1])


def _with(segment: DenseSegment, padded: Floats) -> DenseSegment:
    return DenseSegment(padded, segment.time_step, segment.numbers, segment.masses)


def bonded_segment(seed: int, n_frames: int = 1_500, softness: float = 0.0) -> DenseSegment:
    """Follow `bonds` between all pairs of atoms by velocity Verlet steps of 0.5 fs."""
    acceleration = bonds(softness)
    v = thermal_velocities(seed)
    path = [GEOMETRY, GEOMETRY + TIME_STEP * v]
    for _ in range(n_frames):
        path.append(2 * path[-1] - path[-2] + TIME_STEP**2 * acceleration(path[-1]))
    return DenseSegment(np.array(path), TIME_STEP, NUMBERS, MASSES)


def thermal_velocities(seed: int) -> Floats:
    """Give velocities (atoms, 3) in Å/fs as at 480 K; the whole is at rest."""
    thermal = np.sqrt(4e-4 / MASSES)[:, None]
    v = thermal * np.random.default_rng(seed).normal(size=GEOMETRY.shape)
    return v - MASSES @ v / MASSES.sum()


def bonds(softness: float) -> Callable[[Floats], Floats]:
    """Give the accelerations in Å/fs², as a function of positions, by springs between all atoms.

    With ``softness`` b in 1/Å they are Morse's: the force at a stretch d is k (1 − e⁻ᵇᵈ) e⁻ᵇᵈ / b.
    """
    first, second = np.triu_indices(len(MASSES), 1)
    rest = np.linalg.norm(GEOMETRY[first] - GEOMETRY[second], axis=1)
    strength = np.random.default_rng(0).uniform(0.05, 0.3, len(rest))  # u / fs²

    def acceleration(x: Floats) -> Floats:
        apart = x[first] - x[second]
        distance = np.linalg.norm(apart, axis=1)
        d = distance - rest
        pull = strength * d if softness == 0 else strength * _morse(d, softness)
        force = np.zeros_like(x)
        np.add.at(force, first, -(pull / distance)[:, None] * apart)
        np.add.at(force, second, (pull / distance)[:, None] * apart)
        return force / MASSES[:, None]

    return acceleration


def _morse(d: Floats, b: float) -> Floats:
    return (1 - np.exp(-b * d)) * np.exp(-b * d) / b


def thermostatted_segment(
    seed: int, n_frames: int = 1_500, softness: float = 0.0, kicks: float = 0.0
) -> tuple[DenseSegment, Floats]:
    """Bonds under one friction for all atoms, that of the real MD17 at 500 K; or under kicks.

    Parameters
    ----------
    seed, n_frames, softness
        As of `bonded_segment`.
    kicks : float
        Friction of Langevin dynamics, 1/fs; 0: one friction for all atoms.

    Returns
    -------
    DenseSegment
    float64 array of shape (n_frames,)
        (2/h) tanh(hξ/2) in 1/fs, what the accelerations of frames hold; 0 under kicks.
    """
    rng = np.random.default_rng(seed)
    global_one = NoseHoover(MASSES, KELVIN, TIME_STEP, 0.05 * rng.normal())
    bath = Kicks(MASSES, KELVIN, TIME_STEP, kicks, rng) if kicks else global_one
    acceleration, frictions = bonds(softness), []

    def act(v: Floats) -> Floats:
        scaled = bath(v)
        keep = np.vdot(scaled, v) / np.vdot(v, v)
        frictions.append(0.0 if kicks else 2 / TIME_STEP * (1 - keep) / (1 + keep))
        return scaled

    path = record(
        lambda x: (0.0, ENERGY * MASSES[:, None] * acceleration(x)),
        GEOMETRY,
        thermal_velocities(seed),
        MASSES,
        act,
        time_step=TIME_STEP,
        n_frames=n_frames + 2,
    )
    return DenseSegment(path, TIME_STEP, NUMBERS, MASSES), np.array(frictions[1:])
