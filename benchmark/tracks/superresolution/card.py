"""The card of a super-resolution task, and the metrics it may name."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from benchmark.errors import InputError
from benchmark.task import Frozen, Task, TaskCard
from benchmark.track import Metric

#: Å, mean absolute rounding of positions stored as integers of 1e-6 Å: nobody can know more.
STORAGE_ROUNDING = 2.5e-7

#: Of coordinates within ±200 Å, in Å and Å/fs, and of a spectrum up to its end, in cm⁻¹, at steps
#: of 0.1 fs or more; of the power in a band, ln: there it is clipped.
MOST_DISTANCE, MOST_SPEED, MOST_WAVENUMBER, MOST_LN = 400.0, 16_000.0, 170_000.0, math.log(1e6)

#: What may be measured, in the order in which it is shown.
METRICS = (
    Metric(
        "mae",
        "Å",
        "Accuracy: mean absolute error, mÅ",
        factor=1000.0,
        heading="MAE\nmÅ",
        group="accuracy",
        capped=False,
        most=MOST_DISTANCE,
        sampled=True,
        best=STORAGE_ROUNDING,
    ),
    Metric(
        "rmse",
        "Å",
        "Root mean square error, mÅ",
        factor=1000.0,
        heading="RMSE\nmÅ",
        most=MOST_DISTANCE,
        sampled=True,
    ),
    Metric(
        "velocity_rmse",
        "Å/fs",
        "Velocities: rms error, mÅ/fs",
        factor=1000.0,
        heading="velocity\nmÅ/fs",
        most=MOST_SPEED,
        sampled=True,
    ),
    Metric(
        "velocity_jump",
        "Å/fs",
        "Velocities: rms jump at kept frames, mÅ/fs",
        factor=1000.0,
        most=MOST_SPEED,
    ),
    Metric(
        "vdos_w1",
        "cm⁻¹",
        "Vibrational density of states: W₁ distance, cm⁻¹",
        heading="VDOS\ncm⁻¹",
        most=MOST_WAVENUMBER,
        sampled=True,
    ),
    Metric(
        "vdos_low",
        "ln",
        "Vibrations below 600 cm⁻¹: |ln| of the power ratio",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "vdos_middle",
        "ln",
        "Vibrations 600 – 2000 cm⁻¹: |ln| of the power ratio",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "vdos_high",
        "ln",
        "Vibrations 2000 – 4000 cm⁻¹: |ln| of the power ratio",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "bond_break_fraction",
        "",
        "Frames with a broken bond, %",
        factor=100.0,
        heading="broken\nbonds %",
        most=1.0,
    ),
)


class Piece(Frozen):
    """A stretch of a file of positions: frames ``first`` … ``last`` − 1, or all of them."""

    file: str = Field(description="relative to the family's data folder")
    first: int = Field(0, ge=0)
    last: int | None = None


class SuperResolutionCard(TaskCard):
    """Fill in the hidden frames of molecular dynamics of which every ``gap``-th is kept."""

    track: Literal["superresolution"]
    molecule: str
    numbers: list[int] = Field(description="atomic numbers")
    masses: list[float] = Field(description="u")
    bonds: list[tuple[int, int]] = Field(description="pairs of atoms, counted from 0")
    gap: int = Field(ge=4, description="k: one frame is kept, k − 1 are hidden, …")
    pieces: dict[str, list[Piece]] = Field(description="the segments of each split")

    @model_validator(mode="after")
    def _one_row_a_segment(self) -> SuperResolutionCard:
        if len(self.numbers) != len(self.masses):
            raise ValueError(f"{len(self.numbers)} atomic numbers and {len(self.masses)} masses")
        rows = {name: split.rows for name, split in self.splits.items()}
        if rows != {name: len(pieces) for name, pieces in self.pieces.items()}:
            raise ValueError("splits and pieces differ in their segments")
        return self

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {"molecule": self.molecule, "atoms": len(self.numbers), "gap": self.gap}


def superresolution_card(task: Task) -> SuperResolutionCard:
    """Give the card of a super-resolution task.

    Raises
    ------
    InputError
        If it is of another track.
    """
    if not isinstance(task.card, SuperResolutionCard):
        raise InputError(f"{task.id} is a {task.card.track} task, not one of superresolution")
    return task.card
