"""The contract of a super-resolution model, and what the harness tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchmark.arrays import Positions
from benchmark.errors import ModelError, where_raised
from benchmark.model import FitContext
from benchmark.tracks.superresolution.segments import (
    POSITIONS,
    READABLE,
    CoarseSegment,
    DenseSegment,
)


@dataclass(frozen=True)
class GapContext(FitContext):
    """What a super-resolution model may know of its task besides.

    Attributes
    ----------
    gap : int
        k: every k-th frame is kept.
    """

    gap: int = 0


def reconstruction(model: Any, coarse: CoarseSegment, reads: frozenset[str]) -> Any:
    """Let a model reconstruct a segment.

    Raises
    ------
    ModelError
        If it fails on something that it does not declare in ``reads``.
    """
    try:
        return model.reconstruct(coarse)
    except (TypeError, AttributeError) as error:
        absent = sorted(READABLE - reads)
        if "NoneType" not in str(error) or not absent:
            raise
        raise ModelError(
            f"{where_raised(error)}: is it that coarse.{' and coarse.'.join(absent)} "
            f"{'are' if len(absent) > 1 else 'is'} None? A model gets what its reads declares"
        ) from error


class SuperResolutionModel(Protocol):
    """A model that fills in the hidden frames of molecular dynamics.

    ``save`` and ``load`` are optional, and ``__init__`` is set, as in a `KineticsModel`.
    """

    #: What it reads at kept frames: positions, and perhaps "velocities" and "forces".
    reads: frozenset[str]

    def fit(
        self,
        train: Sequence[DenseSegment],
        validation: Sequence[DenseSegment],
        context: GapContext,
    ) -> None:
        """Learn from ``train``; ``validation`` may choose among models, never train one."""

    def reconstruct(self, coarse: CoarseSegment) -> Positions:
        """Give every frame of a segment.

        Parameters
        ----------
        coarse : CoarseSegment
            Holds what the model declares in ``reads``, and no more.

        Returns
        -------
        float64 array of shape (frames, atoms, 3)
            Å, (kept − 1) gap + 1 frames. Only hidden frames two or more frames away from a kept
            one are scored.
        """


def declared(model: Any) -> frozenset[str]:
    """Give what a model declares that it reads.

    Raises
    ------
    ModelError
        If it declares nothing, or something that does not exist.
    """
    reads = getattr(model, "reads", None)
    if isinstance(reads, str) or not isinstance(reads, set | frozenset | tuple | list):
        raise ModelError(
            f"reads is {reads!r}; expected a set out of {', '.join(sorted(READABLE))}, "
            "such as reads = {'positions'} in the class"
        )
    unknown = set(reads) - READABLE
    if unknown or POSITIONS not in reads:
        raise ModelError(
            f"reads is {sorted(reads)}; expected positions, and perhaps velocities and forces"
        )
    return frozenset(reads)
