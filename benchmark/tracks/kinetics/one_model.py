"""Are `predict` and `sample` one model? Generated chains are new, and as surprising as they say.

Two audits of chains that a model has generated, by its own probabilities of them. They stop a
likelihood from one model joined with chains from another, or from the training data. Measured on
the toy chain of the tests (``tests/tracks/kinetics/test_one_model.py``): no false alarm in 100
honest fits; of 20 copies (replayed, backwards, in blocks of 1,000 frames, one such block in an
honest chain) novelty finds all; of 15 hybrids with another Markov model (every probability to the
power of 1.05, jumps rarer by 30 %, no memory) consistency finds all. Not always found are jumps
rarer by 2 to 10 %; never, true chains that nobody recorded under a model that expects their mean
surprise. On the tasks of the board, 154 units of the shipped models (of msm, ngram and iid on every
task, of the networks and the hidden Markov model on one to eleven) deviate by 1.01 σ, root mean
square, and by 2.9 σ at most, and share stretches of 38 bits at most with their training data; 104
quick fits (of ``lstm``, ``gru``, ``transformer`` and ``hmm`` on every task) by 0.96 and 2.9 σ, and
share 40 bits. Print them by ``python -m benchmark.tracks.kinetics.audits RUN``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmark.arrays import Labels, Probabilities
from benchmark.tracks.kinetics.metrics.likelihood import MIXING

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]

#: A window of that much surprise does not come twice: 1e6 × 1e6 windows share one with 1e-18.
NOVEL_BITS = 100.0

#: Standard deviations by which the surprise of generated chains may be off.
CONSISTENT_SIGMAS = 5.0

#: What the audits have measured of a unit, beside its predictions.
ONE_MODEL = "one_model.json"

#: Frames of which probabilities are looked at together, for memory.
BLOCK = 65_536

#: Odd multipliers of a 64-bit hash (Steele, Lea, Flood, OOPSLA 2014).
MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def surprise(probabilities: Probabilities, states: Labels) -> tuple[Floats, Floats, Floats]:
    """Give what each frame says, what it was expected to say, and the variance of that.

    Parameters
    ----------
    probabilities : float array of shape (chains, frames, labels)
        The model's p(s_t | s_<t).
    states : uint8 array of shape (chains, frames)

    Returns
    -------
    surprise, entropy, variance : float64 arrays of shape (chains, frames)
        −ln p(s_t), H = −Σ p ln p, and Σ p (ln p)² − H², in nats; p mixed as for the regret.
    """
    parts = []
    edges = [*range(0, states.shape[1], BLOCK), states.shape[1]]
    for start, end in pairwise(edges):
        p = probabilities[:, start:end].astype(np.float64)
        p = (1 - MIXING) * p / p.sum(-1, keepdims=True) + MIXING / p.shape[-1]
        log_p = np.log(p)
        chosen = np.take_along_axis(log_p, states[:, start:end, None].astype(np.intp), axis=-1)
        entropy = -(p * log_p).sum(-1)
        parts.append((-chosen[..., 0], entropy, (p * log_p**2).sum(-1) - entropy**2))
    said, entropy, variance = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    return said, entropy, variance


def deviation(said: Floats, entropy: Floats, variance: Floats) -> float:
    """Give by how many standard deviations generated chains surprise more than the model expects.

    If s_t is drawn from p(s_t | s_<t), Σ [−ln p(s_t) − H_t] is a martingale of variance Σ V_t,
    whatever the model: no more than chance takes it five standard deviations away from 0.

    Parameters
    ----------
    said, entropy, variance : float arrays of one shape
        See `surprise`; of ≥ 1e5 generated frames for the power that is measured.
    """
    return float((said - entropy).sum() / math.sqrt(max(variance.sum(), 1e-300)))


def consistency_fault(said: Floats, entropy: Floats, variance: Floats) -> str:
    """Say whether generated chains are more, or less, surprising than the model says of them.

    Parameters
    ----------
    said, entropy, variance : float arrays of one shape
        As in `deviation`.

    Returns
    -------
    str
        Empty if there is no fault.
    """
    z = deviation(said, entropy, variance)
    if abs(z) <= CONSISTENT_SIGMAS:
        return ""
    more = "more" if z > 0 else "less"
    return (
        f"sample is not the model of predict: its chains are {more} surprising than predict says, "
        f"{said.mean():.4g} instead of {entropy.mean():.4g} nats a frame ({abs(z):.2g} σ)"
    )


@dataclass(frozen=True)
class Stretch:
    """A stretch of generated chains: where it begins, how long it is, what it says."""

    chain: int
    frame: int
    frames: int
    bits: float


def most_surprising_copy(said: Floats, states: Labels, known: Sequence[Labels]) -> Stretch:
    """Find the stretch of generated chains that known ones hold too and that says the most.

    Looked for are windows of 1, 2, 4, 8, … frames, in known chains and in these walked backwards;
    so half or so of the surprise of a copy is found, whatever its length.

    Parameters
    ----------
    said : float array of shape (chains, frames)
        −ln p(s_t | s_<t) in nats, the model's own.
    states : uint8 array of shape (chains, frames)
        Generated.
    known : sequence of uint8 arrays of shape (frames,)
        Training and validation chains.

    Returns
    -------
    Stretch
        Of no frames if nothing is shared.
    """
    told = np.concatenate([np.zeros((len(said), 1)), np.cumsum(said, axis=1)], axis=1)
    told /= math.log(2)
    generated = _first_hashes(states)
    recorded = [_first_hashes(chain) for one in known for chain in (one, one[::-1])]
    length, shared = 1, np.ones(states.shape, bool)
    found = Stretch(chain=0, frame=0, frames=0, bits=0.0)
    while shared.any():
        shared[shared] = _among(generated[shared], np.concatenate(recorded))
        bits = np.where(shared, told[:, length:] - told[:, :-length], 0.0)
        chain, frame = divmod(int(bits.argmax()), bits.shape[1])
        if bits[chain, frame] > found.bits:
            found = Stretch(chain, frame, length, float(bits[chain, frame]))
        if 2 * length > states.shape[1]:
            break
        generated = _doubled(generated, length)
        recorded = [_doubled(hashes, length) for hashes in recorded]
        shared = shared[:, :-length] & shared[:, length:]  # a copy is one in both of its halves
        length *= 2
    return found


def novelty_fault(copy: Stretch) -> str:
    """Say whether generated chains hold a stretch of known ones that does not come by chance.

    Parameters
    ----------
    copy : Stretch
        The `most_surprising_copy`.

    Returns
    -------
    str
        Empty if there is no fault.
    """
    if copy.bits <= NOVEL_BITS:
        return ""
    return (
        f"generated chains hold recorded ones: {copy.frames} frames of {copy.bits:.0f} bits of "
        f"surprise from frame {copy.frame} of chain {copy.chain} on are in the training or "
        "validation data"
    )


def _among(hashes: Hashes, many: Hashes) -> NDArray[np.bool_]:
    """Say of each hash whether it is one of many others, of which there may be millions.

    As `numpy.isin`, which would sort them all.
    """
    values, places = np.unique(hashes, return_inverse=True)
    nearest = np.minimum(np.searchsorted(values, many), len(values) - 1)
    found = np.zeros(len(values), bool)
    found[nearest[values[nearest] == many]] = True
    return found[places]


def _first_hashes(chain: Labels) -> Hashes:
    return _mixed(chain.astype(np.uint64) + np.uint64(1))


def _doubled(hashes: Hashes, length: int) -> Hashes:
    """Hash every window of twice the length, along the last axis; none in a short chain."""
    return _mixed(hashes[..., :-length] * MULTIPLIERS[0] + _mixed(hashes[..., length:]))


def _mixed(values: Hashes) -> Hashes:
    """Spread every bit over all 64 of them."""
    values = (values ^ (values >> np.uint64(30))) * MULTIPLIERS[0]
    values = (values ^ (values >> np.uint64(27))) * MULTIPLIERS[1]
    return values ^ (values >> np.uint64(31))
