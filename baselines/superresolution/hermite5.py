"""Quintic Hermite interpolation: positions, velocities and forces at both ends of a gap."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.superresolution._parts.reads import declared
from benchmark.arrays import Positions
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.superresolution.interpolation import reconstruct_hermite
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment


class Hermite5:
    """The quintic in time that meets x, v and a = F/m at both ends of a gap."""

    card = ModelCard(
        title="Quintic Hermite",
        description="The quintic through positions, velocities and forces at both ends of a gap.",
        citation="Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, "
        "Springer (1993)",
    )
    reads = declared(3)
    parameters = 0

    def fit(
        self,
        train: Sequence[DenseSegment],
        validation: Sequence[DenseSegment],
        context: FitContext,
    ) -> None:
        """Learn nothing."""

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment.

        Raises
        ------
        ModelError
            If the segment holds no velocities or no forces.
        """
        return reconstruct_hermite(coarse, orders=3)
