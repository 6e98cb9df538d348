"""Score the rows of the board again, by the rules and cards of today.

    python -m leaderboard.rescore

For a new scorer or new scales in the cards: what a score is changes, what was measured does not.
Each score is computed from the metrics of its units, which stay as they are; so does everything
else in ``results.json``, but the versions and fingerprints that say by what it was scored. A row
whose frozen data are not those of today cannot be rescued so, and is refused: run it again. The
same holds where a card changes what is generated or how it is measured; that is for whoever
changes the card to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from benchmark.result import Result, read_result
from benchmark.score import SCORER_VERSION, score_task
from benchmark.task import Task
from leaderboard.checks.entry import RESULTS
from leaderboard.submission import SUBMISSIONS
from leaderboard.validation import recomputed

#: Fingerprints of what a score is made with; the others are of frozen files.
OF_THE_RULES = frozenset({"version", "card"})


def rescore(result: Result, tasks: Mapping[str, Task], path: Path) -> Result:
    """Score a result again from its units' metrics.

    Parameters
    ----------
    result : Result
    tasks : mapping of task id to Task
        The tasks as they are now.
    path : Path
        Where the result lies, for messages.

    Raises
    ------
    InputError
        If a task is unknown, or its frozen data are not those of the result; or if the result is
        refused for another reason than its age.
    """
    names = [task.task for task in result.tasks]
    for name in names:
        _check_data(name, result, tasks, path)
    units = [
        unit.model_copy(update={"version": tasks[unit.task].card.version})
        if unit.task in tasks
        else unit
        for unit in result.units
    ]
    made = result.model_copy(
        update={
            "units": units,
            "tasks": [
                score_task(tasks[name], [unit for unit in units if unit.task == name])
                for name in names
            ],
            "provenance": {
                **result.provenance,
                "scorer_version": SCORER_VERSION,
                "data": {name: tasks[name].card.fingerprints for name in names},
            },
        }
    )
    recomputed(made, tasks, path)
    return made


def _check_data(name: str, result: Result, tasks: Mapping[str, Task], path: Path) -> None:
    if name not in tasks:
        raise InputError(f"{path}: {name}: no such task; available: {', '.join(tasks)}")
    data = result.provenance.get("data")
    stored = _of_files(data.get(name, {})) if isinstance(data, dict) else {}
    if stored != _of_files(tasks[name].card.fingerprints):
        raise InputError(f"{path}: {name}: made with other frozen data; run it again")


def _of_files(fingerprints: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fingerprints.items() if key not in OF_THE_RULES}


def main(
    folder: Annotated[Path, typer.Argument(help="holds TRACK/NAME/results.json")] = SUBMISSIONS,
) -> None:
    """Score the rows of the board again. Example: python -m leaderboard.rescore."""
    tasks = shipped_tasks()
    try:
        for path in sorted(folder.glob(f"*/*/{RESULTS}")):
            made = rescore(read_result(path), tasks, path)
            made.write(path)
            typer.echo(f"scored: {path}")
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
