"""Autoregressive hidden Markov model: a slow hidden state, and a local law of the next label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial, total_ordering
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from baselines._options import require_at_least
from baselines.kinetics._parts.local_law import LocalLaw, first_law, improved
from baselines.kinetics._parts.sampling import (
    Floats,
    lag1_counts,
    mean_over_frames,
    populations,
)
from baselines.kinetics._parts.slow_modes import FACTOR, SlowCoordinates, SlowMode, natural_lag
from baselines.kinetics._parts.switching import (
    SwitchingChain,
    forward_backward,
    log_likelihood,
    predict,
    sample,
)
from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Numbers of hidden states tried.
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24)

#: Guesses look for slow modes at lags so many times shorter than what suits the slowest one.
FASTER = (1, 4, 16)

#: Labels are averaged over a quarter of that lag, but never over more than so many frames: wider
#: windows blur short visits.
WIDEST = 32.0

#: Most iterations of expectation maximisation.
ITERATIONS = 80

#: Gain per frame and iteration, nats, below which expectation maximisation has converged.
TOLERANCE = 1e-6

#: Iterations of L-BFGS in a step of expectation maximisation, and before the first.
CLIMBING, STARTING = 6, 300

#: Steps from a label that the common law's form counts as, while learning and for validation.
STRENGTH, STRENGTHS = 1000.0, (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, np.inf)

#: The same for a hidden state's own rows, which may leave the product form.
OWN_STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, np.inf)

#: While learning, rows are free (a strength of `OWN`) where they have so many frames an entry.
OWN, FRAMES_PER_ENTRY = 10.0, 500


class ArHmm:
    r"""Autoregressive hidden Markov model (Hamilton 1989; Poritz 1982).

    A hidden state z, a Markov chain by itself, tells by which law the next label follows from the
    last one:

    .. math:: p(s_t, z_t | s_{t-1}, z_{t-1}) = T(z_{t-1}, z_t) \, p(s_t | s_{t-1}, z_t).

    So a few hidden states can hold the slow process while the labels keep their fast detail. The
    law is a product of what lies near the last label and what the hidden state likes
    (`LocalLaw`), from which it departs as far as the validation data ask for. It is fitted by
    expectation maximisation, which starts from slow modes of the smoothed labels: at the slow
    process, and not where a likelihood that hardly feels it would begin. So it finds a slow process
    that shows in how often labels come, and may miss one that shows in their order alone.

    Chosen on the validation data: whether the chains are also read backwards in time (labels of a
    system in equilibrium are reversible), the number of hidden states, and the strengths of
    the priors. The slow modes are worth almost nothing in nats, so that among the numbers of hidden
    states only those compete whose slowest mode decays as that of the validation data does
    (Chapman and Kolmogorov), within two standard errors or a factor of 1.5 of its time.

    Parameters
    ----------
    most : int
        Most hidden states.
    dimensions : int
        Of the space in which labels have places.
    """

    card = ModelCard(
        title="Autoregressive HMM",
        description="Hidden Markov chain that switches the transition matrix of the labels; fitted "
        "from slow modes on, its size chosen by validation and by the slowest mode.",
        citation="A. B. Poritz, Proc. ICASSP 1982, 1291; J. D. Hamilton, Econometrica 57, 357 "
        "(1989)",
    )

    def __init__(self, most: int = 16, dimensions: int = 8) -> None:
        require_at_least(1, most=most, dimensions=dimensions)
        self.most, self.dimensions = most, dimensions

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Fit each number of hidden states, and keep the best that has the slowest mode."""
        rng = np.random.default_rng(context.seed)
        fits = self._reading(train, validation)
        slow = SlowMode.of(train, validation)
        best, likeliest, failures = _Candidate(False, -np.inf, None), -np.inf, 0
        sizes = [n for n in SIZES if n <= self.most]
        for place, n in enumerate(sizes, start=1):
            models = [_best_prior(fit, validation) for fit in fits.fitted(n, rng, context.effort)]
            found = max(
                _Candidate(
                    slow.is_shared_by(partial(sample, model), context.seed, FACTOR),
                    _score(model, validation),
                    model,
                )
                for model in models
            )
            context.progress(place / len(sizes), f"{n} hidden states, {found}")
            failures = 0 if found > best or found.score > likeliest else failures + 1
            best, likeliest = max(found, best), max(found.score, likeliest)
            if failures == 2:
                break
        assert best.model is not None  # there is a smallest size
        self.model = best.model
        context.progress(1.0, f"{len(self.model.switch)} hidden states, {best}")

    def _reading(self, train: StateTrajectories, validation: StateTrajectories) -> _Fits:
        """Decide whether to read backwards, too, by the likelihood of a single hidden state."""
        d = min(self.dimensions, train.n_labels - 1)
        both = [_Fits.of(train, d, backwards) for backwards in (False, True)]
        scores = [_score(_best_prior(one.single(), validation), validation) for one in both]
        return both[int(np.argmax(scores))]

    def predict(self, states: Labels) -> Probabilities:
        """Filter each chain."""
        return predict(self.model, states)

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Filter the prompt, draw a hidden state from what it leaves, and walk."""
        return sample(self.model, prompt, n_frames, rng)

    def log_likelihood(self, chain: Labels) -> float:
        """Give ln p of a chain (frames,), in nats."""
        return float(log_likelihood(chain, self.model))

    @property
    def parameters(self) -> int:
        """Free entries of the switching matrix and of the rows."""
        K, n = self.model.first.shape
        return n * (n - 1) + n * K * (K - 1)

    def save(self, folder: Path) -> None:
        """Write the tables."""
        save_arrays(folder, **self.model._asdict())

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        self.model = SwitchingChain(**load_arrays(folder))


# --- expectation maximisation -----------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """A fitted model before its priors are chosen.

    ``starts`` (K, n), ``switches`` (n, n) and ``pairs`` (K, K, n) are what is expected of the
    training data, a frame counting once.
    """

    law: LocalLaw
    starts: Floats
    switches: Floats
    pairs: Floats
    likelihood: float = -np.inf

    def chain(self, strength: float, own: float) -> SwitchingChain:
        """Give the model with the priors' strengths."""
        n = len(self.switches)
        table = self.law.table(self.pairs, strength)
        if np.isfinite(own):
            table = (self.pairs + own * table) / (self.pairs.sum(1, keepdims=True) + own)
        # A grain of prior, so that no step is ever impossible.
        switch = self.switches + 1e-3 / n
        first = self.starts + 1e-3 * self.starts.sum(1, keepdims=True) / n
        first = first + 0.5 / first.size
        return SwitchingChain(
            first / first.sum(),
            switch / switch.sum(1, keepdims=True),
            np.ascontiguousarray(table),
        )


@dataclass(frozen=True)
class _Fits:
    """How models are fitted to the training data, read forwards or both ways."""

    train: StateTrajectories
    backwards: bool
    law: LocalLaw  # of a single hidden state

    @classmethod
    def of(cls, train: StateTrajectories, dimensions: int, backwards: bool) -> _Fits:
        counts = lag1_counts(train)
        if backwards:
            counts = (counts + counts.T) / 2
        starts = populations(train)[:, None]
        law = improved(first_law(counts, dimensions), counts[:, :, None], starts, STARTING)
        return cls(train, backwards, law)

    @cached_property
    def guesses(self) -> list[SlowCoordinates]:
        """Slow coordinates from which hidden states are guessed, each at another lag."""
        natural, found = natural_lag(self.train), []
        for faster in FASTER:
            lag = max(1, round(natural / faster))
            window = min(max(0.5, lag / 4), WIDEST)
            found.append(SlowCoordinates.of(self.train, window, lag, max(SIZES) - 1))
        return found

    def single(self) -> _Fit:
        """Give the fit with a single hidden state, which needs no expectations."""
        counts = lag1_counts(self.train)
        if self.backwards:
            counts = (counts + counts.T) / 2
        starts = populations(self.train)[:, None] * self.train.n_frames
        return _Fit(self.law, starts, np.ones((1, 1)), counts[:, :, None])

    def fitted(self, n: int, rng: np.random.Generator, effort: float) -> Iterator[_Fit]:
        """Fit n hidden states, from each of several guesses."""
        if n == 1:
            yield self.single()
            return
        for coordinates in self.guesses:
            guess = self._guess(n, coordinates.clustered(n, rng))
            yield self.maximised(guess, max(1, round(effort * ITERATIONS)))

    def _guess(self, n: int, hidden: list[NDArray[np.int64]]) -> _Fit:
        """Guess a law from the hidden state of each frame."""
        starts, switches = _counted(self.train, hidden, n)
        share = starts.sum(0) / starts.sum()
        posterior = (starts + 5.0 * share) / (starts.sum(1, keepdims=True) + 5.0)  # p(z | label)
        law = replace(self.law, tilt=np.log(posterior / share).T)
        pairs = lag1_counts(self.train)[:, :, None] * posterior
        return _Fit(law, starts, switches, pairs)

    def maximised(self, fit: _Fit, iterations: int) -> _Fit:
        """Improve a fit by expectation maximisation."""
        K, n = fit.starts.shape
        own = OWN if n * K * K * FRAMES_PER_ENTRY <= self.train.n_frames else np.inf
        for _ in range(iterations):
            starts, switches, pairs = np.zeros((K, n)), np.zeros((n, n)), np.zeros((K, K, n))
            model = fit.chain(STRENGTH, own)
            total = sum(
                forward_backward(chain, model, starts, switches, pairs) for chain in self._chains()
            )
            times = 2 if self.backwards else 1
            starts, switches, pairs = starts / times, switches / times, pairs / times
            law = improved(fit.law, pairs, starts, CLIMBING)
            gain = total / times - fit.likelihood
            fit = _Fit(law, starts, switches, pairs, total / times)
            if gain < TOLERANCE * self.train.n_frames:
                break
        return fit

    def _chains(self) -> Iterator[Labels]:
        for chain in self.train.chains:
            yield chain
            if self.backwards:
                yield chain[::-1].copy()


def _counted(
    data: StateTrajectories, hidden: list[NDArray[np.int64]], n: int
) -> tuple[Floats, Floats]:
    """Count labels with hidden states (K, n), and the steps of the latter (n, n)."""
    K = data.n_labels
    starts, switches = np.zeros(K * n), np.full((n, n), 0.1)
    for chain, states in zip(data.chains, hidden, strict=True):
        starts += np.bincount(chain.astype(np.int64) * n + states, minlength=K * n)
        np.add.at(switches, (states[:-1], states[1:]), 1.0)
    return starts.reshape(K, n), switches


@total_ordering
@dataclass(frozen=True, eq=False)
class _Candidate:
    """A model with what decides on it: first its slowest mode, then its validation likelihood."""

    slow: bool
    score: float
    model: SwitchingChain | None

    def __lt__(self, other: _Candidate) -> bool:
        return (self.slow, self.score) < (other.slow, other.score)

    def __str__(self) -> str:
        return f"validation {-self.score:.5f} nats" + ("" if self.slow else ", another slow mode")


def _best_prior(fit: _Fit, validation: StateTrajectories) -> SwitchingChain:
    """Choose the strengths, first of the hidden states' own rows, then of what they share."""
    score = partial(_score, data=validation)
    own = max(OWN_STRENGTHS, key=lambda own: score(fit.chain(STRENGTH, own)))
    return max((fit.chain(strength, own) for strength in STRENGTHS), key=score)


def _score(model: SwitchingChain, data: StateTrajectories) -> float:
    """Mean ln likelihood of a frame, nats."""
    return mean_over_frames(lambda chain: log_likelihood(chain, model), data)


# --- the choice -------------------------------------------------------------------------
