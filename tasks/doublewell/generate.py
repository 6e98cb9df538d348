"""Make the frozen data of the doublewell family.

    python -m tasks.doublewell.generate                # all eight tasks, half an hour
    python -m tasks.doublewell.generate --only d1      # one of them
    python -m tasks.making.calibrate 'doublewell/*'    # then E₀ and f
    python -m tasks.perfect 'doublewell/*'             # and p

Every random number comes from a seed in this file. A finished task is skipped. Content is the same
wherever the compiled arithmetic is; processors may differ in the last bit, so that the frozen
files, not this program, are the definition of the tasks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.tracks.kinetics.metrics.errors import KineticsReference, held
from tasks.doublewell.model import (
    FAST_SITES,
    SLOW_TIME,
    cored_chain,
    cored_labels,
    lines,
    places,
    side,
)
from tasks.doublewell.partition import FROZEN, nearest, read_centres, write_centres
from tasks.making.freeze import (
    PROMPT_FRAMES,
    freeze_task,
    generation,
    held_reference,
    lag_times,
    unfrozen,
)
from tasks.oracles.hidden_chain import HiddenChain, LabelledChain
from tasks.oracles.product_chain import ProductChain

FAMILY = Path(__file__).parent
SEED = 2107_06573

TRAINING = 100_000  # τ: 100 relaxation times of x, at every stride
REPLICAS = 5
FRESH = 30  # true chains of the training length: 5 for the truth row, 25 for f
TEST_CHAINS, TEST_FRAMES = 10, 30_000

#: τ. A side counts as entered once it has been held this long: twice the relaxation of a fast
#: coordinate and four times that of x within a well, a fiftieth of the slow one.
HOLD = 20

#: Simulated behind the reference of the held sides: τ, and frames at least.
REFERENCE_TIME, REFERENCE_FRAMES = 100_000_000, 10_000_000
REFERENCE_CHAINS, CHAINS_AT_A_TIME = 200, 10  # a piece of 5e6 hidden states takes 20 MB

ZENG = "Zeng, Cao, Huang, Yao, arXiv:2107.06573 (2021)"
GENERATOR = "python -m tasks.doublewell.generate"

Labels = NDArray[np.uint8]
Hidden = NDArray[np.int32]

SEEN = {
    "cells": "one of {labels} cells, of k-means centres in all coordinates",
    "macro": "the side of the barrier on which x lies",
    "cored": "the core, |x| > 0.8, that x visited last",
}


@dataclass(frozen=True)
class Spec:
    """One task: how many fast coordinates there are, what is seen, and how often.

    All tasks of a dimension see the same trajectories.
    """

    name: str
    dimension: int
    partition: Literal["cells", "macro", "cored"]
    stride: int
    title: str

    @cached_property
    def chain(self) -> LabelledChain:
        """The hidden chain with the labels of the task.

        What a label does not depend on is left out: x alone decides the side, and with it the
        last core.
        """
        parts = lines(self.dimension, self.stride)
        if self.partition == "cells":
            return self._product(self.stride)
        if self.partition == "macro":
            return HiddenChain(parts[0].transition, side(parts[0].sites))
        return cored_chain(parts[0])

    @property
    def observable(self) -> list[int]:
        """Side of each label: of its cell's centre."""
        if self.partition != "cells":
            return [0, 1]
        return side(read_centres(self.dimension)[:, 0]).tolist()

    @property
    def hold(self) -> int:
        """Frames a side must be held."""
        return max(1, HOLD // self.stride)

    @property
    def frames(self) -> int:
        """Frames of a training replica."""
        return TRAINING // self.stride

    def _product(self, stride: int) -> ProductChain:
        """All coordinates, seen as cells."""
        parts = lines(self.dimension, stride)
        labels = nearest(places(parts), read_centres(self.dimension))
        return ProductChain([part.transition for part in parts], labels)

    def draw(self, chains: int, frames: int, what: str) -> Labels:
        """Draw label chains (chains, frames): every ``stride``-th frame of paths at τ.

        Parameters
        ----------
        chains, frames : int
        what : str
            Names the random stream, together with the dimension.
        """
        rng = np.random.default_rng([SEED, zlib.crc32(f"d{self.dimension}/{what}".encode())])
        chain = self._product(1)
        # A stride is x[::k]: reshaping and transposing would join frames far apart.
        hidden = chain.sample(frames * self.stride, chains, rng)[:, :: self.stride]
        if self.partition == "cells":
            return chain.label(hidden)
        x = hidden // FAST_SITES**self.dimension
        line = lines(0, self.stride)[0]
        return cored_labels(x, line, rng) if self.partition == "cored" else side(line.sites)[x]


SPECS = [
    Spec("d0", 0, "cells", 1, "a slow coordinate alone, in 30 cells"),
    Spec("d1", 1, "cells", 1, "a slow coordinate and a fast one, in 100 cells"),
    Spec("d2", 2, "cells", 1, "a slow coordinate and two fast ones, in 100 cells"),
    Spec("d3", 3, "cells", 1, "a slow coordinate and three fast ones, in 100 cells"),
    Spec("d2-macro2", 2, "macro", 1, "two sides of a barrier, with recrossings"),
    Spec("d2-cored2", 2, "cored", 1, "two cores, the last one visited: no recrossings"),
    Spec("d2-t10", 2, "cells", 10, "a slow coordinate and two fast ones, in 100 cells, every 10 τ"),
    Spec("d2-t100", 2, "cells", 100,
         "a slow coordinate and two fast ones, in 100 cells, every 100 τ"),
]  # fmt: skip


def chain_splits(spec: Spec, prompts: int) -> dict[str, Labels]:
    """Draw the splits of a task, each from a stream of its own, so that none can hold another.

    Parameters
    ----------
    spec : Spec
    prompts : int
        Number of prompts.

    Returns
    -------
    dict of split name to uint8 array of shape (chains, frames)
    """
    shapes = {
        "train": (REPLICAS, spec.frames),
        "validation": (1, spec.frames),
        "fresh": (FRESH, spec.frames),
        "test": (TEST_CHAINS, TEST_FRAMES),
        "prompt": (prompts, PROMPT_FRAMES),
    }
    return {name: spec.draw(chains, frames, name) for name, (chains, frames) in shapes.items()}


def stationary(name: str) -> Callable[[int, int, np.random.Generator], Labels]:
    """Give what draws chains of a task in equilibrium: (chains, frames, rng) → labels."""
    chain = exact_chain(name)
    return lambda chains, frames, rng: chain.label(chain.sample(frames, chains, rng))


def exact_chain(name: str) -> LabelledChain:
    """Give the hidden chain of a task, which is its process and its oracle."""
    return next(spec for spec in SPECS if spec.name == name).chain


def simulated_reference(spec: Spec, frames: int | None = None) -> KineticsReference:
    """Estimate the reference from a simulation seen through the task's own map and hold.

    Parameters
    ----------
    spec : Spec
    frames : int, optional
        Length of the simulation; by default what the family's tasks have.
    """
    chain = spec.chain
    sides = np.array(spec.observable, np.uint8)
    rng = np.random.default_rng([SEED, zlib.crc32(f"{spec.name}/reference".encode())])
    frames = frames or max(REFERENCE_TIME // spec.stride, REFERENCE_FRAMES)
    chains: list[Labels] = []
    for _ in range(REFERENCE_CHAINS // CHAINS_AT_A_TIME):
        hidden = chain.sample(frames // REFERENCE_CHAINS, CHAINS_AT_A_TIME, rng)
        chains += held(sides[chain.label(hidden)], 2, spec.hold)
    slowest = SLOW_TIME / spec.stride
    return held_reference(chains, spec.hold, lag_times(np.array([slowest])), slowest)


def make(spec: Spec) -> None:
    """Freeze one task."""
    slowest = SLOW_TIME / spec.stride
    chains = chain_splits(spec, generation(spec.frames, slowest).chains)
    oracle = spec.chain.log_probabilities(chains["test"])
    freeze_task(FAMILY, _card(spec, slowest), chains, oracle, simulated_reference(spec))


def _card(spec: Spec, slowest: float) -> dict[str, Any]:
    labels = len(spec.observable)
    return {
        "id": f"doublewell/{spec.name}",
        "version": 1,
        "track": "kinetics",
        "title": spec.title,
        "description": "A coordinate x between two wells, relaxing in 1,000 τ, and "
        f"{spec.dimension} others that relax in 10 τ and do not know it: a finite hidden Markov "
        f"chain, of which every likelihood is exact. A label is "
        f"{SEEN[spec.partition].format(labels=labels)}. A side counts as entered once held for "
        f"{spec.hold * spec.stride} τ.",
        "citations": [ZENG],
        "frame_time": float(spec.stride),
        "time_unit": "τ",
        "labels": labels,
        "observable": spec.observable,
        "hold": spec.hold,
        "slowest": slowest,
        "oracle": "exact",
        "generator": f"{GENERATOR} --only {spec.name}",
    }


def main(
    only: Annotated[list[str] | None, typer.Option(help="these tasks; default: all")] = None,
    force: Annotated[bool, typer.Option(help="make again what is there")] = False,
) -> None:
    """Make the frozen data. Example: python -m tasks.doublewell.generate --only d1."""
    if not FROZEN.exists():
        write_centres()
    for spec in track(unfrozen(SPECS, only, FAMILY, force), description="tasks"):
        make(spec)
        typer.echo(f"doublewell/{spec.name} is frozen")


if __name__ == "__main__":
    typer.run(main)
