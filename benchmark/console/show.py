"""What a person sees: tables and progress in the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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

from benchmark.task import KineticsCard, SuperResolutionCard

if TYPE_CHECKING:  # a list of tasks needs no compiler
    from benchmark.check import Finding
    from benchmark.result import Result, TaskResult
    from benchmark.run.folder import Key
    from benchmark.run.runner import Event
    from benchmark.task import MetricScale, Task
    from benchmark.uncertainty import Estimate

console = Console(highlight=False)


@dataclass(frozen=True)
class Layout:
    """How the results of a track are shown: errors with heading and factor, and groups."""

    errors: dict[str, tuple[str, float]]
    groups: tuple[str, ...]
    scale: str


KINETICS = Layout(
    {
        "nll_regret": ("regret\nmnat/fr.", 1000),
        "mfpt_error": ("MFPT\nrms ln", 1),
        "its_error": ("ITS\nrms ln", 1),
        "commit_error": ("commit\n|Δ ln|", 1),
        "dwell_error": ("dwell\n|Δ ln|", 1),
    },
    ("likelihood", "rates", "paths"),
    "0 = trivial, 1 = data-limited",
)
SUPERRESOLUTION = Layout(
    {
        "mae": ("MAE\nmÅ", 1000),
        "rmse": ("RMSE\nmÅ", 1000),
        "velocity_rmse": ("velocity\nmÅ/fs", 1000),
        "vdos_w1": ("VDOS\ncm⁻¹", 1),
        "bond_break_fraction": ("broken\nbonds %", 100),
    },
    ("accuracy",),
    "0 = linear interpolation, 1 = 1e-4 Å",
)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.title_justify = "left"
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def print_tasks(tasks: Sequence[Task]) -> None:
    """Print one line a task, a table a track."""
    kinetics = [task.card for task in tasks if isinstance(task.card, KineticsCard)]
    table = _table("", "task", "labels", "frame", "training", "t₂", "oracle")
    for card in kinetics:
        table.add_row(
            card.id,
            str(card.labels),
            f"{card.frame_time:g}",
            f"{card.replicas} × {card.training_frames:,}",
            f"{card.slowest:,.0f}",
            card.oracle,
        )
    if kinetics:
        console.print(table)
        console.print("training and t₂, the slowest relaxation time, in frames")
    filled = [task.card for task in tasks if isinstance(task.card, SuperResolutionCard)]
    table = _table("", "task", "atoms", "gap", "frame", "training")
    for one in filled:
        training = one.splits["train"]
        frame = f"{one.frame_time:g} {one.time_unit}"
        table.add_row(
            one.id, str(len(one.numbers)), str(one.gap), frame, f"{training.rows} segments"
        )
    if filled:
        console.print(table)
    console.print("more of one: python -m benchmark describe TASK")


def print_task(task: Task) -> None:
    """Print everything a task's card says."""
    card = task.card
    console.print(f"{card.id} (version {card.version}): {escape(card.title)}")
    console.print(escape(card.description))
    for citation in card.citations:
        console.print(f"  source: {escape(citation)}")
    if isinstance(card, KineticsCard):
        facts = _kinetics_facts(card)
    else:
        facts = _superresolution_facts(card)
    for name, fact in {**facts, "generator": card.generator}.items():
        console.print(f"  {name}: {fact}")
    table = _table("", "metric", "group", "E₀ trivial", "f data", "E₀/f", "counts")
    for name, scale in card.metrics.items():
        table.add_row(
            name,
            scale.group or "shown",
            with_error(scale.trivial, scale.trivial_stderr),
            "–" if scale.floor is None else with_error(scale.floor, scale.floor_stderr),
            _ratio(scale.ratio),
            _counts(scale),
        )
    console.print(table)
    table = _table("", "split", "rows", "frames", "SHA-256 of the content")
    for name, split in card.splits.items():
        table.add_row(name, str(split.rows), f"{split.frames:,}", split.sha256[:16] + "…")
    console.print(table)


def _kinetics_facts(card: KineticsCard) -> dict[str, str]:
    shape = card.generation
    held = f", entered once held for {card.hold} frames" if card.hold > 1 else ""
    return {
        "labels": f"{card.labels}, seen as {card.macrostates} macrostates{held}",
        "frame": f"{card.frame_time:g} {card.time_unit}",
        "slowest relaxation": f"{card.slowest:,.1f} frames",
        "oracle": card.oracle,
        "training": f"{card.replicas} replicas of {card.training_frames:,} frames "
        f"({card.training_frames / card.slowest:,.1f} slowest relaxation times)",
        "generation": f"{shape.chains} chains of {shape.frames:,} frames after a prompt and "
        f"{shape.burn_in:,} of burn-in",
    }


def _superresolution_facts(card: SuperResolutionCard) -> dict[str, str]:
    segments = {name: f"{split.rows} {name}" for name, split in card.splits.items()}
    return {
        "molecule": f"{card.molecule}, {len(card.numbers)} atoms",
        "frame": f"{card.frame_time:g} {card.time_unit}",
        "kept": f"every {card.gap}th frame, one in {card.gap * card.frame_time:g} {card.time_unit}",
        "scored": f"hidden frames at least two from a kept one: {card.gap - 3} a gap",
        "segments": ", ".join(segments.values()),
    }


def _ratio(ratio: float) -> str:
    if math.isnan(ratio):
        return "–"
    return f"{ratio:,.2g}" if ratio > 1 else "<1"


def _counts(scale: MetricScale) -> str:
    if scale.group is None:
        return "never"
    return "yes" if scale.counts else "no (E₀/f < 3)"


def print_checks(findings: Sequence[Finding]) -> None:
    """Print what ``check`` found, a line each."""
    for finding in findings:
        mark = "[red]fault[/]" if finding.fault else "[green]ok[/]"
        console.print(f"{mark:<16} {finding.name}: {escape(finding.fault or finding.note)}")


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
            reason = f": {escape(unit.reason)}" if unit.reason else ""
            console.print(f"{event.key} {unit.status}{took}{reason}")


def print_result(result: Result, folder: Path) -> None:
    """Print the tables of a run, and what to do next."""
    replicas = len({unit.replica for unit in result.units})
    full = f"{replicas} replica" + ("s" if replicas > 1 else "")
    kind = "quick, not ranked" if result.config.quick else full
    families = {task.task.split("/")[0] for task in result.tasks}
    family = f", {families.pop()}" if len(families) == 1 else ""
    filled = any("mae" in task.metrics for task in result.tasks)
    layout = SUPERRESOLUTION if filled else KINETICS
    headings = [heading for heading, _ in layout.errors.values()]
    errors = _table(f"{result.model.name}{family}, {kind}: errors", "task", *headings)
    scores = _table(f"scores: {layout.scale}", "task", *layout.groups, "score")
    for task in result.tasks:
        name = task.task.split("/")[1] if family else task.task
        shown = [_metric(task, metric, factor) for metric, (_, factor) in layout.errors.items()]
        errors.add_row(name, *shown)
        groups = [_z(task.groups.get(group)) for group in layout.groups]
        scores.add_row(name, *groups, with_error(task.score, task.stderr))
    console.print(errors)
    console.print(scores)
    console.print("12(3): 12 with standard error 3; an error in \\[…] does not count in the score")
    remarks: dict[str, list[str]] = {}
    for task in result.tasks:
        if task.mark:
            remarks.setdefault(_failures(task) + task.mark, []).append(task.task)
    for remark, where in remarks.items():
        everywhere = len(where) == len(result.tasks) > 1
        console.print(
            f"[yellow]{'all tasks' if everywhere else ', '.join(where)}[/]: {escape(remark)}"
        )
    console.print(f"written: {folder / 'results.json'}")
    console.print(f"again from the files alone: python -m benchmark score {folder}")


def print_errors(title: str, errors: Mapping[str, Mapping[str, Estimate]]) -> None:
    """Print errors of reconstructions, a line each, in the columns of a run's."""
    headings = [heading for heading, _ in SUPERRESOLUTION.errors.values()]
    table = _table(title, "", *headings)
    for name, found in errors.items():
        cells = [
            with_error(factor * found[metric].value, factor * found[metric].stderr)
            for metric, (_, factor) in SUPERRESOLUTION.errors.items()
        ]
        table.add_row(escape(name), *cells)
    console.print(table)


def _failures(task: TaskResult) -> str:
    return f"{task.failed} of {task.units} units count as trivial: " if task.failed else ""


def _metric(task: TaskResult, name: str, factor: float) -> str:
    metric = task.metrics.get(name)
    if metric is None or metric.missing == task.units:
        return "–"
    text = with_error(factor * metric.value, factor * metric.stderr)
    return text if metric.counts else f"[{text}]"  # rich takes no digit for the start of markup


def _z(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no minus before a zero


def with_error(value: float, error: float) -> str:
    """Write a value with its standard error in the last digits, as in 0.123(4).

    Two digits of the error where its first is 1, one otherwise; without an error, three digits.
    """
    if not math.isfinite(value):
        return "–"
    if not math.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(0, -math.floor(math.log10(error)) + (f"{error:e}"[0] == "1"))
    rounded = round(value, digits) + 0.0  # no minus before a zero
    return f"{rounded:.{digits}f}({error * 10**digits:.0f})"
