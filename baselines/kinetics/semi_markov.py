"""Semi-Markov model: how long a label lasts has a law of its own, and then a jump is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from baselines._arrays import load_arrays, save_arrays
from baselines.kinetics._parts.sampling import Floats, draw, lag1_counts, populations
from benchmark.arrays import Labels, Probabilities
from benchmark.model import FitContext, ModelCard
from benchmark.tracks.kinetics.contract import StateTrajectories

#: Classes of age per octave that validation chooses from; 0: one class, a Markov chain.
RESOLUTIONS = (0, 1, 2, 4, 8)

#: Strengths of the priors that validation chooses from, in pseudo-counts.
PRIORS = (0.1, 1.0, 10.0, 100.0, 1000.0)


class Renewal(NamedTuple):
    """A semi-Markov chain of K labels, for compiled functions.

    Attributes
    ----------
    first : float64 array of shape (K,)
        Distribution of the first label.
    leave : float64 array of shape (K, A)
        ``[i, a − 1]`` is the probability that label i is left after a frames of it. It is the
        same at all ages from A on.
    leave_first : float64 array of shape (K, A)
        The same for the first run of a chain, of which only the last a frames were seen.
    jump : float64 array of shape (K, K)
        Distribution of the next label when one is left; its diagonal is zero.
    """

    first: Floats
    leave: Floats
    leave_first: Floats
    jump: Floats


class SemiMarkov:
    r"""Semi-Markov model of the labels.

    Label i is left after a frames of it with probability h_i(a), for a label drawn from a jump
    matrix: the past beyond the present run does not count. h_i is constant within classes of age,
    so many to an octave, and

    .. math:: h_i(a) = \frac{n_i(a) + α h_i}{N_i(a) + α},

    where of N_i(a) runs that reached an age of the class n_i(a) ended at it, and h_i is the share
    of all frames in i after which it was left. Runs cut by the end of a chain count as long as
    they were seen, and those cut by its beginning only in h_i. A chain begins amid a run, in
    equilibrium: there the remaining time has the law S_i(a)/Σ_b S_i(b), S_i being the survival.
    The number of classes and the priors are the best on the validation data.
    """

    card = ModelCard(
        title="Semi-Markov model",
        description="A dwell law for each label, smoothed over classes of age, and a jump matrix.",
        citation="W. Feller, Proc. Natl. Acad. Sci. USA 51, 653 (1964)",
    )

    def fit(
        self, train: StateTrajectories, validation: StateTrajectories, context: FitContext
    ) -> None:
        """Count endings and jumps; choose resolution and priors."""
        target = populations(train)
        counts = lag1_counts(train)
        overall = _overall(counts)
        jumps = _best_jumps(counts, lag1_counts(validation), target)
        longest = max(_longest_run(chain) for chain in train.chains)
        exposure, endings = np.zeros((train.n_labels, longest)), np.zeros((train.n_labels, longest))
        for chain in train.chains:
            _count(chain, exposure, endings)
        best = -np.inf
        for place, resolution in enumerate(RESOLUTIONS, start=1):
            classes = _classes(longest, resolution)  # (ages,): class of each age
            seen, ended = (_summed(table, classes) for table in (exposure, endings))
            for prior in PRIORS:
                leave = (ended + prior * overall[:, None]) / (seen + prior)
                model = renewal(target, leave[:, classes], jumps)
                score = sum(_log_likelihood(chain, model) for chain in validation.chains)
                if score > best:
                    best, self.model = score, model
            nats = -best / validation.n_frames
            context.progress(
                place / len(RESOLUTIONS), f"{resolution} classes an octave, {nats:.5f} nats"
            )

    def predict(self, states: Labels) -> Probabilities:
        """Follow the age of the present run."""
        probabilities = np.empty((*states.shape, len(self.model.first)), np.float32)
        _predict(states, self.model, probabilities)
        return probabilities

    def sample(self, prompt: Labels, n_frames: int, rng: np.random.Generator) -> Labels:
        """Go on from the age of the prompt's last run."""
        model = self.model
        return _sample(
            prompt, n_frames, model, np.cumsum(model.first), np.cumsum(model.jump, axis=1), rng
        )

    @property
    def parameters(self) -> int:
        """Different values of the leaving probabilities, and free entries of the jump matrix."""
        K = len(self.model.first)
        return int((np.diff(self.model.leave, axis=1) != 0.0).sum()) + K + K * (K - 2)

    def save(self, folder: Path) -> None:
        """Write the tables."""
        save_arrays(folder, **self.model._asdict())

    def load(self, folder: Path) -> None:
        """Read what `save` wrote."""
        self.model = Renewal(**load_arrays(folder))


def renewal(first: Floats, leave: Floats, jump: Floats) -> Renewal:
    """Make a `Renewal` of its tables, with the law of first runs that follows from them."""
    survival = np.cumprod(1.0 - leave, axis=1)  # P(longer than a)
    survival = np.hstack([np.ones((len(leave), 1)), survival])  # (K, A + 1): P(longer than a − 1)
    # Beyond A the law is geometric, with the sum S/h.
    tail = survival[:, -1] / leave[:, -1]
    remaining = np.cumsum(survival[:, ::-1], axis=1)[:, ::-1] - survival[:, -1:] + tail[:, None]
    first_run = survival[:, :-1] / np.maximum(remaining[:, :-1], 1e-300)
    first_run = np.where(remaining[:, :-1] > 1e-250, first_run, leave[:, -1:])
    return Renewal(first, leave, np.clip(first_run, 0.0, 1.0), jump)


# --- counting ---------------------------------------------------------------------------------


def _overall(counts: Floats) -> Floats:
    """Give the share of frames in a label after which it was left, never 0 nor 1, (K,)."""
    visits = counts.sum(1)
    return np.asarray((visits - np.diag(counts) + 0.5) / (visits + 1.0))


def _best_jumps(counts: Floats, unseen: Floats, target: Floats) -> Floats:
    """Give the jump matrix (K, K) with the prior that makes the validation jumps likeliest."""
    apart = 1.0 - np.eye(len(counts))
    spread = apart * target
    spread /= np.maximum(spread.sum(1, keepdims=True), 1e-300)

    def jumps(prior: float) -> Floats:
        mixed = counts * apart + prior * spread
        return np.asarray(mixed / np.maximum(mixed.sum(1, keepdims=True), 1e-300))

    def score(matrix: Floats) -> float:
        return float((unseen * apart * np.log(np.maximum(matrix, 1e-300))).sum())

    return max((jumps(prior) for prior in PRIORS), key=score)


@numba.njit(cache=True)
def _count(chain: Labels, exposure: Floats, endings: Floats) -> None:
    """Add the runs of a chain, but the first: frames at each age, and at which age they ended."""
    age = 0  # of the present run; 0 within the first one
    for t in range(1, len(chain)):
        label = chain[t - 1]
        if age > 0:
            exposure[label, age - 1] += 1.0
        if chain[t] != label:
            if age > 0:
                endings[label, age - 1] += 1.0
            age = 1
        elif age > 0:
            age += 1


def _longest_run(chain: Labels) -> int:
    ends = np.flatnonzero(np.diff(chain.astype(np.int64), prepend=-1, append=-1))
    return int(np.diff(ends).max())


def _classes(longest: int, resolution: int) -> NDArray[np.int64]:
    """Give the class of each age 1 … longest: so many to an octave, none of them empty."""
    ages = np.arange(1, longest + 1)
    _, classes = np.unique(np.floor(resolution * np.log2(ages) + 1e-9), return_inverse=True)
    return classes.astype(np.int64)


def _summed(table: Floats, classes: NDArray[np.int64]) -> Floats:
    """Sum the ages of a class, (K, classes)."""
    return np.stack([np.bincount(classes, row) for row in table])


# --- use --------------------------------------------------------------------------------------


@numba.njit(inline="always")
def _leaving(model: Renewal, label: int, age: int, first_run: bool) -> float:
    place = min(age, model.leave.shape[1]) - 1
    return model.leave_first[label, place] if first_run else model.leave[label, place]


@numba.njit(cache=True)
def _log_likelihood(chain: Labels, model: Renewal) -> float:
    """Give ln p of a chain, in nats."""
    total, age, first_run = np.log(model.first[chain[0]]), 1, True
    for t in range(1, len(chain)):
        leave = _leaving(model, chain[t - 1], age, first_run)
        if chain[t] == chain[t - 1]:
            total += np.log(max(1.0 - leave, 1e-300))
            age += 1
        else:
            total += np.log(max(leave * model.jump[chain[t - 1], chain[t]], 1e-300))
            age, first_run = 1, False
    return total


@numba.njit(cache=True)
def _predict(states: Labels, model: Renewal, probabilities: Probabilities) -> None:
    for chain in range(states.shape[0]):
        age, first_run = 1, True
        probabilities[chain, 0] = model.first
        for t in range(1, states.shape[1]):
            label = states[chain, t - 1]
            if t > 1:
                same = label == states[chain, t - 2]
                age, first_run = (age + 1, first_run) if same else (1, False)
            leave = _leaving(model, label, age, first_run)
            probabilities[chain, t] = leave * model.jump[label]
            probabilities[chain, t, label] = 1.0 - leave


@numba.njit(cache=True)
def _sample(
    prompt: Labels,
    n_frames: int,
    model: Renewal,
    cumulative_first: Floats,
    cumulative_jump: Floats,
    rng: np.random.Generator,
) -> Labels:
    states = np.empty((len(prompt), n_frames), np.uint8)
    length = prompt.shape[1]
    for chain in range(len(prompt)):
        label, age, first_run = -1, 0, True
        for t in range(length):
            if label >= 0 and prompt[chain, t] != label:
                age, first_run = 0, False
            label = prompt[chain, t]
            age += 1
        for t in range(n_frames):
            if label < 0:
                label, age = draw(cumulative_first, rng.random()), 0
            elif rng.random() < _leaving(model, label, age, first_run):
                label, age, first_run = draw(cumulative_jump[label], rng.random()), 0, False
            age += 1
            states[chain, t] = label
    return states
