"""The board as a page: a pure function from submissions to GitHub Markdown.

Nothing in it depends on the day, the machine or the order of files, so that a board that is up to
date is the same text everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from tabulate import tabulate

from benchmark.result import TaskMetric, Unit
from benchmark.task import TaskCard
from benchmark.uncertainty import with_error
from leaderboard.ranking import LIKELIHOOD_METRIC, by_track, groups_of, ranking
from leaderboard.submission import Submission

NO_VALUE = "–"
NO_LIKELIHOOD = "†"

METRICS = {
    "nll_regret": ("Likelihood: regret, mnats/frame", 1000.0),
    "mfpt_error": ("Rates: mean first passage times, rms ln(m̂/m)", 1.0),
    "its_error": ("Rates: implied timescales, rms ln(t̂/t)", 1.0),
    "commit_error": ("Paths: committed jumps, mean |ln(N̂/N)|", 1.0),
    "dwell_error": ("Paths: dwell times, ∫|F̂−F| d ln t", 1.0),
    "population_error": ("Populations: Jensen–Shannon divergence, mbit", 1000.0),
    "free_energy_error": ("Populations: free energies, rms, kT", 1.0),
    "mae": ("Accuracy: mean absolute error, mÅ", 1000.0),
    "rmse": ("Root mean square error, mÅ", 1000.0),
    "velocity_rmse": ("Velocities: rms error, mÅ/fs", 1000.0),
    "velocity_jump": ("Velocities: rms jump at kept frames, mÅ/fs", 1000.0),
    "vdos_w1": ("Vibrational density of states: W₁ distance, cm⁻¹", 1.0),
    "vdos_low": ("Vibrations below 600 cm⁻¹: |ln| of the power ratio", 1.0),
    "vdos_middle": ("Vibrations 600 – 2000 cm⁻¹: |ln| of the power ratio", 1.0),
    "vdos_high": ("Vibrations 2000 – 4000 cm⁻¹: |ln| of the power ratio", 1.0),
    "bond_break_fraction": ("Frames with a broken bond, %", 100.0),
}

EMPTY = """# Leaderboard

No submissions yet. Run a model with `python -m benchmark run --model NAME`; CONTRIBUTING.md says
how to submit it.
"""

HEAD = """# Leaderboard

Written by `python -m benchmark leaderboard` from `submissions/`; do not edit it by hand. The same
numbers, and more, are in [leaderboard.csv](leaderboard.csv). [CLAIMS.md](CLAIMS.md) says which
claims of the papers behind this benchmark they confirm.
"""

TITLES = {"kinetics": "Kinetics", "superresolution": "Super-resolution"}

#: What has a score of 1.
FLOORS = {"kinetics": "data-limited (f)", "superresolution": "claimed (f)"}

TROUBLES = "\n## Failed units and missing likelihoods\n"

READING = """
## How to read it

- **Score**: 0 is what independent frames drawn from the training populations get (*trivial*), 1 is
  what a fresh true chain as long as the training data gets (*data-limited*). Each metric becomes
  z = ln(E₀/E) / ln(E₀/f), clipped to −1 … 1, with E the model's error, E₀ the trivial and f the
  data-limited one. E₀ and f are frozen in the task cards: no score depends on other models. In
  super-resolution 0 is linear interpolation and 1 is 1e-4 Å, what a paper claims: a mark and no
  limit, so that scores above 1 are not clipped.
- **Task, family, overall**: a task's score is the mean of its groups (likelihood, rates, paths),
  each the mean of its metrics; then the mean over the tasks of a family, then over families. A
  task that was not run counts 0.
- **0.123(4)** means 0.123 with a standard error of 0.004, from the spread over the training
  replicas; for likelihoods the noise of the test set is in it too. In super-resolution it is from
  blocks of the test segments.
- **Rank**: one more than the number of models that are better by more than twice the combined
  standard error, and no better than the rank of a model with a higher score. Equal ranks are ties.
  Controls are yardsticks and have no rank.
- **†** some or all units have no likelihood, and count as trivial there.
- **Failed** units count as trivial in every metric; they are listed below with their reason.
- **Errors in brackets** do not count: there E₀/f < 3, or the metric is shown only.
"""

REPRODUCING = """
## How to reproduce it

```
python -m benchmark run --model NAME
python -m benchmark leaderboard
```

The first command fits, samples and scores a model on every task and prints its scores; the second
writes this page again from the submissions. Scores are computed anew from the metrics of each
unit whenever the page is written; stored ones are only compared with them.
"""


def page(
    submissions: Sequence[Submission], cards: Sequence[TaskCard], figures: Mapping[str, str]
) -> str:
    """Write the board.

    Parameters
    ----------
    submissions : sequence of Submission
    cards : sequence of TaskCard
        The tasks of the board, sorted by id.
    figures : mapping of track to address
        Of the figure of each track, relative to the page.
    """
    if not submissions or not cards:
        return EMPTY
    heads: list[str] = []
    families: list[str] = []
    models: list[str] = ["\n## Models\n"]
    troubles: list[str] = []
    for track, (rows, members) in by_track(submissions, cards).items():
        overall = ranking(rows, members)
        found = {submission.card.name: submission for submission in rows}
        ordered = [found[name] for name in overall["name"]]
        models += [f"\n### {TITLES[track]}\n", _models(ordered)]
        troubles += _troubles(ordered, members)
        heads += [
            f"\n## {TITLES[track]}\n",
            _overall_table(overall, track, groups_of(members)),
            f"\n![score of every model on every task]({figures[track]})\n",
        ]
        for family in dict.fromkeys(card.family for card in members):
            tasks = [card for card in members if card.family == family]
            families += _family(family, ordered, tasks)
    if troubles:
        troubles = [TROUBLES, "\n".join(troubles)]
    parts = [HEAD, *heads, READING, *families, *models, *troubles, REPRODUCING]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def _overall_table(overall: pd.DataFrame, track: str, groups: Sequence[str]) -> str:
    rows = []
    for row in overall.to_dict("records"):
        cells = {group: _two_digits(row[group]) for group in groups}
        if row["likelihood_missing"] > 0:
            cells["likelihood"] += f" {NO_LIKELIHOOD}"
        rows.append(
            {
                "rank": NO_VALUE if pd.isna(row["rank"]) else str(row["rank"]),
                "model": _link(row["name"], row["role"], track),
                "score": with_error(row["score"], row["stderr"]),
                **cells,
                "tasks run": str(row["tasks"]),
                "parameters": _range(row["parameters_min"], row["parameters_max"]),
                "fit, s": _seconds(row["fit_seconds"]),
                "failed units": f"{row['failed']} of {row['units']}",
            }
        )
    return table(rows, left=2) + (
        "\nControls are in italics. *fit*: median seconds of one fit, on the submitter's machine. "
        "*parameters*: smallest and largest over the tasks.\n"
    )


def _family(family: str, submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> list[str]:
    """Write the tables of one family: scores, then each metric."""
    rows = []
    for submission in submissions:
        cells = {}
        for card in cards:
            task = submission.tasks.get(card.id)
            cells[card.name] = "not run" if task is None else with_error(task.score, task.stderr)
        rows.append(_row(submission, cards[0].track, cells))
    parts = [f"\n## {family.capitalize()}\n", "### Scores\n", table(rows)]
    for name, (title, factor) in METRICS.items():
        having = [card for card in cards if name in card.metrics]
        if having:
            parts += [f"\n### {title}\n", _metric_table(name, factor, submissions, having)]
    return parts


def _metric_table(
    name: str, factor: float, submissions: Sequence[Submission], cards: Sequence[TaskCard]
) -> str:
    rows = []
    for submission in submissions:
        cells = {card.name: _error_cell(submission, card, name, factor) for card in cards}
        rows.append(_row(submission, cards[0].track, cells))
    ends: dict[str, dict[str, str]] = {"trivial (E₀)": {}, FLOORS[cards[0].track]: {}}
    for card in cards:
        scale = card.metrics[name]
        trivial, floor = ends.values()
        trivial[card.name] = with_error(factor * scale.trivial, factor * scale.trivial_stderr)
        floor[card.name] = NO_VALUE
        if scale.floor is not None:
            floor[card.name] = with_error(factor * scale.floor, factor * scale.floor_stderr)
    return table(rows + [{"model": f"*{end}*", **cells} for end, cells in ends.items()])


def _error_cell(submission: Submission, card: TaskCard, name: str, factor: float) -> str:
    task = submission.tasks.get(card.id)
    if task is None:
        return "not run"
    if not any(name in unit.metrics for unit in submission.units(card.id)):
        return NO_VALUE  # its value in the score is E₀: showing it would look like a measurement
    metric: TaskMetric = task.metrics[name]
    text = with_error(factor * metric.value, factor * metric.stderr)
    return text if metric.counts else f"[{text}]"


def _models(submissions: Sequence[Submission]) -> str:
    """Say who is on the board."""
    lines = []
    for submission in submissions:
        card = submission.card
        authors = ", ".join(card.authors)
        sentences = [f"**{card.name}** ({card.role}): {card.title}.", card.description]
        sentences += [f"By {authors}.", f"Source: {card.citation}." if card.citation else ""]
        text = _one_line(" ".join(sentence for sentence in sentences if sentence))
        lines.append(f"- {text}" + (f" <{card.url}>" if card.url else ""))
    return "\n".join(lines)


def _troubles(submissions: Sequence[Submission], cards: Sequence[TaskCard]) -> list[str]:
    """List what failed, and what has no likelihood, with the reason."""
    lines = []
    for submission in submissions:
        found: dict[str, list[str]] = {}  # trouble → the task of each unit that has it
        for card in cards:
            for unit in submission.units(card.id):
                trouble = _trouble(unit, card)
                if trouble:
                    found.setdefault(trouble, []).append(card.id)
        for trouble, where in sorted(found.items()):
            units = f"{len(where)} unit" + ("s" if len(where) > 1 else "")
            tasks = ", ".join(dict.fromkeys(where))
            lines.append(f"- **{submission.card.name}**, {units} ({tasks}): {trouble}")
    return lines


def _trouble(unit: Unit, card: TaskCard) -> str:
    if unit.status != "done":
        return _one_line(f"{unit.status}: {unit.reason}")
    if LIKELIHOOD_METRIC in card.metrics and LIKELIHOOD_METRIC not in unit.metrics:
        return _one_line(f"no likelihood: {unit.reason or 'the model has no predict'}")
    return ""


def _row(submission: Submission, track: str, cells: Mapping[str, str]) -> dict[str, str]:
    return {"model": _link(submission.card.name, submission.card.role, track), **cells}


def _link(name: str, role: str, track: str) -> str:
    link = f"[{name}](submissions/{track}/{name})"
    return link if role == "model" else f"*{link}*"


def table(rows: Sequence[Mapping[str, str]], left: int = 1) -> str:
    """Write a Markdown table; the first ``left`` columns are text, the others numbers."""
    align = ["left"] * left + ["right"] * (len(rows[0]) - left)
    # Cells are text already: tabulate must not read numbers into them.
    return tabulate(rows, "keys", tablefmt="pipe", colalign=align, disable_numparse=True) + "\n"


def rms_percent(shares: Sequence[float]) -> str:
    """Write the root mean square of shares, in per cent."""
    return f"{100 * math.sqrt(np.mean(np.square(shares))):.1f}" if shares else NO_VALUE


def _one_line(text: str) -> str:
    """Keep text on its line, and free of what Markdown or HTML would read into it."""
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")


def _two_digits(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}" if math.isfinite(value) else NO_VALUE  # no minus zero


def _range(low: float, high: float) -> str:
    if not math.isfinite(low):
        return NO_VALUE
    return f"{int(low):,}" if low == high else f"{int(low):,} – {int(high):,}"


def _seconds(value: float) -> str:
    if not math.isfinite(value):
        return NO_VALUE
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
