"""Recorded chains among generated ones, found from the files alone.

The novelty audit of a run (`one_model`) weighs a copied stretch by the model's own probabilities,
which prediction files do not hold. Here it is weighed by a Markov chain instead. That overestimates
the surprise of a process with memory, and of a model that has learned its training data by heart;
so a stretch must have ten times as many bits to be called a copy. Whole chains have several times
that, also those of the tasks that surprise least.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels
from benchmark.store import predictions
from benchmark.task import Task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import load_chains, load_replicas
from benchmark.tracks.kinetics.one_model import most_surprising_copy
from benchmark.tracks.kinetics.predictions import SAMPLES

#: Of surprise under the Markov chain.
COPIED_BITS = 1000.0

#: Generated frames that are looked at, in whole chains.
FRAMES = 100_000


def replayed(task: Task, replica: int, folder: Path) -> str:
    """Say whether the generated chains of a unit hold recorded ones; empty if not.

    Parameters
    ----------
    task : Task
    replica : int
        On which the model was trained.
    folder : Path
        Holds the unit's ``samples.parquet``; without it nothing is said.
    """
    card = kinetics_card(task)
    samples = predictions.read(
        folder, SAMPLES, (card.generation.chains, card.generation.frames), np.uint8
    )
    if samples is None:
        return ""
    chains = _some(samples, (folder / SAMPLES).read_bytes())
    known = [*load_replicas(task, "train")[replica], *load_chains(task, "validation")]
    known += load_chains(task, "test")
    copy = most_surprising_copy(_surprise(chains, known, card.labels), chains, known)
    if copy.bits <= COPIED_BITS:
        return ""
    return (
        f"generated chains hold {copy.frames} recorded frames from frame {copy.frame} of a chain "
        f"on, {copy.bits:.0f} bits of surprise under a Markov chain"
    )


def _some(samples: Labels, content: bytes) -> Labels:
    """Choose whole chains by the hash of their file, which nobody can know before it is written."""
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
    n_rows = max(1, FRAMES // samples.shape[1])
    return samples[np.random.default_rng(seed).permutation(len(samples))[:n_rows]]


def _surprise(chains: Labels, known: list[Labels], n_labels: int) -> NDArray[np.float64]:
    """Give −ln p(s_t | s_{t−1}) of each frame under the known chains' own jumps, nats."""
    counts = np.ones((n_labels, n_labels))
    for chain in known:
        np.add.at(counts, (chain[:-1], chain[1:]), 1)
    surprise = -np.log(counts / counts.sum(1, keepdims=True))
    first = np.zeros((len(chains), 1))
    return np.concatenate([first, surprise[chains[:, :-1], chains[:, 1:]]], axis=1)
