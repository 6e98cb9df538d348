"""From chains to a frozen task: data files, reference and card, all with their fingerprints."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.files import write_text
from benchmark.store import frozen
from benchmark.task import Task
from benchmark.tracks.kinetics.card import Generation, KineticsCard
from benchmark.tracks.kinetics.data import ORACLE_UNIT, reference_sha256
from benchmark.tracks.kinetics.metrics.errors import KineticsReference, reference_from_chains
from tasks.making.pieces import bad_input

#: Frames of the held-out prompt from which a model generates.
PROMPT_FRAMES = 256

#: Generated frames, in lengths of the training replica.
GENERATED = 10

#: Generated frames thrown away at the start of each chain, in slowest relaxation times.
BURN_IN = 5

#: Generated chains should be this many slowest relaxation times long …
CHAIN_LENGTH = 50
#: … but there must be at least 8, and more than 256 do not make sampling any faster.
MIN_CHAINS, MAX_CHAINS = 8, 256

#: Lags at which implied timescales are compared.
LAGS = 3


class _Named(Protocol):
    """What says how a task of a family is made."""

    @property
    def name(self) -> str:
        """Of the task, without its family."""


_Spec = TypeVar("_Spec", bound=_Named)


def unfrozen(
    specs: Sequence[_Spec], only: Sequence[str] | None, family: Path, force: bool
) -> list[_Spec]:
    """Choose what to make: those asked for that have no card, or with ``force`` all of these.

    A name that there is not ends the program with one line.
    """
    names = [spec.name for spec in specs]
    if unknown := set(only or []) - set(names):
        bad_input(f"no task '{min(unknown)}'; available: {', '.join(names)}")
    return [
        spec
        for spec in specs
        if (not only or spec.name in only)
        and (force or not (family / "cards" / f"{spec.name}.yaml").exists())
    ]


def generation(training_frames: int, slowest: float) -> Generation:
    """Say how many chains a model generates, and how long.

    Parameters
    ----------
    training_frames : int
        Frames of one training replica.
    slowest : float
        Slowest relaxation time, frames.
    """
    total = GENERATED * training_frames
    chains = int(np.clip(total // (CHAIN_LENGTH * slowest), MIN_CHAINS, MAX_CHAINS))
    return Generation(
        chains=chains,
        frames=math.ceil(total / chains),
        # At least as long as the prompt, so that replaying the prompt is never scored.
        burn_in=max(PROMPT_FRAMES, math.ceil(BURN_IN * slowest)),
    )


def lag_times(timescales: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose three lags from 1/8 of the fastest to 1/2 of the slowest relaxation time, frames."""
    shortest = max(1.0, float(timescales[-1]) / 8)
    return np.unique(np.rint(np.geomspace(shortest, float(timescales[0]) / 2, LAGS)).astype(int))


def resolved(timescales: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """Blank (nan) the implied timescales shorter than their lag: they have decayed into noise.

    Parameters
    ----------
    timescales : float64 array of shape (lags, k)
    lags : int64 array of shape (lags,)
    """
    return np.where(timescales >= lags[:, None], timescales, np.nan)


def held_reference(
    chains: Sequence[NDArray[np.uint8]], hold: int, lags: NDArray[np.int64], slowest: float
) -> KineticsReference:
    """Estimate the reference of macrostates that have been held already.

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)
        Macrostates 0, 1, …, all of which occur, as `benchmark…estimators.held` leaves them.
    hold : int
        Frames.
    lags : int64 array
        Of all the implied timescales.
    slowest : float
        Slowest relaxation time, frames.
    """
    n_states = 1 + max(int(chain.max()) for chain in chains)
    found = reference_from_chains(chains, n_states, lags, n_states - 1, slowest)
    # No visit is shorter than the hold, so that all smaller thresholds count the same jumps.
    kept = found.thresholds >= hold
    return dataclasses.replace(
        found,
        timescales=resolved(found.timescales, lags),
        thresholds=found.thresholds[kept],
        commit_rates=found.commit_rates[kept],
    )


def freeze_task(
    folder: Path,
    card: Mapping[str, Any],
    chains: Mapping[str, NDArray[np.uint8]],
    oracle_log_prob: NDArray[np.float64],
    reference: KineticsReference,
) -> Task:
    """Write a task's data, reference and card (without its scales: see ``tasks.making.calibrate``).

    Parameters
    ----------
    folder : Path
        The family's folder; gets ``cards/NAME.yaml`` and ``data/NAME/*``.
    card : mapping
        Fields of the KineticsCard other than ``splits``, ``reference_sha256``, ``generation`` and
        ``metrics``.
    chains : mapping of split name to uint8 array of shape (chains, frames)
        ``train`` (one row a replica, or ``chains_per_replica``), ``validation``, ``test``,
        ``prompt``, ``fresh``.
    oracle_log_prob : float64 array, of the shape of the test chains
        ln p*(s_t | s_<t), nats.
    reference : KineticsReference
        Of the macrostates.
    """
    task_id = str(card["id"])
    data = folder / "data" / task_id.split("/")[1]
    columns: dict[str, frozen.Columns] = {name: {"states": list(c)} for name, c in chains.items()}
    stored = np.rint(oracle_log_prob / ORACLE_UNIT).astype(np.int32)
    columns["test"] = {"states": list(chains["test"]), "oracle_log_prob": list(stored)}
    described = {
        name: frozen.freeze(data / f"{name}.parquet", content) for name, content in columns.items()
    }
    write_text(data / "reference.json", reference.to_json() + "\n")
    training_frames = chains["train"].shape[1] * int(card.get("chains_per_replica", 1))
    filled = KineticsCard.model_validate(
        {
            **card,
            "generation": generation(training_frames, float(card["slowest"])),
            "splits": described,
            "reference_sha256": reference_sha256(reference),
        }
    )
    task = Task(filled, folder / "cards" / f"{filled.name}.yaml")
    task.write()
    return task
