"""How much of the board is solved: the share of the best models' cells that cannot be better.

    python -m leaderboard.headroom                          # every track, by family
    python -m leaderboard.headroom --mark floor --best 1 --without 'doublewell/*'

A cell is one counting metric of one task for one of the best ranked models. It is at its cap where
z, with its standard error, reaches the z of the true process: a better model would look the same.
At the floor, z = 1, a model is as good as fresh data as long as the training data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer
from tabulate import tabulate

from benchmark.errors import InputError
from benchmark.registry import shipped_tasks
from benchmark.task import TaskCard
from leaderboard.board import Ranking, read_and_rank
from leaderboard.ranking import Row
from leaderboard.submission import SUBMISSIONS


class Mark(StrEnum):
    """What a cell is measured by: the true process, or fresh data."""

    perfect = "perfect"
    floor = "floor"


def cells(row: Row, cards: Sequence[TaskCard], mark: Mark) -> Iterator[tuple[str, bool]]:
    """Give the group of each cell of a row, and whether it reaches a mark.

    Parameters
    ----------
    row : Row
    cards : sequence of TaskCard
        Tasks that the row has not run are passed over.
    mark : Mark
    """
    for card in cards:
        if (found := row.submission.tasks.get(card.id)) is None:
            continue
        for group, names in card.counting.items():
            for name in names:
                metric = found.metrics[name]
                reached = 1.0 if mark == Mark.floor else card.metrics[name].highest
                yield group, metric.z + metric.z_stderr >= reached


def share(found: Sequence[bool]) -> str:
    """Write how many of some cells reach their mark, and of how many."""
    return f"{sum(found) / len(found):.0%} of {len(found)}" if found else ""


def table(ranking: Ranking, best: int, mark: Mark, without: Sequence[str] = ()) -> list[list[str]]:
    """Give a row for each family and for all: its share of cells that reach a mark, by group.

    Parameters
    ----------
    ranking : Ranking
    best : int
        How many of the ranked rows count, from the first on.
    mark : Mark
    without : sequence of str
        Globs of tasks to leave out.
    """
    rows = [row for row in ranking.rows if row.rank is not None][:best]
    kept = {
        family: [card for card in cards if not any(fnmatch(card.id, glob) for glob in without)]
        for family, cards in ranking.families.items()
    }
    lines = []
    for name, cards in [*kept.items(), ("all", [card for one in kept.values() for card in one])]:
        found = [cell for row in rows for cell in cells(row, cards, mark)]
        if found:
            shares = [share([at for one, at in found if one == group]) for group in ranking.groups]
            lines.append([name, *shares, share([at for _, at in found])])
    return lines


def main(
    best: Annotated[int, typer.Option(min=1, help="of the ranked models, from the first on")] = 4,
    mark: Annotated[Mark, typer.Option(help="what a cell is to reach")] = Mark.perfect,
    without: Annotated[list[str] | None, typer.Option(help="glob of tasks to leave out")] = None,
    folder: Annotated[Path, typer.Option(help="of the submissions")] = SUBMISSIONS,
) -> None:
    """Say how much of the board is solved. Example: python -m leaderboard.headroom --best 1."""
    try:
        board = read_and_rank(folder, shipped_tasks())
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    for ranking in board.shown:
        first = [row.name for row in ranking.rows if row.rank is not None][:best]
        lines = table(ranking, best, mark, without or [])
        typer.echo(f"{ranking.track.name}, within one standard error: {', '.join(first)}")
        typer.echo(tabulate(lines, ["family", *ranking.groups, "all"]) + "\n")


if __name__ == "__main__":
    typer.run(main)
