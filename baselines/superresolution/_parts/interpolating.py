"""A model that interpolates between kept frames by a fixed rule, and learns nothing."""

from __future__ import annotations

from baselines.superresolution._parts.frame import Segments
from benchmark.arrays import Positions
from benchmark.model import FitContext
from benchmark.tracks.superresolution.interpolation import INTERPOLANTS, Interpolant
from benchmark.tracks.superresolution.segments import CoarseSegment


class InterpolatingModel:
    """A `SuperResolutionModel` around one of `INTERPOLANTS`; a subclass names it.

    Attributes
    ----------
    name : str
        Of the interpolant.
    reads : frozenset of str
        What it reads at kept frames.
    """

    #: Nothing is fitted.
    parameters = 0

    name: str
    reads: frozenset[str]
    _interpolant: Interpolant

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._interpolant = {each.name: each for each in INTERPOLANTS}[cls.name]
        cls.reads = cls._interpolant.reads

    def fit(self, train: Segments, validation: Segments, context: FitContext) -> None:
        """Learn nothing."""

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment.

        Raises
        ------
        ModelError
            If the segment lacks velocities or forces that are read.
        """
        return self._interpolant.reconstruct(coarse)
