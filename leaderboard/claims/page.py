"""What the papers claimed, and what the board says: a page of tables and of verdicts by rule.

Every verdict follows from the submissions by a rule that is printed beside it, so that a new
submission can overturn it and nobody has to be asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.result import TaskResult
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.claims.superresolution import superresolution_claims
from leaderboard.ranking import TIE_SIGMAS, by_track, ranking
from leaderboard.site.markdown import NO_VALUE, rms_percent, table
from leaderboard.submission import Submission

#: An error of the passage times beyond a factor of two: the slow process is lost.
LOST = math.log(2)

RATE = "mfpt_error"

ALANINE = "alanine"
PARTITIONS = ("phi20", "fine100", "macro4", "cored4")
INTERVALS = ("0.1ps", "1ps", "10ps")

HEAD = """# What the papers claimed, and what the board says

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand.
"""

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


def claims(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> str:
    """Write the page.

    Parameters
    ----------
    submissions : sequence of Submission
    cards : sequence of TaskCard
        The tasks of the board, sorted by id.
    """
    found = by_track(submissions, cards)
    parts = [HEAD]
    if "kinetics" in found:
        parts += _kinetics_claims(*found["kinetics"])
    if "superresolution" in found:
        parts.append(superresolution_claims(*found["superresolution"]))
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def _kinetics_claims(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> list[str]:
    found = {submission.card.name: submission for submission in submissions}
    parts = []
    if any(card.family == ALANINE for card in cards):
        ordered = [found[name] for name in ranking(submissions, cards)["name"]]
        shown = [one for one in ordered if one.card.role == "model" and _passages(one)]
        if shown:
            parts += [PARTITION_CLAIM, _partition_table(shown), _partition_verdict(shown)]
    if {"lstm", "transformer"} <= set(found):
        parts += [ATTENTION_CLAIM, *_comparison(found["lstm"], found["transformer"], cards)]
    if seeds := _seeds(submissions, cards):
        parts += [SEEDS, seeds]
    return parts


def _passages(submission: Submission) -> dict[str, tuple[float, float, float]]:
    """Give error, standard error and bias of the passage times by task name."""
    return {
        key.split("/")[1]: (task.metrics[RATE].value, task.metrics[RATE].stderr,
                            task.metrics[RATE].bias)
        for key, task in submission.tasks.items()
        if key.startswith(f"{ALANINE}/")
    }  # fmt: skip


def _partition_table(submissions: Sequence[Submission]) -> str:
    rows = []
    for partition in PARTITIONS:
        for submission in submissions:
            errors = _passages(submission)
            cells = {"partition": f"`{partition}`", "model": submission.card.name}
            for interval in INTERVALS:
                error = errors.get(f"{partition}-{interval}")
                cells[interval.replace("ps", " ps")] = NO_VALUE if error is None else _cell(*error)
            rows.append(cells)
    return table(rows, left=2)


def _cell(value: float, stderr: float, bias: float) -> str:
    direction = ""
    if abs(bias) > value / 2:
        direction = " slow" if bias > 0 else " fast"
    return with_error(value, stderr) + direction


def _partition_verdict(submissions: Sequence[Submission]) -> str:
    """Say for each model where the slow process is lost, kept, or not known."""
    lines = [
        f"The slow process counts as *lost* where the error is above ln 2 by {TIE_SIGMAS:g} "
        "standard errors, as *kept* where it is below by as much, and as *unclear* between.\n"
    ]
    for submission in submissions:
        found: dict[str, list[str]] = {"lost": [], "unclear": [], "kept": []}
        for name, (value, stderr, _) in _passages(submission).items():
            away = (value - LOST) / stderr if stderr > 0 else math.copysign(math.inf, value - LOST)
            verdict = "lost" if away > TIE_SIGMAS else "kept" if away < -TIE_SIGMAS else "unclear"
            found[verdict].append(f"`{name}`")
        text = "; ".join(f"{key}: {', '.join(names)}" for key, names in found.items() if names)
        lines.append(f"- **{submission.card.name}** – {text}")
    return "\n".join(lines) + "\n"


def _comparison(
    lstm: Submission, transformer: Submission, cards: Sequence[TaskCard]
) -> tuple[str, str]:
    """Compare two models by family on the tasks that both have run, and say who is better."""
    common = [card for card in cards if card.id in lstm.tasks and card.id in transformer.tasks]
    rows: list[dict[str, str]] = []
    outcomes: list[str] = []
    for family in dict.fromkeys(card.family for card in common):
        members = [card for card in common if card.family == family]
        rows.append(_compared(family, lstm, transformer, members, outcomes))
    rows.append(_compared("all families", lstm, transformer, common, outcomes))
    return table(rows), f"Over all families: **{outcomes[-1]}**.\n"


def _compared(
    name: str,
    lstm: Submission,
    transformer: Submission,
    cards: Sequence[TaskCard],
    outcomes: list[str],
) -> dict[str, str]:
    both = ranking([lstm, transformer], cards).set_index("name")
    ours, theirs = (both.loc[one.card.name] for one in (lstm, transformer))
    difference = theirs["score"] - ours["score"]
    error = math.hypot(ours["stderr"], theirs["stderr"])
    outcome = "no difference"
    if abs(difference) > TIE_SIGMAS * error:
        outcome = "the Transformer is better" if difference > 0 else "the LSTM is better"
    outcomes.append(outcome)
    return {
        "family": name,
        "tasks": str(len(cards)),
        "lstm": with_error(ours["score"], ours["stderr"]),
        "transformer": with_error(theirs["score"], theirs["stderr"]),
        "difference": with_error(difference, error),
        "verdict": outcome,
    }


def _seeds(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> str:
    """Tabulate the spread over seeds; only tasks and rows that have one."""
    rows = []
    for card in cards:
        for submission in submissions:
            task = submission.tasks.get(card.id)
            cells = {} if task is None else _seed_cells(task, card)
            if cells:
                rows.append({"task": f"`{card.id}`", "model": submission.card.name, **cells})
    return table(rows, left=2) if rows else ""


def _seed_cells(task: TaskResult, card: TaskCard) -> dict[str, str]:
    cells: dict[str, str] = {}
    for group, names in card.counting.items():
        metrics = [task.metrics[name] for name in names]
        if all(math.isfinite(metric.seed_spread) and metric.value > 0 for metric in metrics):
            seeds = rms_percent([metric.seed_spread / metric.value for metric in metrics])
            replicas = rms_percent([metric.replica_spread / metric.value for metric in metrics])
            cells[group] = f"{seeds} / {replicas}"
    return cells
