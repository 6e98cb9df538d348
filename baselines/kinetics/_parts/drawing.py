"""Drawing label after label from a network's logits, all chains side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from benchmark.arrays import Labels

#: Steps drawn at once, at least.
BLOCK = 256

#: Gives the logits (C, K) of the frame after one with the labels (C,).
Advance = Callable[[Tensor], Tensor]


def draw_frames(
    now: Tensor, advance: Advance, n_frames: int, rng: np.random.Generator, period: int | None
) -> Labels:
    """Draw a label of each chain, frame after frame.

    On a CUDA device the first block of steps is done as it is, and then recorded as a CUDA graph,
    which the others replay: a step is a dozen kernels of microseconds, and starting each of them
    by itself would take most of the time. The labels are the same.

    Parameters
    ----------
    now : Tensor (C, K)
        Logits of the first frame.
    advance : callable
        Renews what it holds in place.
    n_frames : int
    rng : numpy.random.Generator
        A label is the first whose cumulative probability lies above a uniform number of it.
    period : int or None
        After so many steps ``advance`` does the same again, with the same memory; None if it has
        to leave the device, so that it cannot be recorded.

    Returns
    -------
    uint8 array of shape (C, n_frames)
    """
    states = np.empty((len(now), n_frames), np.uint8)
    block = _Block(now, advance, period or 1)
    for start in range(0, n_frames, block.steps):
        steps = min(block.steps, n_frames - start)
        uniform = torch.from_numpy(rng.random((steps, len(now), 1), np.float32))
        if start and period and now.is_cuda:
            block.replay(uniform)
        else:
            block.walk(uniform)
        states[:, start : start + steps] = block.drawn[:steps].T.to("cpu", torch.uint8).numpy()
    return states


class _Block:
    """Some steps of all chains, whose memory stays in its place."""

    def __init__(self, now: Tensor, advance: Advance, period: int) -> None:
        self.now, self.advance = now, advance
        self.steps = period * -(-BLOCK // period)
        self.uniform = now.new_empty(self.steps, len(now), 1)
        self.drawn = now.new_empty(self.steps, len(now), dtype=torch.long)
        self.graph: torch.cuda.CUDAGraph | None = None

    def walk(self, uniform: Tensor) -> None:
        """Draw a label for each uniform number (steps, C, 1)."""
        self.uniform[: len(uniform)] = uniform
        self._walk(len(uniform))

    def replay(self, uniform: Tensor) -> None:
        """Do the same by a CUDA graph, which goes on after the last step of a whole block."""
        if self.graph is None:
            self.graph, self.now = torch.cuda.CUDAGraph(), self.now.clone()
            with torch.cuda.device(self.now.device), torch.cuda.graph(self.graph):
                first = self.now
                self._walk(self.steps)
                first.copy_(self.now)
            self.now = first
        self.uniform[: len(uniform)] = uniform
        self.graph.replay()

    def _walk(self, steps: int) -> None:
        for uniform, drawn in zip(self.uniform[:steps], self.drawn, strict=False):
            cumulative = torch.softmax(self.now, 1).cumsum(1)[:, :-1]
            torch.sum(cumulative <= uniform, 1, out=drawn)
            self.now = self.advance(drawn)
