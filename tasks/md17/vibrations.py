"""How far the vibrations of true segments are from one another.

    python -m tasks.md17.vibrations --out leaderboard/evidence/vibrations.json

A reconstruction whose vibrational density of states is as near to the truth as that of other true
segments of the molecule cannot be told from truth by it. The test segments of a task are compared
with as many others, set by disjoint set, by the same code that measures a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmark.errors import InputError
from benchmark.registry import select_tasks
from benchmark.task import Task
from benchmark.tracks.superresolution.card import SuperResolutionCard, superresolution_card
from benchmark.tracks.superresolution.data import load, truth
from benchmark.tracks.superresolution.metrics.errors import central_velocities
from benchmark.tracks.superresolution.metrics.vibrational import spectral_errors
from benchmark.tracks.superresolution.segments import DenseSegment
from tasks.evidence import of_task, write_evidence

FAMILIES = ("md17-xtb/*", "md17-xtb-nvt/*")

#: What is compared: the distance of the spectra, and the power of the stretches to hydrogen.
DISTANCE, HIGH = "vdos_w1", "vdos_high"


def compared(task: Task) -> dict[str, Any]:
    """Compare the test segments of a task with other true ones, a set at a time.

    Returns
    -------
    dict
        W₁ in cm⁻¹ and ln of the ratio of high-frequency powers, one of each a set.

    Raises
    ------
    InputError
        If frozen data are missing or damaged, or there are too few others.
    """
    card = superresolution_card(task)
    true = truth(task)
    others = [one.cut(card.gap) for split in ("train", "validation") for one in load(task, split)]
    n = len(true)
    sets = [others[i : i + n] for i in range(0, len(others) - n + 1, n)]
    if len(sets) < 2:
        raise InputError(f"{task.id}: {len(others)} other segments; expected {2 * n}")
    found = [_errors(some, true) for some in sets]
    return {
        **of_task(card),
        "segments": n,
        "distance": [round(distance, 3) for distance, _ in found],
        "high": [round(high, 5) for _, high in found],
    }


def _errors(some: Sequence[DenseSegment], true: Sequence[DenseSegment]) -> tuple[float, float]:
    time_step = true[0].time_step
    velocities = [
        central_velocities(np.stack([one.positions for one in segments]), time_step)
        for segments in (some, true)
    ]
    errors = spectral_errors(velocities[0], velocities[1], true[0].masses, time_step)
    return errors[DISTANCE].value, errors[HIGH].bias


def main(
    out: Annotated[Path, typer.Option(help="what the claims read (.json)")],
    globs: Annotated[list[str] | None, typer.Argument(help="tasks [default: md17-xtb…]")] = None,
) -> None:
    """Compare true segments. Example: vibrations 'md17-xtb/*-k20' --out found.json."""
    try:
        tasks = [
            task
            for task in select_tasks(globs or FAMILIES)
            if isinstance(task.card, SuperResolutionCard) and task.card.counting
        ]
        found = [compared(task) for task in track(tasks, description="tasks")]
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    write_evidence(out, {"tasks": found}, "task")
    for one in found:
        distances, ratios = one["distance"], one["high"]
        typer.echo(
            f"{one['task']}: W₁ between true segments {np.mean(distances):.1f} cm⁻¹ "
            f"({min(distances):.1f} … {max(distances):.1f}), "
            f"|ln| of high-frequency powers {np.mean(np.abs(ratios)):.3f}"
        )


if __name__ == "__main__":
    typer.run(main)
