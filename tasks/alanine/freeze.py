"""Make the frozen tasks of the alanine family from its runs.

    python -m tasks.alanine.generate --workers 2    # the runs: molecular dynamics, hours
    python -m tasks.alanine.freeze                  # the twelve tasks: half an hour
    python -m tasks.making.calibrate 'alanine/*'    # then E₀, f and p = f/√10
    python -m tasks.perfect 'alanine/*'             # and p of the likelihood

Splits go by whole run, so that no two of them share a trajectory but for what is drawn from the
reference runs on purpose: see `SPLITS`. A finished task is skipped.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmark.tracks.kinetics.metrics.errors import (
    KineticsReference,
    held,
    implied_timescales,
    reference_from_chains,
)
from tasks.alanine.generate import DEFAULT_OUT, N_RUNS, read_run
from tasks.alanine.partitions import (
    FROZEN,
    OBSERVABLE,
    Angles,
    Labels,
    Partition,
    States,
    find_states,
    partitions,
    read_states,
)
from tasks.making.freeze import PROMPT_FRAMES, freeze_task, generation, resolved, unfrozen
from tasks.making.milestoning import NO_CORE
from tasks.making.pieces import SINGLE_THREADED, bad_input
from tasks.oracles.empirical import empirical_oracle

FAMILY = Path(__file__).parent
FRAME = 0.1  # ps, between the frames of a run
STRIDES = (1, 10, 100)

#: Frames at the start of each run that no task has: by then even a run that is looked at every
#: 10 ps has visited a core.
SKIPPED = 1000

#: Runs of 20 ns. Every training replica is two of them.
REPLICA_RUNS = 2
TRAIN, VALIDATION, REFERENCE = range(10), range(10, 13), range(13, N_RUNS)
#: Of the reference runs, these are predicted; the oracle is fitted on the others, and prompts are
#: cut from the others as well. Fresh chains are all of them, two by two: they tell what the
#: training length allows, and are never shown to a model.
TEST, ORACLE = REFERENCE[:15], REFERENCE[15:]
TEST_FRAMES = 300_000

#: ps. A basin counts as entered once it has been held for so long.
HOLD = 10.0
#: ps, lags of the implied timescales: the same at every stride, and whole frames at each.
LAGS = (10.0, 30.0, 60.0)
#: ps, lag at which the slowest relaxation time is read off.
SLOWEST_LAG = 50.0

#: Candidates for the oracle; more frames than a benchmarked model reads, and more units.
CANDIDATES = {"ngram": {}, "lstm": {"hidden": "96", "frames": "2.4e7"}}

ZENG = "Zeng, Cao, Huang, Yao, arXiv:2107.06573 (2021)"
TSAI = "Tsai, Kuo, Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360"


@dataclass(frozen=True)
class Spec:
    """One task: a partition of (φ, ψ) seen every ``stride`` frames of 0.1 ps."""

    partition: Partition
    stride: int

    @property
    def frame_time(self) -> float:
        """Picoseconds between two frames."""
        return round(FRAME * self.stride, 10)

    @property
    def name(self) -> str:
        """Name of the task, such as ``cored4-1ps``."""
        return f"{self.partition.name}-{self.frame_time:g}ps"

    def frames(self, picoseconds: float) -> int:
        """Give a time in frames."""
        return round(picoseconds / self.frame_time)

    def label(self, run: Angles) -> Labels:
        """Label a run: the stride first, since a file saved less often knows no more.

        Raises
        ------
        ValueError
            If a frame that is kept has no label yet.
        """
        # A stride is x[::k]: reshaping and transposing would join frames far apart.
        labels = self.partition.label(run[:: self.stride])[SKIPPED // self.stride :]
        if (labels == NO_CORE).any():
            raise ValueError(f"{self.name}: a run visits no core within {SKIPPED * FRAME:g} ps")
        return labels


def specs(states: States) -> list[Spec]:
    """Give the twelve tasks."""
    return [Spec(partition, stride) for partition in partitions(states) for stride in STRIDES]


def read_runs(folder: Path = DEFAULT_OUT) -> list[Angles]:
    """Read all runs; ends the program with one line if some are missing."""
    paths = [folder / f"run-{run:03d}.parquet" for run in range(N_RUNS)]
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        bad_input(f"{len(missing)} of {N_RUNS} runs are missing ({missing[0]}): run the generator")
    return [read_run(path)[0] for path in paths]


def slowest_time(runs: Sequence[Angles], states: States) -> float:
    """Estimate the slowest relaxation time in ps, from the cores at the finest stride."""
    cored = Spec(partitions(states)[-1], 1)
    chains = [np.array(OBSERVABLE, np.uint8)[cored.label(runs[run])] for run in REFERENCE]
    lag = cored.frames(SLOWEST_LAG)
    times = implied_timescales(chains, max(OBSERVABLE) + 1, [lag], 1)
    return round(float(times[0, 0]) * FRAME, 1)


def observed_reference(chains: Sequence[Labels], spec: Spec, slowest: float) -> KineticsReference:
    """Estimate the reference of a task: same stride, same map, same hold as a model's chains.

    Parameters
    ----------
    chains : sequence of uint8 arrays (frames,)
        Labels of the reference runs.
    spec : Spec
    slowest : float
        Slowest relaxation time, ps.
    """
    observable = np.array(spec.partition.observable, np.uint8)
    K = int(observable.max()) + 1
    basins = held([observable[chain] for chain in chains], K, spec.frames(HOLD))
    lags = np.array([spec.frames(lag) for lag in LAGS])
    found = reference_from_chains(basins, K, lags, K - 1, slowest / spec.frame_time)
    return dataclasses.replace(found, timescales=resolved(found.timescales, lags))


def cut_prompts(runs: Sequence[Labels], n: int) -> Labels:
    """Cut ``n`` prompts that do not overlap from label chains, spread evenly over them."""
    per_run = len(runs[0]) // PROMPT_FRAMES
    places = np.linspace(0, per_run * len(runs) - 1, n).round().astype(int)
    pieces = [divmod(int(place), per_run) for place in places]
    return np.stack(
        [runs[run][piece * PROMPT_FRAMES : (piece + 1) * PROMPT_FRAMES] for run, piece in pieces]
    )


def chain_splits(spec: Spec, runs: Sequence[Angles], prompts: int) -> dict[str, Labels]:
    """Label all runs and sort them into splits, each of shape (chains, frames)."""
    labelled = np.stack([spec.label(run) for run in runs])
    test_frames = min(labelled.shape[1], TEST_FRAMES // len(TEST))
    fresh = len(REFERENCE) // REPLICA_RUNS * REPLICA_RUNS
    return {
        "train": labelled[list(TRAIN)],
        "validation": labelled[list(VALIDATION)],
        "test": labelled[list(TEST), :test_frames],
        "fresh": labelled[list(REFERENCE[:fresh])],
        "prompt": cut_prompts([labelled[run] for run in ORACLE], prompts),
    }


def freeze(name: str) -> str:
    """Freeze one task; give its name."""
    runs, states = read_runs(), read_states()
    slowest = slowest_time(runs, states)
    spec = next(spec for spec in specs(states) if spec.name == name)
    labelled = np.stack([spec.label(runs[run]) for run in REFERENCE])
    reference = observed_reference(list(labelled), spec, slowest)
    training_frames = REPLICA_RUNS * labelled.shape[1]
    chains = chain_splits(spec, runs, generation(training_frames, slowest / spec.frame_time).chains)
    oracle, chosen = empirical_oracle(
        labelled[len(TEST) :], chains["test"], len(spec.partition.observable), CANDIDATES
    )
    freeze_task(FAMILY, card(spec, slowest, chosen), chains, oracle, reference)
    return name


def card(spec: Spec, slowest: float, oracle: str) -> dict[str, Any]:
    """Give the fields of a task's card that do not follow from its data."""
    observed = "φ > 0 against the rest" if max(spec.partition.observable) == 1 else "β, αR, φ > 0"
    return {
        "id": f"alanine/{spec.name}",
        "version": 2,
        "track": "kinetics",
        "title": f"alanine dipeptide, {spec.partition.title}, every {spec.frame_time:g} ps",
        "description": "ACE-ALA-NME in implicit solvent (ff99SB-ILDN, GBSA-OBC), Langevin dynamics "
        f"at 450 K. A label is one of {spec.partition.title}; rates are those between {observed}, "
        f"each held for {HOLD:g} ps. Every replica is the same 40 ns at each stride and partition. "
        f"Oracle: {oracle}, fitted on reference runs.",
        "citations": [ZENG, TSAI],
        "frame_time": spec.frame_time,
        "time_unit": "ps",
        "labels": len(spec.partition.observable),
        "observable": spec.partition.observable,
        "hold": spec.frames(HOLD),
        "slowest": round(slowest / spec.frame_time, 3),
        "chains_per_replica": REPLICA_RUNS,
        "oracle": "empirical",
        "generator": f"python -m tasks.alanine.freeze --only {spec.name}",
    }


def main(
    only: Annotated[list[str] | None, typer.Option(help="these tasks; default: all")] = None,
    workers: Annotated[int, typer.Option(min=1, help="tasks made at a time")] = 1,
    force: Annotated[bool, typer.Option(help="make again what is there")] = False,
) -> None:
    """Freeze the tasks. Example: python -m tasks.alanine.freeze --only cored4-1ps."""
    runs = read_runs()
    if not FROZEN.exists():
        find_states([runs[run] for run in REFERENCE]).write()
    todo = [spec.name for spec in unfrozen(specs(read_states()), only, FAMILY, force)]
    os.environ.update(SINGLE_THREADED)  # before the libraries load, in fresh processes
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for name in track(pool.map(freeze, todo), description="tasks", total=len(todo)):
            typer.echo(f"alanine/{name} is frozen")


if __name__ == "__main__":
    typer.run(main)
