"""Slow modes of label sequences: how long the slowest lasts, and where its hidden states lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.kinetics._parts.sampling import Floats, populations
from benchmark.arrays import Labels
from benchmark.tracks.kinetics.contract import StateTrajectories

#: A lag is long enough when the slowest mode that it sees lasts no longer than so many lags.
LAGS_A_TIME = 3.0

#: Chains and frames that a model draws in the test of its slow mode.
DRAWN_CHAINS, DRAWN_FRAMES = 20, 50_000

#: It passes within so many standard errors, or with so small an error of the mode's time: much data
#: must not rule out for a few per cent what is to rule out factors.
SIGMAS, SLACK = 2.0, 0.1

#: Error of ln t that is forgiven where the test is to tell models that lose the slowest mode.
FACTOR = 0.4

#: Blocks of the validation data behind the standard error of λ.
BLOCKS = 30

Sampler = Callable[[Labels, int, np.random.Generator], Labels]

#: What is left of a mode after a lag, below which it is lost in noise.
LEAST_DECAY = 0.03

#: Frames on which hidden states are clustered.
CLUSTERED_FRAMES = 20_000


def lagged_counts(data: StateTrajectories, lag: int) -> Floats:
    """Count the ordered pairs of labels ``lag`` frames apart, float64 of shape (K, K)."""
    K = data.n_labels
    now, later = _pairs(data.chains, lag)
    counts = np.bincount(now.astype(np.int64) * K + later, minlength=K * K)
    return counts.reshape(K, K).astype(np.float64)


def _pairs(chains: Sequence[Labels], lag: int) -> tuple[Labels, Labels]:
    """Give all labels that have one a lag later in their chain, and these."""
    states = np.concatenate(chains)
    age = np.concatenate([np.arange(len(chain)) for chain in chains])
    later = np.flatnonzero(age >= lag)
    return states[later - lag], states[later]


def slowest_mode(data: StateTrajectories, lag: int) -> tuple[float, Floats]:
    """Give λ and ψ (K,) of the slowest mode that labels show at a lag: Pψ = λψ.

    P are the counts over their rows' sums, not made reversible: of short chains that start out of
    equilibrium these rows are right where populations are not.
    """
    # A tenth of a count, so that a label that is never left is no slow mode by itself.
    counts = lagged_counts(data, lag) + 0.1 * populations(data)
    values, vectors = np.linalg.eig(counts / counts.sum(1, keepdims=True))
    second = np.argsort(-values.real)[1]
    return float(np.clip(values[second].real, 0.0, 1.0 - 1e-9)), vectors[:, second].real


def natural_lag(data: StateTrajectories) -> int:
    """Give the shortest lag, a power of two, that is a third of the slowest mode's time or more.

    The time is that of the decay from this lag to twice the lag: labels are a noisy view of what
    is slow, so that much of the decay comes before. It grows with the lag as long as faster modes
    hide the slowest one. Where hardly anything is left to decay, the lag is long enough, too.
    """
    longest = max(1, max(len(chain) for chain in data.chains) // 8)
    lag = 1
    while 2 * lag <= longest:
        _, mode = slowest_mode(data, lag)
        now, later = (decay(data.chains, mode, one) for one in (lag, 2 * lag))
        if later < LEAST_DECAY or later <= now * np.exp(-1.0 / LAGS_A_TIME):
            break
        lag *= 2
    return lag


def decay(chains: Sequence[Labels], mode: Floats, lag: int) -> float:
    """Give the slope of ψ a lag later on ψ now: λ where ψ is the mode, however chains start."""
    now, later = (mode[labels] for labels in _pairs(chains, lag))
    return float(now @ later) / max(float(now @ now), 1e-300)


@dataclass(frozen=True)
class SlowCoordinates:
    """Slow coordinates of each frame, from smoothed labels: where hidden states are guessed.

    Labels as indicator vectors, averaged over a Gaussian window of time, make what is hidden
    behind noise visible; time-lagged independent components (Pérez-Hernández et al., J. Chem.
    Phys. 139, 015102 (2013)), scaled by their eigenvalues, tell slow from fast.

    Attributes
    ----------
    chains : list of float64 arrays of shape (frames, components)
        Slowest first, each of unit variance times its eigenvalue.
    """

    chains: list[Floats]

    @classmethod
    def of(cls, data: StateTrajectories, window: float, lag: int, most: int) -> SlowCoordinates:
        """Smooth the labels, and find at most ``most`` components.

        Parameters
        ----------
        data : StateTrajectories
        window : float
            Standard deviation of the window, frames.
        lag : int
            Of the components, frames.
        most : int
        """
        from scipy.ndimage import gaussian_filter1d

        indicator = np.eye(data.n_labels, dtype=np.float32)
        smooth = [
            gaussian_filter1d(indicator[chain], window, axis=0, mode="nearest")
            for chain in data.chains
        ]
        return cls(_components(smooth, lag, most))

    def clustered(self, n: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        """Guess the hidden state of each frame, one of n, by k-means on n − 1 coordinates.

        Returns
        -------
        list of int64 arrays of shape (frames,)
        """
        from scipy.cluster.vq import kmeans2

        chains = [one[:, : max(1, n - 1)] for one in self.chains]
        joined = np.concatenate(chains)
        some = rng.choice(len(joined), min(len(joined), CLUSTERED_FRAMES), replace=False)
        centres, _ = kmeans2(joined[some], n, minit="++", rng=rng)
        return [_nearest(one, centres) for one in chains]


def _components(smooth: list[NDArray[np.float32]], lag: int, most: int) -> list[Floats]:
    """Project on at most ``most`` slow components, each of unit variance times its eigenvalue."""
    mean = np.concatenate(smooth).mean(0)
    centred = [one - mean for one in smooth]
    lag = min(lag, max(1, max(len(one) for one in smooth) // 2))
    now = sum(one.T @ one for one in centred).astype(np.float64)
    later = sum(one[:-lag].T @ one[lag:] for one in centred if len(one) > lag).astype(np.float64)
    values, vectors = np.linalg.eigh(now)
    whitened = vectors[:, values > 1e-4 * values.max()]
    whitened = whitened / np.sqrt(values[values > 1e-4 * values.max()])
    slow, rotation = np.linalg.eigh(whitened.T @ (later + later.T) @ whitened / 2)
    order = np.argsort(-slow)[: max(1, most)]
    weights = whitened @ rotation[:, order] * np.maximum(slow[order], 0.01)
    return [one @ weights * np.sqrt(sum(map(len, smooth))) for one in centred]


def _nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    distances = (centres**2).sum(1) - 2.0 * points @ centres.T  # (frames, n), but for a constant
    return distances.argmin(1)


@dataclass(frozen=True)
class SlowMode:
    """The slowest mode of the labels, and how fast the validation data decay in it.

    The test of Chapman and Kolmogorov for a model: what it generates must decay alike.

    Attributes
    ----------
    mode : float64 array of shape (K,)
        ψ, of the training data.
    lag : int
        Frames.
    value, stderr : float
        λ of the validation data at this lag, and its standard error.
    """

    mode: Floats
    lag: int
    value: float
    stderr: float

    @classmethod
    def of(cls, train: StateTrajectories, validation: StateTrajectories) -> SlowMode:
        """Find the mode in the training data, and measure it in the validation data."""
        lag = natural_lag(train)
        _, mode = slowest_mode(train, lag)
        now, later = (mode[labels] for labels in _pairs(validation.chains, lag))
        blocks = [
            np.array([block.sum() for block in np.array_split(one, BLOCKS)])
            for one in (now * later, now * now)
        ]
        above, below = blocks  # (blocks,)
        left_out = (above.sum() - above) / np.maximum(below.sum() - below, 1e-300)
        stderr = float(np.sqrt(BLOCKS - 1) * left_out.std())
        return cls(mode, lag, float(above.sum() / max(below.sum(), 1e-300)), stderr)

    def is_shared_by(self, sample: Sampler, seed: int, slack: float = SLACK) -> bool:
        """Whether a model's chains decay as the validation data do, within `SIGMAS` or ``slack``.

        Parameters
        ----------
        sample : callable (prompt, n_frames, rng)
            Of a kinetics model.
        seed : int
        slack : float
            Error of ln t that is forgiven, t being the mode's time.
        """
        rng = np.random.default_rng(seed)
        drawn = sample(np.empty((DRAWN_CHAINS, 0), np.uint8), DRAWN_FRAMES, rng)
        # λ = exp(−lag/t): an error of ln t is one of λ ln λ.
        value = min(max(self.value, 1e-6), 1.0)
        allowed = max(SIGMAS * self.stderr, -slack * value * np.log(value))
        return bool(abs(decay(list(drawn), self.mode, self.lag) - self.value) <= allowed)
