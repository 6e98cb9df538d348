"""Back-off n-gram: count what followed the last few labels, trust long contexts by their counts."""

from __future__ import annotations

from itertools import product

import numba
import numpy as np
from numpy.typing import NDArray

from baselines.kinetics._parts.context_tree import TreeModel, contexts, deepen, joined
from baselines.kinetics._parts.sampling import populations
from benchmark.arrays import Labels
from benchmark.errors import InputError
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

Reals = NDArray[np.float32]

#: Concentrations a and discounts d that the validation data choose from, for each order anew.
CONCENTRATIONS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
DISCOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)

#: Most contexts times labels stored; 4 + 4 bytes each.
MOST_CELLS = 3e7


class Ngram(TreeModel):
    r"""Interpolated back-off n-gram with a hierarchical prior.

    With u = s_{t−n} … s_{t−1} the last n labels and u' the last n − 1,

    .. math:: p_n(k | u) = \frac{\max(c_{uk} - d_n, 0) + (a_n + d_n \tau_u) \, p_{n-1}(k | u')}
                                {c_u + a_n},

    where c counts the training data, τ_u is the number of different labels seen after u, and p_0
    are the populations. This is the predictive distribution of a hierarchical Pitman–Yor process
    with one table a label (Teh 2006); without discount, that of a hierarchical Dirichlet prior
    (MacKay and Peto 1995). The concentration a_n and the discount d_n of each order, and the
    highest order, are the best on the validation data.

    The contexts that were seen form a tree: its root is the empty one, and the child k of a
    context is the one that goes one frame further back, to a label k. A prediction walks from
    the root into the past as far as the tree reaches.

    Parameters
    ----------
    order : int
        Highest order tried, in frames.
    """

    card = ModelCard(
        title="Back-off n-gram",
        description="Interpolated n-gram; order and smoothing chosen on the validation data.",
        citation="D. J. C. MacKay, L. C. Bauman Peto, Nat. Lang. Eng. 1, 289 (1995); "
        "Y. W. Teh, Proc. ACL 2006, 985",
    )

    def __init__(self, order: int = 12) -> None:
        if order < 1:
            raise InputError(f"order is {order}; expected at least 1 frame")
        self.order = order

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Grow the tree, an order at a time, as long as the validation likelihood rises."""
        K = train.n_labels
        states, age = joined(train)  # (N,), (N,)
        unseen, unseen_age = joined(validation)  # (V,), (V,)
        rows = populations(train)[None].astype(np.float32)  # (contexts, K): p(k | context)
        children = np.full((1, K), -1, np.int32)  # (contexts, K): −1 where the tree ends
        at = np.zeros(len(states), np.int32)  # deepest context of each training frame
        unseen_at = np.zeros(len(unseen), np.int32)
        best, kept, failures = _mean_log(rows, unseen_at, unseen), 1, 0
        level = 0  # first context of the order before
        for order in range(1, self.order + 1):
            first = len(rows)
            parents, labels = contexts(at, age, states, level, order, K)
            if not len(parents) or (first + len(parents)) * K > MOST_CELLS:
                break
            children[parents, labels] = np.arange(first, first + len(parents))
            children = np.vstack([children, np.full((len(parents), K), -1, np.int32)])
            deepen(at, age, states, children, level, order)
            deepen(unseen_at, unseen_age, unseen, children, level, order)

            counts = np.zeros((len(parents), K), np.float32)
            _count(counts, at, states, first)
            reached = unseen_at >= first
            concentration, discount = _best_smoothing(
                counts, rows[parents], unseen_at[reached] - first, unseen[reached]
            )
            rows = np.vstack([rows, _smooth(counts, rows[parents], concentration, discount)])
            level = first

            score = _mean_log(rows, unseen_at, unseen)
            context.progress(
                order / self.order,
                f"order {order}, {len(rows)} contexts, validation {-score:.5f} nats",
            )
            if score > best:
                best, kept, failures = score, len(rows), 0
            elif (failures := failures + 1) == 2:
                break
        # Contexts are stored in the order of their length: the best order is a part of the tree.
        self.rows = rows[:kept].copy()
        self.children = np.where(children[:kept] < kept, children[:kept], -1)


# --- growing the tree -------------------------------------------------------------------------


@numba.njit(cache=True)
def _count(counts: Reals, at: NDArray[np.int32], states: Labels, first: int) -> None:
    for t in range(len(at)):
        if at[t] >= first:
            counts[at[t] - first, states[t]] += 1.0


def _best_smoothing(
    counts: Reals, above: Reals, where: NDArray[np.int32], states: Labels
) -> tuple[float, float]:
    """Choose a and d by the likelihood of the frames ``states`` in the contexts ``where``."""
    # Frames that agree in context and label are scored once.
    pairs, times = np.unique(where.astype(np.int64) * counts.shape[1] + states, return_counts=True)
    context, label = np.divmod(pairs, counts.shape[1])
    c, p = counts[context, label].astype(float), above[context, label].astype(float)
    visits = counts.sum(1, dtype=float)[context]
    kinds = np.count_nonzero(counts, axis=1)[context]

    def score(option: tuple[float, float]) -> float:
        a, d = option
        smoothed = (np.maximum(c - d, 0.0) + (a + d * kinds) * p) / (visits + a)
        return float((times * np.log(smoothed)).sum())

    return max(product(CONCENTRATIONS, DISCOUNTS), key=score)


def _smooth(counts: Reals, above: Reals, concentration: float, discount: float) -> Reals:
    """Give p(k | context) of an order from its counts and the order before."""
    kinds = np.count_nonzero(counts, axis=1)[:, None]
    mixed = np.maximum(counts - np.float32(discount), 0.0)
    mixed += (concentration + discount * kinds).astype(np.float32) * above
    mixed /= mixed.sum(1, keepdims=True, dtype=np.float64)
    return mixed


def _mean_log(rows: Reals, at: NDArray[np.int32], states: Labels) -> float:
    """Mean ln likelihood of a frame, nats."""
    return float(np.log(rows[at, states]).mean(dtype=np.float64))
