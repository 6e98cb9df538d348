"""A model that fills every gap from the window of six kept frames around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from baselines.superresolution._parts.frame import Segments, mean_geometry
from baselines.superresolution._parts.reads import orders_read, reads_of
from baselines.superresolution._parts.windows import (
    Windows,
    check_segment,
    check_training,
    fill_gaps,
    training_windows,
)
from benchmark.arrays import Positions
from benchmark.tracks.superresolution.contract import GapContext
from benchmark.tracks.superresolution.interpolation import interleave
from benchmark.tracks.superresolution.segments import CoarseSegment

Floats = NDArray[np.float64]


class WindowModel(ABC):
    """A `SuperResolutionModel` in the molecule-fixed frame of a window; see `windows`.

    A subclass learns, fills the gaps of windows, and says what is to be saved.

    Parameters
    ----------
    reads : str
        "positions", "velocities" (and positions) or "forces" (and both).

    Raises
    ------
    InputError
        If it is none of these.
    """

    def __init__(self, reads: str) -> None:
        self._orders = orders_read(reads)
        self.reads = reads_of(self._orders)

    def fit(self, train: Segments, validation: Segments, context: GapContext) -> None:
        """Find the reference geometry; then learn.

        Raises
        ------
        InputError
            If a segment is shorter than a window.
        """
        check_training([*train, *validation], context.gap)
        self._gap, self._reference = context.gap, mean_geometry(train)
        self._learn(train, validation, context)

    @abstractmethod
    def _learn(self, train: Segments, validation: Segments, context: GapContext) -> None:
        """Learn what `_predict` needs."""

    @abstractmethod
    def _predict(self, derivatives: Floats, place: int) -> Floats:
        """Fill one gap of windows; see `fill_gaps`."""

    @abstractmethod
    def _learned(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that were learned."""

    @abstractmethod
    def _take(self, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take what `_learned` gave."""

    def _windows(self, segments: Segments, stride: int) -> Iterator[tuple[Windows, Floats]]:
        """Cut segments into windows and the hidden frames of their gaps."""
        for segment in segments:
            yield from training_windows(
                segment, self._gap, self._orders, self._reference, max(1, stride)
            )

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment; with fewer than six kept frames, by Hermite alone.

        Raises
        ------
        ModelError
            If the segment is of another molecule or gap than the model was fitted to, or lacks
            velocities or forces that the model reads.
        """
        check_segment(coarse, self._gap, len(self._reference))
        return interleave(
            coarse.positions, fill_gaps(coarse, self._orders, self._reference, self._predict)
        )

    def save(self, folder: Path) -> None:
        """Write the reference geometry and what was learned."""
        save_arrays(
            folder,
            gap=np.array(self._gap),
            orders=np.array(self._orders),
            reference=self._reference,
            **self._learned(),
        )

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        stored = load_arrays(folder)
        self._gap, self._orders = int(stored["gap"]), int(stored["orders"])
        self.reads, self._reference = reads_of(self._orders), stored["reference"]
        self._take(stored)
