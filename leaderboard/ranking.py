"""From submissions to ranks.

A score is a function of one submission and the frozen cards, so that no model can move another's.
Only a rank looks at the others, as a rank must.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from benchmark.result import TaskResult, Unit
from benchmark.task import TaskCard
from benchmark.track import Track
from leaderboard.doubts import doubts
from leaderboard.scores import Score, overall, overall_difference
from leaderboard.significance import holm
from leaderboard.submission import Submission


@dataclass(frozen=True)
class Costs:
    """What the units of a submission took; shown, never scored.

    Attributes
    ----------
    fewest_parameters, most_parameters : float
        Over the done units; nan if unknown.
    fit_seconds : float
        Median over the done units; nan if unknown.
    failed : int
        Units that are not done.
    units : int
    """

    fewest_parameters: float
    most_parameters: float
    fit_seconds: float
    failed: int
    units: int


@dataclass(frozen=True)
class Row:
    """A submission on the board of its track.

    Attributes
    ----------
    submission : Submission
    scores : mapping of task id to Score
        On every task of the track's board, in the board's order; see `task_score`.
    overall : Score
    missing : mapping of group to float
        Share of the units, of tasks where it counts, without a metric that a model may do without.
    costs : Costs
        Over the tasks of the board.
    doubts : tuple of str
        What is too good to be true; see `doubts`.
    rank : int, optional
        None for a control, and where there are doubts.
    """

    submission: Submission
    scores: Mapping[str, Score]
    overall: Score
    missing: Mapping[str, float]
    costs: Costs
    doubts: tuple[str, ...] = ()
    rank: int | None = None

    @property
    def name(self) -> str:
        """The submission's name."""
        return self.submission.card.name

    @property
    def role(self) -> str:
        """Whether it is a "model" or a "control"."""
        return self.submission.card.role

    @property
    def tasks(self) -> list[str]:
        """The tasks of the board that it has run."""
        return [task for task in self.scores if task in self.submission.tasks]


def make_row(submission: Submission, cards: Sequence[TaskCard], track: Track) -> Row:
    """Score a submission on the tasks of its track's board; its rank is left open.

    Parameters
    ----------
    submission : Submission
    cards : sequence of TaskCard
        The tasks of the board, all of ``track``.
    track : Track
    """
    scores = {card.id: task_score(submission, card) for card in cards}
    units = {card.id: submission.units(card.id) for card in cards}
    return Row(
        submission=submission,
        scores=scores,
        overall=overall(scores, cards),
        missing=_missing(units, cards, track),
        costs=_costs([unit for mine in units.values() for unit in mine]),
        doubts=doubts(submission, cards, track),
    )


def task_score(submission: Submission, card: TaskCard) -> Score:
    """Give the score of a submission on a task of the board.

    A task that a submission leaves out scores 0 ± 0: what the trivial model, which costs nothing
    to run, gets there. So nobody gains by leaving out what is hard, and adding a task to the
    board calls no earlier number into question: it lowers every model that has not run it alike.
    """
    found = submission.tasks.get(card.id)
    if found is None:
        return Score(0.0, 0.0, dict.fromkeys(card.counting, 0.0))
    return measured(found)


def measured(found: TaskResult) -> Score:
    """Give the score of a task that was run."""
    freedom = len(found.without) - 1 if found.without else math.inf
    return Score(found.score, found.stderr, found.groups, tuple(found.without), freedom)


def ranked(rows: Iterable[Row], cards: Sequence[TaskCard]) -> tuple[Row, ...]:
    """Rank rows by their overall score.

    A model's rank is one more than the number of models that are better by a paired difference
    (`separated`); and never a better rank than that of a model with a higher score, so that a
    noisy result gains nothing by its noise. Controls, and rows with doubts, have no rank and give
    none.

    Parameters
    ----------
    rows : iterable of Row
    cards : sequence of TaskCard
        The tasks of the board.

    Returns
    -------
    tuple of Row
        The highest score first, equal scores by name.
    """
    ordered = sorted(rows, key=lambda row: (-row.overall.value, row.name))
    models = {row.name: row.scores for row in ordered if row.role == "model" and not row.doubts}
    better = separated(models, cards)
    ranks: dict[str, int] = {}
    worst = 1
    for name in models:
        worst = max(worst, 1 + sum(loser == name for _, loser in better))
        ranks[name] = worst
    return tuple(replace(row, rank=ranks.get(row.name)) for row in ordered)


def separated(
    models: Mapping[str, Mapping[str, Score]], cards: Sequence[TaskCard]
) -> set[tuple[str, str]]:
    """Find the pairs of models, (better, worse), that their overall scores separate.

    Differences are paired, and Holm's correction holds for all pairs together: the chance that any
    two equal models are called different is below 5 %.

    Parameters
    ----------
    models : mapping of name to scores by task id
    cards : sequence of TaskCard
        The tasks to average over.
    """
    pairs = list(combinations(models, 2))
    found = [overall_difference(models[one], models[other], cards) for one, other in pairs]
    told = holm([one.p_value for one in found])
    return {
        pair if difference.value < 0 else pair[::-1]
        for pair, difference, sure in zip(pairs, found, told, strict=True)
        if sure
    }


def _missing(
    units: Mapping[str, Sequence[Unit]], cards: Sequence[TaskCard], track: Track
) -> dict[str, float]:
    """Give the share of units without an optional metric, by the group in which it counts."""
    shares: dict[str, float] = {}
    for metric in track.metrics:
        if not (metric.method and metric.group):
            continue
        counting = [card for card in cards if metric.name in card.counting.get(metric.group, [])]
        asked = [unit for card in counting for unit in units[card.id]]
        lacking = [one for one in asked if one.status != "done" or metric.name not in one.metrics]
        if asked:
            share = len(lacking) / len(asked)
            shares[metric.group] = max(share, shares.get(metric.group, 0.0))
    return shares


def _costs(units: Sequence[Unit]) -> Costs:
    done = [unit.cost for unit in units if unit.status == "done"]
    parameters = [cost.parameters for cost in done if cost.parameters is not None]
    seconds = [cost.fit_seconds for cost in done if math.isfinite(cost.fit_seconds)]
    return Costs(
        fewest_parameters=min(parameters, default=math.nan),
        most_parameters=max(parameters, default=math.nan),
        fit_seconds=statistics.median(seconds) if seconds else math.nan,
        failed=len(units) - len(done),
        units=len(units),
    )
