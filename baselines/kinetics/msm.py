"""Markov state model: at lag one, the model that a learned one has to beat."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.markov import MarkovModel
from baselines.kinetics._parts.sampling import Floats, lag1_counts, populations
from baselines.kinetics._parts.slow_modes import SlowMode, lagged_counts
from benchmark.errors import InputError
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Strengths of the prior that validation chooses from, in pseudo-counts a row.
PRIORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


#: Iterations that embed a model of a longer lag.
EMBEDDING = 200


class Msm(MarkovModel):
    """Markov state model on the labels, by default at a lag of one frame.

    p(j | i) = (n_i T_ij + α π_j) / (n_i + α): T is the maximum-likelihood transition matrix,
    reversible where the visited labels are connected and a plain ratio of counts where they are
    not; π are the training populations, and the pseudo-counts α make every transition possible.

    At a longer lag the model must still generate every frame. It is *embedded*: T is the matrix of
    one frame for which the labels ``lag`` frames apart are likeliest, Σ C_ij(lag) ln (T^lag)_ij.
    The frames between count as hidden, so that expectation maximisation finds it (Bladt and
    Sørensen 2005); it starts from the model of lag one.

    Parameters
    ----------
    prior : float
        α, pseudo-counts a row; 0 lets the validation likelihood choose among `PRIORS`.
    lag : int
        Frames, a power of two; 0 takes the shortest whose slowest mode decays as that of the
        validation data does (the test of Chapman and Kolmogorov, within two standard errors or a
        tenth of its time).

    Raises
    ------
    InputError
        If the lag is neither 0 nor a power of two.
    """

    card = ModelCard(
        title="Markov state model",
        description="Reversible maximum-likelihood Markov state model at a lag of one frame "
        "(deeptime), with a weak prior.",
        citation="Prinz et al., J. Chem. Phys. 134, 174105 (2011); "
        "Hoffmann et al., Mach. Learn.: Sci. Technol. 3, 015009 (2022) (deeptime)",
    )

    def __init__(self, prior: float = 0.0, lag: int = 1) -> None:
        if lag < 0 or lag & (lag - 1):
            raise InputError(f"lag is {lag}; expected a power of two, or 0 to have it chosen")
        self.prior, self.lag = prior, lag

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Count transitions, estimate T, choose the prior."""
        self.populations = populations(train)  # (K,)
        counts = lag1_counts(train)  # (K, K)
        likely = _transition_matrix(counts)
        candidates = [
            _with_prior(likely, counts.sum(1), self.populations, prior)
            for prior in ([self.prior] if self.prior > 0.0 else PRIORS)
        ]
        unseen = lag1_counts(validation)
        self.transition = max(candidates, key=lambda T: float((unseen * np.log(T)).sum()))
        if self.lag != 1:
            self._embed(train, validation, context)

    def _embed(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Replace the model of lag one by that of the lag asked for, or the shortest good one."""
        slow, start = SlowMode.of(train, validation), self.transition
        longest = max(1, max(len(chain) for chain in train.chains) // 8)
        lags = [2**power for power in range(longest.bit_length())]
        for place, lag in enumerate([self.lag] if self.lag else lags, start=1):
            if lag > 1:
                self.transition = embedded(start, lagged_counts(train, lag), lag)
            context.progress(place / len(lags), f"lag {lag}")
            if slow.is_shared_by(self.sample, context.seed) or lag >= slow.lag:
                break

    @property
    def parameters(self) -> int:
        """Free entries of the transition matrix."""
        K = len(self.populations)
        return K * (K - 1)


def embedded(transition: Floats, counts: Floats, lag: int) -> Floats:
    """Improve T so that ``counts`` of labels ``lag`` frames apart become likelier under T^lag.

    Given the two ends, the expected steps from i to j between them are T_ij times the sum over
    s < lag of (Tᵀ)^s R (Tᵀ)^(lag−1−s), with R = C / T^lag; log₂ lag doublings give the sum.

    Parameters
    ----------
    transition : float64 array of shape (K, K)
        Where to start; what is zero stays zero.
    counts : float64 array of shape (K, K)
    lag : int
        A power of two.

    References
    ----------
    M. Bladt, M. Sørensen, J. R. Stat. Soc. B 67, 395 (2005), for continuous time.
    """
    counts = counts + 1e-3 * transition  # a row that was never left keeps what it starts with
    for _ in range(EMBEDDING):
        ratio = counts / np.maximum(np.linalg.matrix_power(transition, lag), 1e-300)
        total, power = ratio, transition.T
        for _ in range(lag.bit_length() - 1):
            total = total @ power + power @ total
            power = power @ power
        steps = transition * total
        transition = steps / np.maximum(steps.sum(1, keepdims=True), 1e-300)
    return transition


def _transition_matrix(counts: Floats) -> Floats:
    """Estimate T by maximum likelihood; rows of unvisited labels are zero."""
    from deeptime.markov.msm import MaximumLikelihoodMSM
    from deeptime.markov.tools.analysis import is_transition_matrix
    from deeptime.markov.tools.estimation import is_connected

    visited = np.flatnonzero(counts.sum(0) + counts.sum(1))
    inner = counts[np.ix_(visited, visited)]
    transition = np.zeros_like(counts)
    if len(visited) > 1 and is_connected(inner, directed=True):
        model = MaximumLikelihoodMSM(reversible=True).fit_fetch(inner)
        reversible = model.transition_matrix
        if reversible.shape == inner.shape and is_transition_matrix(reversible):
            transition[np.ix_(visited, visited)] = reversible
            return transition
    # A label entered but never left (or the other way round) has no reversible estimate.
    return counts / np.maximum(counts.sum(1, keepdims=True), 1.0)


def _with_prior(transition: Floats, visits: Floats, target: Floats, prior: float) -> Floats:
    """Mix ``prior`` pseudo-counts, spread as ``target``, into each row."""
    mixed = visits[:, None] * transition + prior * target
    return mixed / mixed.sum(1, keepdims=True)
