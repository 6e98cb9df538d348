"""Frozen chains and references of kinetics tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels
from benchmark.errors import InputError, said
from benchmark.files import read_small
from benchmark.store.frozen import is_left_out, load
from benchmark.task import Task
from benchmark.tracks.kinetics.card import KineticsCard, kinetics_card
from benchmark.tracks.kinetics.metrics.estimators import Chains, held
from benchmark.tracks.kinetics.metrics.reference import KineticsReference

#: Stored oracle log-probabilities are integers of this many nats. The rounding is unbiased, so
#: that the mean over 3e5 frames is off by 5e-9 nats.
ORACLE_UNIT = 1e-5

#: Bytes; a reference of 256 states has some tens of millions.
LARGEST_REFERENCE = 1 << 27


def load_chains(task: Task, split: str) -> list[Labels]:
    """Read the label sequences of a split: a list of uint8 arrays of shape (frames,)."""
    return load(task, split)["states"]


def load_replicas(task: Task, split: str) -> list[tuple[Labels, ...]]:
    """Read ``train`` or ``fresh``: a tuple of independent chains, one tuple a replica."""
    chains, card = load_chains(task, split), kinetics_card(task)
    n = card.chains_per_replica
    if split == "fresh" and card.fresh_chains_per_replica is not None:
        n = card.fresh_chains_per_replica
    return [tuple(chains[first : first + n]) for first in range(0, len(chains), n)]


def load_test(task: Task) -> tuple[Labels, NDArray[np.float64]]:
    """Read the test chains and the oracle's ln p*(s_t | s_<t) in nats, both (chains, frames)."""
    columns = load(task, "test")
    oracle = np.stack(columns["oracle_log_prob"]) * ORACLE_UNIT
    return np.stack(columns["states"]), oracle


def frozen_parts(task: Task) -> list[Callable[[], object]]:
    """Give what reads each split that there is, and the reference; damage raises InputError."""
    there = [split for split in task.card.splits if not is_left_out(task, split)]
    splits = [partial(load, task, split) for split in there]
    return [*splits, partial(kinetics_reference, task)]


def reference_sha256(reference: KineticsReference) -> str:
    """Give the fingerprint of a reference: SHA-256 of its canonical JSON."""
    return hashlib.sha256(reference.to_json().encode()).hexdigest()


@lru_cache(maxsize=64)
def kinetics_reference(task: Task) -> KineticsReference:
    """Read the frozen reference of a task.

    Raises
    ------
    InputError
        If the file is missing or is not the one the card names.
    """
    path = task.data / "reference.json"
    try:
        found = KineticsReference.from_json(read_small(path, LARGEST_REFERENCE).decode())
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path} is not a readable reference: {said(error)}") from error
    if reference_sha256(found) != kinetics_card(task).reference_sha256:
        raise InputError(f"{path} is not the frozen reference of {task.id}; restore it")
    return found


@lru_cache(maxsize=4)
def oracle_of(task: Task) -> NDArray[np.float64]:
    """Give the oracle's ln p*(s_t | s_<t) of the test chains in nats, (chains, frames)."""
    return load_test(task)[1]


def observe(card: KineticsCard, states: Chains) -> list[Labels]:
    """Turn label chains into what rates and paths are measured on: macrostates that are held."""
    macrostate = np.array(card.observable, np.uint8)
    return held([macrostate[chain] for chain in states], card.macrostates, card.hold)
