"""What an estimate looks like, and the standard errors of means of correlated data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

N_BLOCKS = (128, 64, 32)


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty.

    Attributes
    ----------
    value : float
    stderr : float
        Standard error of `value`; nan when unknown.
    bias : float
        Mean of the *signed* errors of which `value` is a size; nan where a sign means nothing.
    """

    value: float
    stderr: float = math.nan
    bias: float = math.nan


def block_standard_error(x: Float64, n_blocks: tuple[int, ...] = N_BLOCKS) -> float:
    """Estimate the standard error of the mean of correlated data from means of blocks.

    Each chain is cut into blocks of equal length, about n in all; the standard error is the
    standard deviation of the block means over √n. That is done for n = 128, 64 and 32 and **the
    largest value is returned**.

    Why not one fixed rule: blocks must be much longer than the correlation time, or the error is
    too small (a block of b correlation times still misses a share of about 1/b of the variance),
    and there must be many of them, or the error is itself uncertain (by 1/√(2n): 6 % at 128, 13 %
    at 32). A hundred blocks of 20 t₂ would satisfy both, but where t₂ is thousands of frames and
    the test set 3e5 frames they do not exist. Doubling the block length twice and keeping the
    largest value (Flyvbjerg and Petersen's blocking analysis, cut short) follows the rise with
    block length as far as the data allow. On uncorrelated data the largest of three noisy numbers
    is some 5 % too large: it errs to the safe side.

    Blocks never reach across chains. Where there are more chains than blocks, every chain is one
    block, whatever n.

    Parameters
    ----------
    x : float array of shape (chains, frames)
    n_blocks : tuple of int
        Numbers of blocks to try, each ≥ 2.

    Returns
    -------
    float
        In the units of `x`.

    Raises
    ------
    ValueError
        If `x` is not 2-D, is not finite, or is too short for two blocks.

    References
    ----------
    Flyvbjerg, Petersen, J. Chem. Phys. 91, 461 (1989).

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(4, 25_000))  # truth: 1/√1e5 = 0.00316
    >>> round(block_standard_error(x), 4)
    0.0033
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.size < 2:
        raise ValueError(f"x has shape {x.shape}; (chains, frames) with two values is needed")
    if not np.isfinite(x).all():
        raise ValueError(f"x holds {np.count_nonzero(~np.isfinite(x))} values that are not finite")
    if not n_blocks or min(n_blocks) < 2:
        raise ValueError(f"n_blocks is {n_blocks}; numbers of at least 2 are needed")
    return max(_standard_error(x, n) for n in n_blocks)


def _standard_error(x: Float64, n_blocks: int) -> float:
    chains, frames = x.shape
    per_chain = min(max(1, -(-n_blocks // chains)), frames)
    length = frames // per_chain
    # The frames left over, fewer than one block a chain, matter to the mean but not to its error.
    blocks = x[:, : per_chain * length].reshape(chains * per_chain, length)
    means = blocks.mean(axis=1)
    return float(means.std(ddof=1) / math.sqrt(means.size))


def jackknife_standard_error(without_one: Float64) -> float:
    """Estimate a standard error from the values found with each of G groups left out.

    √((G−1)/G · Σ(θ₍g₎ − mean)²).

    Parameters
    ----------
    without_one : float array of shape (G,)
        The groups should be independent and about equally large.

    Returns
    -------
    float
        nan if any value is.

    Raises
    ------
    ValueError
        If there are fewer than two groups.

    References
    ----------
    Efron, Stein, Ann. Stat. 9, 586 (1981).

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])  # for a mean it is the usual standard error
    >>> math.isclose(jackknife_standard_error((x.sum() - x) / 3), x.std(ddof=1) / 2)
    True
    """
    without_one = np.asarray(without_one, dtype=np.float64)
    n_groups = without_one.size
    if n_groups < 2:
        raise ValueError(f"a jackknife needs at least two groups; got {n_groups}")
    return float(math.sqrt((n_groups - 1) * np.var(without_one)))


#: An error below this share of its value is the rounding of equal numbers, and no spread.
ROUNDING = 1e-6


def with_error(value: float, error: float) -> str:
    """Write a value with its standard error in the last digits, as in 0.123(4).

    Two digits of the error where its first is 1, one otherwise; without an error, or with one
    below a millionth of the value, three digits.

    Examples
    --------
    >>> with_error(0.1234, 0.0042), with_error(13.8891, 1.2e-12)
    ('0.123(4)', '13.9')
    """
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(error) or error <= ROUNDING * abs(value):
        return f"{value:.3g}"
    digits = max(0, -math.floor(math.log10(error)) + (f"{error:e}"[0] == "1"))
    rounded = round(value, digits) + 0.0  # no minus before a zero
    return f"{rounded:.{digits}f}({error * 10**digits:.0f})"
