"""From submissions to ranks: overall scores, their errors, and ties.

A score is a function of one submission and the frozen cards, so that no model can move another's.
Only a rank looks at the others, as a rank must.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmark.result import Unit
from benchmark.task import TaskCard
from benchmark.track import Track
from leaderboard.submission import Submission

#: Scores closer than this many of their combined standard errors share a rank.
TIE_SIGMAS = 2.0


@dataclass(frozen=True)
class Score:
    """The score of a task, or of several.

    Attributes
    ----------
    value : float
    stderr : float
        Its standard error.
    groups : mapping of str to float
        The score of each group that counts there.
    """

    value: float
    stderr: float
    groups: Mapping[str, float]


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
    rank : int, optional
        None for a control.
    """

    submission: Submission
    scores: Mapping[str, Score]
    overall: Score
    missing: Mapping[str, float]
    costs: Costs
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
    return Score(found.score, found.stderr, found.groups)


def overall(scores: Mapping[str, Score], cards: Sequence[TaskCard]) -> Score:
    r"""Average scores over tasks, then over families.

    With :math:`s_t \pm e_t` the score of task t, the score is the mean over families F of the mean
    over their tasks, so that a family of many tasks does not outweigh the others:

    .. math:: S = \frac{1}{|F|} \sum_{F} \frac{1}{n_F} \sum_{t \in F} s_t, \qquad
              e^2 = \frac{1}{|F|^2} \sum_{F} \frac{1}{n_F^2} \sum_{t \in F} e_t^2.

    Groups are averaged likewise over the tasks that have the group.

    Parameters
    ----------
    scores : mapping of task id to Score
    cards : sequence of TaskCard
        The tasks to average over; all have a score.

    Returns
    -------
    Score
        nan without a task.
    """
    families = [[scores[card.id] for card in members] for members in by_family(cards).values()]
    parts = [sum(one.stderr**2 for one in members) / len(members) ** 2 for members in families]
    groups = dict.fromkeys(group for members in families for one in members for group in one.groups)
    return Score(
        value=_mean_of_means([one.value for one in members] for members in families),
        stderr=math.sqrt(sum(parts)) / len(parts) if parts else math.nan,
        groups={
            group: _mean_of_means(
                [one.groups[group] for one in members if group in one.groups]
                for members in families
            )
            for group in groups
        },
    )


def by_family(cards: Iterable[TaskCard]) -> dict[str, list[TaskCard]]:
    """Sort cards by family."""
    families: dict[str, list[TaskCard]] = {}
    for card in cards:
        families.setdefault(card.family, []).append(card)
    return families


def _mean_of_means(families: Iterable[Sequence[float]]) -> float:
    means = [statistics.fmean(values) for values in families if values]
    return statistics.fmean(means) if means else math.nan


def ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    r"""Rank rows by their overall score.

    A model's rank is one more than the number of models that are surely better (`surely_better`);
    and never a better rank than that of a model with a higher score, so that a noisy result gains
    nothing by its noise. Controls have no rank and give none.

    Returns
    -------
    tuple of Row
        The highest score first, equal scores by name.
    """
    ordered = sorted(rows, key=lambda row: (-row.overall.value, row.name))
    models = [row for row in ordered if row.role == "model"]
    ranks: dict[str, int] = {}
    worst = 1
    for row in models:
        better = sum(surely_better(other.overall, row.overall) for other in models)
        worst = max(worst, 1 + better)
        ranks[row.name] = worst
    return tuple(replace(row, rank=ranks.get(row.name)) for row in ordered)


def surely_better(one: Score, other: Score) -> bool:
    r"""Say whether a score is higher by more than :math:`2 \sqrt{e_1^2 + e_2^2}`.

    Errors are taken as independent, although models share the training replicas and the errors of
    E₀ and f: that makes ties a little more frequent than they need be, never less.

    Examples
    --------
    >>> surely_better(Score(0.9, 0.03, {}), Score(0.7, 0.04, {}))
    True
    >>> surely_better(Score(0.9, 0.06, {}), Score(0.7, 0.09, {}))
    False
    """
    return one.value - other.value > TIE_SIGMAS * math.hypot(one.stderr, other.stderr)


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
