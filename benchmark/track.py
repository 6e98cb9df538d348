"""What a track brings: how its cards are read, what its metrics are, and how its work is done.

Scorer, runner, console and board know a track by this record alone. `benchmark.registry` finds
the tracks there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.model import FitContext
from benchmark.task import Task, TaskCard

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmark.job import Job, Phases
    from benchmark.uncertainty import Estimate

#: Told how much is done, 0 … 1, and a few words.
Report = Callable[[float, str], None]

#: Asks for what a model is shown next; see `Work.hand_out`.
Ask = Callable[..., Any]


#: No model is better than an exact oracle; noise alone does not look better by this many standard
#: errors.
IMPOSSIBLE = 5


@dataclass(frozen=True)
class Metric:
    """One metric of a track; nothing else in the repository describes it.

    Attributes
    ----------
    name : str
        As in results and cards.
    unit : str
        Of the stored value.
    title : str
        On the board, with the unit it is shown in.
    factor : float
        From the stored unit to the shown one.
    heading : str
        Over its column in the terminal; empty if it is not shown there.
    group : str, optional
        The group of the score that it belongs to on tasks whose card lets it count.
    capped : bool
        Whether its z ends at that of p: else f is a mark and nothing a limit.
    smaller_is_better : bool
        Its direction.
    least, most : float
        Between which its value always is, in the stored unit.
    best : float, optional
        The best that anything honest can do, in the stored unit: a value below it is doubted.
    rounding : float
        In the stored unit: a value as near to the best, with an error of less than half as much,
        is no fit but a copy of the answers, and doubted too.
    shared_noise : bool
        Whether all replicas are measured on the same test data, whose noise is in every unit alike
        and does not average out.
    sampled : bool
        Whether it is measured on what chance has drawn: no honest value is then exactly 0, is
        better than trivial without an error, or comes again to the last digit on other training
        data.
    chance : callable (card, value, stderr), optional
        Say what of a value chance cannot bring about on a task; empty if nothing.
    method : str
        The method of a model that it measures, where a model may do without; empty if it may not.
        Without the method it counts as trivial, and the board marks the row.
    absent : str
        What a model without the method does not do, as in "gives no probabilities".
    plural : str
        What the board calls several of its values, as in "missing likelihoods"; by default
        "values of" its name.
    """

    name: str
    unit: str
    title: str
    factor: float = 1.0
    heading: str = ""
    group: str | None = None
    capped: bool = True
    smaller_is_better: bool = True
    least: float = 0.0
    most: float = math.inf
    best: float | None = None
    rounding: float = 0.0
    shared_noise: bool = False
    sampled: bool = False
    chance: Callable[[Any, float, float], str] | None = None
    method: str = ""
    absent: str = ""
    plural: str = ""


@dataclass(frozen=True)
class Finding:
    """One clause of a model's contract: what is wrong, or what was seen."""

    name: str
    fault: str = ""
    note: str = ""


@dataclass(frozen=True)
class Work:
    """What a track does with data and models; loading it may load heavy libraries.

    Attributes
    ----------
    frozen : callable (task)
        Give what reads each frozen part of a task; a read raises `InputError` if it is damaged.
    hand_out : callable (job, what, *details)
        Give what a model is shown when it asks for it, and nothing beside. "training" is what
        `fit` gets, training and validation data; the rest is up to the track. It is called in a
        process that runs no model's code.
    answer : callable (model, job, ask, report, phases)
        Put the task's questions to a fitted model and write what it answers into the job's
        folder. Says why an answer counts less than in full; empty if it does not. ``ask`` calls
        `hand_out`; ``phases`` counts seconds and frames.
    measure : callable (task, folder)
        Measure the prediction files of a unit: estimates by metric, and a fault as from `answer`.
    findings : callable (model, folder, device)
        Try the contract of a model on a tiny task, clause by clause.
    draw : callable (figure, task)
        Draw a task as it is before any model.
    draw_unit : callable (task, folder, name, path), optional
        Draw what a unit of a run has answered, with the model's name, into a file.
    drawn : str
        The prediction file that `draw_unit` shows.
    suspect : callable (task, replica, folder), optional
        Look through the prediction files of a unit, measured already, for what a run that was
        honest cannot have written; say what, empty if nothing is found. Only a reviewer asks.
    """

    frozen: Callable[[Task], Iterable[Callable[[], object]]]
    hand_out: Callable[..., Any]
    answer: Callable[[Any, Job, Ask, Report, Phases], str]
    measure: Callable[[Task, Path], tuple[dict[str, Estimate], str]]
    findings: Callable[[Any, Path, str], Iterator[Finding]]
    draw: Callable[[Figure, Task], None]
    draw_unit: Callable[[Task, Path, str, Path], None] | None = None
    drawn: str = ""
    suspect: Callable[[Task, int, Path], str] | None = None


@dataclass(frozen=True)
class Listing:
    """How ``list`` shows a track's tasks: a table of its own.

    Attributes
    ----------
    headings : tuple of str
        Over the columns after the task's id.
    row : callable (card)
        The cells below them.
    footnote : str
        Below the table.
    """

    headings: tuple[str, ...]
    row: Callable[[Any], tuple[str, ...]]
    footnote: str = ""


def _plain_context(card: TaskCard, **known: Any) -> FitContext:
    return FitContext(**known)


def _unknown(card: TaskCard) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True)
class Track:
    """A kind of task.

    Attributes
    ----------
    name : str
        In cards, and of the folders of its models and submissions.
    title : str
        On the board.
    method : str
        The method that, beside ``fit``, makes a class a model of this track.
    card : type of TaskCard
        How its cards are read.
    metrics : tuple of Metric
        In the order in which they are shown.
    ends : tuple of two str
        What has a score of 0, and of 1, in a word each.
    scale : str
        The same in a line.
    floor : str
        What f is called beside a model's errors.
    listing : Listing
        How ``list`` shows its tasks.
    facts : callable (card)
        What ``describe`` says of a task, by name.
    files : callable (task)
        The files of a task's frozen data.
    reads : tuple of str
        What there is for a model to read; empty if the track does not say.
    stored : callable (card)
        The prediction files that a unit of a task can have, by name, and the bytes that each takes
        at most: from the card alone. Empty if the track does not say: none is then audited.
    load : callable ()
        Give the track's `Work`.
    context : callable (card, **known)
        Make the `FitContext` of a fit from what every track knows.
    commands : mapping of str to callable
        What it adds to the command line.
    figure : str
        File name of the board's figure; by default the track's name with ``.svg``.
    meaning : str
        What a score of 0 and of 1 means, in whole sentences of Markdown, for the board.
    noise : str
        Where its standard errors come from, if not from the spread over training replicas: a
        whole sentence, for the board.
    """

    name: str
    title: str
    method: str
    card: type[TaskCard]
    metrics: tuple[Metric, ...]
    ends: tuple[str, str]
    scale: str
    floor: str
    listing: Listing
    facts: Callable[[Any], dict[str, str]]
    files: Callable[[Task], set[Path]]
    load: Callable[[], Work] = field(repr=False)
    reads: tuple[str, ...] = ()
    stored: Callable[[Any], Mapping[str, int]] = field(default=_unknown, repr=False)
    context: Callable[..., FitContext] = field(default=_plain_context, repr=False)
    commands: Mapping[str, Callable[..., None]] = field(default_factory=dict, repr=False)
    figure: str = ""
    meaning: str = ""
    noise: str = ""

    @cached_property
    def work(self) -> Work:
        """What it does, loaded when it is needed first."""
        return self.load()

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the score, in order."""
        return tuple(dict.fromkeys(one.group for one in self.metrics if one.group))

    def metric(self, name: str) -> Metric:
        """Give the metric of a name; raises KeyError if there is none."""
        return {one.name: one for one in self.metrics}[name]
