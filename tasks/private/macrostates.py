"""From microstates to macrostates: a Markov model, PCCA+, and cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.tracks.kinetics.metrics.errors import count_matrix, implied_timescales
from tasks.making.milestoning import NO_CORE, last_visited_core
from tasks.private.partition import Labels

Float64 = NDArray[np.float64]

#: A lag is long enough when twice the lag does not lengthen the slowest timescale by more.
CONVERGED = 1.1

#: Beyond so many of its relaxation times a process has decayed (to 14 %); noise is next.
MOST_DECAYED = 2.0

#: The default lag is at most this share of the median trajectory.
SHARE_OF_TRAJECTORY = 1 / 20

#: So few labels are macrostates themselves.
FEW = 6

#: Numbers of macrostates among which the largest gap of timescales chooses.
CHOICES = (2, 3, 4)

#: More sets are not tried where the first ones are too rare.
MOST_TRIED = 8

#: A frame of a microstate with a higher PCCA+ membership is in the core of its macrostate.
CORE_MEMBERSHIP = 0.9


@dataclass(frozen=True)
class MarkovModel:
    """A Markov model of label chains, made reversible.

    Attributes
    ----------
    transition : float64 array of shape (K, K)
    populations : float64 array of shape (K,)
    lag : int
        Frames.
    """

    transition: Float64
    populations: Float64
    lag: int

    @property
    def timescales(self) -> Float64:
        """Implied timescales in frames, slowest first, float64 of shape (K − 1,)."""
        from deeptime.markov.msm import MarkovStateModel

        return np.asarray(MarkovStateModel(self.transition, lagtime=self.lag).timescales())

    def memberships(self, n: int) -> Float64:
        """Give the PCCA+ memberships of each label in ``n`` macrostates, most populated first.

        Returns
        -------
        float64 array of shape (K, n)

        Raises
        ------
        InputError
            If there are no ``n`` metastable sets.

        References
        ----------
        S. Röblitz, M. Weber, Adv. Data Anal. Classif. 7, 147 (2013).
        """
        from deeptime.markov import pcca

        K = len(self.populations)
        if n > K:
            raise InputError(f"{n} macrostates of {K} labels: there must be fewer")
        if n == K:
            return np.eye(K)
        advice = "ask for fewer" if n > 2 else "take other labels, or bring more data"
        fault = f"PCCA+ finds no {n} metastable sets among {K} labels; {advice}"
        try:
            found = pcca(self.transition, n, self.populations).memberships
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            raise InputError(f"{fault} ({error})") from error
        if not np.isfinite(found).all() or len(np.unique(found.argmax(1))) < n:
            raise InputError(fault)
        crisp = np.bincount(found.argmax(1), weights=self.populations, minlength=n)
        return np.asarray(found[:, np.argsort(-crisp, kind="stable")])

    def choose(self) -> int:
        """Choose the number of macrostates: where the gap between timescales is largest."""
        # What is faster than the lag is noise, and gaps among noise mean nothing.
        times = np.maximum(self.timescales, self.lag)
        # n macrostates have n − 1 slow processes; the gap is that to the next one.
        choices = [n for n in CHOICES if n < len(self.populations)]
        return max(choices, key=lambda n: times[n - 2] / times[n - 1], default=2)


def markov_model(chains: Sequence[Labels], lag: int) -> MarkovModel:
    """Estimate a reversible Markov model as the scorer does: from symmetrised counts.

    With C the counts at the lag made symmetric and π their populations, the transition matrix is
    that of C + ππᵀ. The one pseudo-count connects what the data do not.

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)
        All of the labels 0 … K−1 occur.
    lag : int
        Frames.

    Raises
    ------
    InputError
        If no trajectory is longer than the lag.
    """
    longest = max(len(chain) for chain in chains)
    if longest <= lag:
        raise InputError(f"the longest trajectory has {longest} frames, the lag {lag}")
    K = max(int(chain.max()) for chain in chains) + 1
    counts = count_matrix(chains, K, lag)
    joint = counts + counts.T
    populations = np.maximum(joint.sum(1), 0.5)  # a label may occur only where no pair begins
    populations /= populations.sum()
    joint += np.outer(populations, populations)
    return MarkovModel(joint / joint.sum(1, keepdims=True), joint.sum(1) / joint.sum(), lag)


def default_lag(chains: Sequence[Labels]) -> int:
    """Choose a lag: the first power of two at which the slowest timescale has converged.

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)

    Returns
    -------
    int
        Frames; at most 1/20 of the median trajectory.
    """
    K = max(int(chain.max()) for chain in chains) + 1
    longest = SHARE_OF_TRAJECTORY * float(np.median([len(chain) for chain in chains]))
    lag, slowest = 1, _slowest(chains, K, 1)
    while 2 * lag <= longest:
        following = _slowest(chains, K, 2 * lag)
        if following < CONVERGED * slowest or 2 * lag > MOST_DECAYED * following:
            break
        lag, slowest = 2 * lag, following
    return lag


def _slowest(chains: Sequence[Labels], K: int, lag: int) -> float:
    return float(implied_timescales(chains, K, [lag], 1)[0, 0])


def default_memberships(model: MarkovModel, held_out: Sequence[Labels]) -> Float64:
    """Choose macrostates that the held-out data can tell something about.

    Starts from as many PCCA+ sets as the timescales suggest. A set that is never entered in the
    held-out data is merged with the one it is closest to; where that leaves a single one, more
    sets are tried.

    Parameters
    ----------
    model : MarkovModel
    held_out : sequence of uint8 arrays (frames,)
        Microstates.

    Returns
    -------
    float64 array of shape (K, macrostates)

    Raises
    ------
    InputError
        If no two sets are entered at all.
    """
    for n in range(model.choose(), min(MOST_TRIED, len(model.populations)) + 1):
        try:
            found = without_rare(model, model.memberships(n), held_out)
        except InputError:
            continue  # PCCA+ finds no n sets, which is no fault of the user's
        if found.shape[1] > 1:
            return found
    raise InputError(
        "the held-out data never leave one metastable set; bring more data, or choose the "
        "labels by --partition and --states, and --macrostates or a longer --lag"
    )


def without_rare(model: MarkovModel, memberships: Float64, held_out: Sequence[Labels]) -> Float64:
    """Merge sets that are never entered; memberships are probabilities, so that they add up.

    Parameters
    ----------
    model : MarkovModel
    memberships : float64 array of shape (K, sets)
    held_out : sequence of uint8 arrays (frames,)
        Microstates.

    Returns
    -------
    float64 array of shape (K, macrostates)
        With one macrostate if no two are entered.
    """
    while memberships.shape[1] > 1:
        n = memberships.shape[1]
        crisp = memberships.argmax(1).astype(np.uint8)
        # At the lag, or recrossings of a border would count as entries.
        seen = [crisp[chain[:: model.lag]] for chain in held_out]
        jumps = count_matrix(seen, n, 1)
        np.fill_diagonal(jumps, 0)
        rarest = int(jumps.sum(0).argmin())
        if jumps.sum(0)[rarest] > 0:
            break
        joint = model.populations[:, None] * model.transition
        flux = memberships.T @ joint @ memberships
        flux[rarest, rarest] = -1
        memberships = memberships.copy()
        memberships[:, int(flux[rarest].argmax())] += memberships[:, rarest]
        memberships = np.delete(memberships, rarest, axis=1)
    return memberships


def milestoned(chains: Sequence[Labels], memberships: Float64) -> list[Labels]:
    """Label each frame by the macrostate whose core was visited last.

    Frames of a microstate with a membership above `CORE_MEMBERSHIP` are in a core. Frames before
    the first core have no label and are dropped, and so are trajectories that visit none.

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)
        Microstates.
    memberships : float64 array of shape (microstates, macrostates)

    Raises
    ------
    InputError
        If a macrostate has no core.
    """
    core = np.where(memberships.max(1) > CORE_MEMBERSHIP, memberships.argmax(1), NO_CORE)
    missing = set(range(memberships.shape[1])) - set(core.tolist())
    if missing:
        state = min(missing)
        raise InputError(
            f"--cores: macrostate {state} has no core, its highest membership is "
            f"{memberships[:, state].max():.2f}; ask for fewer macrostates or a finer partition"
        )
    visited = [last_visited_core(core.astype(np.uint8)[chain]) for chain in chains]
    return [kept for chain in visited if len(kept := chain[chain != NO_CORE])]
