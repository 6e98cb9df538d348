"""From recordings to what a task holds: label chains, and macrostates to measure rates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    without_rare,
)
from tasks.private.partition import Labels, Partition, default_partition, microstates, numbered
from tasks.private.recording import Recording

MORE_DATA = "bring more data"
ADVICE = "leave {} out, and rare ones are merged; or " + MORE_DATA


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
    names : tuple of int
        What the user calls each label, where labels were given.
    notes : tuple of str
        What was done to them that was not asked for: a line each.
    advice : str
        What to do if a macrostate is too rare.
    """

    chains: list[Labels]
    observable: list[int]
    lag: int
    text: str
    names: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    advice: str = MORE_DATA

    @property
    def macrostates(self) -> int:
        """Number of macrostates."""
        return max(self.observable) + 1

    def named(self, macrostate: int) -> str:
        """Say what the user calls a macrostate; empty where the user's names are not known."""
        labels = [
            str(name)
            for name, mine in zip(self.names, self.observable, strict=False)
            if mine == macrostate
        ]
        return f" (label{'s' * (len(labels) > 1)} {', '.join(labels)})" if labels else ""


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
    held_out = [span.of(chains) for span in divide([len(c) for c in chains], replicas).held_out]
    text = f"{_count(chains)} {text}"
    if partition == "pcca" or asked.cores:
        return _coarse(chains, held_out, partition, asked, lag, text)
    names: tuple[int, ...] = ()
    if partition == "states":
        values = np.unique(np.concatenate([recording.values for recording in recordings]))
        names = tuple(values.tolist())
    found = _fine(chains, held_out, asked, lag, text, names)
    few = found.macrostates < len(found.observable)
    return _sorted(found) if partition == "kmeans" and few else found


def _fine(
    chains: list[Labels],
    held_out: Sequence[Labels],
    asked: Asked,
    lag: int,
    text: str,
    names: tuple[int, ...],
) -> Labelling:
    """Keep microstates as labels, and find macrostates of them."""
    K = _count(chains)
    if asked.macrostates is not None or K > FEW:
        found = _memberships(markov_model(chains, lag), asked.macrostates, held_out).argmax(1)
        advice = ADVICE.format("--macrostates") if asked.macrostates is not None else MORE_DATA
        return Labelling(chains, found.tolist(), lag, text, names, advice=advice)
    whole = Labelling(chains, list(range(K)), lag, text, names)
    absent = np.flatnonzero(np.bincount(np.concatenate(held_out), minlength=K) == 0)
    if not absent.size:
        return whole
    merged = without_rare(markov_model(chains, lag), np.eye(K), held_out)
    if merged.shape[1] < 2:
        return whole  # nothing is left to enter, which the reference says
    joined = replace(whole, observable=merged.argmax(1).tolist())
    notes = [
        f"label {names[label] if names else label} never occurs in the held-out data, and counts "
        f"as macrostate {joined.observable[label]}{joined.named(joined.observable[label])}"
        for label in absent.tolist()
    ]
    return replace(joined, notes=tuple(notes))


def _sorted(found: Labelling) -> Labelling:
    """Sort labels by macrostate and population: the numbers of centres mean nothing."""
    observable = np.array(found.observable)
    populations = np.bincount(np.concatenate(found.chains), minlength=len(observable))
    order = np.lexsort((-populations, observable))
    renamed = np.argsort(order).astype(np.uint8)
    chains = [renamed[chain] for chain in found.chains]
    return replace(found, chains=chains, observable=observable[order].tolist())


def _coarse(
    chains: list[Labels],
    held_out: Sequence[Labels],
    partition: Partition,
    asked: Asked,
    lag: int,
    text: str,
) -> Labelling:
    """Make labels of sets of microstates: PCCA+ sets, or the core visited last."""
    K = _count(chains)
    model = markov_model(chains, lag)
    flag, n = ("--states", asked.states) if partition == "pcca" else (
        "--macrostates", asked.macrostates)  # fmt: skip
    if (asked.cores and K < 3) or n == K:
        advice = (
            f"ask for fewer {flag}" if K > 2 else f"leave {'--cores' * asked.cores or flag} out"
        )
        raise InputError(f"{K} labels have no cores or PCCA+ sets: {advice}")
    memberships = _memberships(model, n, held_out)
    sets = memberships.shape[1]
    if asked.cores:
        coarse = milestoned(chains, memberships)
        text = f"last visited core of {sets}, of {text}"
    else:
        crisp = memberships.argmax(1).astype(np.uint8)
        coarse, text = [crisp[chain] for chain in chains], f"{sets} PCCA+ sets of {text}"
    coarse = numbered(coarse)
    observable = list(range(_count(coarse)))
    if partition == "pcca" and asked.macrostates is not None:
        observable = markov_model(coarse, lag).memberships(asked.macrostates).argmax(1).tolist()
    advice = MORE_DATA if n is None else ADVICE.format(flag)
    return Labelling(coarse, observable, lag, text, advice=advice)


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
    model: MarkovModel, n: int | None, held_out: Sequence[Labels]
) -> NDArray[np.float64]:
    """Give PCCA+ memberships in ``n`` macrostates, or in as many as suit the data."""
    return default_memberships(model, held_out) if n is None else model.memberships(n)


def _count(chains: Sequence[Labels]) -> int:
    return max(int(chain.max()) for chain in chains) + 1
