"""Freeze p, the third mark of every metric's score: the error of the true process itself.

    python -m tasks.perfect                  # every kinetics task, some fifteen minutes
    python -m tasks.perfect 'potentials/*'

p is the rms error of the true process that generates as much as a model does, by draws that no
split holds; where the process cannot be drawn again it is f/√10, the rule of
`tasks.making.calibrate`. For the likelihood it is what the test set can tell: twice the standard
error of the regret of a hidden Markov model, the class of the exact oracles, between f/10 and f.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.errors import InputError
from benchmark.registry import select_tasks
from benchmark.result import Result, read_result
from benchmark.task import MetricScale, Task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.data import kinetics_reference, observe
from benchmark.tracks.kinetics.metrics.errors import kinetics_errors
from tasks.making.calibrate import root_mean_square, short, with_rule

Draw = Callable[[int, int, np.random.Generator], NDArray[np.uint8]]

#: Draws behind p: of an exact process, and of one that is integrated step by step.
EXACT_DRAWS, SIMULATED_DRAWS = 20, 10

#: The row whose regret tells the resolution of a test set.
YARDSTICK = Path(__file__).parents[1] / "leaderboard" / "submissions" / "kinetics" / "hmm"

#: A regret is told from none at so many of its standard errors.
RESOLUTION_SIGMAS = 2

#: p of the likelihood is at least this share of f.
LEAST_SHARE = 0.1

SEED = 20260102


def process_of(task: Task) -> Draw | None:
    """Give what draws new chains of a task, (chains, frames, rng) → labels; None if nothing can."""
    family, name = task.card.family, task.card.name
    if family == "potentials":
        from tasks.potentials.generate import stationary

        return stationary(name)
    if family == "riboswitch":
        from tasks.riboswitch.generate import stationary as folding

        return folding(name)
    return None


def perfect_errors(task: Task, draw: Draw) -> dict[str, tuple[float, float]]:
    """Measure the errors of the true process that generates as much as a model does.

    Parameters
    ----------
    task : Task
    draw : callable (chains, frames, rng)
        Draws chains of the process in equilibrium.

    Returns
    -------
    dict of metric name to (rms over draws, its standard error)
    """
    card, reference = kinetics_card(task), kinetics_reference(task)
    n_draws = EXACT_DRAWS if card.oracle == "exact" else SIMULATED_DRAWS
    errors: dict[str, list[float]] = {}
    for seed in np.random.SeedSequence([SEED, zlib.crc32(card.id.encode())]).spawn(n_draws):
        rng = np.random.default_rng(seed)
        states = draw(card.generation.chains, card.generation.frames, rng)
        found = kinetics_errors(observe(card, states), reference, card.generation.n_frames)
        for name, estimate in found.items():
            errors.setdefault(name, []).append(estimate.value)
    return {name: root_mean_square(values) for name, values in errors.items()}


def likelihood_resolution(task: Task, yardstick: Result) -> float | None:
    """Give p of the regret: what the test set can tell, between f/10 and f; None if unknown."""
    floor = task.card.metrics["nll_regret"].floor
    units = [unit for unit in yardstick.units if unit.task == task.id]
    errors = [unit.metrics["nll_regret"].stderr for unit in units if "nll_regret" in unit.metrics]
    if floor is None or not errors:
        return None
    told = RESOLUTION_SIGMAS * float(np.sqrt(np.mean(np.square(errors))))
    return float(np.clip(told, LEAST_SHARE * floor, floor))


def perfect(task: Task, yardstick: Result) -> Task:
    """Measure p of every metric that has an f and write it into the card.

    Parameters
    ----------
    task : Task
        Calibrated.
    yardstick : Result
        Of a model of the oracle's class.
    """
    scales = {name: with_rule(scale) for name, scale in task.card.metrics.items()}
    draw = process_of(task)
    for name, (error, stderr) in (perfect_errors(task, draw) if draw else {}).items():
        scales[name] = _with_perfect(scales[name], error, stderr)
    resolution = likelihood_resolution(task, yardstick)
    if resolution is not None:
        scales["nll_regret"] = _with_perfect(scales["nll_regret"], resolution, 0.0)
    filled = Task(task.card.model_copy(update={"metrics": scales}), task.path)
    filled.write()
    return filled


def _with_perfect(scale: MetricScale, error: float, stderr: float) -> MetricScale:
    update = {"perfect": short(error), "perfect_stderr": short(stderr)}
    return scale.model_copy(update=update)


def main(
    globs: Annotated[list[str] | None, typer.Argument(help="tasks, such as 'potentials/*'")] = None,
) -> None:
    """Freeze p in the cards. Example: python -m tasks.perfect 'potentials/*'."""
    try:
        chosen = [one for one in select_tasks(globs or []) if isinstance(one.card, KineticsCard)]
        yardstick = read_result(YARDSTICK)
        for task in track(chosen, description="perfect"):
            perfect(task, yardstick)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
