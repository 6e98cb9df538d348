"""Markov state model at lag one: the model that a learned one has to beat."""

from __future__ import annotations

import numpy as np

from baselines.kinetics._parts.markov import MarkovModel
from baselines.kinetics._parts.sampling import Floats, lag1_counts, populations
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Strengths of the prior that validation chooses from, in pseudo-counts a row.
PRIORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Msm(MarkovModel):
    """Markov state model on the labels, at a lag of one frame.

    p(j | i) = (n_i T_ij + α π_j) / (n_i + α): T is the maximum-likelihood transition matrix,
    reversible where the visited labels are connected and a plain ratio of counts where they are
    not; π are the training populations, and the pseudo-counts α make every transition possible.

    Parameters
    ----------
    prior : float
        α, pseudo-counts a row; 0 lets the validation likelihood choose among `PRIORS`.
    """

    card = ModelCard(
        title="Markov state model",
        description="Reversible maximum-likelihood Markov state model at a lag of one frame "
        "(deeptime), with a weak prior.",
        citation="Prinz et al., J. Chem. Phys. 134, 174105 (2011); "
        "Hoffmann et al., Mach. Learn.: Sci. Technol. 3, 015009 (2022) (deeptime)",
    )

    def __init__(self, prior: float = 0.0) -> None:
        self.prior = prior

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

    @property
    def parameters(self) -> int:
        """Free entries of the transition matrix."""
        K = len(self.populations)
        return K * (K - 1)


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
