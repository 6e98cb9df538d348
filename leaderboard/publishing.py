"""From the computed board to what is published of it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmark import __version__
from benchmark.result import TaskResult, Unit
from benchmark.score import SCORER_VERSION
from benchmark.task import MetricScale, TaskCard
from benchmark.track import Metric, Track
from leaderboard.board import Board, Ranking
from leaderboard.checks.entry import RESULTS
from leaderboard.claims.decided import decided_claims
from leaderboard.comparison import resolution
from leaderboard.markup import plain
from leaderboard.published import Published, rounded
from leaderboard.ranking import Row
from leaderboard.scores import Score, overall, overall_difference
from leaderboard.significance import LEVEL, t_quantile
from leaderboard.submission import SUBMISSIONS, Submission


def published(board: Board) -> Published:
    """Say all of a board that pages, tables and figures may say.

    Numbers are rounded here, once, so that the object and its file are one.

    Parameters
    ----------
    board : Board
    """
    fields = {
        "benchmark_version": __version__,
        "scorer_version": SCORER_VERSION,
        "tracks": [_track(ranking) for ranking in board.rankings],
        "claims": [claim.model_dump() for claim in decided_claims(board)],
    }
    return Published.model_validate(rounded(fields))


def _track(ranking: Ranking) -> dict[str, Any]:
    track = ranking.track
    return {
        "name": track.name,
        "title": track.title,
        "figure": ranking.figure,
        "ends": track.ends,
        "scale": track.scale,
        "floor": track.floor,
        "meaning": track.meaning,
        "noise": track.noise,
        "all_groups": track.groups,
        "groups": ranking.groups,
        "metrics": [_metric(metric) for metric in ranking.metrics],
        "families": [
            {
                "name": family,
                "tasks": [card.id for card in cards],
                "standing": _standing(ranking, cards),
            }
            for family, cards in ranking.families.items()
        ],
        "tasks": [_task(card, ranking) for card in ranking.cards],
        "rows": [_row(row, ranking) for row in ranking.rows],
        "standing": _standing(ranking, ranking.cards),
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "unit": metric.unit,
        "title": metric.title,
        "factor": metric.factor,
        "group": metric.group,
        "smaller_is_better": metric.smaller_is_better,
        "shared_noise": metric.shared_noise,
        "method": metric.method,
        "plural": metric.plural,
    }


def _task(card: TaskCard, ranking: Ranking) -> dict[str, Any]:
    names = [metric.name for metric in ranking.track.metrics if metric.name in card.metrics]
    return {
        "id": card.id,
        "version": card.version,
        "family": card.family,
        "name": card.name,
        "title": plain(card.title),
        "description": plain(card.description),
        "citations": [plain(one) for one in card.citations],
        "oracle": card.oracle,
        "replicas": card.replicas,
        "frame_time": card.frame_time,
        "time_unit": card.time_unit,
        "facts": ranking.track.facts(card),
        "generator": plain(card.generator),
        "splits": {name: split.model_dump() for name, split in card.splits.items()},
        "fingerprint": card.fingerprints["card"],
        "counting": card.counting,
        "metrics": {name: _scale(card.metrics[name]) for name in names},
        "standing": _standing(ranking, [card]),
    }


def _scale(scale: MetricScale) -> dict[str, Any]:
    return {
        "group": scale.group,
        "counts": scale.counts,
        "trivial": scale.trivial,
        "trivial_stderr": scale.trivial_stderr,
        "floor": scale.floor,
        "floor_stderr": scale.floor_stderr,
        "perfect": scale.perfect,
        "perfect_stderr": scale.perfect_stderr,
        "ratio": scale.ratio,
    }


def _standing(ranking: Ranking, cards: Sequence[TaskCard]) -> dict[str, Any]:
    """Say who leads on some tasks, and what differences these can tell."""
    wanted = {card.id for card in cards}
    models = [row for row in ranking.rows if row.role == "model" and wanted <= {*row.tasks}]
    sound = [row for row in models if not row.doubts]
    leader = max(sound, key=lambda row: overall(row.scores, cards).value, default=None)
    behind = {} if leader is None else {
        row.name: _gap(overall_difference(row.scores, leader.scores, cards))
        for row in sound
        if row is not leader
    }  # fmt: skip
    return {
        "leader": leader.name if leader else None,
        "behind": behind,
        "resolution": resolution([row.scores for row in models], cards),
    }


def _gap(difference: Score) -> dict[str, float]:
    half = t_quantile(1 - LEVEL, difference.freedom) * difference.stderr
    return {
        "value": difference.value,
        "stderr": difference.stderr,
        "low": difference.value - half,
        "high": difference.value + half,
        "p_value": difference.p_value,
    }


def _row(row: Row, ranking: Ranking) -> dict[str, Any]:
    card, found = row.submission.card, row.submission.verification
    return {
        "name": row.name,
        "role": row.role,
        "verification": row.submission.level,
        "verified": plain(found.said) if found else "",
        "share": found.share if found else "",
        "rank": row.rank,
        "card": card.model_dump(mode="json"),
        "overall": _value(row.overall),
        "families": {
            family: _value(overall(row.scores, cards)) for family, cards in ranking.families.items()
        },
        "missing": row.missing,
        "doubts": [plain(doubt) for doubt in row.doubts],
        "troubles": _troubles(row, ranking),
        "costs": _costs(row, ranking),
        "tasks": {task: _cell(row.submission, task, ranking.track) for task in row.tasks},
        "results": f"{SUBMISSIONS.name}/{ranking.track.name}/{row.name}/{RESULTS}",
    }


def _value(score: Score) -> dict[str, Any]:
    return {"value": score.value, "stderr": score.stderr, "groups": dict(score.groups)}


def _cell(submission: Submission, name: str, track: Track) -> dict[str, Any]:
    task = submission.tasks[name]
    units = submission.units(name)
    costs = [unit.cost for unit in units if unit.status == "done"]
    return {
        "score": task.score,
        "stderr": task.stderr,
        "groups": task.groups,
        "without": task.without,
        "metrics": _cell_metrics(task, units, track),
        "units": task.units,
        "failed": task.failed,
        "parameters": _largest(cost.parameters for cost in costs),
        "fit_seconds": _median(cost.fit_seconds for cost in costs),
        "sampled_frames_per_second": _median(cost.sampled_frames_per_second for cost in costs),
        "peak_memory_bytes": _largest(cost.peak_memory_bytes for cost in costs),
    }


def _cell_metrics(task: TaskResult, units: Sequence[Unit], track: Track) -> dict[str, Any]:
    names = [metric.name for metric in track.metrics if metric.name in task.metrics]
    return {
        name: {
            **task.metrics[name].model_dump(),
            "measured": any(name in unit.metrics for unit in units),
        }
        for name in names
    }


def _costs(row: Row, ranking: Ranking) -> dict[str, Any]:
    units = [unit for card in ranking.cards for unit in row.submission.units(card.id)]
    return {
        "fewest_parameters": row.costs.fewest_parameters,
        "most_parameters": row.costs.most_parameters,
        "fit_seconds": row.costs.fit_seconds,
        "sampled_frames_per_second": _median(
            unit.cost.sampled_frames_per_second for unit in units if unit.status == "done"
        ),
        "failed": row.costs.failed,
        "units": row.costs.units,
    }


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return statistics.median(known) if known else math.nan


def _troubles(row: Row, ranking: Ranking) -> list[dict[str, Any]]:
    """Collect what failed, and what the model does without: a task for each unit, by reason."""
    optional = [metric for metric in ranking.metrics if metric.method and metric.group]
    found: dict[str, list[str]] = {}
    for card in ranking.cards:
        mine = [metric for metric in optional if metric.name in card.metrics]
        for unit in row.submission.units(card.id):
            for trouble in _troubles_of(unit, mine):
                found.setdefault(plain(trouble), []).append(card.id)
    return [{"trouble": trouble, "tasks": tasks} for trouble, tasks in sorted(found.items())]


def _troubles_of(unit: Unit, optional: Sequence[Metric]) -> Iterator[str]:
    if unit.status != "done":
        yield f"{unit.status}: {unit.reason}"
        return
    for metric in optional:
        if metric.name not in unit.metrics:
            yield f"no {metric.group}: {unit.reason or f'the model has no {metric.method}'}"
