"""The claims about learning kinetics from labels: tables over tasks, verdicts by rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from benchmark.result import TaskMetric, TaskResult
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.board import Ranking
from leaderboard.claims.claim import Answer, Claim, Table, Text, Verdict, table, text
from leaderboard.claims.connectivity import connectivity_claims
from leaderboard.claims.deciding import Effect, Rule, decide, told
from leaderboard.claims.evidence import Evidence
from leaderboard.claims.factors import factor_claims
from leaderboard.claims.tsai import BOLTZMANN, TIMESCALES, floor_claims, trace_claims
from leaderboard.claims.zeng import FACTORS, ZENG
from leaderboard.comparison import SCORE, Cell, cells, compare, decided
from leaderboard.ranking import Row
from leaderboard.scores import by_family
from leaderboard.significance import holm, p_value
from leaderboard.tables import NO_VALUE, rms_percent

#: An error of the passage times beyond a factor of two: the slow process is lost.
LOST = math.log(2)

RATE = "mfpt_error"

ALANINE = "alanine"
PARTITIONS = ("phi20", "fine100", "macro4", "cored4")
INTERVALS = ("0.1ps", "1ps", "10ps")

LSTM, TRANSFORMER = "lstm", "transformer"

#: Of the way from trivial to data-limited: less is no advantage that anybody would want.
ADVANTAGE = 0.05

NO_BETTER = Rule(above=False, holds=ADVANTAGE, fails=0.0)

NO_BETTER_TEXT = f"""
The claim holds where the Transformer's score is surely no more than {ADVANTAGE:g} above the \
LSTM's, a twentieth of the way from trivial to data-limited; it does not hold where it is surely \
above the LSTM's, and holds in part where both are true: at 5 %, for all lines together (Holm).
"""

PARTITION_CLAIM = """
Errors of the mean first passage times, rms ln(m̂/m), in physical time; every model learns from the
same 40 ns of alanine dipeptide, five times over. **slow** and **fast** stand where the mean of
ln(m̂/m) is above 0, or below, by more than half the error. A factor of two is ln 2 = 0.69.
"""

FATE_RULE = """The slow process counts as *lost* where the error is above ln 2, as *kept* where it
is below, and as *unclear* where it is not surely either: by Student's t over the training replicas,
at 5 % for all {cells} cells of the table together (Holm).
"""

ATTENTION_CLAIM = """
Scores of the kinetics tasks, 0 trivial, 1 as good as fresh data of the training length. Both models
learned from the same replicas: differences are taken replica by replica, and count by Student's t
at 5 %, for the {cells} cells of families together (Holm); the last line is a single test.
"""

SEEDS = """
Standard deviation of the errors of one training replica over seeds / of the errors over replicas,
each with a seed of its own; in per cent of the error, root mean square over the metrics of a group.
A seed draws the generated chains too. Of three seeds, a standard deviation is known to a half.
"""

# Task name → its passage times, and the degrees of freedom of their error.
Passages = Mapping[str, tuple[TaskMetric, int]]


def kinetics_claims(ranking: Ranking, evidence: Evidence) -> list[Claim]:
    """Decide the claims that the rows can decide."""
    return [
        *floor_claims(ranking, BOLTZMANN),
        *floor_claims(ranking, TIMESCALES),
        *connectivity_claims(ranking, evidence.embeddings),
        *trace_claims(ranking, evidence.traces),
        *(claim for factor in FACTORS for claim in factor_claims(ranking, factor)),
        *_partitions(ranking),
        *_attention(ranking),
        *_seeds(ranking),
    ]


def _partitions(ranking: Ranking) -> list[Claim]:
    """Say where models lose the slow process of alanine dipeptide."""
    found = {row.name: _passages(row) for row in ranking.rows if row.role == "model"}
    shown = {name: passages for name, passages in found.items() if passages}
    if not shown:
        return []
    verdicts = _partition_verdicts(shown)
    claim = Claim(
        id="partitions",
        track=ranking.track.name,
        title="Partition and saving interval decide whether rare events are learned",
        source=f"{ZENG}: with fine partitions and short saving intervals rare\n"
        "events drown in fast motion; coarse states without recrossings recover them.",
        blocks=[text(PARTITION_CLAIM), _partition_table(shown), _fates(shown, verdicts)],
        verdicts=verdicts,
    )
    return [claim]


def _passages(row: Row) -> Passages:
    """Give the passage times of the tasks of alanine that a model has run, by task name."""
    tasks = row.submission.tasks
    return {
        name.removeprefix(f"{ALANINE}/"): (tasks[name].metrics[RATE], len(tasks[name].without) - 1)
        for name in row.tasks
        if name.startswith(f"{ALANINE}/")
    }


def _partition_table(shown: Mapping[str, Passages]) -> Table:
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


def _partition_verdicts(shown: Mapping[str, Passages]) -> list[Verdict]:
    """Say for each model and task whether the slow process is lost, kept, or not known."""
    cells = [(model, name) for model, passages in shown.items() for name in passages]
    told = holm([_p_value(*shown[model][name]) for model, name in cells])
    return [
        Verdict(
            of={"model": model, "task": f"{ALANINE}/{name}"},
            verdict=_fate(shown[model][name][0], sure),
            value=shown[model][name][0].value,
            stderr=shown[model][name][0].stderr,
        )
        for (model, name), sure in zip(cells, told, strict=True)
    ]


def _fates(shown: Iterable[str], verdicts: Sequence[Verdict]) -> Text:
    """List for each model where the slow process is lost, kept, or not known."""
    lines = [FATE_RULE.format(cells=len(verdicts))]
    for model in shown:
        found: dict[str, list[str]] = {"lost": [], "unclear": [], "kept": []}
        for one in verdicts:
            if one.of["model"] == model:
                found[one.verdict].append(f"`{one.of['task'].removeprefix(f'{ALANINE}/')}`")
        words = "; ".join(f"{key}: {', '.join(names)}" for key, names in found.items() if names)
        lines.append(f"- **{model}** – {words}")
    return text("\n".join(lines))


def _p_value(error: TaskMetric, freedom: int) -> float:
    return p_value(error.value - LOST, error.stderr, freedom)


def _fate(error: TaskMetric, sure: bool) -> str:
    if not sure:
        return "unclear"
    return "lost" if error.value > LOST else "kept"


def _attention(ranking: Ranking) -> list[Claim]:
    """Compare the two networks by family and group, and say which is better."""
    rows = {row.name: row for row in ranking.rows}
    if not {LSTM, TRANSFORMER} <= set(rows):
        return []
    lstm, transformer = rows[LSTM], rows[TRANSFORMER]
    both = [card for card in ranking.cards if card.id in {*lstm.tasks} & {*transformer.tasks}]
    compared = decided(
        cells(lstm.scores, transformer.scores, by_family(both), (*ranking.groups, SCORE))
    )
    if not compared:
        return []
    whole = compare(lstm, transformer, ranking.cards)
    compared.append(Cell("all families", SCORE, whole, whole.better))
    verdicts = [_verdict(cell) for cell in compared]
    answer = Answer(
        code="Z5",
        statement="a Transformer is no better than an LSTM",
        quantity="difference of scores",
        parts=decide([_advantage(cell) for cell in compared if cell.group == SCORE], NO_BETTER),
    )
    claim = Claim(
        id="attention",
        track=ranking.track.name,
        title="A Transformer is no better than an LSTM",
        source=f"{ZENG}.",
        blocks=[
            text(ATTENTION_CLAIM.format(cells=len(verdicts) - 1)),
            table([_line(cell, one) for cell, one in zip(compared, verdicts, strict=True)], left=2),
            text(f"Over all families: **{verdicts[-1].verdict}**."),
            *told(answer, NO_BETTER_TEXT, "family"),
        ],
        verdicts=verdicts,
        answers=[answer],
    )
    return [claim]


def _advantage(cell: Cell) -> Effect:
    difference = cell.found.difference
    size = f"{cell.found.tasks} tasks"
    return Effect(cell.place, difference.value, difference.stderr, difference.freedom, size)


def _verdict(cell: Cell) -> Verdict:
    verdicts = {"one": "the LSTM is better", "other": "the Transformer is better"}
    return Verdict(
        of={"family": cell.place, "group": cell.group},
        verdict=verdicts[cell.better] if cell.better else "no difference",
        value=cell.found.difference.value,
        stderr=cell.found.difference.stderr,
    )


def _line(cell: Cell, one: Verdict) -> dict[str, str]:
    found = cell.found
    return {
        **one.of,
        "tasks": str(found.tasks),
        LSTM: with_error(found.one.value, found.one.stderr),
        TRANSFORMER: with_error(found.other.value, found.other.stderr),
        "difference": with_error(found.difference.value, found.difference.stderr),
        "verdict": one.verdict,
    }


def _seeds(ranking: Ranking) -> list[Claim]:
    """Tabulate the spread over seeds; only tasks and rows that have one."""
    rows = []
    for card in ranking.cards:
        for row in sorted(ranking.rows, key=lambda row: row.name):
            task = row.submission.tasks.get(card.id)
            cells = {} if task is None else _seed_cells(task, card)
            if cells:
                rows.append({"task": f"`{card.id}`", "model": row.name, **cells})
    if not rows:
        return []
    claim = Claim(
        id="kinetics-seeds",
        track=ranking.track.name,
        title="What a seed changes, beside what the training data change",
        source="",
        blocks=[text(SEEDS), table(rows, left=2)],
    )
    return [claim]


def _seed_cells(task: TaskResult, card: TaskCard) -> dict[str, str]:
    cells: dict[str, str] = {}
    for group, names in card.counting.items():
        metrics = [task.metrics[name] for name in names]
        if all(math.isfinite(metric.seed_spread) and metric.value > 0 for metric in metrics):
            seeds = rms_percent([metric.seed_spread / metric.value for metric in metrics])
            replicas = rms_percent([metric.replica_spread / metric.value for metric in metrics])
            cells[group] = f"{seeds} / {replicas}"
    return cells
