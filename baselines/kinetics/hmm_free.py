"""Hidden Markov model with free emissions: few hidden states that hold the slow process."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from baselines._options import require_at_least
from baselines.kinetics._parts.expectation import maximise, mean_log_likelihood, with_prior
from baselines.kinetics._parts.filtering import HiddenMarkov, hidden_markov, predict, sample
from baselines.kinetics._parts.sampling import populations
from baselines.kinetics._parts.slow_modes import FACTOR, SlowCoordinates, SlowMode, natural_lag
from benchmark.arrays import Labels, Probabilities
from benchmark.errors import InputError
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Numbers of hidden states tried.
SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)

#: Most iterations of expectation maximisation, and most frames × pairs of hidden states.
ITERATIONS, WORK = 150, 5e9

#: Strengths of the prior that validation chooses from, in pseudo-counts a row.
PRIORS = (0.1, 1.0, 10.0)

#: Labels are averaged over a quarter of the lag, but never over more than so many frames.
WIDEST = 32.0

#: What decides on the number of hidden states.
CHOICES = ("slow-mode", "likelihood")


class HmmFree:
    """Hidden Markov model in which every hidden state may show every label.

    The shipped `hmm` ties most of its hidden states to a label. Here n hidden states have a
    distribution over all labels each (Rabiner 1989), and expectation maximisation starts from
    clusters of the slow modes of smoothed labels. How many there are decides what is learned: few
    hold the slow process and miss the fast detail, many the reverse, and the likelihood hardly
    feels the slow process. So the choice is between two rules.

    Parameters
    ----------
    choice : str
        ``"slow-mode"``: the best validation likelihood among the sizes whose slowest mode decays
        as that of the validation data does (the test of Chapman and Kolmogorov, within two
        standard errors or a factor of 1.5 of its time); all sizes compete where none passes.
        ``"likelihood"``: the best validation likelihood.
    most : int
        Most hidden states.
    """

    card = ModelCard(
        title="HMM with free emissions",
        description="Hidden Markov model whose states may show every label; as many as have the "
        "slowest mode of the validation data.",
        citation="L. R. Rabiner, Proc. IEEE 77, 257 (1989)",
    )

    def __init__(self, choice: str = "slow-mode", most: int = 32) -> None:
        require_at_least(2, most=most)
        if choice not in CHOICES:
            raise InputError(f"choice is '{choice}'; expected one of {', '.join(CHOICES)}")
        self.choice, self.most = choice, most

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Fit each number of hidden states from slow modes on, and choose one."""
        rng = np.random.default_rng(context.seed)
        slow = SlowMode.of(train, validation)
        best, likeliest, failures = (False, -np.inf), -np.inf, 0
        sizes = [n for n in SIZES if n <= self.most]
        lag = max(1, natural_lag(train) // 4)
        window = min(max(0.5, lag / 4), WIDEST)
        coordinates = SlowCoordinates.of(train, window, lag, self.most - 1)
        for place, n in enumerate(sizes, start=1):
            fits = _fitted(train, coordinates.clustered(n, rng), n, context.effort)
            model = max(
                (with_prior(model, train, prior) for model in fits for prior in PRIORS),
                key=partial(mean_log_likelihood, data=validation),
            )
            same = self.choice == "likelihood" or slow.is_shared_by(
                partial(sample, model), context.seed, FACTOR
            )
            found = same, mean_log_likelihood(model, validation)
            note = "" if same else ", another slow mode"
            context.progress(
                place / len(sizes), f"{n} hidden states, validation {-found[1]:.5f} nats{note}"
            )
            failures = 0 if found > best or found[1] > likeliest else failures + 1
            likeliest = max(found[1], likeliest)
            if found > best:
                best, self.model = found, model
            if failures == 2:
                break

    def predict(self, states: Labels) -> Probabilities:
        """Filter each chain, from the stationary distribution on."""
        return predict(self.model, states)

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Filter the prompt, draw a hidden state from what it leaves, and walk."""
        return sample(self.model, prompt, n_frames, rng)

    @property
    def parameters(self) -> int:
        """Free entries of the transition matrix and of the emission matrix."""
        n, K = self.model.emission.shape
        return n * (n - 1) + n * (K - 1)

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


def _fitted(
    train: StateTrajectories, hidden: list[NDArray[np.int64]], n: int, effort: float
) -> tuple[HiddenMarkov, HiddenMarkov]:
    """Start from a guess of the hidden state of each frame, one of n, and maximise.

    Once as a reversible chain, and from there on as any chain: pieces that start out of
    equilibrium are not reversible, nor are labels of dynamics with inertia.
    """
    target = populations(train)
    emission, switches = np.zeros((n, train.n_labels)), np.full((n, n), 0.1)
    for chain, states in zip(train.chains, hidden, strict=True):
        np.add.at(emission, (states, chain), 1.0)
        np.add.at(switches, (states[:-1], states[1:]), 1.0)
    emission += 5.0 * target
    guess = hidden_markov(
        emission.sum(1) / emission.sum(),
        switches / switches.sum(1, keepdims=True),
        emission / emission.sum(1, keepdims=True),
    )
    steps = min(ITERATIONS, WORK / (train.n_frames * (n * n + 10)))
    reversible = maximise(guess, train, target, effort * steps)
    return reversible, maximise(reversible, train, target, effort * steps / 4, reversible=False)
