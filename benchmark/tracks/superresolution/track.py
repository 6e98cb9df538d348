"""The super-resolution track: fill in the hidden frames of test segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import ModelError
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.superresolution import data as segment_files
from benchmark.tracks.superresolution.contract import READABLE, DenseSegment, Positions
from benchmark.tracks.superresolution.metrics.errors import superresolution_errors
from benchmark.uncertainty import Estimate

if TYPE_CHECKING:
    from benchmark.run.worker import Job, Phases

#: What every model and the score itself rest on, and what else may be read.
POSITIONS = "positions"

UNITS = {
    "mae": "Å",
    "rmse": "Å",
    "velocity_rmse": "Å/fs",
    "velocity_jump": "Å/fs",
    "vdos_w1": "cm⁻¹",
    "vdos_low": "ln",
    "vdos_middle": "ln",
    "vdos_high": "ln",
    "bond_break_fraction": "",
}


def verify(task: Task) -> None:
    """Read every segment.

    Raises
    ------
    InputError
        If a file is missing, unreadable, or not the one the card names.
    """
    for split in task.card.splits:
        segment_files.load(task, split)


@lru_cache(maxsize=2)
def truth(task: Task) -> tuple[DenseSegment, ...]:
    """Give the test segments, each up to its last kept frame.

    Raises
    ------
    InputError
        If the frozen data are missing or damaged.
    """
    segments = segment_files.load(task, "test")
    return tuple(segment.cut(task.superresolution.gap) for segment in segments)


def training(
    task: Task, replica: int
) -> tuple[list[DenseSegment], list[DenseSegment], dict[str, Any]]:
    """Give training segments, validation segments, and the gap."""
    train, validation = (segment_files.load(task, split) for split in ("train", "validation"))
    return train, validation, {"gap": task.superresolution.gap}


def answer(model: Any, job: Job, report: Callable[[float, str], None], phases: Phases) -> str:
    """Hand a model each coarse test segment, and nothing else, and write what it makes of it."""
    gap = job.task.superresolution.gap
    reads = declared(model)
    report(0.0, "reconstruct")
    found = []
    for number, segment in enumerate(truth(job.task)):
        with phases("predict"):
            made = model.reconstruct(segment.coarse(gap, reads))
        found.append(predictions.checked_positions(made, segment.positions.shape))
        phases.frames += segment.n_frames
        report((number + 1) / len(truth(job.task)), "reconstruct")
    predictions.write_positions(job.folder, found)
    return ""


def declared(model: Any) -> frozenset[str]:
    """Give what a model declares that it reads.

    Raises
    ------
    ModelError
        If it declares nothing, or something that does not exist.
    """
    reads = getattr(model, "reads", None)
    if isinstance(reads, str) or not isinstance(reads, set | frozenset | tuple | list):
        raise ModelError(f"reads is {reads!r}; expected a set out of {', '.join(sorted(READABLE))}")
    unknown = set(reads) - READABLE
    if unknown or POSITIONS not in reads:
        raise ModelError(
            f"reads is {sorted(reads)}; expected positions, and perhaps velocities and forces"
        )
    return frozenset(reads)


def unit_errors(task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
    """Compute every metric of one unit from its reconstruction.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or does not fit the task.
    """
    card = task.superresolution
    found = reconstructed(task, folder)
    bonds = np.array(card.bonds, np.int64).reshape(-1, 2)
    return superresolution_errors(found, truth(task), card.gap, bonds), ""


def reconstructed(task: Task, folder: Path) -> list[Positions]:
    """Read what a unit has made of each test segment; Å, as long as those of `truth`.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or does not fit the task.
    """
    return predictions.read_positions(folder, [one.positions.shape for one in truth(task)])


def remarks(metrics: Sequence[set[str]]) -> list[str]:
    """Nothing is missing from a reconstruction that was accepted."""
    return []
