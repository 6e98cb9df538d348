"""What makes the numbers of a private task doubtful, a line each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.tracks.kinetics.card import KineticsCard
from benchmark.tracks.kinetics.metrics.errors import count_matrix
from tasks.private.agreement import difference, odd_one
from tasks.private.partition import Labels

#: A transition seen less often in a replica has a rate that is uncertain by a third.
FEW_EVENTS = 10

#: Of more trajectories each is too short to be compared with all others.
MOST_COMPARED = 32

#: Standard errors of χ² up to which transitions are those of frames drawn one by one.
MEMORYLESS = 4.0

#: A slowest process with fewer of its own times in a replica is hardly sampled.
FEW_TIMES = 10

#: Fresh data of the training length that err by more than a factor of two decide nothing.
MOST_UNCERTAIN = math.log(2)
LOGARITHMIC = ("mfpt_error", "its_error", "commit_error", "dwell_error")

Observed = Mapping[str, Sequence[Labels]]


def doubts(
    card: KineticsCard, names: Sequence[str], observed: Observed, oracle_nll: float
) -> list[str]:
    """List all doubts.

    Parameters
    ----------
    card : KineticsCard
        With its scales.
    names : sequence of str
        Of the trajectories.
    observed : mapping of name to list of uint8 arrays (frames,)
        Held macrostates of "all", "held out" and every "training replica N".
    oracle_nll : float
        Of the scored test frames, nats a frame.
    """
    return [
        *_memoryless(card, observed),
        *_populations(card, names, observed),
        *_rare(card, observed),
        *_uncertain(card, oracle_nll),
    ]


def events(chains: Sequence[Labels], n_states: int) -> NDArray[np.float64]:
    """Count transitions between macrostates, float64 of shape (M, M)."""
    counts = count_matrix(list(chains), n_states, 1)
    np.fill_diagonal(counts, 0)
    return counts


def _training(observed: Observed) -> dict[str, Sequence[Labels]]:
    return {name: chains for name, chains in observed.items() if name.startswith("training")}


def _populations(card: KineticsCard, names: Sequence[str], observed: Observed) -> Iterator[str]:
    """Compare populations: of trajectories, and of what is learned from and held out."""
    M = card.macrostates
    chains = observed["all"]
    if 1 < len(chains) == len(names) <= MOST_COMPARED and (odd := odd_one(chains, M)):
        at, worst = odd
        yield (
            f"the trajectories differ: macrostate {worst.state} makes up {worst.one:.3f} of "
            f"{names[at]} and {worst.two:.3f} of the others, {worst.z:.0f} standard errors apart; "
            "they are not of one equilibrium, or too short for their slowest process, and no rate "
            "holds for all: import each by itself, or mend what differs (an offset?)"
        )
    replicas = _training(observed)
    pooled = {"the training data": [chain for one in replicas.values() for chain in one]}
    found = [
        (name, apart)
        for name, part in {**pooled, **replicas}.items()
        if (apart := difference(part, observed["held out"], M))
    ]
    if found:
        name, most = max(found, key=lambda pair: pair[1].z)
        yield (
            f"macrostate {most.state} makes up {most.one:.3f} of {name} and {most.two:.3f} of "
            f"what is held out, {most.z:.0f} standard errors apart: the data drift or are too "
            "short for this process, and no model can be right about both"
        )


def _memoryless(card: KineticsCard, observed: Observed) -> Iterator[str]:
    """Say if a frame tells nothing of the next: by χ² of the transitions at a lag of one frame."""
    counts = count_matrix(list(observed["all"]), card.macrostates, 1)
    expected = counts.sum(1, keepdims=True) * counts.sum(0) / max(1.0, float(counts.sum()))
    seen = expected > 0
    chi2 = float((((counts - expected) ** 2)[seen] / expected[seen]).sum())
    freedom = (card.macrostates - 1) ** 2
    if chi2 < freedom + MEMORYLESS * math.sqrt(2 * freedom):
        yield (
            "a frame tells nothing of the next: were frames shuffled, or are they saved more "
            "rarely than anything lasts? There is nothing to learn but populations"
        )


def _rare(card: KineticsCard, observed: Observed) -> Iterator[str]:
    """Say what was seen too rarely."""
    M = card.macrostates
    replicas = _training(observed).values()
    occurs = [np.bincount(np.concatenate(chains), minlength=M) > 0 for chains in replicas]
    absent = ~np.all(occurs, axis=0)
    if absent.any():
        states = ", ".join(map(str, np.flatnonzero(absent)))
        yield (
            f"macrostate {states} never occurs in some training replica: nothing can be "
            "learned of it there; are all files of one system, and long enough?"
        )
    known = events(observed["held out"], M) > 0
    fewest = np.min([events(chains, M) for chains in replicas], axis=0)
    rare = known & (fewest < FEW_EVENTS)
    if rare.any():
        at = np.argwhere(rare)[int(np.argmin(fewest[rare]))]
        yield (
            f"{rare.sum()} of {known.sum()} transitions between macrostates were seen fewer "
            f"than {FEW_EVENTS} times in some training replica; the rarest, {at[0]} to {at[1]},"
            f" {int(fewest[tuple(at)])} times: rates will be uncertain"
        )
    times = card.training_frames / card.slowest
    if times < FEW_TIMES:
        yield f"a training replica lasts only {times:.2g} slowest timescales"


def _uncertain(card: KineticsCard, oracle_nll: float) -> Iterator[str]:
    """Say which metrics decide nothing, and whether the oracle is one."""
    unknown = [name for name in LOGARITHMIC if name not in card.metrics]
    if unknown:
        yield (
            f"the held-out data do not determine {', '.join(unknown)}: too few transitions, or "
            "too many recrossings, which --hold or --cores remove"
        )
    floors = {name: card.metrics[name].floor for name in LOGARITHMIC if name in card.metrics}
    vague = {name: f for name, f in floors.items() if f is not None and f > MOST_UNCERTAIN}
    if vague:
        listed = ", ".join(f"{name} {math.exp(f):.2g}" for name, f in vague.items())
        yield (
            "fresh data as long as a training replica are themselves off by more than a factor of "
            f"two: {listed} times; these metrics tell no good model from a bad one: bring more data"
        )
    if oracle_nll > math.log(card.labels):
        yield (
            f"the oracle loses {oracle_nll:.3g} nats a frame on the test data, more than a uniform "
            f"guess (ln {card.labels} = {math.log(card.labels):.3g}): test and other data are of "
            "different systems, and a regret means nothing"
        )
