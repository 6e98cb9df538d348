"""Recorded chains among generated ones, found from the files alone.

The novelty audit of a run (`one_model`) weighs a copied stretch by the model's own probabilities,
which prediction files do not hold. Here it is weighed by a Markov chain instead. That overrates the
surprise of a process with memory, and of a model that has learned pieces of its training data by
heart; so a stretch must have twice as many bits, and a thousand frames, to be called a copy. Whole
chains have more of both.
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
from benchmark.tracks.kinetics.predictions import SAMPLES

#: Of a window that is compared: surprise under the Markov chain, and least length.
COPIED_BITS, COPIED_FRAMES = 200.0, 1000

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
    found = _copied_window(chains, known, _bits(chains, known, card.labels))
    if found is None:
        return ""
    chain, frame, frames, bits = found
    return (
        f"generated chains hold recorded ones: {frames} frames from frame {frame} of chain {chain} "
        f"on, {bits:.0f} bits of surprise under a Markov chain"
    )


def _copied_window(
    chains: Labels, known: list[Labels], bits: NDArray[np.float64]
) -> tuple[int, int, int, float] | None:
    """Find a window of generated chains in known ones, or in these walked backwards.

    Windows lie side by side and are so long that most have enough bits; so every copy of twice
    that length holds one whole.

    Returns
    -------
    tuple of int and float, optional
        Chain, first frame, frames and bits of the first one that is found.
    """
    length = max(COPIED_FRAMES, round(1.25 * COPIED_BITS / max(bits.mean(), 1e-6)))
    recorded = [one.tobytes() for chain in known for one in (chain, chain[::-1])]
    for chain, states in enumerate(chains):
        for start in range(0, len(states) - length + 1, length):
            said = float(bits[chain, start : start + length].sum())
            window = states[start : start + length].tobytes()
            if said > COPIED_BITS and any(window in one for one in recorded):
                return chain, start, length, said
    return None


def _some(samples: Labels, content: bytes) -> Labels:
    """Choose whole chains by the hash of their file, which nobody can know before it is written."""
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
    n_rows = max(1, FRAMES // samples.shape[1])
    return samples[np.random.default_rng(seed).permutation(len(samples))[:n_rows]]


def _bits(chains: Labels, known: list[Labels], n_labels: int) -> NDArray[np.float64]:
    """Give −ln p(s_t | s_{t−1}) of each frame under the known chains' own jumps, in bits."""
    counts = np.ones((n_labels, n_labels))
    for chain in known:
        np.add.at(counts, (chain[:-1], chain[1:]), 1)
    surprise = -np.log2(counts / counts.sum(1, keepdims=True))
    first = np.zeros((len(chains), 1))
    return np.concatenate([first, surprise[chains[:, :-1], chains[:, 1:]]], axis=1)
