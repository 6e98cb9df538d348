"""Quick runs of shipped models, kept so that a newcomer's first quick run has a neighbour.

    python -m leaderboard.quick                       # all of `MODELS`; some hours
    python -m leaderboard.quick kinetics/msm          # one of them
    python -m leaderboard.quick kinetics/lstm --tasks 'potentials/*'

``leaderboard/quick/TRACK/NAME.json`` is what ``run --model NAME --quick`` gives: one replica, a
fifth of the training. It is never on the board and has no rank; only ``compare`` reads it, and only
where the other one is a quick run too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError
from benchmark.result import read_result
from leaderboard.verification.rerun import python_here

#: Where they are kept: beside the submissions, and not among them.
QUICK = Path(__file__).parent / "quick"

#: One of each kind, as ``TRACK/NAME``.
MODELS = (
    "kinetics/msm",
    "kinetics/ngram",
    "kinetics/hmm",
    "kinetics/lstm",
    "superresolution/ridge",
    "superresolution/bi-lstm",
)


def quick_file(track: str, name: str, folder: Path = QUICK) -> Path:
    """Give where the quick run of a shipped model is kept, if it is."""
    return folder / track / f"{name}.json"


def keep(model: str, runs: Path, tasks: Sequence[str] = (), folder: Path = QUICK) -> Path:
    """Run a shipped model as a newcomer would, and keep what comes of it.

    Parameters
    ----------
    model : str
        ``TRACK/NAME``.
    runs : Path
        Holds the run folders; a run that is there goes on.
    tasks : sequence of str
        Globs; by default the tasks that ``run`` takes.
    folder : Path
        Gets ``TRACK/NAME.json``.

    Raises
    ------
    InputError
        If the run says that it cannot, or a unit has failed.
    """
    track, name = model.split("/")
    out = runs.absolute() / f"{model.replace('/', '-')}-quick"
    runs.mkdir(parents=True, exist_ok=True)
    asked = ["--model", name, "--quick", "--device", "cpu", "--no-plots", "--out", str(out)]
    asked += [word for glob in tasks for word in ("--tasks", glob)]
    said = python_here(["-m", "benchmark", "run", *asked], runs.absolute(), {})
    try:
        found = read_result(out)
    except InputError as error:
        raise InputError(f"{model}: run says: {said}") from error
    failed = [unit for unit in found.units if unit.status != "done"]
    if failed:
        raise InputError(f"{model}: {failed[0].task} is {failed[0].status}: {failed[0].reason}")
    path = quick_file(track, name, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    found.write(path)
    return path


def main(
    models: Annotated[list[str] | None, typer.Argument(help="TRACK/NAME; default: all")] = None,
    tasks: Annotated[list[str] | None, typer.Option(help="globs; default: as of run")] = None,
    runs: Annotated[Path, typer.Option(help="folder of the run folders")] = Path("runs"),
) -> None:
    """Make quick runs of shipped models. Example: python -m leaderboard.quick kinetics/msm."""
    try:
        for model in models or MODELS:
            typer.echo(f"written: {keep(model, runs, tasks or ())}")
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
