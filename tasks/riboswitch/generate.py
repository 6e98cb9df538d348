"""Make the frozen data of the riboswitch family.

    python -m tasks.riboswitch.generate                  # all four tasks, some ten minutes
    python -m tasks.riboswitch.generate --only 34-1ms    # one of them
    python -m tasks.making.calibrate 'riboswitch/*'      # then E₀ and f
    python -m tasks.perfect 'riboswitch/*'               # then p

Every random number comes from a seed in this file. A finished task is skipped. Content is the same
wherever the compiled arithmetic is; processors may differ in the last bit, so that the frozen
files, not this program, are the definition of the tasks.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from benchmark.tracks.kinetics.metrics.errors import KineticsReference, held
from tasks.making.freeze import (
    PROMPT_FRAMES,
    freeze_task,
    generation,
    held_reference,
    lag_times,
    unfrozen,
)
from tasks.oracles.product_chain import ProductChain
from tasks.riboswitch import model

FAMILY = Path(__file__).parent
SEED = 2011_7677

FRAMES = 300_000
REPLICAS = 5
FRESH = 25  # true chains of the training length: 5 for the truth row, 20 for f
TEST_CHAINS, TEST_FRAMES = 10, 30_000

REFERENCE_FRAMES = 100_000_000  # simulated, behind the reference of the held macrostates
REFERENCE_CHAINS, CHAINS_AT_A_TIME = 200, 10  # a piece of 5e6 hidden states takes 20 MB

#: A macrostate counts as entered once it has been held this long: see the README for why.
HOLD = 0.7  # ms
#: One frame would remove nothing: a recrossing that is seen lasts a frame.
LEAST_HOLD = 2  # frames

CITATIONS = [
    "Tsai, Kuo, Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360",
    "Neupane, Yu, Foster, Wang, Woodside, Nucleic Acids Res. 39, 7677 (2011)",
]
GENERATOR = "python -m tasks.riboswitch.generate"


@dataclass(frozen=True)
class Spec:
    """One task: which molecule, how often it is looked at, and what is seen of it.

    ``seed``: what the random streams are named after. Two tasks with the same seed and stride see
    the same trajectories.
    """

    name: str
    molecule: model.Molecule
    stride: int
    levels_only: bool
    title: str
    seed: str

    @property
    def frame_time(self) -> float:
        """Time between frames, ms."""
        return self.stride * model.SAMPLING

    @property
    def parts(self) -> tuple[model.Part, ...]:
        """S, D and N at the task's own frame time.

        The transition matrix of every tenth frame is the tenth power of each part's, so that a
        stride of the 0.1 ms process need not be drawn in full.
        """
        return tuple(part.strided(self.stride) for part in self.molecule.parts)

    @property
    def chain(self) -> ProductChain:
        """The hidden chain with the labels of the task."""
        nm = model.extension(self.parts)
        seen = model.level_labels(nm, self.molecule) if self.levels_only else model.bin_labels(nm)
        return model.product_chain(self.parts, seen)

    @property
    def observable(self) -> list[int]:
        """Macrostate of each label."""
        return [0, 1, 2] if self.levels_only else model.bin_observable(self.molecule)

    @property
    def hold(self) -> int:
        """Frames a macrostate must be held: ``HOLD``, but at least ``LEAST_HOLD`` frames."""
        return max(LEAST_HOLD, math.ceil(HOLD / self.frame_time - 1e-9))

    def rng(self, what: str) -> np.random.Generator:
        """Give the generator of one split: a stream of its own, named by seed and split."""
        return np.random.default_rng([SEED, zlib.crc32(f"{self.seed}/{what}".encode())])


SPECS = [
    Spec("34-0.1ms", model.MOLECULE_1, 1, False, "34 bins of extension at 10 kHz", "molecule1"),
    Spec("34-1ms", model.MOLECULE_1, 10, False, "34 bins of extension at 1 kHz", "molecule1-1ms"),
    Spec("3-0.1ms", model.MOLECULE_1, 1, True, "three levels of extension at 10 kHz", "molecule1"),
    Spec("34-0.1ms-molecule2", model.MOLECULE_2, 1, False,
         "34 bins of extension at 10 kHz, a second molecule", "molecule2"),
]  # fmt: skip


def chain_splits(spec: Spec, prompts: int) -> dict[str, NDArray[np.uint8]]:
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
    chain = spec.chain
    shapes = {
        "train": (REPLICAS, FRAMES),
        "validation": (1, FRAMES),
        "fresh": (FRESH, FRAMES),
        "test": (TEST_CHAINS, TEST_FRAMES),
        "prompt": (prompts, PROMPT_FRAMES),
    }
    return {
        name: chain.label(chain.sample(frames, chains, spec.rng(name)))
        for name, (chains, frames) in shapes.items()
    }


def stationary(name: str) -> Callable[[int, int, np.random.Generator], NDArray[np.uint8]]:
    """Give what draws chains of a task in equilibrium: (chains, frames, rng) → labels."""
    chain = exact_chain(name)
    return lambda chains, frames, rng: chain.label(chain.sample(frames, chains, rng))


def exact_chain(name: str) -> ProductChain:
    """Give the hidden chain of a task, which is its process and its oracle."""
    return next(spec for spec in SPECS if spec.name == name).chain


def simulated_reference(spec: Spec, frames: int = REFERENCE_FRAMES) -> KineticsReference:
    """Estimate the reference from a simulation seen through the task's own map and hold.

    Lags follow the relaxation times of folding, which is what the macrostates stand for; the
    slowest process of the whole chain is the drift.

    Parameters
    ----------
    spec : Spec
    frames : int
        Length of the simulation.
    """
    chain = spec.chain.coarse(spec.observable)
    folding = model.product_chain(spec.parts[:1], np.arange(3, dtype=np.uint8))
    (slowest,) = chain.relaxation_times(1)
    rng = spec.rng("reference")
    chains: list[NDArray[np.uint8]] = []
    for _ in range(REFERENCE_CHAINS // CHAINS_AT_A_TIME):
        hidden = chain.sample(frames // REFERENCE_CHAINS, CHAINS_AT_A_TIME, rng)
        chains += held(chain.label(hidden), chain.n_labels, spec.hold)
    lags = lag_times(folding.relaxation_times(2))
    return held_reference(chains, spec.hold, lags, float(slowest))


def make(spec: Spec) -> None:
    """Freeze one task."""
    chain = spec.chain
    slowest = round(float(chain.relaxation_times(1)[0]), 4)
    chains = chain_splits(spec, generation(FRAMES, slowest).chains)
    oracle = chain.log_probabilities(chains["test"])
    freeze_task(FAMILY, _card(spec, slowest), chains, oracle, simulated_reference(spec))


def _card(spec: Spec, slowest: float) -> dict[str, Any]:
    seen = (
        "which of three levels the extension is nearest to"
        if spec.levels_only
        else "the extension in bins of 1.5 nm from 685 nm, the outer two open"
    )
    return {
        "id": f"riboswitch/{spec.name}",
        "version": 2,
        "track": "kinetics",
        "title": spec.title,
        "description": "Extension = folding state (three in a row) + slow drift + bead noise: a "
        f"finite hidden Markov chain, of which every likelihood is exact. A label is {seen}. "
        f"A macrostate counts as entered once held for {spec.hold * spec.frame_time:g} ms.",
        "citations": CITATIONS,
        "frame_time": spec.frame_time,
        "time_unit": "ms",
        "labels": len(spec.observable),
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
    """Make the frozen data. Example: python -m tasks.riboswitch.generate --only 34-1ms."""
    for spec in track(unfrozen(SPECS, only, FAMILY, force), description="tasks"):
        make(spec)
        typer.echo(f"riboswitch/{spec.name} is frozen")


if __name__ == "__main__":
    typer.run(main)
