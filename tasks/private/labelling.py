"""From recordings to what a task holds: label chains, and macrostates to measure rates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.quantities import Time
from tasks.private.division import divide
from tasks.private.macrostates import (
    FEW,
    MarkovModel,
    default_lag,
    default_memberships,
    markov_model,
    milestoned,
)
from tasks.private.partition import Labels, Partition, default_partition, microstates, numbered
from tasks.private.recording import Recording


@dataclass(frozen=True)
class Labelling:
    """Label chains of all trajectories.

    Attributes
    ----------
    chains : list of uint8 arrays (frames,)
    observable : list of int
        Macrostate of each label.
    lag : int
        Frames, of the Markov models.
    text : str
        What a label is.
    """

    chains: list[Labels]
    observable: list[int]
    lag: int
    text: str

    @property
    def macrostates(self) -> int:
        """Number of macrostates."""
        return max(self.observable) + 1


@dataclass(frozen=True)
class Asked:
    """How to label; None leaves the choice to the data."""

    partition: Partition | None = None
    states: int | None = None
    macrostates: int | None = None
    cores: bool = False
    lag: Time | None = None


def label(recordings: Sequence[Recording], asked: Asked, frame: Time, replicas: int) -> Labelling:
    """Label every frame of recordings.

    Parameters
    ----------
    recordings : sequence of Recording
        Only the frames to use: a stride has been taken already.
    asked : Asked
    frame : Time
        Between two frames.
    replicas : int
        Training replicas that the data will be divided into.

    Raises
    ------
    InputError
        If there is only one state, a trajectory is no longer than the lag, there are no such
        macrostates or cores, or what is asked for contradicts itself.
    """
    partition = asked.partition or default_partition(recordings)
    wanted = None if partition == "pcca" else asked.states
    if partition == "states" and wanted is not None:
        raise InputError("--states counts bins or centres; --partition states takes what is there")
    chains, text = microstates(recordings, partition, wanted)
    lag = _lag(recordings, chains, asked, frame)
    K = _count(chains)
    text = f"{K} {text}"
    if partition != "pcca" and not asked.cores:
        if asked.macrostates is None and K <= FEW:
            return Labelling(chains, list(range(K)), lag, text)
        model = markov_model(chains, lag)
        found = _memberships(model, asked.macrostates, chains, replicas).argmax(1)
        if partition == "kmeans":  # the numbers of centres mean nothing: sort by macrostate
            order = np.lexsort((-model.populations, found))
            chains = [np.argsort(order).astype(np.uint8)[chain] for chain in chains]
            found = found[order]
        return Labelling(chains, found.tolist(), lag, text)

    model = markov_model(chains, lag)
    n = asked.states if partition == "pcca" else asked.macrostates
    if (asked.cores and K < 3) or n == K:
        raise InputError(f"{K} labels have no cores or PCCA+ sets: ask for fewer macrostates")
    memberships = _memberships(model, n, chains, replicas)
    n = memberships.shape[1]
    if asked.cores:
        coarse, text = milestoned(chains, memberships), f"last visited core of {n}, of {text}"
    else:
        crisp = memberships.argmax(1).astype(np.uint8)
        coarse, text = [crisp[chain] for chain in chains], f"{n} PCCA+ sets of {text}"
    coarse = numbered(coarse)
    observable = list(range(_count(coarse)))
    if partition == "pcca" and asked.macrostates is not None:
        observable = markov_model(coarse, lag).memberships(asked.macrostates).argmax(1).tolist()
    return Labelling(coarse, observable, lag, text)


def _lag(
    recordings: Sequence[Recording], chains: Sequence[Labels], asked: Asked, frame: Time
) -> int:
    if asked.lag is None:
        return default_lag(chains)
    lag = asked.lag.frames(frame, "--lag")
    for recording, chain in zip(recordings, chains, strict=True):
        if len(chain) <= lag:
            raise InputError(
                f"{recording.name} has {len(chain):,} frames, too short for the lag of {lag:,}; "
                "give a shorter --lag or leave the file out"
            )
    return lag


def _memberships(
    model: MarkovModel, n: int | None, chains: Sequence[Labels], replicas: int
) -> NDArray[np.float64]:
    """Give PCCA+ memberships in ``n`` macrostates, or in as many as suit the data."""
    if n is not None:
        return model.memberships(n)
    held_out = divide([len(chain) for chain in chains], replicas).held_out
    return default_memberships(model, [span.of(chains) for span in held_out])


def _count(chains: Sequence[Labels]) -> int:
    return max(int(chain.max()) for chain in chains) + 1
