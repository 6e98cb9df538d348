"""Whether a difference is more than chance: Student's t, and Holm's correction for many at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Differences that would come by chance this rarely are called differences.
LEVEL = 0.05

#: Scores that are equal but for the rounding of sums.
EQUAL = 1e-12


def t_quantile(level: float, freedom: float) -> float:
    """Give how many standard errors a two-sided interval reaches.

    Parameters
    ----------
    level : float
        Share of intervals that hold the truth, 0 … 1.
    freedom : float
        Degrees of freedom, replicas − 1; infinite for a normal distribution.

    Examples
    --------
    >>> round(t_quantile(0.95, 4), 3), round(t_quantile(0.95, math.inf), 3)
    (2.776, 1.96)
    """
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    return float(ndtri(tail) if math.isinf(freedom) else stdtrit(freedom, tail))


def sample_mean(values: Sequence[float]) -> tuple[float, float, float]:
    """Give the mean of a sample, its standard error, and the degrees of freedom of that.

    The error of a single value is unknown: infinite.

    Examples
    --------
    >>> sample_mean([1.0, 2.0, 3.0])
    (2.0, 0.5773502691896258, 2.0)
    """
    n = len(values)
    stderr = float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    return float(np.mean(values)), stderr, max(n - 1.0, 1.0)


def p_value(value: float, stderr: float, freedom: float) -> float:
    """Give the chance of a value so far from zero on either side if the truth is zero.

    1 where the value is unknown or zero, or its error unknown.

    Examples
    --------
    >>> round(p_value(2.776, 1.0, 4), 3)
    0.05
    """
    from scipy.special import ndtr, stdtr

    if math.isnan(value) or math.isnan(stderr) or abs(value) <= EQUAL:
        return 1.0
    if stderr == 0:
        return 0.0
    distance = -abs(value) / stderr
    return float(2 * (ndtr(distance) if math.isinf(freedom) else stdtr(freedom, distance)))


def holm(p_values: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Say which of several tests find a difference, after Holm's correction.

    The smallest p must be below level/n, the next one below level/(n−1), and so on until one is
    not. The chance of even one false finding is then below ``level``, however the tests depend on
    one another.

    Parameters
    ----------
    p_values : sequence of float
    level : float

    References
    ----------
    Holm, Scand. J. Statist. 6, 65 (1979).

    Examples
    --------
    >>> holm([0.04, 0.001, 0.02])
    [True, True, True]
    >>> holm([0.04, 0.001, 0.03])
    [False, True, False]
    """
    found = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[place] >= level / (len(p_values) - rank):
            break
        found[place] = True
    return found
