"""What a private task measures models against: the kinetics of all that is held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from benchmark.errors import InputError
from benchmark.tracks.kinetics.metrics.errors import (
    KineticsReference,
    held,
    implied_timescales,
    reference_from_chains,
)
from tasks.making.freeze import lag_times, resolved
from tasks.private.agreement import odd_one
from tasks.private.division import MANY, Division, Span
from tasks.private.labelling import Labelling
from tasks.private.partition import Labels
from tasks.private.timescale import Timescale, slowest_timescale

#: A slowest process of fewer frames is over before the next frame.
LEAST_SLOWEST = 2.0

#: Lags are at most this share of a chain.
SHARE_OF_CHAIN = 1 / 4

#: A trajectory of fewer of its own slowest times says nothing about them.
RESOLVED = 20


def observed(labelling: Labelling, spans: Sequence[Span], hold: int) -> list[Labels]:
    """Give what rates are measured on: macrostates that are held, a chain a span."""
    macrostate = np.array(labelling.observable, np.uint8)
    chains = [macrostate[span.of(labelling.chains)] for span in spans]
    return held(chains, labelling.macrostates, hold)


def held_out_reference(
    labelling: Labelling, parts: Division, hold: int
) -> tuple[KineticsReference, Timescale]:
    """Estimate the reference, and the slowest relaxation time of the macrostates.

    Raises
    ------
    InputError
        If a macrostate never occurs, nothing is slow, or there are too few transitions.
    """
    M = labelling.macrostates
    chains = observed(labelling, parts.held_out, hold)
    seen = np.bincount(np.concatenate(chains), minlength=M)
    if (seen == 0).any():
        absent = int(np.argmin(seen))
        raise InputError(
            f"macrostate {absent} of {M} never occurs in the held-out data"
            f"{labelling.named(absent)}: it is too rare for so few frames; {labelling.advice}"
        )
    length = parts.train[0].stop - parts.train[0].start
    most = max(1, int(length * SHARE_OF_CHAIN))
    slowest = _slowest(parts, chains, M, most)
    if slowest.frames < LEAST_SLOWEST:
        raise InputError(
            f"the slowest process lasts {slowest.frames:.2g} frames: nothing is left to predict; "
            "were frames shuffled? else save more often (or take a smaller --stride), or take "
            "another --partition"
        )
    timescales = implied_timescales(chains, M, [min(labelling.lag, most)], M - 1)[0]
    timescales[0] = slowest.frames
    lags = np.unique(np.clip(lag_times(timescales), 1, most))
    try:
        found = reference_from_chains(chains, M, lags, M - 1, slowest.frames)
    except ValueError as error:
        raise InputError(f"too few transitions among the held-out data: {error}") from error
    return dataclasses.replace(found, timescales=resolved(found.timescales, lags)), slowest


def _slowest(parts: Division, chains: Sequence[Labels], n_states: int, longest: int) -> Timescale:
    """Estimate t₂ from all chains; from single trajectories where these differ.

    Trajectories that differ never relax to one another: together they show a process that is as
    slow as one likes, and that is in none of them.
    """
    pooled = slowest_timescale(chains, n_states, longest)
    if not 1 < len(parts.lengths) <= MANY:
        return pooled
    of_each = [
        [chain for span, chain in zip(parts.held_out, chains, strict=True) if span.trajectory == at]
        for at in range(len(parts.lengths))
    ]
    of_each = [part for part in of_each if part]
    if odd_one([np.concatenate(part) for part in of_each], n_states) is None:
        return pooled
    own = [slowest_timescale(part, n_states, longest) for part in of_each]
    known = [
        found
        for part, found in zip(of_each, own, strict=True)
        if RESOLVED * found.frames <= sum(len(chain) for chain in part)
    ]
    return max(known, key=lambda found: found.frames, default=pooled)
