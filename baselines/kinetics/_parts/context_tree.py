"""The tree of the contexts that were seen: the labels before a frame, the last one first.

Its root is the empty context, and the child k of a context is the one that goes one frame further
back, to a label k. Frames are moved down an order at a time.
"""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from benchmark.arrays import Labels, Probabilities
from benchmark.tracks.kinetics.contract import StateTrajectories

Integers = NDArray[np.int64]
Reals = NDArray[np.float32]
Tree = NDArray[np.int32]

#: A context seen once says next to nothing, and on fine partitions there are very many.
LEAST_VISITS = 2


def joined(data: StateTrajectories) -> tuple[Labels, Integers]:
    """Join the chains; with each frame its place in its chain, so that no context spans two."""
    return np.concatenate(data.chains), np.concatenate([np.arange(len(c)) for c in data.chains])


def contexts(
    at: NDArray[np.int32], age: Integers, states: Labels, level: int, order: int, K: int
) -> tuple[Integers, Integers]:
    """List the contexts of an order seen often enough: their parents, and the label added."""
    frames = np.flatnonzero((at >= level) & (age >= order))
    keys = at[frames].astype(np.int64) * K + states[frames - order]
    seen, visits = np.unique(keys, return_counts=True)
    seen = seen[visits >= LEAST_VISITS]
    return seen // K, seen % K


@numba.njit(cache=True)
def deepen(
    at: NDArray[np.int32], age: Integers, states: Labels, children: Tree, level: int, order: int
) -> None:
    """Move each frame from its context of the order before to its child, if there is one."""
    for t in range(len(at)):
        if at[t] >= level and age[t] >= order:
            child = children[at[t], states[t - order]]
            if child >= 0:
                at[t] = child


@numba.njit(cache=True)
def find(row: Labels, t: int, children: Tree) -> int:
    """Walk into the past of frame t, to its longest stored context."""
    node = 0
    for back in range(t - 1, -1, -1):
        child = children[node, row[back]]
        if child < 0:
            break
        node = child
    return node


class TreeModel:
    """A `KineticsModel` that looks up the longest stored context; a subclass fits the tree.

    Attributes
    ----------
    rows : float32 array of shape (contexts, labels)
        p(k | context).
    children : int32 array of shape (contexts, labels)
        −1 where the tree ends.
    """

    rows: Reals
    children: Tree

    def predict(self, states: Labels) -> Probabilities:
        """Give the row of the longest stored context at each frame."""
        probabilities = np.empty((*states.shape, self.rows.shape[1]), np.float32)
        _predict(states, self.rows, self.children, probabilities)
        return probabilities

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Draw frame after frame from the same rows."""
        chains = np.zeros((len(prompt), prompt.shape[1] + n_frames), np.uint8)
        chains[:, : prompt.shape[1]] = prompt
        _sample(chains, prompt.shape[1], self.rows, self.children, rng)
        return chains[:, prompt.shape[1] :]

    @property
    def parameters(self) -> int:
        """Free probabilities of all stored contexts."""
        nodes, K = self.rows.shape
        return nodes * (K - 1)

    def save(self, folder: Path) -> None:
        """Write the tree."""
        save_arrays(folder, rows=self.rows, children=self.children)

    def load(self, folder: Path) -> None:
        """Read the tree."""
        stored = load_arrays(folder)
        self.rows, self.children = stored["rows"], stored["children"]


@numba.njit(cache=True)
def _predict(states: Labels, rows: Reals, children: Tree, probabilities: Probabilities) -> None:
    for chain in range(states.shape[0]):
        for t in range(states.shape[1]):
            probabilities[chain, t] = rows[find(states[chain], t, children)]


@numba.njit(cache=True)
def _sample(
    chains: Labels, start: int, rows: Reals, children: Tree, rng: np.random.Generator
) -> None:
    for chain in range(chains.shape[0]):
        for t in range(start, chains.shape[1]):
            row = rows[find(chains[chain], t, children)]
            uniform, below, label = rng.random(), 0.0, 0
            while label < len(row) - 1:
                below += row[label]
                if uniform < below:
                    break
                label += 1
            chains[chain, t] = label
