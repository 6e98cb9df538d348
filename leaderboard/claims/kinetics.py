"""The claims about learning kinetics from labels: tables over tasks, verdicts by rule."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmark.result import TaskMetric, TaskResult
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.comparison import Comparison, compare
from leaderboard.ranking import TIE_SIGMAS, Row
from leaderboard.tables import NO_VALUE, rms_percent, table

#: An error of the passage times beyond a factor of two: the slow process is lost.
LOST = math.log(2)

RATE = "mfpt_error"

ALANINE = "alanine"
PARTITIONS = ("phi20", "fine100", "macro4", "cored4")
INTERVALS = ("0.1ps", "1ps", "10ps")

LSTM, TRANSFORMER = "lstm", "transformer"

PARTITION_CLAIM = """
## Partition and saving interval decide whether rare events are learned

*Zeng, Cao, Huang, Yao, arXiv:2107.06573: with fine partitions and short saving intervals rare
events drown in fast motion; coarse states without recrossings recover them.*

Errors of the mean first passage times, rms ln(m̂/m), in physical time; every model learns from the
same 40 ns of alanine dipeptide, five times over. **slow** and **fast** stand where the mean of
ln(m̂/m) is above 0, or below, by more than half the error. A factor of two is ln 2 = 0.69.
"""

ATTENTION_CLAIM = """
## A Transformer is no better than an LSTM

*Zeng, Cao, Huang, Yao, arXiv:2107.06573.*

Scores of the kinetics tasks, 0 trivial, 1 as good as the data allow. The difference counts from two
of its standard errors.
"""

SEEDS = """
## What a seed changes, beside what the training data change

Standard deviation of the errors of one training replica over seeds / of the errors over replicas,
each with a seed of its own; in per cent of the error, root mean square over the metrics of a group.
A seed draws the generated chains too. Of three seeds, a standard deviation is known to a half.
"""

# Task name → its passage times.
Passages = Mapping[str, TaskMetric]


def kinetics_claims(ranking: Ranking) -> list[str]:
    """Write the sections, each a heading, tables and a verdict; those that the rows can decide."""
    return [*_partitions(ranking), *_attention(ranking), *_seeds(ranking)]


def _partitions(ranking: Ranking) -> list[str]:
    """Say where models lose the slow process of alanine dipeptide."""
    found = {row.name: _passages(row) for row in ranking.rows if row.role == "model"}
    shown = {name: passages for name, passages in found.items() if passages}
    if not shown:
        return []
    return [PARTITION_CLAIM, _partition_table(shown), _partition_verdict(shown)]


def _passages(row: Row) -> Passages:
    """Give the passage times of the tasks of alanine that a model has run, by task name."""
    tasks = row.submission.tasks
    return {
        name.removeprefix(f"{ALANINE}/"): tasks[name].metrics[RATE]
        for name in row.tasks
        if name.startswith(f"{ALANINE}/")
    }


def _partition_table(shown: Mapping[str, Passages]) -> str:
    rows = []
    for partition in PARTITIONS:
        for name, passages in shown.items():
            cells = {"partition": f"`{partition}`", "model": name}
            for interval in INTERVALS:
                error = passages.get(f"{partition}-{interval}")
                cells[interval.replace("ps", " ps")] = NO_VALUE if error is None else _cell(error)
            rows.append(cells)
    return table(rows, left=2)


def _cell(error: TaskMetric) -> str:
    direction = ""
    if abs(error.bias) > error.value / 2:
        direction = " slow" if error.bias > 0 else " fast"
    return with_error(error.value, error.stderr) + direction


def _partition_verdict(shown: Mapping[str, Passages]) -> str:
    """Say for each model where the slow process is lost, kept, or not known."""
    lines = [
        f"The slow process counts as *lost* where the error is above ln 2 by {TIE_SIGMAS:g} "
        "standard errors, as *kept* where it is below by as much, and as *unclear* between.\n"
    ]
    for model, passages in shown.items():
        found: dict[str, list[str]] = {"lost": [], "unclear": [], "kept": []}
        for name, error in passages.items():
            found[_fate(error)].append(f"`{name}`")
        text = "; ".join(f"{key}: {', '.join(names)}" for key, names in found.items() if names)
        lines.append(f"- **{model}** – {text}")
    return "\n".join(lines) + "\n"


def _fate(error: TaskMetric) -> str:
    distance = error.value - LOST
    away = distance / error.stderr if error.stderr > 0 else math.copysign(math.inf, distance)
    return "lost" if away > TIE_SIGMAS else "kept" if away < -TIE_SIGMAS else "unclear"


def _attention(ranking: Ranking) -> list[str]:
    """Compare the two networks family by family, and say which is better."""
    rows = {row.name: row for row in ranking.rows}
    if not {LSTM, TRANSFORMER} <= set(rows):
        return []
    families = {**ranking.families, "all families": ranking.cards}
    compared = {
        name: compare(rows[LSTM], rows[TRANSFORMER], cards) for name, cards in families.items()
    }
    cells = [_compared(name, found) for name, found in compared.items() if found.tasks]
    if not cells:
        return []
    return [ATTENTION_CLAIM, table(cells), f"Over all families: **{cells[-1]['verdict']}**.\n"]


def _compared(family: str, found: Comparison) -> dict[str, str]:
    verdicts = {"one": "the LSTM is better", "other": "the Transformer is better"}
    return {
        "family": family,
        "tasks": str(found.tasks),
        LSTM: with_error(found.one.value, found.one.stderr),
        TRANSFORMER: with_error(found.other.value, found.other.stderr),
        "difference": with_error(found.difference.value, found.difference.stderr),
        "verdict": verdicts[found.better] if found.better else "no difference",
    }


def _seeds(ranking: Ranking) -> list[str]:
    """Tabulate the spread over seeds; only tasks and rows that have one."""
    rows = []
    for card in ranking.cards:
        for row in sorted(ranking.rows, key=lambda row: row.name):
            task = row.submission.tasks.get(card.id)
            cells = {} if task is None else _seed_cells(task, card)
            if cells:
                rows.append({"task": f"`{card.id}`", "model": row.name, **cells})
    return [SEEDS, table(rows, left=2)] if rows else []


def _seed_cells(task: TaskResult, card: TaskCard) -> dict[str, str]:
    cells: dict[str, str] = {}
    for group, names in card.counting.items():
        metrics = [task.metrics[name] for name in names]
        if all(math.isfinite(metric.seed_spread) and metric.value > 0 for metric in metrics):
            seeds = rms_percent([metric.seed_spread / metric.value for metric in metrics])
            replicas = rms_percent([metric.replica_spread / metric.value for metric in metrics])
            cells[group] = f"{seeds} / {replicas}"
    return cells
