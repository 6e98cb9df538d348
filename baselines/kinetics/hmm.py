"""Hidden Markov model: the labels are a shadow of a Markov chain on a few hidden states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from baselines._arrays import load_arrays, save_arrays
from baselines.kinetics._parts.expectation import maximise, mean_log_likelihood, with_prior
from baselines.kinetics._parts.filtering import (
    HiddenMarkov,
    hidden_markov,
    log_likelihood,
    predict,
    sample,
)
from baselines.kinetics._parts.sampling import lag1_counts, populations
from benchmark.arrays import Labels, Probabilities
from benchmark.errors import InputError
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Frames of the training data on which first guesses are compared.
SCREENING_FRAMES = 40_000

#: Iterations of a first guess; most iterations of a candidate, and of the one that is chosen.
SCREENING, REFINING, POLISHING = 50, 250, 1500

#: Work allowed to a candidate and to the chosen one, in frames × pairs of hidden states of a label.
REFINING_WORK, POLISHING_WORK = 3e9, 2e10

#: Numbers of hidden states tried in the mixed family.
MIXED_SIZES = (2, 3, 4, 6, 8, 12, 16, 24)

#: Strengths of the prior that validation chooses from, in pseudo-counts a row.
PRIORS = (0.01, 0.1, 1.0, 10.0)


class Hmm:
    """Hidden Markov model by expectation maximisation, its size chosen on the validation data.

    Two families compete. In the *resolved* one every label has m hidden states of its own, which
    suits labels that are functions of a hidden place (m = 1 is the Markov state model). In the
    *mixed* one each hidden state may show any label, which suits noisy labels (Noé et al. 2013).
    Each grows until the validation likelihood falls. First guesses are compared on a part of the
    data; the best of a size is refined, and the best of all polished, on all of them.

    Expectation maximisation is written out here because deeptime's, with which a test compares
    it, takes no advantage of labels that only few hidden states can show.

    Parameters
    ----------
    restarts : int
        First guesses of each size.
    most : int
        Most hidden states of a label in the resolved family.
    most_mixed : int
        Most hidden states in the mixed family.
    """

    card = ModelCard(
        title="Hidden Markov model",
        description="Hidden Markov model; number of hidden states chosen on the validation data.",
        citation="L. R. Rabiner, Proc. IEEE 77, 257 (1989); "
        "F. Noé et al., J. Chem. Phys. 139, 184114 (2013)",
    )

    def __init__(self, restarts: int = 3, most: int = 5, most_mixed: int = 16) -> None:
        if restarts < 1 or most < 1:
            raise InputError(f"restarts is {restarts}, most is {most}; expected at least 1 each")
        self.restarts, self.most, self.most_mixed = restarts, most, most_mixed

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Grow both families, polish the best model, choose the prior."""
        rng = np.random.default_rng(context.seed)
        effort = context.effort
        restarts = max(1, round(self.restarts * effort))
        target = populations(train)
        screening = _first_frames(train, SCREENING_FRAMES)
        best, best_score = None, -np.inf
        tried = 0
        # A first guess of many mixed states takes seconds, whatever the effort after it.
        most_mixed = self.most_mixed * min(1.0, 20 * effort)
        for family in (self._resolved(train, rng), self._mixed(train, rng, most_mixed)):
            failures, family_score = 0, -np.inf
            for guesses in family:
                started = [
                    maximise(next(guesses), screening, target, SCREENING) for _ in range(restarts)
                ]
                guess = max(started, key=lambda model: mean_log_likelihood(model, screening))
                steps = effort * min(REFINING, REFINING_WORK / _work(guess, train))
                model = maximise(guess, train, target, steps)
                score = mean_log_likelihood(with_prior(model, train, 0.1), validation)
                if score > best_score:
                    best, best_score = model, score
                # Two sizes in a row without a gain: one may have had unlucky guesses.
                failures = 0 if score > family_score else failures + 1
                family_score = max(score, family_score)
                tried += 1
                context.progress(
                    min(0.7, 0.07 * tried),
                    f"{len(model.initial)} hidden states, validation {-score:.5f} nats",
                )
                if failures == 2:
                    break
        assert best is not None  # m = 1 has always been tried
        steps = effort * min(POLISHING, POLISHING_WORK / _work(best, train))
        polished = maximise(best, train, target, steps)
        # Labels of dynamics with inertia are not a reversible hidden chain: try without.
        free = maximise(polished, train, target, steps / 4, reversible=False)
        # On few data the best likelihood is not the best model: the unpolished one competes.
        finalists = [best, polished, free]
        candidates = [with_prior(model, train, prior) for model in finalists for prior in PRIORS]
        self.model = max(candidates, key=lambda model: mean_log_likelihood(model, validation))
        score = mean_log_likelihood(self.model, validation)
        context.progress(1.0, f"{len(best.initial)} hidden states, validation {-score:.5f} nats")

    def _resolved(
        self, train: StateTrajectories, rng: np.random.Generator
    ) -> Iterator[Iterator[HiddenMarkov]]:
        for m in range(1, self.most + 1):
            yield _guess_resolved(train, m, rng)

    def _mixed(
        self, train: StateTrajectories, rng: np.random.Generator, most: float
    ) -> Iterator[Iterator[HiddenMarkov]]:
        for H in MIXED_SIZES:
            if most >= H:
                yield _guess_mixed(train, H, rng)

    def predict(self, states: Labels) -> Probabilities:
        """Filter each chain, from the stationary distribution on."""
        return predict(self.model, states)

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Filter the prompt, draw a hidden state from what it leaves, and walk."""
        return sample(self.model, prompt, n_frames, rng)

    def log_likelihood(self, chain: Labels) -> float:
        """Give ln p of a chain (frames,), in nats."""
        return float(log_likelihood(chain, self.model))

    @property
    def parameters(self) -> int:
        """Free entries of the transition matrix and of the emission matrix."""
        model = self.model
        H = len(model.initial)
        return H * (H - 1) + int((model.emission > 0.0).sum()) - H

    def save(self, folder: Path) -> None:
        """Write the matrices."""
        save_arrays(
            folder,
            initial=self.model.initial,
            transition=self.model.transition,
            emission=self.model.emission,
        )

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        self.model = hidden_markov(**load_arrays(folder))


# --- first guesses ----------------------------------------------------------------------------


def _guess_resolved(
    train: StateTrajectories, m: int, rng: np.random.Generator
) -> Iterator[HiddenMarkov]:
    """Give m hidden states a label, some hard to leave, others close to a border.

    Each guess is a reversible chain with the populations and the jump rates of the data. Every
    label's population is split at random among its m states, and so is its flux to each other
    label, on its own: that makes fast and slow states, and states on the way to one neighbour.
    Uniformly random matrices lead to poor optima when labels are metastable.
    """
    K = train.n_labels
    counts = lag1_counts(train)
    flux = (counts + counts.T + 0.1 / K) / 2
    flux /= flux.sum()  # (K, K)
    label = np.repeat(np.arange(K), m)  # (H,)
    emission = np.zeros((K * m, K))
    emission[np.arange(K * m), label] = 1.0
    same = label[:, None] == label
    while True:
        weights = rng.dirichlet(np.full(m, 0.7), K).ravel()[:, None] + 1e-3  # (H, 1)
        shares = rng.dirichlet(np.full(m, 0.5), (K, K)) + 1e-3  # (K, K, m): i's flux to j
        shares = shares.transpose(0, 2, 1).reshape(K * m, K)[:, label]  # (H, H)
        between = np.where(same, 0.0, flux[np.ix_(label, label)] * shares * shares.T)
        population = flux.sum(1)[label, None] * weights  # (H, 1)
        exchange = 10.0 ** rng.uniform(-2.5, -0.5, K)[label]  # probability to change state
        within = np.where(same, exchange * np.minimum(population, population.T), 0.0)
        np.fill_diagonal(within, 0.0)
        joint = between + within
        np.fill_diagonal(joint, np.maximum(population[:, 0] - joint.sum(1), 0.1 * joint.sum(1)))
        yield hidden_markov(
            joint.sum(1) / joint.sum(), joint / joint.sum(1, keepdims=True), emission
        )


def _guess_mixed(
    train: StateTrajectories, H: int, rng: np.random.Generator
) -> Iterator[HiddenMarkov]:
    """Give H hidden states, first metastable sets of labels, then random ones.

    The first guess groups the labels by PCCA+ (Noé et al. 2013, by deeptime) where there are
    enough of them; a random one has slow hidden states with uneven emissions.
    """
    target = populations(train)
    if metastable := _metastable_guess(train, H):
        yield metastable
    while True:
        stay = 1.0 - 10.0 ** rng.uniform(-3.0, -0.3, H)
        transition = rng.dirichlet(np.ones(H), H) * (1.0 - stay[:, None]) + np.diag(stay)
        emission = target * rng.gamma(0.5, size=(H, len(target))) + 1e-4 * target
        yield hidden_markov(
            np.full(H, 1.0 / H), transition, emission / emission.sum(1, keepdims=True)
        )


def _metastable_guess(train: StateTrajectories, H: int) -> HiddenMarkov | None:
    from deeptime.markov.hmm.init.discrete import metastable_from_data

    target = populations(train)
    if (target * train.n_frames > 1.0).sum() <= H:
        return None
    chains = [chain.astype(np.int32) for chain in train.chains]
    try:
        guess = metastable_from_data(chains, H, lagtime=1)
    except (ValueError, np.linalg.LinAlgError):  # disconnected labels, or PCCA+ finds no simplex
        return None
    emission = np.zeros((H, train.n_labels))
    seen = guess.output_probabilities
    emission[:, : seen.shape[1]] = seen
    emission = 0.99 * emission + 0.01 * target
    transition = 0.99 * guess.transition_model.transition_matrix + 0.01 / H
    if not (np.isfinite(emission).all() and np.isfinite(transition).all()):
        return None
    return hidden_markov(np.full(H, 1.0 / H), transition, emission)


# --- work ----------------------------------------------------------------------------------------


def _work(model: HiddenMarkov, data: StateTrajectories) -> float:
    """Cost of one iteration, frames × pairs of states (and ten for what a frame costs anyway)."""
    return data.n_frames * float(model.members.shape[1] ** 2 + 10)


def _first_frames(data: StateTrajectories, most: int) -> StateTrajectories:
    """Give the first frames, about ``most``, of each chain its share."""
    share = min(1.0, most / data.n_frames)
    return StateTrajectories(
        tuple(chain[: max(1, round(len(chain) * share))] for chain in data.chains), data.n_labels
    )
