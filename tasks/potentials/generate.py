"""Make the frozen data of the potentials family.

    python -m tasks.potentials.generate                       # all twelve tasks, about an hour
    python -m tasks.potentials.generate --only linear3        # one of them
    python -m tasks.making.calibrate 'potentials/*'           # then E₀ and f
    python -m tasks.perfect 'potentials/*'                    # then p

Every random number comes from a seed in this file. A finished task is skipped; the long Langevin
references are made in pieces that survive an interruption. Content is the same wherever the
compiled arithmetic is; processors may differ in the last bit, so that the frozen files, not this
program, are the definition of the tasks.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import ArrayLike, NDArray
from rich.progress import track

from benchmark.files import atomic
from benchmark.tracks.kinetics.metrics.errors import KineticsReference, reference_from_chains
from tasks.making.freeze import (
    PROMPT_FRAMES,
    freeze_task,
    generation,
    lag_times,
    resolved,
    unfrozen,
)
from tasks.oracles.hidden_chain import HiddenChain
from tasks.potentials import potentials
from tasks.potentials.lattice import hidden_chain
from tasks.potentials.pieces import START_SHARES, draw_pieces

FAMILY = Path(__file__).parent
SEED = 2004_12360

REPLICAS = 5
FRESH = 30  # true chains of the training length: 5 for the truth row, 25 for f
TEST_CHAINS, TEST_FRAMES = 10, 30_000
PATH_FRAMES = 100_000_000  # lattice: simulated frames behind the commit and dwell references
PATH_CHAINS = 200

LANGEVIN_PIECES = 20  # each 1e6 frames = 1e8 steps: 2e9 steps, 200 training lengths
LANGEVIN_PIECE_WALKERS, LANGEVIN_PIECE_FRAMES = 20, 50_000

TSAI = "Tsai, Kuo, Tiwary, Nat. Commun. 11, 5115 (2020), arXiv:2004.12360"
GENERATOR = "python -m tasks.potentials.generate"

States = NDArray[np.uint8]

# x20 → three macrostates: x < −0.9, −0.9 … 0.9, x > 0.9, which are edges of its 0.3-wide bins.
X20_OBSERVABLE = [0] * 7 + [1] * 6 + [2] * 7


@dataclass(frozen=True)
class Spec:
    """One task: what moves, how it is seen, how much of it there is.

    ``stride`` and ``base``: the τ = ``tau`` chains are every ``stride``-th frame of those of the
    task ``base``, so that a ladder sees the same physical trajectories. ``least``: the share of
    its frames that every label has in every chain a model learns from, and in the fresh chains
    these are measured against. Of a state that was never visited nothing can be learned, and a
    short chain misses one as often as not. ``piece``: frames of each of the short chains that
    training and validation are made of, see `tasks.potentials.pieces`; 0: one long chain.
    """

    name: str
    potential: potentials.Potential
    tau: float
    frames: int
    label: Callable[[ArrayLike, ArrayLike], States]
    observable: list[int]
    title: str
    dynamics: str = "overdamped"
    base: str = ""
    stride: int = 1
    least: float = 0.0
    piece: int = 0
    version: int = 2

    def rng(self, what: str) -> np.random.Generator:
        """Give the generator of one split: a stream of its own, named by task and split."""
        return np.random.default_rng(
            [SEED, zlib.crc32(f"{self.base or self.name}/{what}".encode())]
        )


D4, L3, T3 = potentials.DIAMOND4, potentials.LINEAR3, potentials.TRIANGULAR3
FOUR, THREE = [0, 1, 2, 3], [0, 1, 2]
SPECS = [
    Spec("linear3", L3, 1, 100_000, L3.label, THREE, "three wells in a row, τ = 1"),
    Spec("triangular3", T3, 5, 100_000, T3.label, THREE, "three wells in a triangle, τ = 5"),
    Spec(
        "triangular3-x20", T3, 5, 100_000, potentials.x20_label, X20_OBSERVABLE,
        "three wells in a triangle seen through 20 bins of x, τ = 5",
    ),
    Spec("diamond4-t1", D4, 1, 500_000, D4.label, FOUR, "four wells on a ring, τ = 1",
         base="diamond4"),
    Spec("diamond4-t5", D4, 5, 100_000, D4.label, FOUR, "four wells on a ring, τ = 5",
         base="diamond4", stride=5),
    Spec("diamond4-t25", D4, 25, 20_000, D4.label, FOUR, "four wells on a ring, τ = 25",
         base="diamond4", stride=25),
    Spec("diamond4-rare", D4, 5, 10_000, D4.label, FOUR,
         "four wells on a ring, τ = 5, nine slow relaxation times to learn from", least=0.05),
    Spec("diamond4-pieces200", D4, 5, 100_000, D4.label, FOUR,
         "four wells on a ring, τ = 5, in pieces of 200 frames from chosen starts", piece=200),
    Spec("diamond4-pieces40", D4, 5, 100_000, D4.label, FOUR,
         "four wells on a ring, τ = 5, in pieces of 40 frames from chosen starts", piece=40),
    Spec("linear3-langevin", L3, 1, 100_000, L3.label, THREE,
         "three wells in a row, with inertia, τ = 1", "Langevin"),
    Spec("triangular3-langevin", T3, 1, 100_000, T3.label, THREE,
         "three wells in a triangle, with inertia, τ = 1", "Langevin"),
    Spec("diamond4-langevin", D4, 1, 100_000, D4.label, FOUR,
         "four wells on a ring, with inertia, τ = 1", "Langevin", version=3),
]  # fmt: skip


def chain_splits(
    spec: Spec, draw: Callable[[int, int, np.random.Generator], States], prompts: int
) -> dict[str, States]:
    """Draw the splits of a task, each from a stream of its own, so that none can hold another.

    Parameters
    ----------
    spec : Spec
    draw : callable (chains, frames, rng)
        Independent stationary label chains, one τ of the ``base`` task a frame.
    prompts : int
        Number of prompts.
    """
    long = spec.frames * spec.stride
    wanted = {
        "train": (REPLICAS, long),
        "validation": (1, long),
        "fresh": (FRESH, long),
        "test": (TEST_CHAINS, TEST_FRAMES * spec.stride),
        "prompt": (prompts, PROMPT_FRAMES * spec.stride),
    }

    def learnable(chains: int, frames: int, rng: np.random.Generator) -> States:
        kept = draw(chains, frames, rng)
        while True:
            shares = [(kept == label).mean(1) for label in range(len(spec.observable))]
            kept = kept[np.min(shares, axis=0) >= spec.least]
            if len(kept) >= chains:
                return kept[:chains]
            kept = np.concatenate([kept, draw(chains, frames, rng)])

    made = {}
    for name, (chains, frames) in wanted.items():
        source = draw if name in ("test", "prompt") else learnable
        # A stride is x[::k]: reshaping and transposing would join frames far apart.
        made[name] = source(chains, frames, spec.rng(name))[:, :: spec.stride].copy()
    return made


def piece_splits(spec: Spec, chain: HiddenChain, prompts: int) -> dict[str, States]:
    """Draw the splits of a task that learns from pieces, and is asked for long chains.

    Parameters
    ----------
    spec : Spec
    chain : HiddenChain
    prompts : int
        Number of prompts.
    """
    pieces = spec.frames // spec.piece
    train = spec.rng("train")
    long = {
        "fresh": (FRESH, spec.frames),
        "test": (TEST_CHAINS, TEST_FRAMES),
        "prompt": (prompts, PROMPT_FRAMES),
    }
    return {
        "train": np.concatenate(
            [draw_pieces(chain, pieces, spec.piece, train) for _ in range(REPLICAS)]
        ),
        # Half as much: who has short trajectories has few to spare.
        "validation": draw_pieces(chain, pieces // 2, spec.piece, spec.rng("validation")),
        **{
            name: chain.label(chain.sample(frames, chains, spec.rng(name)))
            for name, (chains, frames) in long.items()
        },
    }


def lattice_task(spec: Spec) -> None:
    """Freeze an overdamped task: the process is a finite Markov chain and its oracle is exact."""
    chain = hidden_chain(spec.potential, spec.tau, spec.label)
    observed = chain.coarse(spec.observable)
    macrostates = observed.n_labels
    relaxation = chain.relaxation_times(macrostates - 1)
    slowest = round(float(relaxation[0]), 4)
    lags = lag_times(relaxation)
    exact = KineticsReference(
        populations=observed.populations(),
        mfpt=observed.cycle_mfpt(),
        lags=lags,
        timescales=resolved(observed.implied_timescales(lags.tolist(), macrostates - 1), lags),
        **_path_reference(observed, spec, slowest, lags),
    )
    finest = chain if spec.stride == 1 else hidden_chain(
        spec.potential, spec.tau / spec.stride, spec.label
    )  # fmt: skip

    def draw(chains: int, frames: int, rng: np.random.Generator) -> States:
        return finest.label(finest.sample(frames, chains, rng))

    prompts = generation(spec.frames, slowest).chains
    chains = piece_splits(spec, chain, prompts) if spec.piece else chain_splits(spec, draw, prompts)
    oracle = chain.log_probabilities(chains["test"])
    freeze_task(FAMILY, _card(spec, slowest, "exact"), chains, oracle, exact)


def _path_reference(
    observed: HiddenChain, spec: Spec, slowest: float, lags: NDArray[np.int64]
) -> dict[str, Any]:
    """Estimate the commit and dwell laws from a simulation ≥200 times the training length."""
    rng = spec.rng("paths")
    frames = PATH_FRAMES // PATH_CHAINS
    parts = [observed.label(observed.sample(frames, 10, rng)) for _ in range(PATH_CHAINS // 10)]
    found = reference_from_chains(
        np.concatenate(parts), observed.n_labels, lags, observed.n_labels - 1, slowest
    )
    names = ("thresholds", "commit_rates", "dwell_edges", "dwell_cdf")
    return {name: getattr(found, name) for name in names}


def langevin_task(spec: Spec) -> None:
    """Freeze an underdamped task: reference from 2e9 steps, oracle the best of three models."""
    from tasks.oracles.empirical import empirical_oracle  # slow to load
    from tasks.potentials.kramers import langevin_timescales
    from tasks.potentials.langevin import simulate

    def draw(chains: int, frames: int, rng: np.random.Generator) -> States:
        return simulate(spec.potential, frames, chains, int(rng.integers(2**62)))

    work = FAMILY / "data" / ".work" / spec.name
    long = np.concatenate(list(_pieces(spec, draw, work)))
    macrostates = len(set(spec.observable))
    # Not from the labels: these hide part of the motion, so that at any one lag their implied
    # timescales are too short (at 100 frames, those of diamond4 by a factor of seven).
    relaxation = langevin_timescales(spec.potential, macrostates - 1) / spec.tau
    slowest = round(float(relaxation[0]), 1)
    lags = lag_times(relaxation)
    found = reference_from_chains(long, macrostates, lags, macrostates - 1, slowest)
    reference = dataclasses.replace(found, timescales=resolved(found.timescales, lags))
    chains = chain_splits(spec, draw, generation(spec.frames, slowest).chains)
    oracle, chosen = empirical_oracle(long, chains["test"], len(spec.observable))
    card = _card(spec, slowest, "empirical")
    card["description"] += f" Oracle: {chosen}, fitted on the reference."
    freeze_task(FAMILY, card, chains, oracle, reference)


def stationary(name: str) -> Callable[[int, int, np.random.Generator], States]:
    """Give what draws chains of a task in equilibrium: (chains, frames, rng) → labels.

    Their law is that of the test chains and of what a model generates, without the demand on
    training chains that each label be visited.
    """
    spec = next(spec for spec in SPECS if spec.name == name)
    if spec.dynamics == "Langevin":
        from tasks.potentials.langevin import simulate

        return lambda chains, frames, rng: simulate(
            spec.potential, frames, chains, int(rng.integers(2**62))
        )
    chain = exact_chain(name)
    return lambda chains, frames, rng: chain.label(chain.sample(frames, chains, rng))


def exact_chain(name: str) -> HiddenChain:
    """Give the hidden chain of an overdamped task, which is its process and its oracle."""
    spec = next(spec for spec in SPECS if spec.name == name)
    return hidden_chain(spec.potential, spec.tau, spec.label)


def _pieces(
    spec: Spec, draw: Callable[[int, int, np.random.Generator], States], work: Path
) -> Iterator[States]:
    for piece in range(LANGEVIN_PIECES):
        path = work / f"{piece:02d}.npy"
        if not path.exists():
            rng = spec.rng(f"reference-{piece}")
            states = draw(LANGEVIN_PIECE_WALKERS, LANGEVIN_PIECE_FRAMES, rng)
            with atomic(path) as temporary, temporary.open("wb") as file:
                np.save(file, states)
        yield np.load(path)


def _card(spec: Spec, slowest: float, oracle: str) -> dict[str, Any]:
    seen = "nearest of the wells" if spec.label is T3.label else "a bin of x; y is hidden"
    motion = {
        "overdamped": "Overdamped motion on a 56×56 lattice: a finite Markov chain, so that every "
        "likelihood and every rate is known exactly.",
        "Langevin": "Langevin dynamics (γ = 1, h = 0.01, Bussi–Parrinello), saved every 100 steps.",
    }[spec.dynamics]
    training, fields = _training(spec)
    return {
        "id": f"potentials/{spec.name}",
        "version": spec.version,
        "track": "kinetics",
        "title": spec.title,
        "description": f"{motion} β = 9.5. A label is {seen}.{training}",
        "citations": [TSAI],
        "frame_time": float(spec.tau),
        "time_unit": "reduced time",
        "labels": len(spec.observable),
        "observable": spec.observable,
        "slowest": slowest,
        "oracle": oracle,
        "generator": f"{GENERATOR} --only {spec.name}",
        **fields,
    }


def _training(spec: Spec) -> tuple[str, dict[str, Any]]:
    """Say what is special about a task's training data: a sentence, and fields of the card."""
    if spec.piece:
        pieces = spec.frames // spec.piece
        return (
            f" Training data are {pieces:,} pieces of {spec.piece} frames, of which "
            f"{START_SHARES[0]:.0%} start in label 0 and {START_SHARES[1]:.0%} in each other one, "
            "in equilibrium inside it; what is asked for is long and in equilibrium."
        ), {
            "chains_per_replica": pieces,
            "fresh_chains_per_replica": 1,
            "equilibrium": False,
        }
    if spec.least:
        return (
            f" Every label has at least {spec.least:.0%} of each training, validation and fresh "
            "chain."
        ), {}
    return "", {}


def make(spec: Spec) -> str:
    """Freeze one task; give its name."""
    (lattice_task if spec.dynamics == "overdamped" else langevin_task)(spec)
    return spec.name


def main(
    only: Annotated[list[str] | None, typer.Option(help="these tasks; default: all")] = None,
    workers: Annotated[int, typer.Option(min=1, help="tasks made at a time")] = 1,
    force: Annotated[bool, typer.Option(help="make again what is there")] = False,
) -> None:
    """Make the frozen data. Example: python -m tasks.potentials.generate --only linear3."""
    todo = unfrozen(SPECS, only, FAMILY, force)
    with ProcessPoolExecutor(workers) as pool:
        for name in track(pool.map(make, todo), description="tasks", total=len(todo)):
            typer.echo(f"potentials/{name} is frozen")


if __name__ == "__main__":
    typer.run(main)
