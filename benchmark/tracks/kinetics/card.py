"""The card of a kinetics task, and the metrics it may name."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from benchmark.errors import InputError
from benchmark.task import Frozen, Task, TaskCard
from benchmark.track import Metric
from benchmark.tracks.kinetics.chance import regret_fault

#: ln: a factor between two times, or two counts, of chains of no more than 1e9 frames.
MOST_LN = 25.0

#: What may be measured, in the order in which it is shown. A likelihood may be better than that of
#: an empirical oracle by no more than the entropy of 256 labels, ln 256, and worse by no more than
#: the price of an impossible event, ln(1e6 · 256).
METRICS = (
    Metric(
        "nll_regret",
        "nats/frame",
        "Likelihood: regret, mnats/frame",
        factor=1000.0,
        heading="regret\nmnat/fr.",
        group="likelihood",
        least=-5.6,
        most=19.4,
        best=0.0,
        rounding=1e-6,  # far below the smallest f, 2e-5: the price of fitting
        shared_noise=True,
        sampled=True,
        chance=regret_fault,
        method="predict",
        absent="gives no probabilities",
        plural="likelihoods",
    ),
    Metric(
        "mfpt_error",
        "ln",
        "Rates: mean first passage times, rms ln(m̂/m)",
        heading="MFPT\nrms ln",
        group="rates",
        most=math.log(100),
        sampled=True,
    ),
    Metric(
        "its_error",
        "ln",
        "Rates: implied timescales, rms ln(t̂/t)",
        heading="ITS\nrms ln",
        group="rates",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "commit_error",
        "ln",
        "Paths: committed jumps, mean |ln(N̂/N)|",
        heading="commit\n|Δ ln|",
        group="paths",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "dwell_error",
        "ln",
        "Paths: dwell times, ∫|F̂−F| d ln t",
        heading="dwell\n|Δ ln|",
        group="paths",
        most=MOST_LN,
        sampled=True,
    ),
    Metric(
        "population_error",
        "bit",
        "Populations: Jensen–Shannon divergence, mbit",
        factor=1000.0,
        group="populations",
        most=1.0,
        sampled=True,
    ),
    Metric(
        "free_energy_error",
        "kT",
        "Populations: free energies, rms, kT",
        group="populations",
        most=MOST_LN,
        sampled=True,
    ),
)


class Generation(Frozen):
    """How many chains a model is asked for, and how long (all in frames)."""

    chains: int = Field(ge=1)
    frames: int = Field(ge=1, description="scored frames of each chain")
    burn_in: int = Field(ge=0, description="frames generated before them and thrown away")

    @property
    def n_frames(self) -> int:
        """Scored frames of all chains together."""
        return self.chains * self.frames


class KineticsCard(TaskCard):
    """Learn a process from its label sequences: predict and generate."""

    track: Literal["kinetics"]
    labels: int = Field(ge=2, le=256)
    observable: list[int] = Field(
        description="macrostate of each label; rates and paths are measured on macrostates"
    )
    hold: int = Field(1, ge=1, description="frames a macrostate must be held to count as entered")
    slowest: float = Field(gt=0, description="slowest relaxation time t₂, frames")
    generation: Generation
    chains_per_replica: int = Field(
        1, ge=1, description="rows of the train and fresh splits that belong together"
    )
    fresh_chains_per_replica: int | None = Field(
        None, ge=1, description="the same of the fresh split alone, where it is another number"
    )
    equilibrium: bool = Field(
        True, description="whether training chains start in equilibrium; if not, populations count"
    )
    reference_sha256: str = ""

    @model_validator(mode="after")
    def _one_macrostate_a_label(self) -> KineticsCard:
        if len(self.observable) != self.labels:
            raise ValueError(f"observable maps {len(self.observable)} labels, not {self.labels}")
        if sorted(set(self.observable)) != list(range(self.macrostates)):
            raise ValueError("observable must use the macrostates 0, 1, … without gaps")
        return self

    @property
    def particulars(self) -> dict[str, str | int | float]:
        """What tells the track's tasks apart."""
        return {"labels": self.labels, "slowest_frames": self.slowest}

    @property
    def macrostates(self) -> int:
        """Number of macrostates of the observable."""
        return max(self.observable) + 1

    @property
    def replicas(self) -> int:
        """Number of training replicas."""
        return self.splits["train"].rows // self.chains_per_replica

    @property
    def fingerprints(self) -> dict[str, str | int]:
        """What a result must name to be a result on these frozen data."""
        return {**super().fingerprints, "reference": self.reference_sha256}


def kinetics_card(task: Task) -> KineticsCard:
    """Give the card of a kinetics task.

    Raises
    ------
    InputError
        If it is of another track.
    """
    if not isinstance(task.card, KineticsCard):
        raise InputError(f"{task.id} is a {task.card.track} task, not one of kinetics")
    return task.card
