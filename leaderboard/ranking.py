"""From submissions to a table: overall scores, their errors, and ranks with ties.

A score is a function of one submission and the frozen cards, so that no model can move another's.
Only a rank looks at the others, as a rank must.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmark.task import Task, TaskCard
from leaderboard.submission import Submission

GROUPS = ("likelihood", "rates", "paths", "accuracy")

#: Scores closer than this many of their combined standard errors share a rank.
TIE_SIGMAS = 2.0

LIKELIHOOD_METRIC = "nll_regret"

_TASK_COLUMNS = ["name", "family", "task", "submitted", "score", "stderr", *GROUPS]
_COLUMNS = [
    "name", "role", "rank", "score", "stderr", *GROUPS, "likelihood_missing",
    "tasks", "parameters_min", "parameters_max", "fit_seconds", "failed", "units",
]  # fmt: skip


def board_cards(tasks: Mapping[str, Task]) -> list[TaskCard]:
    """Choose the tasks of the board, sorted by id: ranked, and with a metric that counts."""
    return [tasks[key].card for key in sorted(tasks) if _on_board(tasks[key].card)]


def _on_board(card: TaskCard) -> bool:
    return card.ranked and bool(card.counting)


def by_track(
    submissions: Sequence[Submission], cards: Sequence[TaskCard]
) -> dict[str, tuple[list[Submission], list[TaskCard]]]:
    """Sort a board by track: its tasks, and the submissions that have run one of them.

    Models of different tracks answer different questions, and are never ranked together.
    """
    tracks = {}
    for track in dict.fromkeys(card.track for card in cards):
        members = [card for card in cards if card.track == track]
        ids = {card.id for card in members}
        tracks[track] = ([one for one in submissions if ids & set(one.tasks)], members)
    return {track: (rows, members) for track, (rows, members) in tracks.items() if rows}


def groups_of(cards: Sequence[TaskCard]) -> list[str]:
    """Give the groups that these tasks have, in the order of `GROUPS`."""
    return [group for group in GROUPS if any(group in card.counting for card in cards)]


def task_scores(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> pd.DataFrame:
    """Tabulate every submission on every task of the board.

    A task that a submission leaves out scores 0 ± 0: what the trivial model, which costs nothing
    to run, gets there. So nobody gains by leaving out what is hard, and adding a task to the
    board calls no earlier number into question: it lowers every model that has not run it alike.

    Returns
    -------
    pandas.DataFrame
        One row per submission and task: ``name``, ``family``, ``task`` (its id), ``submitted``,
        ``score``, ``stderr`` and one column a group, nan where the task has no such group.
    """
    rows = []
    for submission in submissions:
        for card in cards:
            found = submission.tasks.get(card.id)
            groups: Mapping[str, float] = dict.fromkeys(map(str, card.counting), 0.0)
            if found is not None:
                groups = found.groups
            rows.append(
                {
                    "name": submission.card.name,
                    "family": card.family,
                    "task": card.id,
                    "submitted": found is not None,
                    "score": 0.0 if found is None else found.score,
                    "stderr": 0.0 if found is None else found.stderr,
                    **{group: groups.get(group, math.nan) for group in GROUPS},
                }
            )
    return pd.DataFrame(rows, columns=_TASK_COLUMNS)


def ranking(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> pd.DataFrame:
    r"""Rank submissions by their overall score.

    With :math:`s_t \pm e_t` the score of task t, the score is the mean over families F of the mean
    over their tasks, so that a family of many tasks does not outweigh the others:

    .. math:: S = \frac{1}{|F|} \sum_{F} \frac{1}{n_F} \sum_{t \in F} s_t, \qquad
              e^2 = \frac{1}{|F|^2} \sum_{F} \frac{1}{n_F^2} \sum_{t \in F} e_t^2.

    Group columns are averaged likewise over the tasks that have the group.

    A model's rank is one more than the number of models that are surely better, by more than
    :math:`2 \sqrt{e_1^2 + e_2^2}`; and never a better rank than that of a model with a higher
    score, so that a noisy result gains nothing by its noise. Errors are taken as independent,
    although models share the training replicas and the errors of E₀ and f: that makes ties a
    little more frequent than they need be, never less. Controls have no rank and give none.

    Parameters
    ----------
    submissions : sequence of Submission
    cards : sequence of TaskCard
        The tasks of the board: see `board_cards`.

    Returns
    -------
    pandas.DataFrame
        One row a submission, highest score first (equal scores by name): ``name``, ``role``,
        ``rank`` (<NA> for a control), ``score``, ``stderr``, the groups, ``likelihood_missing``
        (share of the units, among those of tasks with a likelihood, that have none), ``tasks``
        (how many it has run), ``parameters_min``, ``parameters_max`` (nan if unknown),
        ``fit_seconds`` (median over done units), ``failed`` and ``units``.
    """
    scores = task_scores(submissions, cards)
    rows = []
    for submission in submissions:
        mine = scores[scores["name"] == submission.card.name]
        rows.append(
            {
                "name": submission.card.name,
                "role": submission.card.role,
                "stderr": _overall_stderr(mine),
                **{column: _overall_mean(mine, column) for column in ("score", *GROUPS)},
                "tasks": int(mine["submitted"].sum()),
                **_costs(submission, cards),
            }
        )
    rows.sort(key=lambda row: (-row["score"], row["name"]))
    for row, rank in zip(rows, _ranks(rows), strict=True):
        row["rank"] = rank
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"rank": "Int64"})


def _overall_mean(mine: pd.DataFrame, column: str) -> float:
    return float(mine.groupby("family")[column].mean().mean())


def _overall_stderr(mine: pd.DataFrame) -> float:
    families = [errors.to_numpy() for _, errors in mine.groupby("family")["stderr"]]
    squares = [float((errors**2).sum()) / len(errors) ** 2 for errors in families]
    return math.sqrt(sum(squares)) / len(squares) if squares else math.nan


def _ranks(rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Rank rows that are sorted by falling score."""
    models = [row for row in rows if row["role"] == "model"]
    ranks: list[int | None] = []
    worst = 1
    for row in rows:
        if row["role"] != "model":
            ranks.append(None)
            continue
        worst = max(worst, 1 + sum(_surely_better(other, row) for other in models))
        ranks.append(worst)
    return ranks


def _surely_better(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    margin = TIE_SIGMAS * math.hypot(one["stderr"], other["stderr"])
    return bool(one["score"] - other["score"] > margin)


def _costs(submission: Submission, cards: Sequence[TaskCard]) -> dict[str, Any]:
    """Sum up units, failures, missing likelihoods and costs over the tasks of the board."""
    units = [unit for card in cards for unit in submission.units(card.id)]
    done = [unit for unit in units if unit.status == "done"]
    scored = {card.id for card in cards if "likelihood" in card.counting}
    likely = [unit for unit in units if unit.task in scored]
    parameters = [u.cost.parameters for u in done if u.cost.parameters is not None]
    seconds = [u.cost.fit_seconds for u in done if math.isfinite(u.cost.fit_seconds)]
    missing = sum(unit.status != "done" or LIKELIHOOD_METRIC not in unit.metrics for unit in likely)
    return {
        "likelihood_missing": missing / len(likely) if likely else math.nan,
        "parameters_min": min(parameters, default=math.nan),
        "parameters_max": max(parameters, default=math.nan),
        "fit_seconds": statistics.median(seconds) if seconds else math.nan,
        "failed": len(units) - len(done),
        "units": len(units),
    }
