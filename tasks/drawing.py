"""Draw a task anew: other test chains and prompts of the same process, with their oracle.

    python -m tasks.drawing potentials/linear3 --seed 7 --to FOLDER

A model that has read the frozen test files knows nothing of these. The card keeps its id, and all
of what a model learns from; a folder of drawn tasks takes the place of the frozen ones where
``STRIDEBENCH_DRAWN`` names it. Only tasks with an exact oracle can be drawn.
"""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmark.errors import InputError
from benchmark.registry import find_task
from benchmark.store import frozen
from benchmark.task import Split, Task
from benchmark.tracks.kinetics.card import kinetics_card
from benchmark.tracks.kinetics.data import ORACLE_UNIT
from tasks.making.freeze import PROMPT_FRAMES
from tasks.oracles.hidden_chain import LabelledChain

#: What is drawn anew; everything else is copied.
DRAWN = ("test", "prompt")

#: Drawn test chains are so many times shorter: the forward algorithm over all frames takes minutes,
#: and the regret of a model that knows no test file is told from that of one that does by a tenth.
SHORTER = 10


def chain_of(task: Task) -> LabelledChain:
    """Give the hidden chain that is the process of a task, and its oracle.

    Raises
    ------
    InputError
        If there is none: the oracle is empirical, or the family has no generator.
    """
    family, name = task.card.family, task.card.name
    if task.card.oracle == "exact":
        if family == "potentials":
            from tasks.potentials import generate as potentials

            return potentials.exact_chain(name)
        if family == "riboswitch":
            from tasks.riboswitch import generate as riboswitch

            return riboswitch.exact_chain(name)
        if family == "doublewell":
            from tasks.doublewell import generate as doublewell

            return doublewell.exact_chain(name)
    raise InputError(f"{task.id} has no exact generator and cannot be drawn again")


def draw(task: Task, chain: LabelledChain, seed: int, root: Path) -> Task:
    """Write a task with new test chains and prompts into ``root/FAMILY``.

    Parameters
    ----------
    task : Task
        Frozen.
    chain : LabelledChain
        Its process.
    seed : int
        Every random number comes from it and the task's id.
    root : Path
    """
    rngs = np.random.SeedSequence([seed, zlib.crc32(task.id.encode())]).spawn(len(DRAWN))
    card = kinetics_card(task)
    drawn = Task(card, root / card.family / "cards" / f"{card.name}.yaml")
    shutil.copytree(task.data, drawn.data, dirs_exist_ok=True)
    splits: dict[str, Split] = {}
    for name, sequence in zip(DRAWN, rngs, strict=True):
        rows = card.splits[name].rows
        frames = card.splits[name].frames // rows
        if name == "test":
            frames = max(frames // SHORTER, PROMPT_FRAMES)
        hidden = chain.sample(frames, rows, np.random.default_rng(sequence))
        columns: dict[str, list[np.ndarray]] = {"states": list(chain.label(hidden))}
        if name == "test":
            oracle = chain.log_probabilities(np.stack(columns["states"]))
            columns["oracle_log_prob"] = list(np.rint(oracle / ORACLE_UNIT).astype(np.int32))
        splits[name] = frozen.freeze(drawn.data / f"{name}.parquet", columns)
    update = {"splits": {**card.splits, **splits}, "ranked": False}
    drawn = Task(card.model_copy(update=update), drawn.path)
    drawn.write()
    return drawn


def main(
    tasks: Annotated[list[str], typer.Argument(metavar="TASK…", help="such as potentials/linear3")],
    seed: Annotated[int, typer.Option(min=0, help="of all random numbers")],
    to: Annotated[Path, typer.Option(help="folder for the drawn tasks")],
) -> None:
    """Draw tasks anew. Example: python -m tasks.drawing potentials/linear3 --seed 7 --to drawn."""
    try:
        for name in tasks:
            task = find_task(name)
            typer.echo(draw(task, chain_of(task), seed, to).path)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
