"""The claims about learning kinetics from labels: tables over tasks, verdicts by rule."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmark.result import TaskMetric, TaskResult
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.comparison import SCORE, Better, Comparison, cells, compare, decided
from leaderboard.ranking import Row
from leaderboard.scores import by_family
from leaderboard.significance import holm, p_value
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

FATE_RULE = """The slow process counts as *lost* where the error is above ln 2, as *kept* where it
is below, and as *unclear* where it is not surely either: by Student's t over the training replicas,
at 5 % for all {cells} cells of the table together (Holm).
"""

ATTENTION_CLAIM = """
## A Transformer is no better than an LSTM

*Zeng, Cao, Huang, Yao, arXiv:2107.06573.*

Scores of the kinetics tasks, 0 trivial, 1 as good as fresh data of the training length. Both models
learned from the same replicas: differences are taken replica by replica, and count by Student's t
at 5 %, for the {cells} cells of families together (Holm); the last line is a single test.
"""

SEEDS = """
## What a seed changes, beside what the training data change

Standard deviation of the errors of one training replica over seeds / of the errors over replicas,
each with a seed of its own; in per cent of the error, root mean square over the metrics of a group.
A seed draws the generated chains too. Of three seeds, a standard deviation is known to a half.
"""

# Task name → its passage times, and the degrees of freedom of their error.
Passages = Mapping[str, tuple[TaskMetric, int]]


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
        name.removeprefix(f"{ALANINE}/"): (tasks[name].metrics[RATE], len(tasks[name].without) - 1)
        for name in row.tasks
        if name.startswith(f"{ALANINE}/")
    }


def _partition_table(shown: Mapping[str, Passages]) -> str:
    rows = []
    for partition in PARTITIONS:
        for name, passages in shown.items():
            cells = {"partition": f"`{partition}`", "model": name}
            for interval in INTERVALS:
                found = passages.get(f"{partition}-{interval}")
                cells[interval.replace("ps", " ps")] = _cell(found[0]) if found else NO_VALUE
            rows.append(cells)
    return table(rows, left=2)


def _cell(error: TaskMetric) -> str:
    direction = ""
    if abs(error.bias) > error.value / 2:
        direction = " slow" if error.bias > 0 else " fast"
    return with_error(error.value, error.stderr) + direction


def _partition_verdict(shown: Mapping[str, Passages]) -> str:
    """Say for each model where the slow process is lost, kept, or not known."""
    cells = [(model, name) for model, passages in shown.items() for name in passages]
    sure = dict(zip(cells, holm([_p_value(*shown[model][name]) for model, name in cells]),
                    strict=True))  # fmt: skip
    lines = [FATE_RULE.format(cells=len(cells))]
    for model, passages in shown.items():
        found: dict[str, list[str]] = {"lost": [], "unclear": [], "kept": []}
        for name, (error, _) in passages.items():
            found[_fate(error, sure[model, name])].append(f"`{name}`")
        text = "; ".join(f"{key}: {', '.join(names)}" for key, names in found.items() if names)
        lines.append(f"- **{model}** – {text}")
    return "\n".join(lines) + "\n"


def _p_value(error: TaskMetric, freedom: int) -> float:
    return p_value(error.value - LOST, error.stderr, freedom)


def _fate(error: TaskMetric, sure: bool) -> str:
    if not sure:
        return "unclear"
    return "lost" if error.value > LOST else "kept"


def _attention(ranking: Ranking) -> list[str]:
    """Compare the two networks by family and group, and say which is better."""
    rows = {row.name: row for row in ranking.rows}
    if not {LSTM, TRANSFORMER} <= set(rows):
        return []
    lstm, transformer = rows[LSTM], rows[TRANSFORMER]
    both = [card for card in ranking.cards if card.id in {*lstm.tasks} & {*transformer.tasks}]
    by_cell = decided(
        cells(lstm.scores, transformer.scores, by_family(both), (*ranking.groups, SCORE))
    )
    if not by_cell:
        return []
    lines = [_compared(cell.place, cell.group, cell.found, cell.better) for cell in by_cell]
    whole = compare(lstm, transformer, ranking.cards)
    head = ATTENTION_CLAIM.format(cells=len(lines))
    lines.append(_compared("all families", SCORE, whole, whole.better))
    return [head, table(lines, left=2), f"Over all families: **{lines[-1]['verdict']}**.\n"]


def _compared(family: str, group: str, found: Comparison, better: Better) -> dict[str, str]:
    verdicts = {"one": "the LSTM is better", "other": "the Transformer is better"}
    return {
        "family": family,
        "group": group,
        "tasks": str(found.tasks),
        LSTM: with_error(found.one.value, found.one.stderr),
        TRANSFORMER: with_error(found.other.value, found.other.stderr),
        "difference": with_error(found.difference.value, found.difference.stderr),
        "verdict": verdicts[better] if better else "no difference",
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
