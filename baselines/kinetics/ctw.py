"""Context-tree weighting: the Bayesian mixture over all trees of contexts up to a depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines._options import require_at_least
from baselines.kinetics._parts.context_tree import Tree, TreeModel, contexts, deepen, joined
from baselines.kinetics._parts.sampling import Floats, populations
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Pseudo-counts a of a context, among which validation chooses.
CONCENTRATIONS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

#: Depths among which validation chooses.
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)

#: Most contexts times labels stored; 4 + 4 bytes each.
MOST_CELLS = 3e7


class Ctw(TreeModel):
    r"""Context-tree weighting over K labels (Willems, Shtarkov, Tjalkens 1995).

    A tree source says: the next label depends on as many of the last ones as lead to a leaf of a
    tree. Every pruning of the full tree of depth D is a model, with the prior probability ½ at
    each node above D to be a leaf, and a Dirichlet prior of a pseudo-counts, spread as the
    training populations π, in each leaf. Their Bayesian mixture is exact. With P_e the Dirichlet
    evidence of what followed the context u, and ku the contexts that go one frame further back,

    .. math:: P_w(u) = \tfrac12 P_e(u) + \tfrac12 \prod_k P_w(ku),

    and P_w = P_e at depth D. The share of the trees of which u is a leaf, if it is a node at all,
    is w_u = P_e(u) / 2 P_w(u), so that the mixture's prediction is

    .. math:: p_u(k) = w_u \frac{c_{uk} + a π_k}{c_u + a} + (1 - w_u) \, p_{ju}(k),

    j being the label one frame further back, from the root on. Below a context that was seen once
    or never no tree knows more than π: what it saw counts in P_w, exactly, and predicts as π. Depth
    and a are the best on the validation data; the counts are those of the training data alone.

    Parameters
    ----------
    depth : int
        Greatest depth tried, in frames.
    """

    card = ModelCard(
        title="Context-tree weighting",
        description="Bayesian mixture over all context trees; depth and pseudo-counts chosen on "
        "the validation data.",
        citation="F. M. J. Willems, Y. M. Shtarkov, T. J. Tjalkens, IEEE Trans. Inf. Theory 41, "
        "653 (1995)",
    )

    def __init__(self, depth: int = 16) -> None:
        require_at_least(1, depth=depth)
        self.depth = depth

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Grow the tree once, then weigh it to each depth and with each prior."""
        tree = grown(train, self.depth)
        states, age = joined(validation)
        at = np.zeros(len(states), np.int32)  # deepest context of each validation frame
        best = -np.inf
        depths = [depth for depth in DEPTHS if depth <= tree.depth] or [tree.depth]
        reached = 0
        for place, depth in enumerate(depths, start=1):
            while reached < depth:
                reached += 1
                deepen(at, age, states, tree.children, tree.levels[reached - 1], reached)
            better = False
            for concentration in CONCENTRATIONS:
                rows = tree.rows(depth, concentration)
                score = float(np.log(rows[at, states]).mean(dtype=np.float64))
                if score > best:
                    best, better, self.rows = score, True, rows
            context.progress(place / len(depths), f"depth {depth}, validation {-best:.5f} nats")
            if not better:
                break
        kept = len(self.rows)
        self.children = np.where(tree.children[:kept] < kept, tree.children[:kept], -1)


@dataclass(frozen=True)
class ContextTree:
    """All contexts that were seen twice or more, in the order of their length.

    Attributes
    ----------
    children : int32 array of shape (contexts, K)
        −1 where the tree ends.
    levels : list of int
        First context of each length; one entry more than there are lengths.
    parents : int64 array of shape (contexts,)
    counts : float32 array of shape (contexts, K)
        What followed.
    once : float64 array of shape (contexts,)
        Σ ln π over what followed those longer contexts that were seen once.
    populations : float64 array of shape (K,)
        π.
    """

    children: Tree
    levels: list[int]
    parents: NDArray[np.int64]
    counts: NDArray[np.float32]
    once: Floats
    populations: Floats

    @property
    def depth(self) -> int:
        """Length of the longest contexts."""
        return len(self.levels) - 2

    def log_evidence(self, concentration: float) -> Floats:
        """Give ln P_e of each context, (contexts,)."""
        from scipy.special import gammaln

        node, label = np.nonzero(self.counts)
        prior = concentration * self.populations[label]
        seen = gammaln(self.counts[node, label] + prior) - gammaln(prior)
        visits = self.counts.sum(1, dtype=float)
        total = np.bincount(node, seen, minlength=len(visits))
        return np.asarray(total - gammaln(visits + concentration) + gammaln(concentration))

    def log_weighted(self, depth: int, concentration: float) -> tuple[Floats, Floats]:
        """Give ln P_w and w of each context up to a depth, both (contexts,)."""
        stop = self.levels[depth + 1]
        evidence = self.log_evidence(concentration)[:stop]
        weighted, share = evidence.copy(), np.ones(stop)
        for level in range(depth - 1, -1, -1):
            here = slice(self.levels[level], self.levels[level + 1])
            below = slice(self.levels[level + 1], self.levels[level + 2])
            split = self.once[here] + np.bincount(
                self.parents[below] - here.start, weighted[below], here.stop - here.start
            )
            weighted[here] = np.logaddexp(evidence[here], split) - np.log(2.0)
            share[here] = 0.5 * np.exp(evidence[here] - weighted[here])
        return weighted, share

    def rows(self, depth: int, concentration: float) -> NDArray[np.float32]:
        """Give the prediction where each context is the longest stored one, (contexts, K)."""
        _, share = self.log_weighted(depth, concentration)
        prior = concentration * self.populations
        visits = self.counts[: len(share)].sum(1, keepdims=True, dtype=float)
        own = (self.counts[: len(share)] + prior) / (visits + concentration)
        known = share[:, None] * own  # what is settled at a context, …
        left = 1.0 - share  # … and what is left to longer ones
        for level in range(1, depth + 1):
            here = slice(self.levels[level], self.levels[level + 1])
            above = self.parents[here]
            known[here] = known[above] + left[above, None] * known[here]
            left[here] *= left[above]
        return (known + left[:, None] * self.populations).astype(np.float32)


def grown(train: StateTrajectories, most: int) -> ContextTree:
    """Grow the tree to a depth, or as far as the data and `MOST_CELLS` allow.

    Frames with fewer frames before them than the depth are left out: all depths explain the same.
    """
    K, target = train.n_labels, populations(train)
    states, age = joined(train)
    most = min(most, max(1, min(len(chain) for chain in train.chains) // 4))
    used = age >= most
    at = np.where(used, 0, -1).astype(np.int32)
    children, levels = np.full((1, K), -1, np.int32), [0, 1]
    all_parents = [np.full(1, -1, np.int64)]
    once = [np.zeros(1)]
    counts = [np.bincount(states[used], minlength=K)[None].astype(np.float32)]
    for order in range(1, most + 1):
        level, first = levels[-2:]
        parents, labels = contexts(at, age, states, level, order, K)
        if not len(parents) or (first + len(parents)) * K > MOST_CELLS:
            break
        children[parents, labels] = np.arange(first, first + len(parents))
        children = np.vstack([children, np.full((len(parents), K), -1, np.int32)])
        before = at.copy()
        deepen(at, age, states, children, level, order)
        stayed = (before >= level) & (at == before)  # in a longer context that was seen once
        once[-1] += np.bincount(
            before[stayed] - level, np.log(target[states[stayed]]), minlength=first - level
        )
        now = np.zeros((len(parents), K), np.float32)
        moved = at >= first
        np.add.at(now, (at[moved] - first, states[moved]), 1.0)
        counts.append(now)
        all_parents.append(parents)
        once.append(np.zeros(len(parents)))
        levels.append(first + len(parents))
    return ContextTree(
        children, levels, np.concatenate(all_parents), np.concatenate(counts),
        np.concatenate(once), target,
    )  # fmt: skip
