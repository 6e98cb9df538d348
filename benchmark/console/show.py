"""What a person sees: tables and progress in the terminal."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from benchmark.errors import printable
from benchmark.registry import fetchable, find_task, track_of, tracks
from benchmark.uncertainty import with_error

if TYPE_CHECKING:  # a list of tasks needs no compiler
    from benchmark.job import Event, Key
    from benchmark.result import Result, TaskResult
    from benchmark.task import MetricScale, Task
    from benchmark.track import Finding, Metric
    from benchmark.uncertainty import Estimate

#: Columns where nobody looks: a pipe or a file, whose lines are not to be broken.
UNBROKEN = 10_000


def _width() -> int | None:
    """Give the width to print at; None is the terminal's, or what COLUMNS says."""
    seen = sys.stdout is not None and sys.stdout.isatty()
    return None if seen or "COLUMNS" in os.environ else UNBROKEN


console = Console(highlight=False, width=_width())


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.title_justify = "left"
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def print_tasks(tasks: Sequence[Task]) -> None:
    """Print one line a task, a table a track."""
    for track in tracks().values():
        cards = [task.card for task in tasks if task.card.track == track.name]
        if not cards:
            continue
        listing = track.listing
        table = _table("", "task", *listing.headings)
        for card in cards:
            table.add_row(card.id, *listing.row(card))
        console.print(table)
        if listing.footnote:
            console.print(listing.footnote)
    here = {task.card.family for task in tasks}
    for family, fetch in fetchable().items():
        if family not in here:
            console.print(f"more: {family}/*, by python -m benchmark {fetch}", markup=False)
    console.print("more of one: python -m benchmark describe TASK")


def print_task(task: Task) -> None:
    """Print everything a task's card says."""
    card = task.card
    console.print(f"{card.id} (version {card.version}): {escape(card.title)}")
    console.print(escape(card.description))
    for citation in card.citations:
        console.print(f"  source: {escape(citation)}")
    facts = {**track_of(task).facts(card), "generator": card.generator}
    for name, fact in facts.items():
        console.print(f"  {name}: {fact}")
    table = _table("", "metric", "group", "E₀ trivial", "f data", "p perfect", "E₀/f", "counts")
    for name, scale in card.metrics.items():
        table.add_row(
            name,
            scale.group or "shown",
            with_error(scale.trivial, scale.trivial_stderr),
            "–" if scale.floor is None else with_error(scale.floor, scale.floor_stderr),
            "–" if scale.perfect is None else with_error(scale.perfect, scale.perfect_stderr),
            _ratio(scale.ratio),
            _counts(scale),
        )
    console.print(table)
    table = _table("", "split", "rows", "frames", "SHA-256 of the content")
    for name, split in card.splits.items():
        table.add_row(name, str(split.rows), f"{split.frames:,}", split.sha256[:16] + "…")
    console.print(table)


def _ratio(ratio: float) -> str:
    if math.isnan(ratio):
        return "–"
    return f"{ratio:,.2g}" if ratio > 1 else "<1"


def _counts(scale: MetricScale) -> str:
    if scale.group is None:
        return "never"
    return "yes" if scale.counts else "no (E₀/f < 3)"


def print_check(finding: Finding) -> None:
    """Print a finding of ``check``, in a line."""
    mark = "[red]fault[/]" if finding.fault else "[green]ok[/]"
    console.print(f"{mark:<16} {finding.name}: {escape(finding.fault or finding.note)}")


def progress_bar() -> Progress:
    """Give a bar that counts steps, and is gone at the end."""
    return Progress(
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # in a pipe it would leave an empty line
    )


class RunDisplay:
    """Live progress of a run: one bar for all, a line for every unit under way."""

    def __init__(self, keys: Sequence[Key], verb: str) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.all = self.progress.add_task(verb, total=len(keys))
        self.lines: dict[Key, TaskID] = {}
        self.verb = verb

    def __enter__(self) -> RunDisplay:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def watch(self, event: Event) -> None:
        """Show an event."""
        if event.remark:
            console.print(f"{event.key}: {escape(printable(event.remark))}", soft_wrap=True)
            return
        if event.unit is None:
            line = self.lines.get(event.key)
            if line is None:
                line = self.lines[event.key] = self.progress.add_task("", total=100)
            done = 100 * min(1.0, max(0.0, event.fraction))  # in this order nan becomes 0
            self.progress.update(
                line, description=f"  {event.key} {escape(event.note)}", completed=done
            )
            return
        if event.key in self.lines:
            self.progress.remove_task(self.lines.pop(event.key))
        self.progress.advance(self.all)
        if self.verb == "run" and event.note != "already done":
            unit = event.unit
            seconds = unit.cost.total_seconds
            took = "" if math.isnan(seconds) else f" in {seconds:.0f} s"
            reason = f": {escape(printable(unit.reason))}" if unit.reason else ""
            console.print(f"{event.key} {unit.status}{took}{reason}", soft_wrap=True)


def print_result(result: Result) -> None:
    """Print the tables of a run."""
    replicas = len({unit.replica for unit in result.units})
    full = f"{replicas} replica" + ("s" if replicas > 1 else "")
    kind = "quick, not ranked" if result.config.quick else full
    families = {task.task.split("/")[0] for task in result.tasks}
    family = f", {families.pop()}" if len(families) == 1 else ""
    track = track_of(find_task(result.tasks[0].task))
    shown = _headed(track.metrics)
    groups = [name for name in track.groups if any(name in one.groups for one in result.tasks)]
    title = f"{escape(result.model.name)}{family}, {kind}: errors"
    errors = _table(title, "task", *(metric.heading for metric in shown))
    scores = _table(f"scores: {track.scale}", "task", *groups, "score")
    for task in result.tasks:
        name = task.task.split("/")[1] if family else task.task
        errors.add_row(name, *(_error(task, metric) for metric in shown))
        cells = [_z(task.groups.get(group)) for group in groups]
        scores.add_row(name, *cells, with_error(task.score, task.stderr))
    console.print(errors)
    console.print(scores)
    console.print("12(3): 12 with standard error 3; an error in \\[…] does not count in the score")
    _print_remarks(result)


def _print_remarks(result: Result) -> None:
    """Print each remark once, with the tasks that have it."""
    remarks: dict[str, list[str]] = {}
    for task in result.tasks:
        if task.mark:
            remarks.setdefault(_failures(task) + task.mark, []).append(task.task)
    for remark, where in remarks.items():
        everywhere = len(where) == len(result.tasks) > 1
        console.print(
            f"[yellow]{'all tasks' if everywhere else ', '.join(where)}[/]: {escape(remark)}",
            soft_wrap=True,
        )


def print_errors(
    title: str, metrics: Sequence[Metric], errors: Mapping[str, Mapping[str, Estimate]]
) -> None:
    """Print errors by name, a line each, in the columns of a run's."""
    shown = _headed(metrics)
    table = _table(title, "", *(metric.heading for metric in shown))
    for name, found in errors.items():
        estimates = [(metric.factor, found[metric.name]) for metric in shown]
        cells = [with_error(factor * one.value, factor * one.stderr) for factor, one in estimates]
        table.add_row(escape(name), *cells)
    console.print(table)


def _headed(metrics: Sequence[Metric]) -> list[Metric]:
    return [metric for metric in metrics if metric.heading]


def _failures(task: TaskResult) -> str:
    return f"{task.failed} of {task.units} units count as trivial: " if task.failed else ""


def _error(task: TaskResult, metric: Metric) -> str:
    found = task.metrics.get(metric.name)
    if found is None or found.missing == task.units:
        return "–"
    text = with_error(metric.factor * found.value, metric.factor * found.stderr)
    return text if found.counts else f"[{text}]"  # rich takes no digit for the start of markup


def _z(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no minus before a zero
