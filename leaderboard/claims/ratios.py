"""Ratios of models' errors, molecule by molecule, and how well their mean is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.result import TaskMetric
from benchmark.uncertainty import with_error
from leaderboard.significance import p_value, sample_mean

#: Molecules that are a sample of molecules. Of fewer, what counts is how well errors are known.
SAMPLE = 3

# (gap, molecule) → error of a model.
Errors = Mapping[tuple[int, str], TaskMetric]


@dataclass(frozen=True)
class Ratio:
    """ln of the ratio of two models' errors, mean over molecules.

    Attributes
    ----------
    value, stderr : float
    freedom : float
        Degrees of freedom of the standard error.
    better, molecules : int
        Molecules with a ratio above 1, and all of them.
    """

    value: float
    stderr: float
    freedom: float
    better: int
    molecules: int

    @property
    def factor(self) -> float:
        """The ratio itself, a geometric mean."""
        return math.exp(self.value)

    @property
    def p_value(self) -> float:
        """The chance of a ratio so far from 1 on either side if it were 1."""
        return p_value(self.value, self.stderr, self.freedom)

    def __str__(self) -> str:
        """Give the ratio with its error, and on how many molecules it is above 1."""
        shown = with_error(self.factor, self.factor * self.stderr)
        return f"{shown} ({self.better} of {self.molecules})"


def at_gap(errors: Errors, gap: int) -> dict[str, TaskMetric]:
    """Give the errors at a gap by molecule."""
    return {molecule: error for (k, molecule), error in errors.items() if k == gap}


def mean_at(errors: Errors, gap: int) -> float:
    """Give the geometric mean over molecules; infinite if there is none."""
    values = [error.value for error in at_gap(errors, gap).values()]
    return math.exp(np.mean(np.log(values))) if values else math.inf


def ratio_at(upper: Errors, lower: Errors, gap: int, sample: bool) -> Ratio | None:
    """Compare two models on the molecules that both have.

    Parameters
    ----------
    upper, lower : mapping
        Errors of the two.
    gap : int
    sample : bool
        Whether the molecules are a sample of molecules, so that the standard error is that over
        them, unknown of a single one; else it is from those of the errors, as if independent.

    Returns
    -------
    Ratio or None
        Of ``upper`` over ``lower``; None if they have no molecule in common.
    """
    above, below = at_gap(upper, gap), at_gap(lower, gap)
    pairs = [(above[name], below[name]) for name in sorted(above.keys() & below.keys())]
    if not pairs:
        return None
    ratios = [math.log(one.value / other.value) for one, other in pairs]
    value, stderr, freedom = sample_mean(ratios)
    if not sample:
        shares = [each.stderr / each.value for pair in pairs for each in pair]
        stderr, freedom = math.hypot(*shares) / len(ratios), math.inf
    return Ratio(value, stderr, freedom, sum(r > 0 for r in ratios), len(ratios))
