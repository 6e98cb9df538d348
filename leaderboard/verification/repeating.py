"""Units of a row fitted again, each once, for the frozen test data and for new ones."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from benchmark.result import Result, Unit
from benchmark.task import Task
from leaderboard.manifest import unit_name
from leaderboard.verification.record import Repeated
from leaderboard.verification.rerun import draw_again, fitted_again
from leaderboard.verification.steps import Steps


class Draws:
    """Tasks that are drawn anew in the background, one after another.

    Parameters
    ----------
    tasks : sequence of Task
    seed : int, optional
        Secret; must be there if there are tasks.
    """

    def __init__(self, tasks: Sequence[Task], seed: int | None) -> None:
        self.seed = seed
        self._folder = tempfile.TemporaryDirectory(prefix="stridebench-")
        self._tasks = {task.id: task for task in tasks}
        self._drawn: dict[str, Future[None]] = {}
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        for task in self._tasks.values():
            self._drawn[task.id] = self._pool.submit(self._draw, task)
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def _draw(self, task: Task) -> None:
        if self.seed is not None:
            home = self._home(task.id)
            home.mkdir(parents=True)
            draw_again(task, self.seed, home)

    def _home(self, task: str) -> Path:
        return Path(self._folder.name) / task.replace("/", "--")

    def of(self, task: str) -> Path:
        """Wait for the draw of a task; give the folder that takes the place of the frozen ones.

        Raises
        ------
        InputError
            If it cannot be drawn.
        """
        self._drawn[task].result()
        return self._home(task)


def repeated(
    row: Result,
    again: Sequence[Unit],
    anew: Sequence[Unit],
    tasks: Mapping[str, Task],
    model: str,
    draws: Draws,
    steps: Steps,
) -> tuple[list[Repeated], list[Repeated]]:
    """Fit units again and compare what they answer with the row.

    Parameters
    ----------
    row : Result
    again : sequence of Unit
        To answer the frozen test data.
    anew : sequence of Unit
        To answer new ones; a unit of both is fitted once, if its model can be saved.
    tasks : mapping of task id to Task
    model : str
        For ``--model``; see `leaderboard.verification.rerun.model_of`.
    draws : Draws
        Of the tasks of ``anew``.
    steps : Steps

    Returns
    -------
    rerun, drawn : list of Repeated
    """
    rerun, drawn = [], []
    for unit in {unit_name(unit): unit for unit in (*again, *anew)}.values():
        name, task = unit_name(unit), tasks[unit.task]
        steps.next(f"fit {name} again")
        with tempfile.TemporaryDirectory(prefix="stridebench-") as kept:
            if unit in again:
                rerun.append(fitted_again(row, unit, task, model, kept=Path(kept)))
            if unit in anew:
                steps.say(f"{name} answers new test data")
                home = draws.of(unit.task)
                found = fitted_again(row, unit, task, model, drawn=home, kept=Path(kept))
                drawn.append(found.model_copy(update={"seed": draws.seed}))
    return rerun, drawn
