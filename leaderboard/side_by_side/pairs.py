"""How two entrants differ, at every level, and what of it may be claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from benchmark.errors import InputError
from benchmark.registry import track_named
from benchmark.score import score_task
from benchmark.task import Task, TaskCard
from leaderboard.comparison import SCORE, Cell, cells, decided
from leaderboard.ranking import measured
from leaderboard.scores import Score, by_family
from leaderboard.side_by_side.entrants import Entrant

ALL = "all families"


@dataclass(frozen=True)
class Pair:
    """Two entrants on their common tasks and training replicas.

    Attributes
    ----------
    one, other : Entrant
        Differences are the other's score less the one's.
    cards : tuple of TaskCard
        The tasks that both have run.
    replicas : tuple of int
        The fewest and the most training replicas that both have run, over the tasks.
    caveats : tuple of str
        Why nothing may be claimed; empty if there is no reason.
    cells : mapping of level to tuple of Cell
        A level's cells are decided together for all pairs of a comparison. The levels: "overall",
        the one cell of the score over all families; "groups" over all families; "families";
        "tasks".
    """

    one: Entrant
    other: Entrant
    cards: tuple[TaskCard, ...]
    replicas: tuple[int, int]
    caveats: tuple[str, ...]
    cells: Mapping[str, tuple[Cell, ...]]

    @property
    def whole(self) -> Cell:
        """The score over all families."""
        return self.cells["overall"][0]


LEVELS = ("overall", "groups", "families", "tasks")


def pairs(found: Sequence[Entrant], tasks: Mapping[str, Task]) -> list[Pair]:
    """Compare entrants with the first of them.

    Parameters
    ----------
    found : sequence of Entrant
        At least two, of one track.
    tasks : mapping of task id to Task

    Returns
    -------
    list of Pair
        One for every entrant but the first. Verdicts hold after Holm's correction for all cells
        of a level of all pairs; where a pair has caveats there is no verdict.

    Raises
    ------
    InputError
        If two have no task, or no training replica, in common.
    """
    made = [_pair(found[0], other, tasks) for other in found[1:]]
    sound = [pair for pair in made if not pair.caveats]
    for level in LEVELS:
        told = iter(decided([cell for pair in sound for cell in pair.cells[level]]))
        sound = [
            replace(pair, cells={**pair.cells, level: tuple(islice(told, len(pair.cells[level])))})
            for pair in sound
        ]
    verdicts = iter(sound)
    return [pair if pair.caveats else next(verdicts) for pair in made]


def _pair(one: Entrant, other: Entrant, tasks: Mapping[str, Task]) -> Pair:
    cards = _common(one, other, tasks)
    shared = {card.id: _replicas(one, card.id) & _replicas(other, card.id) for card in cards}
    for task, replicas in shared.items():
        if not replicas:
            raise InputError(f"{one.name} and {other.name} share no training replica of {task}")
    first, second = (
        {task: _score(entrant, tasks[task], shared[task]) for task in shared}
        for entrant in (one, other)
    )
    groups = track_named(one.track).groups
    if len(groups) == 1:  # its score is the score
        groups = ()
    counts = [len(replicas) for replicas in shared.values()]
    return Pair(
        one=one,
        other=other,
        cards=tuple(cards),
        replicas=(min(counts), max(counts)),
        caveats=(
            *(caveat for entrant in (one, other) for caveat in _caveats(entrant)),
            *_too_few(shared, cards),
        ),
        cells={
            "overall": tuple(cells(first, second, {ALL: cards})),
            "groups": tuple(cells(first, second, {ALL: cards}, groups)),
            "families": tuple(cells(first, second, by_family(cards), (*groups, SCORE))),
            "tasks": tuple(
                cells(first, second, {card.id: [card] for card in cards}, (*groups, SCORE))
            ),
        },
    )


def _common(one: Entrant, other: Entrant, tasks: Mapping[str, Task]) -> list[TaskCard]:
    """Give the tasks to compare on: those of the board, or, where two runs share none, the rest."""
    both = sorted({*one.tasks} & {*other.tasks})
    counting = [tasks[task].card for task in both if tasks[task].card.counting]
    ranked = [card for card in counting if card.ranked]
    if not counting:
        raise InputError(
            f"no common tasks that count: {one.name} has run {', '.join(one.tasks)}; "
            f"{other.name} has run {', '.join(other.tasks)}"
        )
    return ranked or counting


def _replicas(entrant: Entrant, task: str) -> set[int]:
    return {unit.replica for unit in entrant.units(task)}


def _score(entrant: Entrant, task: Task, replicas: set[int]) -> Score:
    """Score an entrant on some of its replicas, so that both of a pair saw the same ones."""
    units = [unit for unit in entrant.units(task.id) if unit.replica in replicas]
    return measured(score_task(task, units))


def _caveats(entrant: Entrant) -> list[str]:
    found = []
    if entrant.result.config.quick:
        found.append(f"{entrant.name} is a quick run, with a fifth of the training")
    if entrant.doubts:
        found.append(f"{entrant.name} is too good to be true ({entrant.doubts[0]})")
    return found


def _too_few(shared: Mapping[str, set[int]], cards: Sequence[TaskCard]) -> list[str]:
    """Say where one training replica alone stands for several: what it adds cannot be told."""
    single = [card.id for card in cards if card.replicas > 1 and len(shared[card.id]) == 1]
    if not single:
        return []
    more = f" and {len(single) - 1} more" if len(single) > 1 else ""
    return [f"only one training replica of {single[0]}{more} is shared"]
