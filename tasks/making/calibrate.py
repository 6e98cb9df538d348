"""Freeze the marks of every metric's score in the task cards: E₀, f and, by a rule, p.

    python -m tasks.making.calibrate                  # every task
    python -m tasks.making.calibrate 'potentials/*'

E₀ is the error of independent frames drawn from the training populations, f that of a fresh true
chain as long as a training replica: both come from frozen data alone, so that anybody can repeat
them. The ``fresh`` split has rows that only this file reads, and a first few that only the
``truth`` row of the board reads: they never meet. p, the error of the true process generating as
much as a model does, is f/√10 here, as a model generates ten times the training length; where the
process can be drawn again `tasks.perfect` measures it.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.errors import InputError
from benchmark.registry import select_tasks
from benchmark.task import MetricScale, Task
from benchmark.tracks.kinetics.card import METRICS, KineticsCard, kinetics_card
from benchmark.tracks.kinetics.data import (
    kinetics_reference,
    load_chains,
    load_replicas,
    load_test,
    observe,
)
from benchmark.tracks.kinetics.metrics.errors import kinetics_errors, nll_regret
from benchmark.tracks.kinetics.metrics.likelihood import SKIPPED_FRAMES

#: Groups that count towards a score; what belongs to another one is only shown.
COUNTED = ("likelihood", "rates", "paths")
#: Those that count where training starts out of equilibrium. Elsewhere a replay of the training
#: data has the right populations too, and they tell no model from it.
COUNTED_FROM_CHOSEN_STARTS = (*COUNTED, "populations")

#: Smallest number of parameters whose price f of the likelihood is: f = d / 2N.
MIN_DIMENSION = 20

#: d counts the ordered label pairs that make up this share of all jumps.
JUMP_SHARE = 0.99

#: f is the rms error of at least so many true chains.
MIN_TRUE_CHAINS = 20

#: A model generates ten times the training length: √10 times less noise.
PERFECT_SHARE = 1 / math.sqrt(10)

SEED = 20260101


def calibrate(task: Task, known_only: bool = False) -> Task:
    """Compute E₀ and f of every metric and write them, and p by the rule, into the card.

    Parameters
    ----------
    task : Task
        Frozen.
    known_only : bool
        Leave out metrics of which the reference knows nothing, as it may where events are rare
        (a commit curve needs 20 expected jumps). Otherwise such a task is refused.

    Raises
    ------
    ValueError
        If the reference knows nothing of a metric.
    """
    trivial = _trivial_errors(task)
    floor = _floor_errors(task)
    card = kinetics_card(task)
    dimension = max(MIN_DIMENSION, common_jumps(load_chains(task, "fresh")))
    counted = COUNTED if card.equilibrium else COUNTED_FROM_CHOSEN_STARTS
    scales = {}
    for metric in METRICS:
        name = metric.name
        e0, e0_stderr = root_mean_square(trivial[name])
        f, f_stderr = dimension / (2 * card.training_frames), 0.0
        if name != "nll_regret":
            f, f_stderr = root_mean_square(floor[name])
        if known_only and not (np.isfinite([e0, e0_stderr, f, f_stderr]).all() and f > 0):
            continue
        scales[name] = with_rule(
            MetricScale(
                group=metric.group if metric.group in counted else None,
                trivial=short(e0),
                trivial_stderr=short(e0_stderr),
                floor=short(f),
                floor_stderr=short(f_stderr),
            )
        )
    filled = Task(card.model_copy(update={"metrics": scales}), task.path)
    filled.write()
    return filled


def with_rule(scale: MetricScale) -> MetricScale:
    """Set p = f/√10, where a metric has an f."""
    if scale.floor is None:
        return scale
    return scale.model_copy(
        update={
            "perfect": short(PERFECT_SHARE * scale.floor),
            "perfect_stderr": short(PERFECT_SHARE * scale.floor_stderr),
        }
    )


def common_jumps(chains: list[NDArray[np.uint8]]) -> int:
    """Count the ordered label pairs that make up 99 % of the jumps."""
    counts: Counter[int] = Counter()
    for chain in chains:
        moved = chain[1:] != chain[:-1]
        pairs = chain[:-1][moved].astype(int) * 256 + chain[1:][moved]
        found, numbers = np.unique(pairs, return_counts=True)
        counts.update(dict(zip(found.tolist(), numbers.tolist(), strict=True)))
    ordered = np.sort(list(counts.values()))[::-1]
    return int(np.searchsorted(np.cumsum(ordered), JUMP_SHARE * ordered.sum()) + 1)


def _trivial_errors(task: Task) -> dict[str, list[float]]:
    """Errors of iid frames, one value a training replica."""
    card = kinetics_card(task)
    states, oracle = load_test(task)
    reference = kinetics_reference(task)
    errors: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
    for replica, train in enumerate(load_replicas(task, "train")):
        rng = np.random.default_rng([SEED, replica])
        counts = np.bincount(np.concatenate(train), minlength=card.labels) + 0.5
        populations = counts / counts.sum()
        shape = (card.generation.chains, card.generation.frames)
        drawn = rng.choice(card.labels, size=shape, p=populations).astype(np.uint8)
        found = kinetics_errors(observe(card, drawn), reference, card.generation.n_frames)
        log_prob = np.log(populations)[states]
        found["nll_regret"] = nll_regret(log_prob, oracle, card.labels, SKIPPED_FRAMES)
        for name in errors:
            errors[name].append(found[name].value)
    return errors


def fresh_and_training_chains(card: KineticsCard) -> tuple[int, int]:
    """Count the true chains that make f: fresh ones, and training replicas where these are few.

    Training replicas are true chains as well if they start in equilibrium.
    """
    together = card.fresh_chains_per_replica or card.chains_per_replica
    fresh = card.splits["fresh"].rows // together - card.replicas
    return fresh, card.replicas if fresh < MIN_TRUE_CHAINS and card.equilibrium else 0


def _floor_errors(task: Task) -> dict[str, list[float]]:
    """Errors of true chains as long as a training replica, one value each."""
    card = kinetics_card(task)
    reference = kinetics_reference(task)
    errors: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
    _, training = fresh_and_training_chains(card)
    true = load_replicas(task, "fresh")[card.replicas :]
    true += load_replicas(task, "train")[:training]
    for chains in true:
        found = kinetics_errors(observe(card, chains), reference, card.generation.n_frames)
        for name, estimate in found.items():
            errors[name].append(estimate.value)
    return errors


def root_mean_square(values: list[float]) -> tuple[float, float]:
    """Root of the mean square, and its standard error from the values' spread."""
    squares = np.square(values)
    root = float(np.sqrt(squares.mean()))
    return root, float(squares.std(ddof=1) / np.sqrt(len(squares)) / (2 * root))


def short(value: float) -> float:
    """Six digits are plenty for an error, and readable in a card."""
    return float(f"{value:.6g}")


def main(
    globs: Annotated[list[str] | None, typer.Argument(help="tasks, such as 'potentials/*'")] = None,
) -> None:
    """Freeze E₀, f and p in the cards. Example: python -m tasks.making.calibrate 'potentials/*'."""
    try:
        for task in track(select_tasks(globs or []), description="calibrate"):
            calibrate(task)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
