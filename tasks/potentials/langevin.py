r"""Underdamped Langevin dynamics in the plane, compiled.

.. math:: m \ddot x = -\nabla V(x) - m \gamma \dot x + \sqrt{2 m \gamma / \beta}\; \xi(t),

integrated after G. Bussi and M. Parrinello, Phys. Rev. E 75, 056707 (2007): half a step of
the thermostat (exact), a velocity-Verlet step, half a step of the thermostat. Where two halves of
the thermostat meet, between integration steps, they are drawn as one whole step, which has the same
law; they stay apart at saved frames only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmark.machine import cores
from tasks.potentials.potentials import BETA, GAMMA, MASS, Potential

Floats = NDArray[np.float64]

TIME_STEP = 0.01  # time; two orders below the period of the stiffest well
START_GRID = 400  # cells along an edge from which starting places are drawn
START_HALF_WIDTH = 4.5  # length; beyond it the Boltzmann weight is below 1e-7 of the largest


def simulate(
    potential: Potential,
    n_frames: int,
    n_walkers: int,
    seed: int,
    stride: int = 100,
    burn_in: int = 100,
) -> NDArray[np.uint8]:
    """Label sequences of independent walkers, started in equilibrium.

    Parameters
    ----------
    potential : Potential
    n_frames, n_walkers : int
        Saved frames of a walker, and number of walkers.
    seed : int
        Every walker has a stream of its own, spawned from this seed.
    stride : int
        Integration steps of 0.01 between saved frames.
    burn_in : int
        Frames dropped at the start. The start is a draw from the Boltzmann distribution on a fine
        grid, so they need only outlast the motion within a cell of it.

    Returns
    -------
    uint8, shape (n_walkers, n_frames)

    Raises
    ------
    ValueError
        If a number of frames, walkers or steps is not positive, or `burn_in` is negative.
    """

    def labels(run: Callable[[], tuple[Floats, Floats]]) -> NDArray[np.uint8]:
        positions, _ = run()  # (frames, 2), freed when labelled
        return potential.label(positions[:, 0], positions[:, 1])

    return np.stack(_each(labels, _runs(potential, n_frames, n_walkers, seed, stride, burn_in)))


def trajectories(
    potential: Potential,
    n_frames: int,
    n_walkers: int,
    seed: int,
    stride: int = 100,
    burn_in: int = 100,
) -> tuple[Floats, Floats]:
    """Positions and velocities of the walkers of `simulate`, with the same arguments.

    Returns
    -------
    positions, velocities : float64, shape (n_walkers, n_frames, 2)
        Length, and length / time.
    """
    runs = _runs(potential, n_frames, n_walkers, seed, stride, burn_in)
    saved = _each(lambda run: run(), runs)
    return np.stack([x for x, _ in saved]), np.stack([v for _, v in saved])


def _runs(
    potential: Potential, n_frames: int, n_walkers: int, seed: int, stride: int, burn_in: int
) -> list[Callable[[], tuple[Floats, Floats]]]:
    """Work of each walker, as a function that returns its (positions, velocities)."""
    if min(n_frames, n_walkers, stride) < 1 or burn_in < 0:
        raise ValueError(
            f"n_frames={n_frames}, n_walkers={n_walkers}, stride={stride}, burn_in={burn_in}; "
            "expected positive numbers and a burn-in that is not negative"
        )
    force = _compiled(potential.force)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(n_walkers)]
    starts = _equilibrium(potential, streams)

    def walker(start: Floats, stream: np.random.Generator) -> Callable[[], tuple[Floats, Floats]]:
        def run() -> tuple[Floats, Floats]:
            positions, velocities = np.empty((n_frames, 2)), np.empty((n_frames, 2))
            _integrate(force, start, stream, burn_in, stride, positions, velocities)
            return positions, velocities

        return run

    return [walker(start, stream) for start, stream in zip(starts, streams, strict=True)]


def _each(function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    """Map over threads: the compiled integrator releases the lock."""
    with ThreadPoolExecutor(min(len(items), cores())) as pool:
        return list(pool.map(function, items))


def _equilibrium(potential: Potential, streams: list[np.random.Generator]) -> list[Floats]:
    """Draw a place of each walker from the Boltzmann distribution on a grid, spread over a cell."""
    h = 2 * START_HALF_WIDTH / START_GRID
    centers = -START_HALF_WIDTH + h * (np.arange(START_GRID) + 0.5)
    x, y = (grid.ravel() for grid in np.meshgrid(centers, centers, indexing="ij"))
    energy = potential.energy(x, y)
    cumulative = np.cumsum(np.exp(-BETA * (energy - energy.min())))
    starts = []
    for stream in streams:
        cell = np.searchsorted(cumulative, cumulative[-1] * stream.random(), side="right")
        starts.append(np.array([x[cell], y[cell]]) + h * (stream.random(2) - 0.5))
    return starts


@cache
def _compiled(force: Callable[[Any, Any], tuple[Any, Any]]) -> Any:
    return numba.njit(force, fastmath=True)


@numba.njit(nogil=True, fastmath=True)
def _integrate(
    force: Any,
    start: Floats,
    rng: np.random.Generator,
    burn_in: int,
    stride: int,
    positions: Floats,
    velocities: Floats,
) -> None:
    h = TIME_STEP
    kick = h / (2 * MASS)
    thermal = 1 / np.sqrt(BETA * MASS)  # standard deviation of a velocity component
    keep = np.exp(-GAMMA * h)  # of a velocity, by a whole step of the thermostat
    noise = thermal * np.sqrt(-np.expm1(-2 * GAMMA * h))
    half_keep = np.exp(-GAMMA * h / 2)
    half_noise = thermal * np.sqrt(-np.expm1(-GAMMA * h))

    x, y = start
    vx = thermal * rng.standard_normal()
    vy = thermal * rng.standard_normal()
    fx, fy = force(x, y)
    for frame in range(-burn_in, len(positions)):
        vx = half_keep * vx + half_noise * rng.standard_normal()
        vy = half_keep * vy + half_noise * rng.standard_normal()
        for step in range(stride):
            if step > 0:
                vx = keep * vx + noise * rng.standard_normal()
                vy = keep * vy + noise * rng.standard_normal()
            vx += kick * fx
            vy += kick * fy
            x += h * vx
            y += h * vy
            fx, fy = force(x, y)
            vx += kick * fx
            vy += kick * fy
        vx = half_keep * vx + half_noise * rng.standard_normal()
        vy = half_keep * vy + half_noise * rng.standard_normal()
        if frame >= 0:
            positions[frame, 0] = x
            positions[frame, 1] = y
            velocities[frame, 0] = vx
            velocities[frame, 1] = vy
