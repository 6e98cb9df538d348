"""Natural cubic spline through the kept positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import interpolate

from baselines.superresolution._parts.reads import declared
from benchmark.arrays import Positions
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.superresolution.segments import CoarseSegment, DenseSegment


class CubicSpline:
    """Piecewise cubic with two continuous derivatives; the second is zero at both ends."""

    card = ModelCard(
        title="Cubic spline",
        description="Natural cubic spline through the kept positions (scipy).",
        citation="de Boor, A Practical Guide to Splines, Springer (1978)",
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
        if len(coarse.positions) < 2:  # no gap to fill, and a spline wants two points
            return coarse.positions.copy()
        times = np.arange(coarse.n_frames)
        spline = interpolate.CubicSpline(times[:: coarse.gap], coarse.positions, bc_type="natural")
        frames: Positions = spline(times)
        frames[:: coarse.gap] = coarse.positions  # exact, not to rounding
        return frames
