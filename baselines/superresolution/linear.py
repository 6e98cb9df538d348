"""Straight lines between kept frames: what every model is measured against."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.superresolution._parts.reads import declared
from benchmark.arrays import Positions
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.superresolution.interpolation import reconstruct_hermite
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment


class Linear:
    """Linear interpolation of every coordinate: x(s) = (1 − s) x₀ + s x₁."""

    card = ModelCard(
        title="Linear interpolation",
        description="Straight lines between kept frames.",
        role="control",
    )
    reads = declared(1)
    parameters = 0

    def fit(
        self,
        train: Sequence[DenseSegment],
        validation: Sequence[DenseSegment],
        context: FitContext,
    ) -> None:
        """Learn nothing."""

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment."""
        return reconstruct_hermite(coarse, orders=1)
