"""How a unit of super-resolution is measured: every metric, from its reconstruction alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.arrays import Positions
from benchmark.task import Task
from benchmark.tracks.superresolution.card import superresolution_card
from benchmark.tracks.superresolution.data import truth
from benchmark.tracks.superresolution.metrics.errors import superresolution_errors
from benchmark.tracks.superresolution.predictions import read_positions
from benchmark.uncertainty import Estimate


def reconstructed(task: Task, folder: Path) -> list[Positions]:
    """Read what a unit has made of each test segment; Å, as long as those of `truth`.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or does not fit the task.
    """
    return read_positions(folder, [one.positions.shape for one in truth(task)])


def measure(task: Task, folder: Path) -> tuple[dict[str, Estimate], str]:
    """Compute every metric of one unit from its reconstruction.

    Raises
    ------
    ModelError
        If the file is missing, damaged, or does not fit the task.
    """
    card = superresolution_card(task)
    found = reconstructed(task, folder)
    bonds = np.array(card.bonds, np.int64).reshape(-1, 2)
    return superresolution_errors(found, truth(task), card.gap, bonds), ""
